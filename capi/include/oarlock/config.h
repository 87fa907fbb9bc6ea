/** Options of a state and what is made from it. Keys, types, defaults and variables: docs/options.md, oarlock/options.h. */
#ifndef OARLOCK_CONFIG_H
#define OARLOCK_CONFIG_H
#include <oarlock/types.h>
OAR_API OAR_SINCE(0, 1) oar_status oar_config_create(OAR_OUT OAR_OWNED oar_config **out) OAR_NOEXCEPT;                      /* defaults + environment */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_merge_json(oar_config *config, const char *json) OAR_NOEXCEPT;               /* all keys or none */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_set_string(oar_config *config, const char *key, const char *value) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_config_set_int64(oar_config *config, const char *key, int64_t value) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_config_set_double(oar_config *config, const char *key, double value) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_config_set_flag(oar_config *config, const char *key, int32_t value) OAR_NOEXCEPT;   /* 0 or 1 */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_get_string(const oar_config *config, const char *key, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT; /* any type, as text */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_to_json(const oar_config *config, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT; /* every key with its value in force */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_retain(oar_config *config) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_config_release(OAR_NULLABLE oar_config *config) OAR_NOEXCEPT;
#endif
