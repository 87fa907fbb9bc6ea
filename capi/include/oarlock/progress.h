/** A progress bar on standard error (or a callback) of the main process; plain lines where there is no terminal. */
#ifndef OARLOCK_PROGRESS_H
#define OARLOCK_PROGRESS_H
#include <oarlock/types.h>
OAR_API OAR_SINCE(0, 1) oar_status oar_progress_create(oar_state *state, const char *title, int64_t total, const char *unit, OAR_OUT OAR_OWNED oar_progress **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_progress_advance(oar_progress *progress, int64_t count, OAR_NULLABLE const char *note) OAR_NOEXCEPT; /* note: "loss 0.123  lr 0.001" */
OAR_API OAR_SINCE(0, 1) oar_status oar_progress_close(oar_progress *progress) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_progress_retain(oar_progress *progress) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_progress_release(OAR_NULLABLE oar_progress *progress) OAR_NOEXCEPT;
#endif
