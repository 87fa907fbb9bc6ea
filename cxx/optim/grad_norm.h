// Clipping of gradients by their total norm or by value: torch.nn.utils.clip_grad_norm_ and clip_grad_value_, bit for
// bit.
#pragma once

#include "base/status.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// Every gradient times max_norm / (total + 1e-6), at most 1, where total is the p-norm of all gradients as one vector;
// a total that is not finite goes into the gradients, as in torch with error_if_nonfinite=False. One device
// synchronisation. Returns total before clipping; 0 without any gradient. max_norm >= 0; norm_type: p > 0, or infinity;
// else OAR_E_ARGUMENT.
Result<double> clip_grad_norm(const NamedTensors& parameters, double max_norm, double norm_type);

// Every element of every gradient into [-clip_value, clip_value], as torch.nn.utils.clip_grad_value_; NaN stays.
// clip_value >= 0, else OAR_E_ARGUMENT.
Status clip_grad_value(const NamedTensors& parameters, double clip_value);

}  // namespace oarlock
