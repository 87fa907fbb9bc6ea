/** Collective operations on tensors. All ranks of the group make the same calls in the same order. */
#ifndef OARLOCK_COLLECTIVES_H
#define OARLOCK_COLLECTIVES_H
#include <oarlock/types.h>
#define OAR_REDUCE_SUM 1
#define OAR_REDUCE_AVERAGE 2
#define OAR_REDUCE_MAX 3
#define OAR_REDUCE_MIN 4
#define OAR_REDUCE_PRODUCT 5
OAR_API OAR_SINCE(0, 1) oar_status oar_group_all_reduce(oar_group *group, oar_tensor *tensor, int32_t reduce_op, int64_t timeout_ms, OAR_OUT OAR_OWNED oar_work **out_work) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_group_broadcast(oar_group *group, oar_tensor *tensor, int32_t root, int64_t timeout_ms, OAR_OUT OAR_OWNED oar_work **out_work) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_group_all_gather(oar_group *group, oar_tensor *input, oar_tensor *output, int64_t timeout_ms, OAR_OUT OAR_OWNED oar_work **out_work) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_group_barrier(oar_group *group, int64_t timeout_ms) OAR_NOEXCEPT;
#endif
