// The operations of a group: what a caller may get wrong is checked here, before anything is sent and the same for
// every backend. Each gives the call that Group::start() or Group::run() takes.
//
// A time-out of zero takes the group's own; negative is refused. What is written must be an ordinary tensor of which no
// two elements share memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "comm/call.h"
#include "comm/group.h"

namespace oarlock {

// In place. kAverage divides after the sum; integers are refused for it.
Result<Call> make_all_reduce(const Group& group, const at::Tensor& tensor, ReduceOp op, Milliseconds timeout);
Result<Call> make_broadcast(const Group& group, const at::Tensor& tensor, int root, Milliseconds timeout);
// output has shape [n * size, ...] for an input [n, ...]; rank r's rows at [r*n, (r+1)*n).
Result<Call> make_all_gather(const Group& group, const at::Tensor& input, const at::Tensor& output,
                             Milliseconds timeout);
Result<Call> make_barrier(const Group& group, Milliseconds timeout);
Result<Call> make_all_gather_bytes(const Group& group, std::string_view mine, Milliseconds timeout);
Result<Call> make_broadcast_bytes(const Group& group, std::string_view bytes, int root, Milliseconds timeout);

// Zero takes `standard`; negative is refused.
Result<Milliseconds> resolve_timeout(Milliseconds given, Milliseconds standard);

}  // namespace oarlock
