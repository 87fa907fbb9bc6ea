// A tensor and its fully qualified name, the unit of state dicts and files.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace oarlock {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

using NamedTensors = std::vector<NamedTensor>;

}  // namespace oarlock
