/**
 * Where metrics go. Only the main process writes: on the others every call checks its arguments and does nothing else,
 * so that all ranks run the same program.
 */
#ifndef OARLOCK_TRACKER_H
#define OARLOCK_TRACKER_H

#include <oarlock/types.h>

/**
 * Create a tracker.
 *
 * "jsonl" appends one line of JSON per call to a file: {"step":12,"time":1767225599.123,"loss":0.5}; time is UTC, in
 * seconds since 1970. Each line is handed to the system at once. A resumed run appends; a last line that a crash cut
 * short is mended when the file is opened.
 *
 * "tensorboard" writes what TensorBoard reads: an event file in the directory of the run, whose numbers are kept as
 * float32. A resumed run adds a file, and TensorBoard shows both as one run. With oar_tracker_log_json a text is a text
 * summary, and an object of numbers a group in one chart, {"loss":{"train":0.5}}, with a directory for each series.
 *
 * @param[in]  state    borrowed; tells which process is the main one.
 * @param[in]  name     the product: "jsonl" or "tensorboard".
 * @param[in]  options  JSON object of tracker.* options, named without "tracker.": {"path":"run/metrics.jsonl"}; what
 *                      it does not name, and all of it if NULL, is taken from the state's config. Missing directories
 *                      of the path are made.
 * @param[out] out      owned; end with oar_tracker_close and oar_tracker_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  no product of that name; the text lists the known ones.
 * @return OAR_E_ARGUMENT   an unknown option (the text names the nearest), or no path.
 * @return OAR_E_IO         the file cannot be opened for writing; the text has path and reason.
 * @return OAR_E_CORRUPT    the file of "jsonl" holds something else than metrics; it is left alone.
 * @threads serial(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tracker_create(oar_state *state, const char *name, OAR_NULLABLE const char *options,
                   OAR_OUT OAR_OWNED oar_tracker **out) OAR_NOEXCEPT;

/**
 * Log numbers of one step. In "jsonl" those that are not finite are written as "NaN", "Infinity" and "-Infinity".
 *
 * @param[in] tracker  borrowed.
 * @param[in] step     any number; by custom the optimizer's step. The same step may be logged again.
 * @param[in] names    `count` different names; "step" and "time" are the own ones of "jsonl".
 * @param[in] values   `count` numbers.
 * @param[in] count    0 writes a line with step and time only.
 *
 * @return OAR_E_ARGUMENT  a name is NULL, taken, no UTF-8, or given twice.
 * @return OAR_E_STATE     the tracker is closed.
 * @return OAR_E_NO_SPACE  the disk is full; nothing of the step is written. Likewise OAR_E_IO.
 * @threads serial(tracker)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tracker_log(oar_tracker *tracker, int64_t step, const char *const *names, const double *values,
                size_t count) OAR_NOEXCEPT;

/**
 * Log any JSON object of one step: texts, lists, nested objects.
 *
 * @param[in] tracker  borrowed.
 * @param[in] step     as in oar_tracker_log.
 * @param[in] json     an object: {"loss":0.5,"note":"warm-up ended"}. "step" and "time" are the own names of "jsonl".
 *
 * @return OAR_E_ARGUMENT  no valid JSON (the text has the offset), no object, a name that is taken, or a value that the
 *                         product does not show; nothing is written then.
 * @return OAR_E_STATE     the tracker is closed.
 * @return OAR_E_NO_SPACE  the disk is full; nothing of the step is written. Likewise OAR_E_IO.
 * @threads serial(tracker)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tracker_log_json(oar_tracker *tracker, int64_t step, const char *json) OAR_NOEXCEPT;

/**
 * Close the tracker and its file. May be called twice.
 *
 * @param[in] tracker  borrowed; later calls that log give OAR_E_STATE.
 *
 * @return OAR_E_IO  the system reports a write that failed late.
 * @threads serial(tracker)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tracker_close(oar_tracker *tracker) OAR_NOEXCEPT;

/**
 * Add a reference.
 *
 * @param[in] tracker  one more oar_tracker_release ends it.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tracker_retain(oar_tracker *tracker) OAR_NOEXCEPT;

/**
 * Drop a reference; the last one closes the tracker, without telling late errors. Never blocks.
 *
 * @param[in] tracker  NULL does nothing.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_tracker_release(OAR_NULLABLE oar_tracker *tracker) OAR_NOEXCEPT;

#endif
