/** Parameter updates. */
#ifndef OARLOCK_OPTIMIZER_H
#define OARLOCK_OPTIMIZER_H
#include <oarlock/types.h>
/* name "sgd" or "adamw"; options: optimizer.* keys, names and defaults as torch.optim: {"lr":1e-3,"betas":[0.9,0.999],...} */
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_create(oar_model *model, const char *name, OAR_NULLABLE const char *options, OAR_OUT OAR_OWNED oar_optimizer **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_step(oar_optimizer *optimizer) OAR_NOEXCEPT;                        /* at once; with an accelerator use oar_accelerator_step */
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_zero_grad(oar_optimizer *optimizer) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_learning_rate(const oar_optimizer *optimizer, double *out_learning_rate) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_set_learning_rate(oar_optimizer *optimizer, double learning_rate) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_num_steps(const oar_optimizer *optimizer, int64_t *out_num_steps) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_optimizer_retain(oar_optimizer *optimizer) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_optimizer_release(OAR_NULLABLE oar_optimizer *optimizer) OAR_NOEXCEPT;
#endif
