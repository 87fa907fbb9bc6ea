/** Versions: of the ABI, of the library, and of the libtorch that is really loaded. */
#ifndef OARLOCK_VERSION_H
#define OARLOCK_VERSION_H
#include <oarlock/types.h>

#define OAR_VERSION_MAJOR 0
#define OAR_VERSION_MINOR 1
#define OAR_VERSION_PATCH 0

OAR_API OAR_SINCE(0, 1) uint32_t oar_abi_version(void) OAR_NOEXCEPT;      /* major << 16 | minor of the library loaded */
OAR_API OAR_SINCE(0, 1) const char *oar_version(void) OAR_NOEXCEPT;       /* "0.1.0", borrowed, static */
OAR_API OAR_SINCE(0, 1) oar_status oar_torch_version(OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT; /* version and path of libtorch really loaded */
#endif
