/**
 * Errors: the text of this thread's last failure, and an owned object with its details.
 *
 * Every fallible function clears the thread's error on entry and sets it on failure. Functions of this header that take
 * an oar_error are fallible too, so take the error first and ask afterwards. *_release functions leave it alone.
 *
 * These functions answer with another libtorch too (OAR_E_VERSION). In a forked process oar_error_take gives
 * OAR_E_FORKED as everything does; oar_last_error still has the text of the call before it: read it first.
 */
#ifndef OARLOCK_ERROR_H
#define OARLOCK_ERROR_H

#include <oarlock/types.h>

/**
 * The text of the last failure on this thread.
 *
 * Never NULL; "" if the last fallible call of this thread succeeded, or none was made. Valid until the thread's next
 * fallible call. Read it on the thread that made the call: tasks that move between threads read it before they yield.
 *
 * @return borrowed text, UTF-8.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) OAR_BORROWED const char *oar_last_error(void) OAR_NOEXCEPT;

/**
 * The name of a status code, for example "OAR_E_ARGUMENT".
 *
 * @param[in] status  any value.
 *
 * @return borrowed static text; "an unknown status" for a value that this version does not have.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) OAR_BORROWED const char *oar_status_name(oar_status status) OAR_NOEXCEPT;

/**
 * Move this thread's error into an object that may go to other threads.
 *
 * Does not clear the error on entry. Afterwards oar_last_error() is "".
 *
 * @param[out] out  owned; end with oar_error_release. NULL if the last fallible call of this thread succeeded.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_error_take(OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_error **out) OAR_NOEXCEPT;

/**
 * Make a failure of a library that is built on this one the last failure of this thread, so that its callers find the
 * text of every failure in one place. liboarlock_mpi does so.
 *
 * It ends the function that failed: `return oar_error_set(OAR_E_STATE, "site", "site_open", text, -1, 0);`
 *
 * @param[in] code         what the function returns: OAR_E_ARGUMENT to OAR_E_INTERNAL.
 * @param[in] component    copied; the library or the part of it that failed, for oar_error_component.
 * @param[in] operation    copied; the function that failed, for oar_error_operation.
 * @param[in] message      copied, UTF-8; what failed, where, and what to do.
 * @param[in] rank         the rank that it is about; -1 if it is about no rank.
 * @param[in] vendor_code  a number from below; 0 if there is none.
 *
 * @return always `code`, but OAR_E_ARGUMENT if that is no code of a failure, or a text is NULL.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_error_set(oar_status code, const char *component, const char *operation, const char *message, int32_t rank,
              int64_t vendor_code) OAR_NOEXCEPT;

/**
 * The status code of an error.
 *
 * @param[in]  error     borrowed.
 * @param[out] out_code  what the failed call returned.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_error_code(const oar_error *error, OAR_OUT oar_status *out_code) OAR_NOEXCEPT;

/**
 * What failed, where, and what to do.
 *
 * @param[in]  error        borrowed.
 * @param[out] out_message  borrowed from the error; UTF-8, never NULL.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_error_message(const oar_error *error, OAR_OUT OAR_BORROWED const char **out_message) OAR_NOEXCEPT;

/**
 * The header whose function failed, without its ".h": "config", "collectives".
 *
 * @param[in]  error          borrowed.
 * @param[out] out_component  borrowed from the error; never NULL. "guard" if no memory was left to say more, "work" in
 *                            an error that oar_work_error gave.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_error_component(const oar_error *error, OAR_OUT OAR_BORROWED const char **out_component) OAR_NOEXCEPT;

/**
 * What was being done: "all_reduce", or the name of the function that failed.
 *
 * @param[in]  error          borrowed.
 * @param[out] out_operation  borrowed from the error; never NULL.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_error_operation(const oar_error *error, OAR_OUT OAR_BORROWED const char **out_operation) OAR_NOEXCEPT;

/**
 * The rank that the error is about: the one that died, or disagreed.
 *
 * @param[in]  error     borrowed.
 * @param[out] out_rank  -1 if it is about no rank.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_error_rank(const oar_error *error, OAR_OUT int32_t *out_rank) OAR_NOEXCEPT;

/**
 * A number from below: errno of the operating system, or the value that the caller's callback returned.
 *
 * @param[in]  error            borrowed.
 * @param[out] out_vendor_code  0 if there is none.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_error_vendor_code(const oar_error *error, OAR_OUT int64_t *out_vendor_code) OAR_NOEXCEPT;

/**
 * One more reference.
 *
 * @param[in] error  borrowed; each retain needs one more oar_error_release.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_error_retain(oar_error *error) OAR_NOEXCEPT;

/**
 * One reference fewer; the last one frees the error and the texts borrowed from it.
 *
 * @param[in] error  NULL does nothing.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_error_release(OAR_NULLABLE oar_error *error) OAR_NOEXCEPT;

#endif
