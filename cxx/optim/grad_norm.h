// Clipping of gradients by their total norm: coefficient max_norm / (total + 1e-6), at most 1 (torch.nn.utils.clip_grad_norm_).
#pragma once

#include "base/status.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// Returns the norm before clipping; 0 without any gradient. norm_type: p > 0, or infinity.
Result<double> clip_grad_norm(const NamedTensors& parameters, double max_norm, double norm_type);

}  // namespace oarlock
