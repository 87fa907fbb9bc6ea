/**
 * Learning rates as closed formulas of the step, for every parameter group from its own initial rate.
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
 * Go on by one step and set the optimizer's learning rates. Programs with an accelerator call oar_accelerator_step
 * instead.
 *
 * @param[in] scheduler  borrowed.
 *
 * @return OAR_E_STATE  the schedule is "plateau": call oar_scheduler_step_metric.
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
