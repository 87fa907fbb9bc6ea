/** Owned bytes: what calls with large results give. */
#ifndef OARLOCK_BYTES_H
#define OARLOCK_BYTES_H
#include <oarlock/types.h>
OAR_API OAR_SINCE(0, 1) oar_status oar_bytes_create(const void *data, size_t size, OAR_OUT OAR_OWNED oar_bytes **out) OAR_NOEXCEPT; /* copies */
OAR_API OAR_SINCE(0, 1) oar_status oar_bytes_view(const oar_bytes *bytes, OAR_OUT OAR_BORROWED const void **out_data, size_t *out_size) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_bytes_retain(oar_bytes *bytes) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_bytes_release(OAR_NULLABLE oar_bytes *bytes) OAR_NOEXCEPT;
#endif
