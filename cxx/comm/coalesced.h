// Operations on lists of tensors of one dtype as one: one check of the ranks' signatures, one way through the backend.
// The tensors are copied into a flat one when the call is made and back when it has succeeded, so that a failed call
// leaves them as they were. As in collectives.h otherwise; a list may not be empty, its tensors may be.
#pragma once

#include <vector>

#include "comm/collectives.h"

namespace oarlock {

using TensorList = std::vector<at::Tensor>;

Result<Call> make_all_reduce_coalesced(const Group& group, const TensorList& tensors, ReduceOp op,
                                       Milliseconds timeout);
Result<Call> make_broadcast_coalesced(const Group& group, const TensorList& tensors, int root, Milliseconds timeout);
// inputs[i] [n_i, ...] -> outputs[i] [n_i * size, ...]
Result<Call> make_all_gather_coalesced(const Group& group, const TensorList& inputs, const TensorList& outputs,
                                       Milliseconds timeout);
// inputs[i] [n_i * size, ...] -> outputs[i] [n_i, ...]
Result<Call> make_reduce_scatter_coalesced(const Group& group, const TensorList& inputs, const TensorList& outputs,
                                           ReduceOp op, Milliseconds timeout);

}  // namespace oarlock
