/** Collective operations on bytes of any length. */
#ifndef OARLOCK_OBJECTS_H
#define OARLOCK_OBJECTS_H
#include <oarlock/types.h>
/* out_bytes holds the ranks' bytes one after another in rank order; out_sizes[world_size] their sizes. */
OAR_API OAR_SINCE(0, 1) oar_status oar_group_all_gather_bytes(oar_group *group, const void *data, size_t size, int64_t timeout_ms, uint64_t *out_sizes, OAR_OUT OAR_OWNED oar_bytes **out_bytes) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_group_broadcast_bytes(oar_group *group, OAR_NULLABLE const void *data, size_t size, int32_t root, int64_t timeout_ms, OAR_OUT OAR_OWNED oar_bytes **out_bytes) OAR_NOEXCEPT;
#endif
