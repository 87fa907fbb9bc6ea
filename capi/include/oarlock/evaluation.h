/**
 * What the ranks of an accelerator tell each other between steps: results of an evaluation, each sample once, and the
 * wish of one rank that all do something.
 *
 * All calls but oar_accelerator_set_trigger are collective. A failed one aborts the state (accelerator.h).
 */
#ifndef OARLOCK_EVALUATION_H
#define OARLOCK_EVALUATION_H

#include <oarlock/types.h>

/**
 * Give every rank the rows of all ranks, each sample once.
 *
 * Rows lie in rank order. In the last round of the active loader's epoch the samples that were repeated to make the
 * ranks' batches even are left out, so that over an epoch exactly oar_loader_num_samples rows come back. Call it
 * between oar_loader_next of the batch and the next one. A tensor with k rows per sample keeps k rows of each
 * sample. A tensor without dimensions gives one value per rank, of which none is left out; so does one whose rows
 * are no multiple of the round's, and one of which ranks gave different numbers of rows.
 *
 * @param[in]  accelerator  borrowed.
 * @param[in]  tensor       borrowed. Shape [n, ...]; n may differ between ranks, the rest may not.
 * @param[out] out          owned: [sum of n - duplicates, ...], without gradient. With one rank it may share
 *                          `tensor`'s memory.
 *
 * @return OAR_E_MISMATCH  ranks gave other dtypes or other sizes behind the first; the text has both.
 * @threads collective(state)
 * @source  Accelerate 1.15 `gather_for_metrics`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_gather_for_metrics(oar_accelerator *accelerator, const oar_tensor *tensor,
                                   OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * The same for every leaf of a tree, and for values other than tensors.
 *
 * A tree of tensors gives its structure with each leaf as oar_accelerator_gather_for_metrics would; trees of all ranks
 * have the same structure, which they compare first. If leaves are no tensors, or `use_objects` says so, lists are
 * joined in rank order and what repeats samples is cut from their end, too: a list of texts, one per sample, gives
 * every sample's text once. Maps are joined key by key, tensors in them by rows, lone values become lists of one per
 * rank. A list is always joined as such, whatever its items are.
 *
 * @param[in]  accelerator  borrowed.
 * @param[in]  tree         borrowed; with `use_objects` or values other than tensors any ranks' lists may differ.
 * @param[in]  use_objects  other than 0: lists of tensors are joined like lists of texts.
 * @param[out] out          owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_MISMATCH  structures, dtypes or sizes behind the first differ between ranks; the text has path and
 *                         every rank's.
 * @threads collective(state)
 * @source  Accelerate 1.15 `gather_for_metrics`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_gather_tree_for_metrics(oar_accelerator *accelerator, const oar_tree *tree, int32_t use_objects,
                                        OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * The mean of one number per rank, on every rank.
 *
 * @param[in]  accelerator  borrowed.
 * @param[in]  value        this rank's.
 * @param[out] out_mean     sum over ranks in double precision / number of ranks. Untouched on failure.
 *
 * @return OAR_E_TIMEOUT  a rank did not come; the text names it.
 * @threads collective(state)
 * @source  Accelerate 1.15 `reduce(reduction="mean")`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_reduce_mean(oar_accelerator *accelerator, double value, OAR_OUT double *out_mean) OAR_NOEXCEPT;

/**
 * Set this rank's flag, which oar_accelerator_check_trigger of all ranks will see: to stop early, say, because of what
 * one rank has measured.
 *
 * @param[in] accelerator  borrowed.
 *
 * @return OAR_E_STATE  the accelerator is closed.
 * @threads serial(accelerator); does not wait for peers
 * @source  Accelerate 1.15 `set_trigger`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_set_trigger(oar_accelerator *accelerator) OAR_NOEXCEPT;

/**
 * Tell all ranks whether one of them has set its flag since the last time that this was so; takes all flags back then.
 *
 * @param[in]  accelerator  borrowed.
 * @param[out] out_is_set   1 or 0, the same on all ranks. Untouched on failure.
 *
 * @return OAR_E_TIMEOUT  a rank did not come; the text names it.
 * @threads collective(state)
 * @source  Accelerate 1.15 `check_trigger`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_check_trigger(oar_accelerator *accelerator, OAR_OUT int32_t *out_is_set) OAR_NOEXCEPT;

#endif
