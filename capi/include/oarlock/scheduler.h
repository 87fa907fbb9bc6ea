/**
 * Learning rates as closed formulas of the step, for every parameter group from its own initial rate, or by a function
 * of the host's.
 *
 * From transformers: "constant", "linear", "cosine", "cosine_warmup_with_min_lr", "cosine_with_restarts", "polynomial",
 * "inverse_sqrt", "warmup_stable_decay". From torch: "step", "multistep", "exponential", "constant_lr", "linear_lr",
 * "polynomial_lr", "cosine_annealing", "cosine_annealing_warm_restarts", "one_cycle", "cyclic", "sequential",
 * "chained", and "plateau", which follows a metric. docs/optimizers.md has formulas, options and sources. After
 * total_steps a rate stays what it was there.
 */
#ifndef OARLOCK_SCHEDULER_H
#define OARLOCK_SCHEDULER_H

#include <oarlock/types.h>

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Tells the factor of a learning rate.
 *
 * @param[in]  step         the step that the rate is for, from 0 ("lambda") or 1 ("multiplicative").
 * @param[in]  group_index  of the parameter group, from 0.
 * @param[out] out_factor   the rate that it gives must be finite and at least 0.
 * @param[in]  user_data    as registered.
 *
 * @return 0 when done; anything else ends the call that ran it with OAR_E_CALLBACK.
 * @threads inside oar_scheduler_from_factors, oar_scheduler_step, oar_accelerator_step and oar_accelerator_step_closure
 * @since   0.1
 */
typedef int32_t (*oar_factor_fn)(int64_t step, int64_t group_index, OAR_OUT double *out_factor,
                                 OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/**
 * A schedule for an optimizer. Sets its learning rates to those of step 0 at once; "one_cycle" and "cyclic" set
 * momentum, or the first beta, too.
 *
 * @param[in]  optimizer  retained.
 * @param[in]  name       borrowed; one of the names above.
 * @param[in]  options    borrowed; a JSON object of the scheduler.* keys of options.h, without the prefix, for instance
 *                        {"warmup_steps":10,"total_steps":100}. NULL: defaults. "sequential" and "chained" take
 *                        "schedules", a list of objects of "name" and options.
 * @param[out] out        owned; end with oar_scheduler_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  an unknown name or option (the text names the nearest and all), one that is missing or of
 *                         another schedule, or a value out of range. The learning rates stay.
 * @threads serial(optimizer)
 * @source  transformers 5 get_*_schedule; torch 2.11 torch.optim.lr_scheduler.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_scheduler_create(oar_optimizer *optimizer, const char *name, OAR_NULLABLE const char *options,
                     OAR_OUT OAR_OWNED oar_scheduler **out) OAR_NOEXCEPT;

/**
 * A schedule by a function of the host's. Sets the optimizer's learning rates to those of step 0 at once.
 *
 * Checkpoints keep step and rates, not the function: give the same one before a resume. With "compat": "accelerate" an
 * accelerator makes one step per rank, here too.
 *
 * @param[in]  optimizer  retained.
 * @param[in]  name       borrowed. "lambda": a rate is the group's initial one times the factor of its step;
 *                        "multiplicative": the rate of the step before times the factor, and the initial one at step 0.
 * @param[in]  fn         not NULL.
 * @param[in]  user_data  handed to `fn`.
 * @param[in]  release    release(user_data) runs exactly once: when the scheduler ends, or before this returns if it
 *                        fails. NULL: nothing to free.
 * @param[out] out        owned; end with oar_scheduler_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  another name, or a factor whose rate is negative or not finite. The learning rates stay.
 * @return OAR_E_CALLBACK  `fn` failed; the text has the last error inside it. The learning rates stay.
 * @threads serial(optimizer)
 * @source  torch LambdaLR, MultiplicativeLR.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_scheduler_from_factors(oar_optimizer *optimizer, const char *name, oar_factor_fn fn, OAR_NULLABLE void *user_data,
                           OAR_NULLABLE oar_release_fn release, OAR_OUT OAR_OWNED oar_scheduler **out) OAR_NOEXCEPT;

/**
 * Go on by one step and set the optimizer's learning rates. Programs with an accelerator call oar_accelerator_step
 * instead.
 *
 * When it fails, step and rates are those of before.
 *
 * @param[in] scheduler  borrowed.
 *
 * @return OAR_E_STATE     the schedule is "plateau": call oar_scheduler_step_metric.
 * @return OAR_E_CALLBACK  the host's function failed.
 * @return OAR_E_ARGUMENT  a factor that it told gives no rate: negative or not finite.
 * @threads serial(scheduler), and no call on its optimizer meanwhile
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_scheduler_step(oar_scheduler *scheduler) OAR_NOEXCEPT;

/**
 * Tell "plateau" the metric of an evaluation: after `patience` evaluations without an improvement the learning rates
 * fall by `factor`. With an accelerator, call it beside oar_accelerator_step without a scheduler there; all ranks with
 * one value.
 *
 * @param[in] scheduler  borrowed.
 * @param[in] metric     not NaN.
 *
 * @return OAR_E_ARGUMENT  the metric is NaN; nothing was changed.
 * @return OAR_E_STATE     another schedule, which has no use for a metric.
 * @threads serial(scheduler), and no call on its optimizer meanwhile
 * @source  torch ReduceLROnPlateau.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_scheduler_step_metric(oar_scheduler *scheduler, double metric) OAR_NOEXCEPT;

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
