/**
 * Ranks that communicate. A group is had from a state (oar_state_group); its operations stand in collectives.h
 * (tensors) and objects.h (bytes).
 *
 * All ranks make the same calls in the same order. Every call carries a sequence number and a signature (operation,
 * element type, number of elements, root, reduction) that the ranks compare before data moves, so that different calls
 * are an OAR_E_MISMATCH on every rank and never wrong data. After a mismatch, a time-out, a lost rank or an abort the
 * group is dead: running operations end with that failure, later calls give OAR_E_ABORTED with the same text. The
 * process and other groups live on.
 */
#ifndef OARLOCK_GROUP_H
#define OARLOCK_GROUP_H

#include <oarlock/types.h>

/**
 * This process's number in the group, from 0.
 *
 * @param[in]  group     borrowed.
 * @param[out] out_rank  0 <= rank < size.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_rank(const oar_group *group, OAR_OUT int32_t *out_rank) OAR_NOEXCEPT;

/**
 * How many ranks the group has.
 *
 * @param[in]  group     borrowed.
 * @param[out] out_size  at least 1.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_size(const oar_group *group, OAR_OUT int32_t *out_size) OAR_NOEXCEPT;

/**
 * Make a tensor of zeros, row-major on the CPU, whose memory the ranks of one host share: oar_group_all_reduce reads
 * and writes it where it lies, without copies, if every rank gives the same part of it. Anything else may be done with
 * it as with any tensor; peers touch it only inside operations. In a group whose ranks share no memory it is an
 * ordinary tensor. Collective.
 *
 * @param[in]  group       borrowed. The tensor may outlive it.
 * @param[in]  dtype       OAR_FLOAT32 ... of types.h; the same on all ranks.
 * @param[in]  shape       borrowed; num_dims sizes >= 0, as many elements on all ranks. NULL if num_dims is 0.
 * @param[in]  num_dims    0 (one element) to 64.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out         owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT       unknown dtype, sizes that are negative or overflow, a negative time-out.
 * @return OAR_E_MISMATCH       the ranks ask for different sizes; the text gives both.
 * @return OAR_E_OUT_OF_MEMORY  or OAR_E_NO_SPACE: some rank (named) has no memory left; the group lives on.
 * @return OAR_E_TIMEOUT        OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait.
 * @threads serial(group); waits for peers
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_alloc_shared(oar_group *group, int32_t dtype, const int64_t *shape, size_t num_dims, int64_t timeout_ms,
                       OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * Say how late each rank came to the last operations (at most 1024), so that a straggler is named while nothing has
 * failed yet. The state must be made with the option comm.arrival_skew on all ranks; it costs one look at the clock per
 * operation, and nothing where it is off. The first and the last rank of each operation are rank 0's view: among ranks
 * that share memory when each called, else when rank 0 heard of it. Sends and receives are not counted. Collective.
 *
 * JSON: {"num_operations": n, "num_recorded": n, "straggler": rank or null, "ranks": [{"rank": 0, "late_us_p50": x,
 * "late_us_p95": x, "late_us_max": x, "waited_us_p50": x, "waited_us_p95": x, "late_us_sum": x, "num_last": n}, ...]}:
 * microseconds behind the first rank and of waiting for the last one, and how often the rank was the last. The
 * straggler is to blame for more than three quarters of all lateness.
 *
 * @param[in]  group       borrowed.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_json    owned; end with oar_bytes_release. The same on all ranks, without a NUL. Untouched on failure.
 *
 * @return OAR_E_STATE    arrivals are not measured.
 * @return OAR_E_TIMEOUT  OAR_E_MISMATCH, OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait.
 * @threads serial(group); waits for peers
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_arrival_skew(oar_group *group, int64_t timeout_ms, OAR_OUT OAR_OWNED oar_bytes **out_json) OAR_NOEXCEPT;

/**
 * Make the group dead on every rank. Calls that wait, here and on the peers, return OAR_E_ABORTED within 100 ms (plus
 * the network's time), with the reason and this rank's number; so do all later calls. Does not wait. Aborting twice is
 * fine: the first reason stays.
 *
 * @param[in] group   borrowed.
 * @param[in] reason  UTF-8, copied; every rank's error text contains it.
 *
 * @threads any, also while another thread waits in a call of this group
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_abort(oar_group *group, const char *reason) OAR_NOEXCEPT;

/**
 * Add a reference; each needs one oar_group_release.
 *
 * @param[in] group  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_retain(oar_group *group) OAR_NOEXCEPT;

/**
 * Drop a reference. Never waits and never communicates. When nothing uses the group any more (its state, works) it
 * leaves: peers that still call it get OAR_E_PEER_LOST.
 *
 * @param[in] group  NULL is allowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void
oar_group_release(OAR_NULLABLE oar_group *group) OAR_NOEXCEPT;

#endif
