// What a caller may get wrong in a collective call, checked before anything is sent, the same for every group.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/clock.h"
#include "base/status.h"
#include "comm/group.h"

namespace oarlock {

Status check_all_reduce(const at::Tensor& tensor, ReduceOp op);
Status check_broadcast(const at::Tensor& tensor, int root, int world_size);
Status check_all_gather(const at::Tensor& input, const at::Tensor& output, int world_size);
Status check_root(int root, int world_size);
// Zero takes `standard`; negative is refused.
Result<Milliseconds> resolve_timeout(Milliseconds given, Milliseconds standard);

}  // namespace oarlock
