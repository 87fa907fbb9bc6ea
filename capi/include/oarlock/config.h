/**
 * Options of a state and of what is made from it. Keys, types, defaults and environment variables stand in
 * docs/options.md.
 *
 * An option has one of the types flag, integer, number, text, list of numbers. Whoever creates an object from a config
 * takes a copy: later changes of the config do not reach it.
 *
 * oar_state_create and oar_accelerator_create take a config. What is made from a state (models, trackers, accelerators
 * without a config of their own) has its options from the state's. Loaders, optimizers and schedules are made from
 * neither: their keys (loader.*, optimizer.*, scheduler.*) go into the JSON of their own create calls or into the
 * environment. A config that sets them is refused where it would be used, so that no setting is lost unseen.
 */
#ifndef OARLOCK_CONFIG_H
#define OARLOCK_CONFIG_H

#include <oarlock/types.h>

/* What oar_config_type gives: the setter and getter that fit. */
#define OAR_CONFIG_BOOL 1
#define OAR_CONFIG_INT64 2
#define OAR_CONFIG_DOUBLE 3
#define OAR_CONFIG_STRING 4
#define OAR_CONFIG_DOUBLE_LIST 5 /* JSON text by oar_config_set_string and oar_config_get_string: "[0.9,0.999]" */

/**
 * Make a config with the defaults, overlaid by environment variables (OARLOCK_*, and those of the reference that have a
 * counterpart).
 *
 * @param[out] out  owned; end with oar_config_release. Untouched on failure.
 *
 * @return OAR_E_ENVIRONMENT  a variable has a value that its option does not take; the text names both.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_create(OAR_OUT OAR_OWNED oar_config **out) OAR_NOEXCEPT;

/**
 * A config of its own with the same values.
 *
 * @param[in]  config  borrowed.
 * @param[out] out     owned; end with oar_config_release. Untouched on failure.
 *
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_copy(const oar_config *config, OAR_OUT OAR_OWNED oar_config **out) OAR_NOEXCEPT;

/**
 * Set the options that a JSON object names. All of them or, on failure, none.
 *
 * Nested objects and dotted keys are the same: {"comm":{"timeout_ms":5000}} is {"comm.timeout_ms":5000}. Comments,
 * duplicate keys and integers that a double cannot hold are refused.
 *
 * @param[in] config  borrowed, changed.
 * @param[in] json    a JSON object, UTF-8.
 *
 * @return OAR_E_ARGUMENT  no JSON object, an unknown key (the text names the nearest known one), or a value of another
 *                         type.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_merge_json(oar_config *config, const char *json) OAR_NOEXCEPT;

/**
 * Set an option of type text, or any option by its JSON text: "5000" for a number.
 *
 * @param[in] config  borrowed, changed.
 * @param[in] key     for example "comm.backend".
 * @param[in] value   for a text option the text itself, for others JSON.
 *
 * @return OAR_E_ARGUMENT  an unknown key (the text names the nearest known one), or a value that the option does not
 *                         take.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_set_string(oar_config *config, const char *key, const char *value) OAR_NOEXCEPT;

/**
 * Set an option of type integer. All 64 bits are kept.
 *
 * @param[in] config  borrowed, changed.
 * @param[in] key     for example "comm.timeout_ms".
 * @param[in] value   the value.
 *
 * @return OAR_E_ARGUMENT  an unknown key (the text names the nearest known one), or an option of another type.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_set_int64(oar_config *config, const char *key, int64_t value) OAR_NOEXCEPT;

/**
 * Set an option of type number.
 *
 * @param[in] config  borrowed, changed.
 * @param[in] key     for example "ddp.bucket_cap_mb".
 * @param[in] value   finite.
 *
 * @return OAR_E_ARGUMENT  an unknown key (the text names the nearest known one), or an option of another type.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_set_double(oar_config *config, const char *key, double value) OAR_NOEXCEPT;

/**
 * Set an option of type flag.
 *
 * @param[in] config  borrowed, changed.
 * @param[in] key     for example "ddp.broadcast_buffers".
 * @param[in] value   0 or 1.
 *
 * @return OAR_E_ARGUMENT  an unknown key (the text names the nearest known one), or an option of another type.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_set_bool(oar_config *config, const char *key, int32_t value) OAR_NOEXCEPT;

/**
 * The type of an option.
 *
 * @param[in]  config    borrowed.
 * @param[in]  key       for example "comm.timeout_ms".
 * @param[out] out_type  OAR_CONFIG_BOOL ... OAR_CONFIG_DOUBLE_LIST. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  an unknown key (the text names the nearest known one).
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_type(const oar_config *config, const char *key, OAR_OUT int32_t *out_type) OAR_NOEXCEPT;

/**
 * The value in force of an option of type integer.
 *
 * @param[in]  config     borrowed.
 * @param[in]  key        for example "comm.timeout_ms".
 * @param[out] out_value  all 64 bits. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT   an unknown key (the text names the nearest known one), or an option of another type.
 * @return OAR_E_NOT_FOUND  the option has no value.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_get_int64(const oar_config *config, const char *key, OAR_OUT int64_t *out_value) OAR_NOEXCEPT;

/**
 * The value in force of an option of type number.
 *
 * @param[in]  config     borrowed.
 * @param[in]  key        for example "ddp.bucket_cap_mb".
 * @param[out] out_value  finite. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT   an unknown key (the text names the nearest known one), or an option of another type.
 * @return OAR_E_NOT_FOUND  the option has no value.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_get_double(const oar_config *config, const char *key, OAR_OUT double *out_value) OAR_NOEXCEPT;

/**
 * The value in force of an option of type flag.
 *
 * @param[in]  config     borrowed.
 * @param[in]  key        for example "ddp.broadcast_buffers".
 * @param[out] out_value  0 or 1. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT   an unknown key (the text names the nearest known one), or an option of another type.
 * @return OAR_E_NOT_FOUND  the option has no value.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_get_bool(const oar_config *config, const char *key, OAR_OUT int32_t *out_value) OAR_NOEXCEPT;

/**
 * The value in force of an option, as text: texts as they are, everything else as JSON, "" if unset.
 *
 * @param[in]     config  borrowed.
 * @param[in]     key     for example "comm.timeout_ms".
 * @param[out]    buf     the text, or NULL to ask for its length.
 * @param[in,out] len     in: room in bytes; out: length with the closing NUL.
 *
 * @return OAR_E_ARGUMENT  an unknown key (the text names the nearest known one), or too little room; then *len is the
 *                         need.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_get_string(const oar_config *config, const char *key,
                                                         OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Every option with its value in force, as one flat JSON object.
 *
 * @param[in]     config  borrowed.
 * @param[out]    buf     the text, or NULL to ask for its length.
 * @param[in,out] len     in: room in bytes; out: length with the closing NUL.
 *
 * @return OAR_E_ARGUMENT  too little room; then *len is the need.
 * @threads serial(config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_config_to_json(const oar_config *config, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * One more reference.
 *
 * @param[in] config  borrowed; each retain needs one more oar_config_release.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_config_retain(oar_config *config) OAR_NOEXCEPT;

/**
 * One reference fewer; the last one frees the config. What was made from it stays.
 *
 * @param[in] config  NULL does nothing.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_config_release(OAR_NULLABLE oar_config *config) OAR_NOEXCEPT;

#endif
