/** An asynchronous operation. */
#ifndef OARLOCK_WORK_H
#define OARLOCK_WORK_H
#include <oarlock/types.h>
OAR_API OAR_SINCE(0, 1) oar_status oar_work_wait(oar_work *work, int64_t timeout_ms) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_work_is_done(const oar_work *work, int32_t *out_is_done) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_work_error(const oar_work *work, OAR_OUT OAR_OWNED OAR_NULLABLE oar_error **out_error) OAR_NOEXCEPT; /* NULL: running or succeeded */
OAR_API OAR_SINCE(0, 1) oar_status oar_work_retain(oar_work *work) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_work_release(OAR_NULLABLE oar_work *work) OAR_NOEXCEPT;
#endif
