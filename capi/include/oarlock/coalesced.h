/**
 * Collective operations on lists of tensors of one dtype as one operation: one check of the ranks' calls, one way
 * through the backend. Quicker than one call per tensor where there are many small ones.
 *
 * The tensors are copied together when the call is made and back when it has succeeded; so a failed call leaves
 * those that it would have written as they were. Lists have at least one tensor, and the sizes of the tensors, one by
 * one, are compared between the ranks before data moves. Otherwise everything is as in collectives.h, also NULL for
 * the work.
 */
#ifndef OARLOCK_COALESCED_H
#define OARLOCK_COALESCED_H

#include <oarlock/types.h>

/**
 * Combine the ranks' tensors element by element and give every rank the results, in place.
 *
 * @param[in]     group       borrowed.
 * @param[in,out] tensors     retained until the work is done. Same numbers of elements and dtype on all ranks.
 * @param[in]     count       how many tensors.
 * @param[in]     reduce_op   OAR_REDUCE_*; the same on all ranks.
 * @param[in]     timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out]    out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT     an empty list, tensors of several dtypes, two that share memory; and as in collectives.h.
 * @return OAR_E_UNSUPPORTED  a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
 *         the CPU.
 * @return OAR_E_ABORTED      the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, tensors); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `all_reduce_coalesced`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_all_reduce_coalesced(oar_group *group, oar_tensor *const *tensors, size_t count, int32_t reduce_op,
                               int64_t timeout_ms, OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Give every rank the root's tensors, in place.
 *
 * @param[in]     group       borrowed.
 * @param[in,out] tensors     retained until the work is done. On the root read, elsewhere written. Same numbers of
 *                            elements and dtype on all ranks.
 * @param[in]     count       how many tensors.
 * @param[in]     root        the rank whose tensors are given; the same on all ranks.
 * @param[in]     timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out]    out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  an empty list, tensors of several dtypes, two that share memory; and as in collectives.h.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, tensors); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `_broadcast_coalesced`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_broadcast_coalesced(oar_group *group, oar_tensor *const *tensors, size_t count, int32_t root,
                              int64_t timeout_ms, OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Concatenate every rank's inputs[i] along dim 0 into outputs[i], for all i, and give all ranks the results.
 *
 * @param[in]  group        borrowed.
 * @param[in]  inputs       retained until the work is done. inputs[i] has the shape [n_i, ...] or no dimensions.
 * @param[in]  num_inputs   how many.
 * @param[out] outputs      retained until the work is done, then outputs[i] holds [n_i * size, ...], rank r's rows at
 *                          [r*n_i, (r+1)*n_i).
 * @param[in]  num_outputs  how many: as many as inputs.
 * @param[in]  timeout_ms   milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work     owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  an empty list, tensors of several dtypes, two that share memory; and as in collectives.h.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, inputs, outputs); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `all_gather_coalesced`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_all_gather_coalesced(oar_group *group, oar_tensor *const *inputs, size_t num_inputs,
                               oar_tensor *const *outputs, size_t num_outputs, int64_t timeout_ms,
                               OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Combine the ranks' inputs element by element and give each rank its part of each result.
 *
 * @param[in]  group        borrowed.
 * @param[in]  inputs       retained until the work is done. inputs[i] has the shape [n_i * size, ...].
 * @param[in]  num_inputs   how many.
 * @param[out] outputs      retained until the work is done, then outputs[i] holds this rank's rows [r*n_i, (r+1)*n_i)
 *                          of the result.
 * @param[in]  num_outputs  how many: as many as inputs.
 * @param[in]  reduce_op    OAR_REDUCE_*; the same on all ranks.
 * @param[in]  timeout_ms   milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out_work     owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT     an empty list, tensors of several dtypes, two that share memory; and as in collectives.h.
 * @return OAR_E_UNSUPPORTED  a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
 *         the CPU.
 * @return OAR_E_ABORTED      the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, inputs, outputs); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `reduce_scatter_tensor_coalesced`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_reduce_scatter_coalesced(oar_group *group, oar_tensor *const *inputs, size_t num_inputs,
                                   oar_tensor *const *outputs, size_t num_outputs, int32_t reduce_op,
                                   int64_t timeout_ms, OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

#endif
