/** Owned bytes: what calls with large results give. Their content never changes. */
#ifndef OARLOCK_BYTES_H
#define OARLOCK_BYTES_H

#include <oarlock/types.h>

/**
 * Copy bytes into an object.
 *
 * @param[in]  data  borrowed; NULL only if size is 0.
 * @param[in]  size  how many.
 * @param[out] out   owned; end with oar_bytes_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  `data` is NULL and `size` is not 0.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_bytes_create(OAR_NULLABLE const void *data, size_t size, OAR_OUT OAR_OWNED oar_bytes **out) OAR_NOEXCEPT;

/**
 * Where the bytes are.
 *
 * @param[in]  bytes     borrowed.
 * @param[out] out_data  borrowed from `bytes`; never NULL, and followed by one NUL that does not count.
 * @param[out] out_size  how many.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_bytes_view(const oar_bytes *bytes, OAR_OUT OAR_BORROWED const void **out_data,
               OAR_OUT size_t *out_size) OAR_NOEXCEPT;

/**
 * One more reference.
 *
 * @param[in] bytes  borrowed; each retain needs one more oar_bytes_release.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_bytes_retain(oar_bytes *bytes) OAR_NOEXCEPT;

/**
 * One reference fewer; the last one frees the bytes.
 *
 * @param[in] bytes  NULL does nothing.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_bytes_release(OAR_NULLABLE oar_bytes *bytes) OAR_NOEXCEPT;

#endif
