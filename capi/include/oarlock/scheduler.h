/** Learning rates as a function of the step. */
#ifndef OARLOCK_SCHEDULER_H
#define OARLOCK_SCHEDULER_H
#include <oarlock/types.h>
/* name "linear", "cosine", "step" or "constant"; options: scheduler.* keys: {"warmup_steps":10,"total_steps":100,...} */
OAR_API OAR_SINCE(0, 1) oar_status oar_scheduler_create(oar_optimizer *optimizer, const char *name, OAR_NULLABLE const char *options, OAR_OUT OAR_OWNED oar_scheduler **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_scheduler_step(oar_scheduler *scheduler) OAR_NOEXCEPT;                        /* at once; with an accelerator use oar_accelerator_step */
OAR_API OAR_SINCE(0, 1) oar_status oar_scheduler_num_steps(const oar_scheduler *scheduler, int64_t *out_num_steps) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_scheduler_retain(oar_scheduler *scheduler) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_scheduler_release(OAR_NULLABLE oar_scheduler *scheduler) OAR_NOEXCEPT;
#endif
