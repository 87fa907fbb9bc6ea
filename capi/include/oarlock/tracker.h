/** Where metrics go. Only the main process writes; on the others every call does nothing. */
#ifndef OARLOCK_TRACKER_H
#define OARLOCK_TRACKER_H
#include <oarlock/types.h>
/* name "jsonl"; options: tracker.* keys: {"path":"run/metrics.jsonl"} */
OAR_API OAR_SINCE(0, 1) oar_status oar_tracker_create(oar_state *state, const char *name, OAR_NULLABLE const char *options, OAR_OUT OAR_OWNED oar_tracker **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tracker_log(oar_tracker *tracker, int64_t step, const char *const *names, const double *values, size_t count) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tracker_log_json(oar_tracker *tracker, int64_t step, const char *json) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tracker_close(oar_tracker *tracker) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tracker_retain(oar_tracker *tracker) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_tracker_release(OAR_NULLABLE oar_tracker *tracker) OAR_NOEXCEPT;
#endif
