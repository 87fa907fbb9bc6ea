/** An asynchronous operation: what the calls of collectives.h give, to be waited for when the result is needed. */
#ifndef OARLOCK_WORK_H
#define OARLOCK_WORK_H

#include <oarlock/types.h>

/**
 * Wait until the operation is done, and learn how it ended.
 *
 * A time-out here only ends the waiting: the operation goes on, its tensors stay in use, and one may wait again. The
 * operation's own time-out is that of the call which started it; when it runs out the group is dead.
 * May be called again after the end; the answer is the same.
 *
 * @param[in] work        borrowed.
 * @param[in] timeout_ms  milliseconds to wait; 0 waits until the operation has ended by itself, which its own time-out
 *                        bounds; negative is refused.
 *
 * @return OAR_E_TIMEOUT    not done yet, or ranks did not call the operation in time; the text names them.
 * @return OAR_E_MISMATCH   ranks made different calls; the text gives both.
 * @return OAR_E_PEER_LOST  a rank ended or left; the text names it, the operation and its sequence number.
 * @return OAR_E_ABORTED    the group was aborted or closed meanwhile, or was dead before.
 * @threads serial(work)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_work_wait(oar_work *work, int64_t timeout_ms) OAR_NOEXCEPT;

/**
 * Tell whether the operation has ended, well or not. Does not wait.
 *
 * @param[in]  work         borrowed.
 * @param[out] out_is_done  1 or 0.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_work_is_done(const oar_work *work, OAR_OUT int32_t *out_is_done) OAR_NOEXCEPT;

/**
 * Give the operation's own error. Does not wait, and does not touch the calling thread's error.
 *
 * @param[in]  work       borrowed.
 * @param[out] out_error  owned; end with oar_error_release. NULL while the operation runs and when it succeeded.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_work_error(const oar_work *work, OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_error **out_error) OAR_NOEXCEPT;

/**
 * Add a reference; each needs one oar_work_release.
 *
 * @param[in] work  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_work_retain(oar_work *work) OAR_NOEXCEPT;

/**
 * Drop a reference. Neither waits for the operation nor cancels it: the tensors stay in use until it has ended.
 *
 * @param[in] work  NULL is allowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void
oar_work_release(OAR_NULLABLE oar_work *work) OAR_NOEXCEPT;

#endif
