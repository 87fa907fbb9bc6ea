// Outputs that their own operators write into memory of the caller.
//
// An operator with an overload of the same arguments and one more, `out`, computes straight into it. That must not
// change a bit of the result, so only overloads that run the same kernel are taken: both the functional one and the
// `out` one are kernels of the CPU themselves, or stand in the short list of composites that is known to agree.
// Operators in place (relu_) are followed to the one that made what they write to.
#pragma once

#include <utility>
#include <vector>

#include "graph/ir.h"

namespace oarlock {

// One entry per slot of `outputs`: a new graph input that takes the tensor to write to, or kNoSlot if that output must
// be copied: no such overload, an output that is an input or a view, a value that is given twice, a shape that the
// inputs do not determine. The tensor must have the shape and dtype that the slot of the output was exported with.
// `ranks`: of inputs, as certain_ranks takes them.
std::vector<SlotId> write_outputs(Graph& graph, const std::vector<SlotId>& outputs,
                                  const std::vector<std::pair<SlotId, int>>& ranks);

}  // namespace oarlock
