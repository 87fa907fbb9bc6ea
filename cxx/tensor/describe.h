// Tensors and shapes in error texts.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>

namespace oarlock {

std::string shape_text(std::span<const std::int64_t> shape);  // "[2, 3]"
std::string describe_tensor(const at::Tensor& tensor);        // "float32 [2, 3] on cpu", or "an undefined tensor"

}  // namespace oarlock
