/**
 * Collective operations on bytes of any length, zero included: what a program serialises itself. All ranks of the
 * group make the same calls in the same order, after and before the same tensor operations (collectives.h).
 */
#ifndef OARLOCK_OBJECTS_H
#define OARLOCK_OBJECTS_H

#include <oarlock/types.h>

/**
 * Give every rank the bytes of all ranks. Lengths may differ.
 *
 * The room is looked at before anything is sent: a call that has too little of it, or that only asks for the number,
 * does not communicate, and the peers go on waiting for one that has enough.
 *
 * @param[in]     group       borrowed.
 * @param[in]     data        this rank's bytes, copied; NULL is allowed when `size` is 0.
 * @param[in]     size        how many.
 * @param[in]     timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out]    sizes       room for *count numbers: how many bytes each rank gave. NULL asks for the number of ranks
 *                            only, which leaves `out_bytes` untouched.
 * @param[in,out] count       in: room; out: number of ranks, also when the room is too small.
 * @param[out]    out_bytes   owned; end with oar_bytes_release. All ranks' bytes one after another, in rank order.
 *                            Untouched on failure.
 *
 * @return OAR_E_ARGUMENT   the room is too small, then *count holds the need; `data` is NULL though `size` is not 0; a
 *         negative time-out.
 * @return OAR_E_TIMEOUT    ranks did not call it in time; the text names them. The group is dead then.
 * @return OAR_E_MISMATCH   a rank called something else; the text gives both calls.
 * @return OAR_E_PEER_LOST  a rank ended or left; the text names it.
 * @return OAR_E_ABORTED    the group is dead; the text tells since what.
 * @threads collective(group)
 * @source  Accelerate 1.15 `gather_object`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_all_gather_bytes(oar_group *group, OAR_NULLABLE const void *data, size_t size, int64_t timeout_ms,
                           OAR_OUT OAR_NULLABLE uint64_t *sizes, size_t *count,
                           OAR_OUT OAR_OWNED oar_bytes **out_bytes) OAR_NOEXCEPT;

/**
 * Give every rank the root's bytes.
 *
 * @param[in]  group       borrowed.
 * @param[in]  data        on the root: its bytes, copied. Elsewhere ignored. NULL is allowed when `size` is 0.
 * @param[in]  size        how many; ignored where `data` is.
 * @param[in]  root        the rank whose bytes are given; the same on all ranks.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_bytes   owned; end with oar_bytes_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT   root is no rank of the group; `data` is NULL though `size` is not 0; a negative time-out.
 * @return OAR_E_TIMEOUT    ranks did not call it in time; the text names them. The group is dead then.
 * @return OAR_E_MISMATCH   a rank called something else; the text gives both calls.
 * @return OAR_E_PEER_LOST  a rank ended or left; the text names it.
 * @return OAR_E_ABORTED    the group is dead; the text tells since what.
 * @threads collective(group)
 * @source  Accelerate 1.15 `broadcast_object_list`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_broadcast_bytes(oar_group *group, OAR_NULLABLE const void *data, size_t size, int32_t root,
                          int64_t timeout_ms, OAR_OUT OAR_OWNED oar_bytes **out_bytes) OAR_NOEXCEPT;

#endif
