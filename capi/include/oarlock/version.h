/** Versions: of the ABI, of the library, and of the libtorch that is really loaded. */
#ifndef OARLOCK_VERSION_H
#define OARLOCK_VERSION_H

#include <oarlock/types.h>

/* Of the headers that a program was compiled with. */
#define OAR_VERSION_MAJOR 0
#define OAR_VERSION_MINOR 1
#define OAR_VERSION_PATCH 0

/**
 * The ABI version of the library that is loaded: major << 16 | minor.
 *
 * From 1.0 on, a program needs the major number that it was compiled with and at least its minor number. A library of
 * major number 0 makes no promise beyond its own minor number.
 *
 * @return the version.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) int32_t oar_abi_version(void) OAR_NOEXCEPT;

/**
 * The version of the library that is loaded, for example "0.1.0".
 *
 * @return borrowed static text.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) OAR_BORROWED const char *oar_version(void) OAR_NOEXCEPT;

/**
 * Version and file of the libtorch that is really loaded, for example "2.11.0 (/opt/torch/lib/libtorch_cpu.so)".
 *
 * Every other fallible function gives OAR_E_VERSION if its major and minor number are not those that the library was
 * built for; this one answers all the same.
 *
 * @param[out]    buf  the text, or NULL to ask for its length.
 * @param[in,out] len  in: room in bytes; out: length with the closing NUL.
 *
 * @return OAR_E_ARGUMENT  the room is too small; then *len is the need.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_torch_version(OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

#endif
