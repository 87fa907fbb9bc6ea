/**
 * Learning rates as closed formulas of the step.
 *
 * With n the step, w = warmup_steps, T = total_steps and r = min_lr_ratio (0), the rate is the optimizer's initial one
 * times
 *
 *     n < w     n / max(1, w)
 *     constant  1
 *     linear    r + (1 - r) * max(0, (T - n) / max(1, T - w))
 *     cosine    r + (1 - r) * (1 + cos(2 pi num_cycles (n - w) / max(1, T - w))) / 2, num_cycles 0.5 unless given
 *     step      gamma ^ floor((n - w) / step_size), gamma 0.1 unless given
 *
 * and after T it stays what it was at T.
 */
#ifndef OARLOCK_SCHEDULER_H
#define OARLOCK_SCHEDULER_H

#include <oarlock/types.h>

/**
 * A schedule for an optimizer. Sets its learning rate to that of step 0 at once.
 *
 * @param[in]  optimizer  retained.
 * @param[in]  name       borrowed; "constant", "linear", "cosine" or "step".
 * @param[in]  options    borrowed; a JSON object of the scheduler.* keys of options.h, without the prefix, for instance
 *                        {"warmup_steps":10,"total_steps":100}. NULL: defaults. linear and cosine need total_steps,
 *                        step needs step_size.
 * @param[out] out        owned; end with oar_scheduler_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  an unknown name or option (the text names the nearest), one that is missing or of another
 *                         schedule, or a value out of range. The learning rate stays.
 * @threads serial(optimizer)
 * @source  transformers get_{constant,linear,cosine}_schedule_with_warmup; torch StepLR.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_scheduler_create(oar_optimizer *optimizer, const char *name, OAR_NULLABLE const char *options,
                     OAR_OUT OAR_OWNED oar_scheduler **out) OAR_NOEXCEPT;

/**
 * Go on by one step and set the optimizer's learning rate. Programs with an accelerator call oar_accelerator_step
 * instead.
 *
 * @param[in] scheduler  borrowed.
 *
 * @threads serial(scheduler), and no call on its optimizer meanwhile
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_scheduler_step(oar_scheduler *scheduler) OAR_NOEXCEPT;

/**
 * Steps made so far, those before a resume included.
 *
 * @param[in]  scheduler      borrowed.
 * @param[out] out_num_steps  at least 0.
 *
 * @threads serial(scheduler)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_scheduler_num_steps(const oar_scheduler *scheduler, OAR_OUT int64_t *out_num_steps) OAR_NOEXCEPT;

/**
 * One more reference.
 *
 * @param[in] scheduler  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_scheduler_retain(oar_scheduler *scheduler) OAR_NOEXCEPT;

/**
 * One reference less.
 *
 * @param[in] scheduler  ended; NULL is allowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_scheduler_release(OAR_NULLABLE oar_scheduler *scheduler) OAR_NOEXCEPT;

#endif
