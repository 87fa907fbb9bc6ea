/**
 * Updates of a model's parameters: SGD and AdamW on libtorch's fused kernels, bit for bit those of torch.optim.
 */
#ifndef OARLOCK_OPTIMIZER_H
#define OARLOCK_OPTIMIZER_H

#include <oarlock/types.h>

/**
 * An optimizer over all parameters of a model.
 *
 * "sgd" takes lr, momentum, dampening, weight_decay, nesterov, maximize; "adamw" takes lr, betas, eps, weight_decay,
 * amsgrad, maximize. Names, defaults and rules are those of torch.optim.SGD and torch.optim.AdamW.
 *
 * @param[in]  model    borrowed; its parameters are retained.
 * @param[in]  name     borrowed; "sgd" or "adamw".
 * @param[in]  options  borrowed; a JSON object of the optimizer.* keys of options.h, without the prefix, for instance
 *                      {"lr":0.001,"betas":[0.9,0.999]}. NULL: defaults.
 * @param[out] out      owned; end with oar_optimizer_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     an unknown name or option (the text names the nearest), an option of the other optimizer,
 *                            a value out of range, or a model without parameters.
 * @return OAR_E_UNSUPPORTED  a parameter is not of a real floating dtype, or its memory has gaps or overlaps.
 * @threads serial(model)
 * @source  Loshchilov and Hutter 2019, algorithm 2 (AdamW); torch.optim 2.11 with fused=True.
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
 * The learning rate that the next step will use.
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
 * Set the learning rate. A scheduler of this optimizer sets it again at its next step.
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
