/**
 * Functions that are not part of the ABI: they may change or go with any release, and are had by name only, so that no
 * program can be linked to one by accident.
 *
 *     oar_function fn;
 *     int64_t count;
 *     if (oar_experimental_get("live_handle_count", &fn) == OAR_OK) ((oar_live_handle_count_fn)fn)(&count);
 */
#ifndef OARLOCK_EXPERIMENTAL_H
#define OARLOCK_EXPERIMENTAL_H

#include <oarlock/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Any function: cast it to the type that belongs to its name.
 *
 * @threads any that the function behind it allows
 * @since   0.1
 */
typedef void (*oar_function)(void);

/**
 * "live_handle_count": how many handles are alive in this process. For leak tests.
 *
 * @param[out] out_count  at least 0.
 *
 * @threads any
 * @since   0.1
 */
typedef oar_status (*oar_live_handle_count_fn)(OAR_OUT int64_t *out_count);

/**
 * "throw_inside_core": throws an exception of the given kind inside the library, so that a host can test what it does
 * with failures that nobody foresaw. Returns what any function would return for it.
 *
 * @param[in] kind  one of OAR_THROW_*.
 *
 * @threads any
 * @since   0.1
 */
typedef oar_status (*oar_throw_inside_core_fn)(int32_t kind);

#ifdef __cplusplus
}
#endif

#define OAR_THROW_STANDARD 1      /* a std::runtime_error: OAR_E_INTERNAL */
#define OAR_THROW_TORCH 2         /* an error of libtorch: OAR_E_INTERNAL */
#define OAR_THROW_UNKNOWN 3       /* a type that is no exception class: OAR_E_INTERNAL */
#define OAR_THROW_OUT_OF_MEMORY 4 /* a std::bad_alloc: OAR_E_OUT_OF_MEMORY, with a text made in advance */
#define OAR_THROW_UNSUPPORTED 5   /* libtorch has no kernel for an operator: OAR_E_UNSUPPORTED */

/**
 * Look up an experimental function.
 *
 * @param[in]  name  for example "live_handle_count".
 * @param[out] out   the function; cast it to its type.
 *
 * @return OAR_E_NOT_FOUND  this release has no experimental function of that name.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_experimental_get(const char *name, OAR_OUT oar_function *out) OAR_NOEXCEPT;

#endif
