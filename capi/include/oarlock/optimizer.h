/**
 * Updates of a model's parameters by the rules of torch.optim, on libtorch's fused and foreach kernels.
 */
#ifndef OARLOCK_OPTIMIZER_H
#define OARLOCK_OPTIMIZER_H

#include <oarlock/types.h>

/**
 * An optimizer of parameters of a model.
 *
 * Names: "adadelta", "adafactor", "adafactor_transformers", "adagrad", "adam", "adamax", "adamw", "asgd", "lion",
 * "muon", "nadam", "radam", "rmsprop", "rprop", "schedule_free_adamw", "sgd". Options, defaults and rules are those of
 * torch.optim, of transformers and of the packages lion-pytorch and schedulefree; docs/optimizers.md lists them.
 *
 * Every optimizer takes two more: "params", a list of names or patterns ('*': any text), leaves only those parameters
 * to it; "groups", a list of objects of "params" and options that differ for them, makes parameter groups in that
 * order. What no group takes is one more group, the last, with the options given outside. For instance
 *     {"lr":0.001,"weight_decay":0.1,"groups":[{"params":["*.bias","norm*"],"weight_decay":0}]}
 *
 * @param[in]  model    borrowed; its parameters are retained.
 * @param[in]  name     borrowed.
 * @param[in]  options  borrowed; a JSON object of the optimizer.* keys of options.h, without the prefix, for instance
 *                      {"lr":0.001,"betas":[0.9,0.999]}. NULL: defaults.
 * @param[out] out      owned; end with oar_optimizer_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     an unknown name or option (the text names the nearest and all), an option of another
 *                            optimizer, a value out of range, a pattern that fits no parameter, a parameter in two
 *                            groups, or a model without parameters.
 * @return OAR_E_UNSUPPORTED  a parameter is not of a real floating dtype, its memory has gaps or overlaps, or the
 *                            optimizer does not take its shape (muon: matrices only).
 * @threads serial(model)
 * @source  torch.optim 2.11 with fused=True where it has that, else foreach=True; transformers 5 Adafactor; Chen et al.
 *          2023 (lion); Defazio et al. 2024 (schedule_free_adamw).
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_create(oar_model *model, const char *name, OAR_NULLABLE const char *options,
                     OAR_OUT OAR_OWNED oar_optimizer **out) OAR_NOEXCEPT;

/**
 * Update the parameters by their gradients, at once. Programs with an accelerator call oar_accelerator_step instead.
 *
 * Parameters without a gradient are left alone, with their state. Gradients stay.
 *
 * @param[in] optimizer  borrowed.
 *
 * @return OAR_E_ARGUMENT     a gradient does not have its parameter's shape, dtype and device; nothing was updated.
 * @return OAR_E_UNSUPPORTED  a gradient is sparse; nothing was updated.
 * @threads serial(optimizer), and no call on the model meanwhile
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_step(oar_optimizer *optimizer) OAR_NOEXCEPT;

/**
 * Drop all gradients; the next backward begins from none.
 *
 * @param[in] optimizer  borrowed.
 *
 * @threads serial(optimizer), and no call on the model meanwhile
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_zero_grad(oar_optimizer *optimizer) OAR_NOEXCEPT;

/**
 * Make the parameters those to evaluate with, or those to train with again.
 *
 * "schedule_free_adamw" needs it before an evaluation or a save for others, and again before the next training step;
 * for every other optimizer nothing changes. An optimizer starts in training.
 *
 * @param[in] optimizer  borrowed.
 * @param[in] training   0: evaluation; anything else: training.
 *
 * @threads serial(optimizer), and no call on the model meanwhile
 * @source  schedulefree `AdamWScheduleFree.train`, `.eval`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_set_training(oar_optimizer *optimizer, int32_t training) OAR_NOEXCEPT;

/**
 * How many parameter groups there are.
 *
 * @param[in]  optimizer       borrowed.
 * @param[out] out_num_groups  at least 1.
 *
 * @threads serial(optimizer)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_num_groups(const oar_optimizer *optimizer, OAR_OUT int64_t *out_num_groups) OAR_NOEXCEPT;

/**
 * The options in force for a group, and the names of its parameters: {"params":["fc.bias"],"lr":0.001,...}.
 *
 * @param[in]     optimizer    borrowed.
 * @param[in]     group_index  from 0, below oar_optimizer_num_groups.
 * @param[out]    buf          the JSON text, or NULL to ask for its length.
 * @param[in,out] len          in: room in bytes; out: length with the closing NUL.
 *
 * @return OAR_E_ARGUMENT  no such group, or too little room; then *len is the need.
 * @threads serial(optimizer)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_group_options(const oar_optimizer *optimizer, int64_t group_index, OAR_OUT OAR_NULLABLE char *buf,
                            size_t *len) OAR_NOEXCEPT;

/**
 * Change options of one group from the next step on. State stays; what an option needs more is made anew.
 *
 * @param[in] optimizer    borrowed.
 * @param[in] group_index  from 0, below oar_optimizer_num_groups.
 * @param[in] options      borrowed; a JSON object as for oar_optimizer_create, without "params" and "groups".
 *
 * @return OAR_E_ARGUMENT  no such group, an unknown option, or a value out of range; nothing was changed.
 * @threads serial(optimizer)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_set_group_options(oar_optimizer *optimizer, int64_t group_index, const char *options) OAR_NOEXCEPT;

/**
 * The learning rate that the next step will use; with several groups the first one's.
 *
 * @param[in]  optimizer          borrowed.
 * @param[out] out_learning_rate  at least 0.
 *
 * @threads serial(optimizer)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_learning_rate(const oar_optimizer *optimizer, OAR_OUT double *out_learning_rate) OAR_NOEXCEPT;

/**
 * Set the learning rate of every group. A scheduler of this optimizer sets it again at its next step.
 *
 * @param[in] optimizer      borrowed.
 * @param[in] learning_rate  finite, at least 0.
 *
 * @return OAR_E_ARGUMENT  not so; the rate stays.
 * @threads serial(optimizer)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_set_learning_rate(oar_optimizer *optimizer, double learning_rate) OAR_NOEXCEPT;

/**
 * Steps made so far, those before a resume included.
 *
 * @param[in]  optimizer      borrowed.
 * @param[out] out_num_steps  at least 0.
 *
 * @threads serial(optimizer)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_num_steps(const oar_optimizer *optimizer, OAR_OUT int64_t *out_num_steps) OAR_NOEXCEPT;

/**
 * One more reference.
 *
 * @param[in] optimizer  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_retain(oar_optimizer *optimizer) OAR_NOEXCEPT;

/**
 * One reference less; schedulers and accelerators that use the optimizer keep it alive.
 *
 * @param[in] optimizer  ended; NULL is allowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_optimizer_release(OAR_NULLABLE oar_optimizer *optimizer) OAR_NOEXCEPT;

#endif
