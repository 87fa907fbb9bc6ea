// Many small tensors as one: what start-up and buffer broadcasts send, so that their cost is one message and not fifty.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/group.h"

namespace oarlock {

// The tensors' bytes one after another, row-major, as one uint8 tensor on their common device. A copy.
at::Tensor pack_bytes(const std::vector<at::Tensor>& tensors);

// Copies what pack_bytes of equally shaped tensors gave into `tensors`. Autograd does not notice: versions stay, so a
// backward that saved one of them still runs (batch normalisation saves its running statistics and does not use them).
void unpack_bytes(const at::Tensor& packed, const std::vector<at::Tensor>& tensors);

// Collective: every rank's tensors become rank `root`'s, in messages of at most about 25 MiB. The ranks must agree on
// dtypes and shapes beforehand.
Status broadcast_coalesced(Group& group, const std::vector<at::Tensor>& tensors, int root, Milliseconds timeout);

}  // namespace oarlock
