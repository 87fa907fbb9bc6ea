#include "optim/optimizer.h"

#include <set>
#include <unordered_set>

#include "optim/fused_optimizer.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

Status check_parameters(const NamedTensors& parameters) {
  std::unordered_set<const void*> tensors;
  std::set<std::string_view> names;
  for (const NamedTensor& parameter : parameters) {
    const at::Tensor& tensor = parameter.tensor;
    if (!tensor.defined()) return invalid_argument("parameter '{}' has no tensor", parameter.name);
    if (!names.insert(parameter.name).second)
      return invalid_argument("two parameters have the same name: '{}'", parameter.name);
    if (!tensors.insert(tensor.unsafeGetTensorImpl()).second) {
      return invalid_argument("a parameter is in the list twice; the second time as '{}'", parameter.name);
    }
    const at::ScalarType dtype = tensor.scalar_type();
    if (dtype != at::kFloat && dtype != at::kDouble && dtype != at::kHalf && dtype != at::kBFloat16) {
      return unsupported("parameters must be float16, bfloat16, float32 or float64; '{}' is {}", parameter.name,
                         dtype_name(dtype));
    }
    if (tensor.layout() != at::kStrided || !tensor.is_non_overlapping_and_dense()) {
      return unsupported("parameters must fill their memory without gaps or overlaps; '{}' does not", parameter.name);
    }
  }
  return Status::ok();
}

}  // namespace

Result<std::shared_ptr<Optimizer>> Optimizer::create(std::string_view name, NamedTensors parameters,
                                                     const Options& options) {
  OAR_ASSIGN(const OptimizerKind kind, optimizer_kind(name));
  OAR_ASSIGN(const HyperParameters values, read_hyper_parameters(kind, options));
  if (parameters.empty()) return invalid_argument("an optimizer needs at least one parameter, got none");
  OAR_TRY(check_parameters(parameters));
  return std::shared_ptr<Optimizer>(std::make_shared<FusedOptimizer>(kind, std::move(parameters), values));
}

}  // namespace oarlock
