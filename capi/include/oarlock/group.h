/** Ranks that communicate. */
#ifndef OARLOCK_GROUP_H
#define OARLOCK_GROUP_H
#include <oarlock/types.h>
OAR_API OAR_SINCE(0, 1) oar_status oar_group_rank(const oar_group *group, int32_t *out_rank) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_group_size(const oar_group *group, int32_t *out_size) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_group_abort(oar_group *group, const char *reason) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_group_retain(oar_group *group) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_group_release(OAR_NULLABLE oar_group *group) OAR_NOEXCEPT;
#endif
