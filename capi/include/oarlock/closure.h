/**
 * Steps of optimizers that evaluate the loss themselves: "lbfgs" several times in a step, every other one once.
 *
 *     static int32_t evaluate(double *out_loss, void *user_data) {
 *       struct training *training = user_data;
 *       if (oar_model_forward(training->model, training->batch, &outputs) != OAR_OK) return 1;
 *       ...                                                                            // loss, a tensor of outputs
 *       if (oar_accelerator_backward(training->accelerator, loss) != OAR_OK) return 1;
 *       return oar_tensor_item(loss, out_loss) == OAR_OK ? 0 : 1;
 *     }
 *
 *     oar_accelerator_step_closure(accelerator, optimizer, scheduler, evaluate, &training, NULL, &loss);
 */
#ifndef OARLOCK_CLOSURE_H
#define OARLOCK_CLOSURE_H

#include <oarlock/types.h>

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Makes the gradients of the parameters as they are now, and tells the loss. Gradients of before are gone already.
 *
 * @param[out] out_loss   the loss; with an accelerator this rank's.
 * @param[in]  user_data  as given.
 *
 * @return 0 when done; anything else ends the step that called it with OAR_E_CALLBACK.
 * @threads inside oar_optimizer_step_closure or oar_accelerator_step_closure; on the thread of that call
 * @since   0.1
 */
typedef int32_t (*oar_closure_fn)(OAR_OUT double *out_loss, OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/**
 * Update the parameters by gradients that `fn` makes. Programs with an accelerator call oar_accelerator_step_closure.
 *
 * Gradients are dropped before each call of `fn`; those of its last one stay. When the step fails, in `fn` or
 * elsewhere, parameters and the optimizer's state are what they were before it.
 *
 * @param[in]  optimizer  borrowed.
 * @param[in]  fn         not NULL.
 * @param[in]  user_data  handed to `fn`.
 * @param[in]  release    release(user_data) runs exactly once, before this returns. NULL: nothing to free.
 * @param[out] out_loss   what `fn` told first: the loss before the step. NULL: not wanted. Untouched on failure.
 *
 * @return OAR_E_CALLBACK  `fn` failed; the text has the last error inside it.
 *         Further as oar_optimizer_step.
 * @threads serial(optimizer); only `fn` calls the model meanwhile
 * @source  torch.optim.Optimizer.step(closure); torch.optim.LBFGS.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_step_closure(oar_optimizer *optimizer, oar_closure_fn fn, OAR_NULLABLE void *user_data,
                           OAR_NULLABLE oar_release_fn release, OAR_OUT OAR_NULLABLE double *out_loss) OAR_NOEXCEPT;

/**
 * The same for all ranks together: oar_accelerator_step with gradients that `fn` makes.
 *
 * `fn` runs its backward by oar_accelerator_backward, which averages the gradients; the losses are averaged over the
 * ranks here, so that all of them decide alike. An accumulation lies within `fn`: all of its micro-batches, the last
 * one synchronised. Then the scheduler is stepped and the gradients are dropped.
 *
 * @param[in]  accelerator  borrowed.
 * @param[in]  optimizer    borrowed, prepared.
 * @param[in]  scheduler    borrowed, prepared; NULL: none.
 * @param[in]  fn           not NULL.
 * @param[in]  user_data    handed to `fn`.
 * @param[in]  release      release(user_data) runs exactly once, before this returns. NULL: nothing to free.
 * @param[out] out_loss     the mean over the ranks of what `fn` told first. NULL: not wanted. Untouched on failure.
 *
 * @return OAR_E_CALLBACK  `fn` failed; parameters and state are those of before. On several ranks the state is aborted,
 *         since peers wait in the middle of the step.
 * @return OAR_E_STATE     `fn` left gradients that are not synchronised, or a micro-batch of an accumulation is
 *         running; further as oar_accelerator_step. Nothing was updated.
 * @return OAR_E_UNSUPPORTED  the accelerator has a gradient scaler (precision.h).
 * @threads collective(state)
 * @source  Accelerate 1.15 `AcceleratedOptimizer.step(closure)`. Differs: losses are averaged; the reference's ranks
 *          look at their own ones and may part.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_step_closure(oar_accelerator *accelerator, oar_optimizer *optimizer,
                             OAR_NULLABLE oar_scheduler *scheduler, oar_closure_fn fn, OAR_NULLABLE void *user_data,
                             OAR_NULLABLE oar_release_fn release, OAR_OUT OAR_NULLABLE double *out_loss) OAR_NOEXCEPT;

#endif
