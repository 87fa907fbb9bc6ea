// The operations of a group: what a caller may get wrong is checked here, before anything is sent and the same for
// every backend. Each gives the call that Group::start() or Group::run() takes. coalesced.h has those of lists.
//
// A time-out of zero takes the group's own; negative is refused. What is written must be an ordinary tensor of which no
// two elements share memory; input and output must be apart and of one dtype. A part of rank r is rows [r*n, (r+1)*n)
// of the whole; a part without dimensions is element r of a whole of shape [size].
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/call.h"
#include "comm/group.h"

namespace oarlock {

// In place. kAverage divides after the sum; integers are refused for it.
Result<Call> make_all_reduce(const Group& group, const at::Tensor& tensor, ReduceOp op, Milliseconds timeout);
// The root's tensor becomes the result; elsewhere it is only read.
Result<Call> make_reduce(const Group& group, const at::Tensor& tensor, int root, ReduceOp op, Milliseconds timeout);
Result<Call> make_broadcast(const Group& group, const at::Tensor& tensor, int root, Milliseconds timeout);

// input [n, ...] -> output [n * size, ...].
Result<Call> make_all_gather(const Group& group, const at::Tensor& input, const at::Tensor& output,
                             Milliseconds timeout);
// Ragged: rank r gives rows[r] rows; the same `rows` on all ranks. output [sum of rows, ...].
Result<Call> make_all_gather_rows(const Group& group, const at::Tensor& input, const at::Tensor& output,
                                  std::vector<std::int64_t> rows, Milliseconds timeout);
// input [n * size, ...] -> output [n, ...]: what the ranks' inputs reduce to, this rank's part of it.
Result<Call> make_reduce_scatter(const Group& group, const at::Tensor& input, const at::Tensor& output, ReduceOp op,
                                 Milliseconds timeout);
// input [n, ...] -> output [n * size, ...] on the root; elsewhere `output` is not looked at and may be undefined.
Result<Call> make_gather(const Group& group, const at::Tensor& input, const at::Tensor& output, int root,
                         Milliseconds timeout);
// input [n * size, ...] on the root, elsewhere not looked at -> output [n, ...].
Result<Call> make_scatter(const Group& group, const at::Tensor& input, const at::Tensor& output, int root,
                          Milliseconds timeout);

// Part p of the input [n * size, ...] goes to rank p, where it becomes part r of the output, r being this rank.
Result<Call> make_all_to_all(const Group& group, const at::Tensor& input, const at::Tensor& output,
                             Milliseconds timeout);
// Ragged: rows[p] rows go to rank p, received_rows[p] come from there; one after the other in input and output. What
// this rank says it receives must be what the peer says it sends, which backends compare before data moves.
Result<Call> make_all_to_all_rows(const Group& group, const at::Tensor& input, const at::Tensor& output,
                                  std::vector<std::int64_t> rows, std::vector<std::int64_t> received_rows,
                                  Milliseconds timeout);

// Matched by order for each pair of ranks, apart from the collectives: the n-th send of a to b is the n-th receive of b
// from a. Same number of elements and dtype. No rank sends to itself.
Result<Call> make_send(const Group& group, const at::Tensor& tensor, int to, Milliseconds timeout);
Result<Call> make_receive(const Group& group, const at::Tensor& tensor, int from, Milliseconds timeout);

Result<Call> make_barrier(const Group& group, Milliseconds timeout);
Result<Call> make_all_gather_bytes(const Group& group, std::string_view mine, Milliseconds timeout);
Result<Call> make_broadcast_bytes(const Group& group, std::string_view bytes, int root, Milliseconds timeout);

// Zero takes `standard`; negative is refused.
Result<Milliseconds> resolve_timeout(Milliseconds given, Milliseconds standard);

}  // namespace oarlock
