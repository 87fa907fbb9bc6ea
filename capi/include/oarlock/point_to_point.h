/**
 * Sends and receives between two ranks. The n-th send of rank a to rank b meets the n-th receive of b from a; they
 * have an order of their own for each pair of ranks, so they neither wait for collectives nor keep them waiting. Both
 * sides say the same number of elements and the same dtype; a difference is an OAR_E_MISMATCH on both, with both
 * texts, and like every failure makes the group dead.
 *
 * A send is done when the data is with the receiver, not before that has called. Two ranks that both send first and
 * wait for the end (NULL for the work) wait for each other until the time-out: start one of the two with a work.
 *
 * Where all ranks of the group are on one host, the two ranks match and move what they exchange by themselves, through
 * memory that they share; among several hosts rank 0 matches the two sides and passes the data on. Who is alive is rank
 * 0's to tell in either case: when it leaves the group, transfers that have not ended are an OAR_E_PEER_LOST.
 */
#ifndef OARLOCK_POINT_TO_POINT_H
#define OARLOCK_POINT_TO_POINT_H

#include <oarlock/types.h>

/**
 * Send a tensor to one rank, which receives it by oar_group_receive.
 *
 * @param[in]  group       borrowed.
 * @param[in]  tensor      retained until the work is done, and not to be written before. Any dtype, shape and strides;
 *                         zero elements are fine.
 * @param[in]  peer        the rank that receives; not this one.
 * @param[in]  timeout_ms  milliseconds to wait for the peer; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  the peer is no other rank of the group; a negative time-out.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, tensor); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `send`, `isend`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_send(oar_group *group, oar_tensor *tensor, int32_t peer, int64_t timeout_ms,
               OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

/**
 * Receive a tensor from one rank, which sends it by oar_group_send.
 *
 * @param[in]  group       borrowed.
 * @param[out] tensor      retained until the work is done. Same dtype and number of elements as what is sent, any
 *                         shape and strides, not expanded; its rows are filled in order.
 * @param[in]  peer        the rank that sends; not this one.
 * @param[in]  timeout_ms  milliseconds to wait for the peer; 0 takes the group's own value; negative is refused.
 * @param[out] out_work    owned; end with oar_work_release. Untouched on failure. NULL: see above.
 *
 * @return OAR_E_ARGUMENT  the peer is no other rank of the group; an expanded tensor; a negative time-out.
 * @return OAR_E_ABORTED   the group is dead; the text tells since what.
 *         What only peers can reveal (OAR_E_MISMATCH, OAR_E_TIMEOUT, OAR_E_PEER_LOST) arrives with oar_work_wait.
 * @threads serial(group, tensor); waits for peers only if out_work is NULL
 * @source  torch.distributed 2.11 `recv`, `irecv`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_receive(oar_group *group, oar_tensor *tensor, int32_t peer, int64_t timeout_ms,
                  OAR_OUT OAR_OWNED OAR_NULLABLE oar_work **out_work) OAR_NOEXCEPT;

#endif
