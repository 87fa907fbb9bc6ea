/** Where Oarlock's own messages go. Without a callback: warnings and errors to standard error. */
#ifndef OARLOCK_LOG_H
#define OARLOCK_LOG_H
#include <oarlock/types.h>
#define OAR_LOG_DEBUG 10
#define OAR_LOG_INFO 20
#define OAR_LOG_WARNING 30
#define OAR_LOG_ERROR 40
#define OAR_LOG_OFF 50
#ifdef __cplusplus
extern "C" {
#endif
typedef void (*oar_log_fn)(int32_t level, const char *component, const char *message, void *user_data);
#ifdef __cplusplus
}
#endif
OAR_API OAR_SINCE(0, 1) oar_status oar_log_set_callback(OAR_NULLABLE oar_log_fn fn, OAR_NULLABLE void *user_data, OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_log_set_level(int32_t level) OAR_NOEXCEPT;
#endif
