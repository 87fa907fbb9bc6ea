/** Where Oarlock's own messages go. Without a callback: warnings and errors to standard error. */
#ifndef OARLOCK_LOG_H
#define OARLOCK_LOG_H

#include <oarlock/types.h>

/* How much a message matters. As a level of oar_log_set_level OAR_LOG_OFF silences all. */
#define OAR_LOG_DEBUG 10
#define OAR_LOG_INFO 20
#define OAR_LOG_WARNING 30
#define OAR_LOG_ERROR 40
#define OAR_LOG_OFF 50

/* Which ranks say a message of oar_state_log. */
#define OAR_LOG_MAIN 0     /* rank 0 */
#define OAR_LOG_EACH 1     /* every rank that calls */
#define OAR_LOG_IN_ORDER 2 /* every rank, one after the other; collective */

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Takes one message. The texts are borrowed for the length of the call; calls into Oarlock are allowed but
 * oar_log_set_callback. On a thread of Oarlock's those that wait for other ranks or close a state give OAR_E_STATE.
 *
 * @param[in] level      one of OAR_LOG_*.
 * @param[in] component  the part of the library.
 * @param[in] message    one or more lines, without a newline at the end.
 * @param[in] user_data  as registered.
 *
 * @threads any, several at a time; Oarlock's own only with OAR_CALLBACK_ANY_THREAD
 * @since   0.1
 */
typedef void (*oar_log_fn)(int32_t level, OAR_BORROWED const char *component,
                           OAR_BORROWED const char *message, OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/**
 * Send the messages of this process to a callback instead of standard error.
 *
 * Replaces the callback before; its release runs once no thread is inside it any more.
 *
 * @param[in] flags      0: what threads of Oarlock's have to say (a rank is late) is queued, at most 1,000 messages,
 *                       and given by the next call that can fail, or by the one that waits at that moment.
 *                       OAR_CALLBACK_ANY_THREAD: `fn` is called at once, on those threads too.
 * @param[in] fn         NULL goes back to standard error.
 * @param[in] user_data  handed to `fn`; the library looks at it in no way.
 * @param[in] release    NULL, or runs exactly once with `user_data`: when this callback is replaced by a later call, or
 *                       before this one returns if it fails or `fn` is NULL.
 *
 * @return OAR_E_ARGUMENT  `flags` has unknown bits.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_log_set_callback(int32_t flags, OAR_NULLABLE oar_log_fn fn, OAR_NULLABLE void *user_data,
                     OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;

/**
 * Choose which messages are given: those of this level and above. The first value is OAR_LOG_WARNING.
 *
 * @param[in] level  one of OAR_LOG_*.
 *
 * @return OAR_E_ARGUMENT  `level` is none of them.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_log_set_level(int32_t level) OAR_NOEXCEPT;

/**
 * Say something as the library says its own messages: to the callback, or to standard error, if its level is given.
 * The text begins with "[RANK <rank>] ", its component is "program".
 *
 * @param[in] state  borrowed; tells the rank.
 * @param[in] level  OAR_LOG_DEBUG to OAR_LOG_ERROR.
 * @param[in] ranks  OAR_LOG_MAIN, OAR_LOG_EACH or OAR_LOG_IN_ORDER. In order, a rank speaks when those before it have,
 *                   whatever their levels; how lines of different processes mix later is up to what reads them.
 * @param[in] text   one or more lines, without a newline at the end.
 *
 * @return OAR_E_ARGUMENT  `level` or `ranks` is none of them.
 * @return OAR_E_TIMEOUT   OAR_E_MISMATCH, OAR_E_PEER_LOST, OAR_E_ABORTED: in order only, as from oar_work_wait.
 * @threads serial(state); in order collective(state)
 * @source  Accelerate 1.15, MultiProcessAdapter.log (spec A 5).
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_log(oar_state *state, int32_t level, int32_t ranks, const char *text) OAR_NOEXCEPT;

#endif
