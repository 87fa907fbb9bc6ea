// The gradient of a parameter as updates take it.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/status.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// Kernels walk memory and ignore strides, so it lies as its parameter does: the parameter's own, or a copy. The
// parameter has one. OAR_E_UNSUPPORTED: it is sparse. OAR_E_ARGUMENT: another shape, dtype or device.
Result<at::Tensor> gradient_like(const NamedTensor& parameter);

}  // namespace oarlock
