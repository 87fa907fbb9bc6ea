/**
 * Collective operations on tensors. All ranks of the group make the same calls in the same order.
 *
 * A call returns at once with a work (work.h); the operation runs in the background, in the order of the calls, and the
 * tensors must neither be read nor written until the work is done. With NULL for the work the call itself waits for the
 * end and returns what oar_work_wait would have: the quickest way where nothing else is to be done meanwhile.
 *
 * Tensors lie on the CPU and may have any strides. Results do not depend on the order in which ranks arrive, and all
 * ranks get the same bits.
 *
 * After OAR_E_ABORTED, OAR_E_TIMEOUT or OAR_E_PEER_LOST the contents of tensors that the operation writes are
 * undefined. Those that the library allocated may go on changing until the state is closed, since the backend cannot be
 * interrupted; memory that was given by pointer is not touched any more and may be freed.
 */
#ifndef OARLOCK_COLLECTIVES_H
#define OARLOCK_COLLECTIVES_H

#include <oarlock/types.h>

/* How all_reduce combines. Integers wrap around; bool takes MAX (or) and MIN (and) only, complex numbers have no MAX
   and MIN. A NaN makes SUM, AVERAGE and PRODUCT NaN; with MAX and MIN it may get lost. */
#define OAR_REDUCE_SUM 1
#define OAR_REDUCE_AVERAGE 2 /* the sum divided by the number of ranks; floating-point and complex tensors only */
#define OAR_REDUCE_MAX 3
#define OAR_REDUCE_MIN 4
#define OAR_REDUCE_PRODUCT 5

/**
 * Combine the ranks' tensors element by element and give every rank the result, in place.
 *
 * Up to `comm.inline_bytes` (64 KiB) ranks are combined in the order 0, 1, ..., N-1; above, in an order of the backend
 * that is the same for every rank. The arithmetic is the element type's own: float16 and bfloat16 round after each
 * rank.
 *
 * @param[in]     group       borrowed.
 * @param[in,out] tensor      retained until the work is done. Same number of elements and dtype on all ranks; zero
 *                            elements are fine. Not expanded (no two elements share memory).
 * @param[in]     reduce_op   OAR_REDUCE_*; the same on all ranks.
 * @param[in]     timeout_ms  milliseconds to wait for peers; 0 takes the group's own value (comm.timeout_ms); negative
 *                            is refused.
 * @param[out]    out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT     reduce_op does not exist or does not fit the dtype; a negative time-out.
 * @return OAR_E_UNSUPPORTED  a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
 *         the CPU.
 * @return OAR_E_ABORTED      the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, tensor); waits for peers only if out_work is NULL
 * @source  Accelerate 1.15 `reduce`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_all_reduce(oar_group *group, oar_tensor *tensor, int32_t reduce_op, int64_t timeout_ms,
                     OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Give every rank the root's tensor, in place. Any dtype; the bytes arrive as they are.
 *
 * @param[in]     group       borrowed.
 * @param[in,out] tensor      retained until the work is done. On the root read, elsewhere written. Same number of
 *                            elements and dtype on all ranks; zero elements are fine.
 * @param[in]     root        the rank whose tensor is given; the same on all ranks.
 * @param[in]     timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out]    out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  root is no rank of the group; an expanded tensor; a negative time-out.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, tensor); waits for peers only if out_work is NULL
 * @source  Accelerate 1.15 `broadcast`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_broadcast(oar_group *group, oar_tensor *tensor, int32_t root, int64_t timeout_ms,
                    OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Concatenate every rank's `input` along dim 0 and give all ranks the result.
 *
 * Rank r's rows land at output[r*n, (r+1)*n), whatever order the ranks arrive in.
 * All ranks of the group make this call, in the same order, with the same n; pad first if n differs.
 *
 * @param[in]  group       borrowed.
 * @param[in]  input       retained until the work is done. Shape [n, ...], n >= 0, any strides; or no dimensions.
 * @param[out] output      retained until the work is done, then holds [n * size, ...] ([size] for an input without
 *                         dimensions); same dtype as `input`, any strides, no overlap with it.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  shape or dtype of the two tensors disagree (the text gives both), or they share memory.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, input, output); waits for peers only if out_work is NULL
 * @source  Accelerate 1.15 `gather`, for equal shapes.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_all_gather(oar_group *group, oar_tensor *input, oar_tensor *output, int64_t timeout_ms,
                     OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Meet every rank: the work is done when all have called this. It comes after all operations that this rank has started
 * before. oar_state_barrier waits at once.
 *
 * @param[in]  group       borrowed.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  a negative time-out.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group); waits for peers only if out_work is NULL
 * @source  Accelerate 1.15 `wait_for_everyone`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_barrier(oar_group *group, int64_t timeout_ms,
                  OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

#endif
