// Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; torch.optim.Muon. For matrices only.
#include <ATen/ops/addmm.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <cmath>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

// About U V^T of the singular value decomposition, by `num_steps` Newton-Schulz iterations in bfloat16.
at::Tensor orthogonalize(const at::Tensor& matrix, const HyperParameters& values) {
  const std::vector<double>& coefficients = values.numbers("ns_coefficients");
  const bool is_tall = matrix.size(0) > matrix.size(1);
  at::Tensor result = matrix.to(at::kBFloat16, false, true);
  if (is_tall) result = result.t();
  result.div_(result.norm().clamp_min(values.number("eps")));
  for (std::int64_t i = 0; i < values.integer("ns_steps"); ++i) {
    const at::Tensor gram = at::matmul(result, result.t());
    const at::Tensor gram_update = at::addmm(gram, gram, gram, coefficients[1], coefficients[2]);
    result = at::addmm(result, gram_update, result, coefficients[0]);
  }
  return is_tall ? result.t() : result;
}

double adjusted_rate(const at::Tensor& parameter, const HyperParameters& values) {
  const auto rows = static_cast<double>(parameter.size(0)), columns = static_cast<double>(parameter.size(1));
  const double lr = values.number("lr");
  if (values.text("adjust_lr_fn") == "match_rms_adamw") return lr * (0.2 * std::sqrt(std::max(rows, columns)));
  return lr * std::sqrt(std::max(1.0, rows / columns));
}

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double momentum = values.number("momentum");
  for (std::size_t i = 0; i < bucket.parameters.size(); ++i) {
    const at::Tensor &buffer = bucket.state[0][i], &gradient = bucket.gradients[i];
    buffer.lerp_(gradient, 1 - momentum);
    const at::Tensor direction = values.flag("nesterov") ? at::lerp(gradient, buffer, momentum) : buffer;
    const at::Tensor change = orthogonalize(direction, values);
    bucket.parameters[i].add_(change, -adjusted_rate(bucket.parameters[i], values));
  }
  return Status::ok();
}

Status check_parameter(const NamedTensor& parameter) {
  if (parameter.tensor.dim() == 2) return Status::ok();
  return unsupported(
      "muon updates matrices only, and '{}' has {} dimensions; choose the matrices with optimizer.params, for instance "
      "[\"*.weight\"], and give the other parameters to a second optimizer",
      parameter.name, parameter.tensor.dim());
}

}  // namespace

UpdateRule muon_rule() {
  UpdateRule rule;
  rule.options = {
      {"lr", 1e-3},
      {"weight_decay", 0.1},
      {"momentum", 0.95},
      {"nesterov", true, HyperRange::kAny, OptionType::kFlag},
      {"ns_coefficients", std::vector{3.4445, -4.7750, 2.0315}, HyperRange::kAny, OptionType::kDoubles},
      {"eps", 1e-7},
      {"ns_steps", std::int64_t{5}, HyperRange::kAtLeastZero, OptionType::kInt},
      {"adjust_lr_fn", std::string("original"), HyperRange::kAny, OptionType::kString, {"original", "match_rms_adamw"}},
      {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.counts_steps = false;
  rule.tensors = {{"momentum_buffer", make_zeros}};
  rule.weight_decay = WeightDecay::kDecoupled;
  rule.check_parameter = check_parameter;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
