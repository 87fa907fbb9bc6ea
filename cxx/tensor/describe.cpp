#include "tensor/describe.h"

#include <fmt/format.h>

#include "tensor/dtype.h"

namespace oarlock {

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

std::string describe_tensor(const at::Tensor& tensor) {
  if (!tensor.defined()) return "an undefined tensor";
  return fmt::format("{} {} on {}", dtype_name(tensor.scalar_type()), shape_text(tensor.sizes()),
                     tensor.device().str());
}

}  // namespace oarlock
