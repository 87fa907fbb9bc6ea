/**
 * When gradients travel between ranks, what they are divided by, and clipping by value: what a training loop asks of
 * its accelerator beyond accelerator.h.
 *
 *     oar_accelerator_accumulate_begin(accelerator, model);
 *     oar_accelerator_backward_weighted(accelerator, model, loss_sum, num_tokens);  // the exact mean over all tokens
 *     oar_accelerator_clip_grad_norm(accelerator, NULL, 1.0, 2.0, NULL);
 *     oar_accelerator_step(accelerator, optimizer, scheduler);
 *     oar_accelerator_accumulate_end(accelerator);
 */
#ifndef OARLOCK_GRADIENTS_H
#define OARLOCK_GRADIENTS_H
#include <oarlock/types.h>

/**
 * Add the gradients of a sum over `weight` things (tokens, samples) to the parameters. When gradients are synchronised,
 * they become those of the sums of all micro-batches and ranks, divided by all their weights: the exact mean.
 *
 * Nothing is divided by accelerator.gradient_accumulation_steps. The sum of weights travels behind the last gradients.
 * An accumulation is weighted as a whole or not at all. Between synchronisations gradients are sums; where they never
 * meet (oar_accelerator_no_sync_begin), clip and step divide them by this rank's own weights. With a total weight of 0
 * gradients stay what the losses gave.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] model        borrowed, prepared: the model that the loss trains. NULL: all prepared models; where there
 *                         are several and a loss does not train them all, name it.
 * @param[in] loss_sum     borrowed; one floating-point element that a forward in training mode gave, e.g. the sum of
 *                         the tokens' losses. Unchanged.
 * @param[in] weight       number of things in the sum, >= 0 and finite; 0 for a micro-batch without any.
 *
 * @return OAR_E_ARGUMENT  the weight is out of range; the loss has more than one element or is not floating-point.
 * @return OAR_E_STATE     the accumulation has gradients without a weight already; and as oar_accelerator_backward.
 * @return OAR_E_MISMATCH  some ranks give weights and others do not.
 * @threads collective(state) when gradients are synchronised, serial(accelerator) otherwise
 * @source  Accelerate 1.15 leaves it to the user: a factor num_steps * ranks / tokens, gathered beforehand.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_backward_weighted(oar_accelerator *accelerator, OAR_NULLABLE oar_model *model,
                                  const oar_tensor *loss_sum, double weight) OAR_NOEXCEPT;

/**
 * Let backwards only add to this rank's gradients, until oar_accelerator_no_sync_end: several backwards then cost one
 * average. Clip and step are not held back. With one rank nothing changes.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] model        borrowed, prepared: the model whose gradients stay; NULL: all prepared models.
 *
 * @return OAR_E_STATE  the model is not prepared, or gradients are held already.
 * @threads serial(accelerator, model); the same on every rank
 * @source  Accelerate 1.15 `no_sync`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_no_sync_begin(oar_accelerator *accelerator, OAR_NULLABLE oar_model *model) OAR_NOEXCEPT;

/**
 * End what oar_accelerator_no_sync_begin began. The next backward averages what is there.
 *
 * @param[in] accelerator  borrowed.
 *
 * @return OAR_E_STATE  nothing was begun.
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_no_sync_end(oar_accelerator *accelerator) OAR_NOEXCEPT;

/**
 * Let the next backward synchronise, though gradients are held (oar_accelerator_no_sync_begin) or accumulate: of
 * several backwards the last.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] model        borrowed, prepared; NULL: all prepared models.
 *
 * @return OAR_E_STATE  the model is not prepared.
 * @threads serial(accelerator, model); the same on every rank
 * @source  Accelerate 1.15 `trigger_sync_in_backward`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_trigger_sync(oar_accelerator *accelerator, OAR_NULLABLE oar_model *model) OAR_NOEXCEPT;

/**
 * Say whether clip and step act, until the next oar_accelerator_accumulate_begin says it anew: for loops that count
 * their accumulations themselves. What a backward does is not changed; see oar_accelerator_no_sync_begin.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] sync         1: they act; 0: they do nothing.
 *
 * @return OAR_E_ARGUMENT  neither 0 nor 1.
 * @threads serial(accelerator); the same on every rank
 * @source  Accelerate 1.15 `accelerator.sync_gradients = b`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_set_sync_gradients(oar_accelerator *accelerator, int32_t sync) OAR_NOEXCEPT;

/**
 * Change the number of micro-batches per step from here on, in place of accelerator.gradient_accumulation_steps.
 *
 * The count of micro-batches goes on: after 3 of them, 4 per step make the next one synchronise. Checkpoints do not
 * hold the number.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] steps        >= 1.
 *
 * @return OAR_E_ARGUMENT  steps is less than 1.
 * @threads serial(accelerator); the same on every rank
 * @source  Accelerate 1.15 `accelerator.gradient_accumulation_steps = k`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_set_accumulation_steps(oar_accelerator *accelerator, int64_t steps) OAR_NOEXCEPT;

/**
 * Tell the number of micro-batches per step.
 *
 * @param[in]  accelerator  borrowed.
 * @param[out] out_steps    >= 1.
 *
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_accumulation_steps(const oar_accelerator *accelerator, OAR_OUT int64_t *out_steps) OAR_NOEXCEPT;

/**
 * Bring every element of the gradients into [-clip_value, clip_value]; NaN stays NaN. Between synchronisations nothing
 * is done.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] model        borrowed, prepared; NULL: all prepared models.
 * @param[in] clip_value   >= 0.
 *
 * @return OAR_E_ARGUMENT  clip_value is negative or NaN.
 * @return OAR_E_STATE     the model is not prepared.
 * @threads serial(accelerator, model)
 * @source  torch.nn.utils.clip_grad_value_.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_clip_grad_value(oar_accelerator *accelerator, OAR_NULLABLE oar_model *model,
                                double clip_value) OAR_NOEXCEPT;

#endif
