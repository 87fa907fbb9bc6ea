/**
 * Collective operations on tensors. All ranks of the group make the same calls in the same order.
 *
 * A call returns at once with a work (work.h); the operation runs in the background, in the order of the calls, and
 * the tensors must neither be read nor written until the work is done. With NULL for the work the call itself waits
 * for the end and returns what oar_work_wait would have: the quickest way where nothing else is to be done meanwhile.
 *
 * Tensors lie on the CPU (with the option comm.backend 'nccl' also on CUDA devices; then NCCL's arithmetic holds) and
 * may have any strides and any dtype: what is not reduced is moved as bytes (float8 too).
 * Zero elements are fine, and so are tensors without dimensions: one element, which a gather puts into a vector of one
 * per rank. all_to_all and the calls with `rows` need a first dimension, that of the rows. Results do not depend on
 * the order in which ranks arrive, and all ranks get the same bits.
 *
 * After OAR_E_ABORTED, OAR_E_TIMEOUT or OAR_E_PEER_LOST the contents of tensors that the operation writes are
 * undefined. Those that the library allocated may go on changing until the state is closed, since the backend cannot
 * be interrupted; memory that was given by pointer is not touched any more and may be freed.
 */
#ifndef OARLOCK_COLLECTIVES_H
#define OARLOCK_COLLECTIVES_H

#include <oarlock/types.h>

/* How all_reduce, reduce and reduce_scatter combine. Integers wrap around; bool takes MAX (or), MIN (and) and the
   bitwise ones, complex numbers have no MAX and MIN. A NaN makes SUM, AVERAGE and PRODUCT NaN; with MAX and MIN it may
   get lost. */
#define OAR_REDUCE_SUM 1
#define OAR_REDUCE_AVERAGE 2 /* the sum divided by the number of ranks; floating-point and complex tensors only */
#define OAR_REDUCE_MAX 3
#define OAR_REDUCE_MIN 4
#define OAR_REDUCE_PRODUCT 5
#define OAR_REDUCE_BITWISE_AND 6 /* of integers and bool only */
#define OAR_REDUCE_BITWISE_OR 7  /* of integers and bool only */
#define OAR_REDUCE_BITWISE_XOR 8 /* of integers and bool only */

/**
 * Combine the ranks' tensors element by element and give every rank the result, in place.
 *
 * Ranks are combined in the order 0, 1, ..., N-1; among ranks of several hosts and above `comm.inline_bytes` (64 KiB)
 * in an order of the backend that is the same for every rank. The arithmetic is the element type's own: float16 and
 * bfloat16 round after each rank.
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
 * Combine the ranks' tensors element by element and give the root the result, in place.
 *
 * As oar_group_all_reduce, but on other ranks than the root the tensor is only read.
 *
 * @param[in]     group       borrowed.
 * @param[in,out] tensor      retained until the work is done. Same number of elements and dtype on all ranks; on the
 *                            root the result, which may not be expanded there.
 * @param[in]     root        the rank that gets the result; the same on all ranks.
 * @param[in]     reduce_op   OAR_REDUCE_*; the same on all ranks.
 * @param[in]     timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out]    out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT     root is no rank of the group; reduce_op does not exist or does not fit the dtype; a
 *         negative time-out.
 * @return OAR_E_UNSUPPORTED  a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
 *         the CPU.
 * @return OAR_E_ABORTED      the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, tensor); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `reduce`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_reduce(oar_group *group, oar_tensor *tensor, int32_t root, int32_t reduce_op, int64_t timeout_ms,
                 OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Concatenate every rank's `input` along dim 0 and give all ranks the result.
 *
 * Rank r's rows land at output[r*n, (r+1)*n), whatever order the ranks arrive in.
 * All ranks of the group make this call, in the same order, with the same n; oar_group_all_gather_rows
 * takes different ones.
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
 * Concatenate the ranks' inputs along dim 0 where ranks have different numbers of rows, and give all ranks the result.
 *
 * Rank r's rows[r] rows come after those of the ranks before it. Who does not know the other ranks' numbers asks first:
 * an oar_group_all_gather of one int64 per rank tells all of them.
 *
 * @param[in]  group       borrowed.
 * @param[in]  input       retained until the work is done. Shape [rows[rank], ...], any strides, at least one
 *                         dimension.
 * @param[out] output      retained until the work is done, then holds [sum of rows, ...]; same dtype as `input`, any
 *                         strides, no overlap with it.
 * @param[in]  rows        by rank, how many rows it gives; 0 is fine. The same numbers on all ranks, which are
 *                         compared before data moves. Read during the call.
 * @param[in]  num_rows    how many numbers: the size of the group.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  rows do not fit the shapes (the text gives both), dtypes differ, or the tensors share
 *         memory.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, input, output); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `all_gather` of a list of tensors of different sizes.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_all_gather_rows(oar_group *group, oar_tensor *input, oar_tensor *output, const int64_t *rows, size_t num_rows,
                          int64_t timeout_ms, OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Combine the ranks' inputs element by element and give each rank its part of the result.
 *
 * The result has the shape of the inputs; rank r gets its rows [r*n, (r+1)*n). The inputs stay as they are.
 *
 * @param[in]  group       borrowed.
 * @param[in]  input       retained until the work is done. Shape [n * size, ...] ([size] for an output without
 *                         dimensions), any strides.
 * @param[out] output      retained until the work is done, then holds this rank's part, [n, ...]; same dtype as
 *                         `input`, any strides, no overlap with it.
 * @param[in]  reduce_op   OAR_REDUCE_*; the same on all ranks.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT     shape or dtype of the two tensors disagree (the text gives both), or they share memory;
 *         reduce_op does not exist or does not fit the dtype.
 * @return OAR_E_UNSUPPORTED  a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
 *         the CPU.
 * @return OAR_E_ABORTED      the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, input, output); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `reduce_scatter_tensor`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_reduce_scatter(oar_group *group, oar_tensor *input, oar_tensor *output, int32_t reduce_op,
                         int64_t timeout_ms, OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Concatenate every rank's `input` along dim 0 and give the root the result.
 *
 * Rank r's rows land at output[r*n, (r+1)*n). Other ranks than the root need no memory for it.
 *
 * @param[in]  group       borrowed.
 * @param[in]  input       retained until the work is done. Shape [n, ...], n >= 0, any strides; or no dimensions.
 * @param[out] output      on the root: retained until the work is done, then holds [n * size, ...] ([size] for an
 *                         input without dimensions); same dtype as `input`, no overlap with it. Elsewhere not looked
 *                         at; NULL is fine.
 * @param[in]  root        the rank that gets the result; the same on all ranks.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  root is no rank of the group, or, on the root, no output; shape or dtype of the two tensors
 *         disagree (the text gives both), or they share memory.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, input, output); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `gather`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_gather(oar_group *group, oar_tensor *input, OAR_NULLABLE oar_tensor *output, int32_t root, int64_t timeout_ms,
                 OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Give every rank its part of the root's `input`: rank r gets rows [r*n, (r+1)*n).
 *
 * @param[in]  group       borrowed.
 * @param[in]  input       on the root: retained until the work is done. Shape [n * size, ...] ([size] for an output
 *                         without dimensions), any strides. Elsewhere not looked at; NULL is fine.
 * @param[out] output      retained until the work is done, then holds this rank's part, [n, ...]; any strides, no
 *                         overlap with `input`. Same shape and dtype on all ranks.
 * @param[in]  root        the rank that gives; the same on all ranks.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  root is no rank of the group, or, on the root, no input; shape or dtype of the two tensors
 *         disagree (the text gives both), or they share memory.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, input, output); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `scatter`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_scatter(oar_group *group, OAR_NULLABLE oar_tensor *input, oar_tensor *output, int32_t root,
                  int64_t timeout_ms, OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Exchange parts between all ranks: rows [p*n, (p+1)*n) of the input go to rank p, where they become rows [r*n,
 * (r+1)*n) of the output, r being this rank.
 *
 * @param[in]  group       borrowed.
 * @param[in]  input       retained until the work is done. Shape [n * size, ...], any strides, at least one dimension.
 * @param[out] output      retained until the work is done. Same shape and dtype as `input`, any strides, no overlap
 *                         with it.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  shape or dtype of the two tensors disagree (the text gives both), the rows do not divide by
 *         the number of ranks, or the tensors share memory.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, input, output); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `all_to_all_single`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_all_to_all(oar_group *group, oar_tensor *input, oar_tensor *output, int64_t timeout_ms,
                     OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Exchange rows between all ranks, as many as each pair agrees on.
 *
 * The first rows[0] rows of the input go to rank 0, the next rows[1] to rank 1 and so on; the output holds
 * received_rows[0] rows of rank 0, then received_rows[1] of rank 1 and so on. What this rank says that it receives must
 * be what the peer says that it sends; that is compared before data moves. Who does not know it asks first: an
 * oar_group_all_to_all of the numbers tells.
 *
 * @param[in]  group              borrowed.
 * @param[in]  input              retained until the work is done. Shape [sum of rows, ...], any strides, at least one
 *                                dimension.
 * @param[out] output             retained until the work is done. Shape [sum of received_rows, ...]; same dtype and
 *                                other dimensions as `input`, any strides, no overlap with it.
 * @param[in]  rows               by rank, how many rows go to it; 0 is fine. Read during the call.
 * @param[in]  num_rows           how many numbers: the size of the group.
 * @param[in]  received_rows      by rank, how many rows come from it. Read during the call.
 * @param[in]  num_received_rows  how many numbers: the size of the group.
 * @param[in]  timeout_ms         milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work           owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  rows do not fit the shapes (the text gives both), dtypes or other dimensions differ, or the
 *         tensors share memory.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, input, output); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `all_to_all_single` with split sizes.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_all_to_all_rows(oar_group *group, oar_tensor *input, oar_tensor *output, const int64_t *rows, size_t num_rows,
                          const int64_t *received_rows, size_t num_received_rows, int64_t timeout_ms,
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
