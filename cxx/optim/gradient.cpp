#include "optim/gradient.h"

#include <ATen/ops/empty_like.h>

#include "tensor/describe.h"

namespace oarlock {

Result<at::Tensor> gradient_like(const NamedTensor& parameter) {
  const at::Tensor& tensor = parameter.tensor;
  const at::Tensor& gradient = tensor.grad();
  if (gradient.layout() != at::kStrided) return unsupported("the gradient of '{}' is sparse", parameter.name);
  if (gradient.sizes() != tensor.sizes() || gradient.scalar_type() != tensor.scalar_type() ||
      gradient.device() != tensor.device()) {
    return invalid_argument("the gradient of '{}' does not fit; parameter {}, gradient {}", parameter.name,
                            describe_tensor(tensor), describe_tensor(gradient));
  }
  if (gradient.strides() == tensor.strides()) return gradient;
  return at::empty_like(tensor.detach()).copy_(gradient);
}

}  // namespace oarlock
