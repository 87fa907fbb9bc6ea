/**
 * How samples become a batch, where joining them as they are (dataset.h) will not do: columns padded to one length,
 * token sequences packed into rows, the host's own function.
 */
#ifndef OARLOCK_COLLATE_H
#define OARLOCK_COLLATE_H

#include <oarlock/types.h>

/**
 * Make a column of tensors equally long in its first dimension before the samples of a batch are joined: as long as the
 * batch's longest, or the next multiple of `multiple_of`.
 *
 * One call per column; another call for the same column replaces the first.
 *
 * @param[in] loader       borrowed; between epochs.
 * @param[in] column       borrowed; the path of a tensor in each sample: "tokens", "target.boxes".
 * @param[in] pad_value    what the new elements are.
 * @param[in] multiple_of  at least 1.
 * @param[in] pad_first    0: new elements come behind the old ones; otherwise before them.
 * @param[in] mask         borrowed; the name of a new column of the samples: int64 [length], 1 for old elements and 0
 *                         for new ones. NULL: none.
 *
 * @return OAR_E_ARGUMENT  no column, a multiple out of range. Samples without such a tensor, or whose dtype cannot hold
 *                         the value, or that have a column `mask` already, fail oar_loader_next.
 * @return OAR_E_STATE     batches of this epoch have been given already, or the loader is closed.
 * @threads serial(loader)
 * @source  transformers DataCollatorWithPadding; torch.nn.utils.rnn.pad_sequence.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_set_padding(oar_loader *loader, const char *column, double pad_value, int64_t multiple_of,
                       int32_t pad_first, OAR_NULLABLE const char *mask) OAR_NOEXCEPT;

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Makes a batch of samples.
 *
 * @param[in]  samples    borrowed for the call; a list of samples, as the data set gives them.
 * @param[out] out_batch  owned by the library from then on.
 * @param[in]  user_data  as registered.
 *
 * @return 0 when done; anything else fails oar_loader_next with OAR_E_CALLBACK, which names the batch.
 * @threads inside oar_loader_next; with OAR_CALLBACK_ANY_THREAD also on loader workers, several at once
 * @since   0.1
 */
typedef int32_t (*oar_collate_fn)(const oar_tree *samples, OAR_OUT OAR_OWNED oar_tree **out_batch,
                                  OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/**
 * Let the host join samples to batches. Padding (oar_loader_set_padding) is done before.
 *
 * @param[in] loader     borrowed; between epochs.
 * @param[in] flags      0, or OAR_CALLBACK_ANY_THREAD: loader workers may call `fn`, several at once. Without it
 *                       batches are made on the thread that asks for them, and workers are not used.
 * @param[in] fn         makes a batch.
 * @param[in] user_data  handed to `fn`.
 * @param[in] release    release(user_data) runs exactly once: when the loader ends or is given another function, or
 *                       before this returns if it fails. NULL: nothing to free.
 *
 * @return OAR_E_ARGUMENT  an unknown flag.
 * @return OAR_E_STATE     batches of this epoch have been given already, or the loader is closed.
 * @threads serial(loader)
 * @source  torch.utils.data.DataLoader, `collate_fn`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_set_collate(oar_loader *loader, int32_t flags, oar_collate_fn fn, OAR_NULLABLE void *user_data,
                       OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;

/**
 * Token sequences of any lengths, packed into rows of one length: a data set whose samples are the rows.
 *
 * Documents go into rows in their order: into the row that is being filled if there is room, else a new row begins. One
 * longer than a row is cut at the rows' ends. Every token lies in exactly one row. A row has three columns of
 * `row_length`: `column`, padded at the end; "positions", int64, each token's place in its document, 0 where padded;
 * "documents", int64, 0, 1, ... for the documents of the row and -1 where padded: where it changes, attention ends.
 *
 * Every sample is read once now, for its length.
 *
 * @param[in]  dataset     retained; samples with numbers.
 * @param[in]  column      borrowed; the path of a tensor [tokens] in each sample, of one dtype.
 * @param[in]  row_length  tokens of a row, at least 1.
 * @param[in]  pad_value   what fills the rows' ends.
 * @param[out] out         owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     a length below 1, a sample without such a tensor or with another dtype; the text names it.
 * @return OAR_E_UNSUPPORTED  it is a stream.
 * @return OAR_E_CALLBACK     the host's function failed; the text names the sample.
 * @threads serial(dataset)
 * @source  TRL `pack_dataset`, without the reordering.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_pack(oar_dataset *dataset, const char *column, int64_t row_length, double pad_value,
                 OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

#endif
