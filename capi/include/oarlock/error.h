/** Errors: the text of this thread's last failure, and an owned object with its details. */
#ifndef OARLOCK_ERROR_H
#define OARLOCK_ERROR_H
#include <oarlock/types.h>

OAR_API OAR_SINCE(0, 1) const char *oar_last_error(void) OAR_NOEXCEPT;   /* never NULL; "" if the last fallible call of this thread succeeded */
OAR_API OAR_SINCE(0, 1) const char *oar_status_name(oar_status status) OAR_NOEXCEPT; /* "OAR_E_ARGUMENT" */
OAR_API OAR_SINCE(0, 1) oar_status oar_error_take(OAR_OUT OAR_OWNED OAR_NULLABLE oar_error **out) OAR_NOEXCEPT; /* moves this thread's error into an object; NULL if none; does not clear on entry */
OAR_API OAR_SINCE(0, 1) oar_status oar_error_code(const oar_error *error, oar_status *out_code) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_error_message(const oar_error *error, OAR_OUT OAR_BORROWED const char **out_message) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_error_component(const oar_error *error, OAR_OUT OAR_BORROWED const char **out_component) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_error_operation(const oar_error *error, OAR_OUT OAR_BORROWED const char **out_operation) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_error_rank(const oar_error *error, int32_t *out_rank) OAR_NOEXCEPT;          /* the rank that it is about; -1 unknown */
OAR_API OAR_SINCE(0, 1) oar_status oar_error_vendor_code(const oar_error *error, int64_t *out_vendor_code) OAR_NOEXCEPT; /* errno, or the callback's value; 0 none */
OAR_API OAR_SINCE(0, 1) void oar_error_release(OAR_NULLABLE oar_error *error) OAR_NOEXCEPT;
#endif
