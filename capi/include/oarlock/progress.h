/**
 * A progress bar of the main process: drawn in place on a terminal, a plain line now and then elsewhere (every tenth of
 * the total, or 30 s). It goes to standard error, or to a callback; OARLOCK_PROGRESS=0 (option `progress`): nowhere.
 */
#ifndef OARLOCK_PROGRESS_H
#define OARLOCK_PROGRESS_H

#include <oarlock/types.h>

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Receives a line of progress.
 *
 * @param[in] text       one line without newline; valid during the call only.
 * @param[in] user_data  as registered.
 *
 * @return 0 when done; anything else ends the call that ran it with OAR_E_CALLBACK.
 * @threads inside oar_progress_advance or oar_progress_close of this progress
 * @since   0.1
 */
typedef int32_t (*oar_progress_fn)(OAR_BORROWED const char *text, OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/**
 * Create a progress bar. Its clock starts now; nothing is shown before the first oar_progress_advance.
 *
 * @param[in]  state  borrowed; only its main process shows anything.
 * @param[in]  title  "epoch 3".
 * @param[in]  total  units until the end, >= 0; 0: not known, so that neither percentage nor remaining time is shown.
 * @param[in]  unit   what is counted: "samples".
 * @param[out] out    owned; end with oar_progress_close and oar_progress_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  `total` is negative, or option `progress` has a value that it does not take.
 * @threads serial(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_progress_create(oar_state *state, const char *title, int64_t total, const char *unit,
                    OAR_OUT OAR_OWNED oar_progress **out) OAR_NOEXCEPT;

/**
 * Send plain lines to a callback instead of standard error.
 *
 * @param[in] progress   borrowed.
 * @param[in] fn         NULL goes back to standard error.
 * @param[in] user_data  handed to `fn`.
 * @param[in] release    release(user_data) runs exactly once: when another callback takes its place, when the progress
 *                       ends, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.
 *
 * @threads serial(progress)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_progress_set_callback(oar_progress *progress, OAR_NULLABLE oar_progress_fn fn, OAR_NULLABLE void *user_data,
                          OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;

/**
 * Count more units as done, and draw if it is time to: at most ten times a second on a terminal. Costs next to nothing
 * otherwise. The line of the whole total is oar_progress_close's.
 *
 * @param[in] progress  borrowed.
 * @param[in] count     units done since the last call, >= 0. More than the total is allowed.
 * @param[in] note      shown at the end: "loss 0.123  lr 0.001". NULL keeps the last one.
 *
 * @return OAR_E_ARGUMENT  `count` is negative.
 * @return OAR_E_STATE     the progress is closed.
 * @return OAR_E_CALLBACK  the callback returned nonzero; the error object has the value. The units count as done.
 * @threads serial(progress)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_progress_advance(oar_progress *progress, int64_t count, OAR_NULLABLE const char *note) OAR_NOEXCEPT;

/**
 * Show the final state and end the line. May be called twice.
 *
 * @param[in] progress  borrowed.
 *
 * @return OAR_E_CALLBACK  the callback returned nonzero; the error object has the value. The progress is closed.
 * @threads serial(progress)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_progress_close(oar_progress *progress) OAR_NOEXCEPT;

/**
 * Add a reference.
 *
 * @param[in] progress  one more oar_progress_release ends it.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_progress_retain(oar_progress *progress) OAR_NOEXCEPT;

/**
 * Drop a reference. Never blocks. A bar that was not closed leaves the terminal on a fresh line.
 *
 * @param[in] progress  NULL does nothing.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_progress_release(OAR_NULLABLE oar_progress *progress) OAR_NOEXCEPT;

#endif
