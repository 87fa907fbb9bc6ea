/**
 * Ranks that communicate. A group is had from a state (oar_state_group); its operations stand in collectives.h
 * (tensors) and objects.h (bytes).
 *
 * All ranks make the same calls in the same order. Every call carries a sequence number and a signature (operation,
 * element type, number of elements, root, reduction, tag) that the ranks compare before data moves, so that different
 * calls are an OAR_E_MISMATCH on every rank, whose text says what each called and from where, and never wrong data.
 * After a mismatch, a time-out, a lost rank or an abort the group is dead: running operations end with that failure,
 * later calls give OAR_E_ABORTED with the same text. The process and other groups live on.
 *
 * Groups of some ranks are made of a group: oar_group_create_subgroup, oar_group_split, and oar_mesh_create (mesh.h).
 * Each has connections and an order of calls of its own. In it ranks are counted from 0, also where an error gives the
 * number of the rank that it is about; its text tells which ranks of the world they are. It keeps its parent alive;
 * they may be released in any order. An abort of the parent by any rank (oar_state_abort is one) aborts it too, and
 * closing the parent closes it. Its own failures are no matter to the parent, and a lost rank ends the groups that
 * have that rank, no others.
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
 * Make a group of some ranks. Every rank of `group` calls this with the same list, also the ranks that are not in it;
 * it is a collective of `group` with a sequence number as any other, so groups are made in the same order on all ranks.
 * Returns when the new group is there on all its ranks; if any of them fails all fail.
 *
 * @param[in]  group             borrowed, retained by the new group.
 * @param[in]  ranks             borrowed. num_ranks ranks of `group`, each once, the same on all ranks: ranks[i]
 *                               becomes rank i.
 * @param[in]  num_ranks         at least 1.
 * @param[in]  group_timeout_ms  what a time-out of 0 means in the new group; 0 takes that of `group`; negative is
 *                               refused.
 * @param[in]  timeout_ms        milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
 *                               refused.
 * @param[out] out_group         owned; end with oar_group_release. NULL on ranks that are not in the list. Untouched on
 *                               failure.
 *
 * @return OAR_E_ARGUMENT   an empty list, a rank out of range or twice, on some rank; the text names both. All ranks
 *                          get it, and the group lives on.
 * @return OAR_E_MISMATCH   ranks give different lists, or another call; the text gives both. For lists the group lives
 *                          on.
 * @return OAR_E_TIMEOUT    OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait.
 * @threads collective(group)
 * @source  torch.distributed.new_group, MPI_Comm_create. Differs: torch sorts the list.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_create_subgroup(oar_group *group, const int32_t *ranks, size_t num_ranks, int64_t group_timeout_ms,
                          int64_t timeout_ms, OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_group **out_group) OAR_NOEXCEPT;

/** As `color`: this rank is in no new group. Any negative number says so. */
#define OAR_GROUP_NO_COLOR -1

/**
 * Divide a group: ranks that give the same color make a group. Collective, as oar_group_create_subgroup.
 *
 * @param[in]  group             borrowed, retained by the new group.
 * @param[in]  color             which group; negative (OAR_GROUP_NO_COLOR): none.
 * @param[in]  key               the order in the new group; of equal keys the order in `group`.
 * @param[in]  group_timeout_ms  what a time-out of 0 means in the new group; 0 takes that of `group`; negative is
 *                               refused.
 * @param[in]  timeout_ms        milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
 *                               refused.
 * @param[out] out_group         owned; end with oar_group_release. NULL on ranks of negative color. Untouched on
 *                               failure.
 *
 * @return OAR_E_MISMATCH   a rank makes another call; the text gives both.
 * @return OAR_E_TIMEOUT    OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait.
 * @threads collective(group)
 * @source  MPI_Comm_split.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_split(oar_group *group, int32_t color, int32_t key, int64_t group_timeout_ms, int64_t timeout_ms,
                OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_group **out_group) OAR_NOEXCEPT;

/**
 * Which ranks of the world, the group that a state was made with, the ranks of this group are.
 *
 * @param[in]     group  borrowed.
 * @param[out]    ranks  by rank of this group; NULL asks for the count only.
 * @param[in,out] count  in: room in `ranks`; out: the group's size, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  the room is too small.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_world_ranks(const oar_group *group, OAR_OUT OAR_NULLABLE int32_t *ranks, size_t *count) OAR_NOEXCEPT;

/**
 * The number that a process has in another group of the same world.
 *
 * @param[in]  group     borrowed.
 * @param[in]  rank      in `group`.
 * @param[in]  other     borrowed.
 * @param[out] out_rank  the same process in `other`.
 *
 * @return OAR_E_NOT_FOUND  the process is not in `other`.
 * @return OAR_E_ARGUMENT   `rank` is out of range, or the groups are of different states.
 * @threads any
 * @source  MPI_Group_translate_ranks.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_translate_rank(const oar_group *group, int32_t rank, const oar_group *other,
                         OAR_OUT int32_t *out_rank) OAR_NOEXCEPT;

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
 * @param[out] out_json    owned; end with oar_bytes_release. The same on all ranks, without a NUL. Untouched on
 *                         failure.
 *
 * @return OAR_E_STATE    arrivals are not measured.
 * @return OAR_E_TIMEOUT  OAR_E_MISMATCH, OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait.
 * @threads serial(group); waits for peers
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_arrival_skew(oar_group *group, int64_t timeout_ms, OAR_OUT OAR_OWNED oar_bytes **out_json) OAR_NOEXCEPT;

/**
 * Name the collectives that this rank calls from now on, its own and those that other calls (oar_accelerator_step, say)
 * make in this group. Ranks compare the name with the rest of the signature, so that two calls of one shape that mean
 * different things (a loss's and a gradient's) are an OAR_E_MISMATCH; texts of errors and oar_state_dump give it.
 * Sends and receives are not compared by it. It costs a few nanoseconds a call.
 *
 * @param[in] group  borrowed.
 * @param[in] tag    UTF-8, copied, at most 63 bytes. NULL or "": no name any more.
 *
 * @return OAR_E_ARGUMENT  the tag is longer, or no UTF-8.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_set_tag(oar_group *group, OAR_NULLABLE const char *tag) OAR_NOEXCEPT;

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
 * Leave a group that was made of another one, and close those that were made of it: peers that still call them get
 * OAR_E_PEER_LOST, running operations here OAR_E_ABORTED. Does not wait for peers; ends the threads, at most a few
 * seconds long. Later collective calls give OAR_E_STATE. May be called twice. The parent goes on.
 *
 * @param[in] group  borrowed; release it afterwards.
 *
 * @return OAR_E_ARGUMENT  this is the group of all ranks, which oar_state_close closes.
 * @threads serial(group)
 * @source  torch.distributed.destroy_process_group(group), MPI_Comm_free.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_close(oar_group *group) OAR_NOEXCEPT;

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
