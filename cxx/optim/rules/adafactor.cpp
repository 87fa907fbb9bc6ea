// Shazeer and Stern 2018, algorithms 4 and 5; torch.optim.Adafactor with foreach=True.
//
// eps1 and eps2 are the two numbers of torch's `eps`.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_clamp_min.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_neg.h>
#include <ATen/ops/_foreach_rsqrt.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

enum State { kRows, kColumns, kVariance };

at::Tensor zeros_without(const at::Tensor& parameter, std::int64_t dim) {
  std::vector<std::int64_t> shape = parameter.sizes().vec();
  shape[shape.size() - static_cast<std::size_t>(-dim)] = 1;
  return at::zeros(shape, parameter.options());
}

at::Tensor make_rows(const at::Tensor& parameter, const HyperParameters& /*values*/) {
  return parameter.dim() > 1 ? zeros_without(parameter, -1) : at::Tensor();
}

at::Tensor make_columns(const at::Tensor& parameter, const HyperParameters& /*values*/) {
  return parameter.dim() > 1 ? zeros_without(parameter, -2) : at::Tensor();
}

at::Tensor make_variance(const at::Tensor& parameter, const HyperParameters& /*values*/) {
  return parameter.dim() > 1 ? at::Tensor() : at::zeros_like(parameter);
}

double smallest_step(at::ScalarType dtype) {  // torch.finfo(dtype).eps
  if (dtype == at::kDouble) return std::numeric_limits<double>::epsilon();
  if (dtype == at::kHalf) return 0x1p-10;
  return dtype == at::kBFloat16 ? 0x1p-7 : std::numeric_limits<float>::epsilon();
}

double root_mean_square(const at::Tensor& tensor) {
  return at::norm(tensor, 2).item<double>() / power_half(static_cast<double>(tensor.numel()));
}

// The mean of squares along a dimension, moved into the running one.
void track_means(const std::vector<at::Tensor>& running, const std::vector<at::Tensor>& gradients, std::int64_t dim,
                 double weight) {
  std::vector<at::Tensor> means;
  std::vector<at::Scalar> sizes;
  for (const at::Tensor& gradient : gradients) {
    means.push_back(at::norm(gradient, 2, dim, true));
    sizes.emplace_back(gradient.size(dim));
  }
  at::_foreach_mul_(means, means);
  at::_foreach_div_(means, sizes);
  at::_foreach_lerp_(running, means, weight);
}

std::vector<at::Tensor> estimate_variances(const UpdateBucket& bucket, double weight, double eps1) {
  if (bucket.state[kRows].empty()) {
    at::_foreach_lerp_(bucket.state[kVariance], at::_foreach_mul(bucket.gradients, bucket.gradients), weight);
    std::vector<at::Tensor> estimates;
    for (const at::Tensor& variance : bucket.state[kVariance]) estimates.push_back(variance.clone());
    return estimates;
  }
  track_means(bucket.state[kRows], bucket.gradients, -1, weight);
  track_means(bucket.state[kColumns], bucket.gradients, -2, weight);
  std::vector<at::Tensor> estimates, row_means;
  for (std::size_t i = 0; i < bucket.gradients.size(); ++i) {
    estimates.push_back(at::matmul(bucket.state[kRows][i], bucket.state[kColumns][i]));
    row_means.push_back(at::mean(bucket.state[kRows][i], -2, true));
  }
  at::_foreach_clamp_min_(row_means, eps1);
  at::_foreach_div_(estimates, row_means);
  return estimates;
}

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double lr = values.number("lr");
  const double eps1 = values.is_set("eps1") ? values.number("eps1") : smallest_step(bucket.parameters[0].scalar_type());
  if (values.flag("maximize")) bucket.gradients = at::_foreach_neg(bucket.gradients);
  const double rho = std::min(lr, 1 / power_half(bucket.step));
  std::vector<double> rates;
  for (const at::Tensor& parameter : bucket.parameters)
    rates.push_back(std::max(values.number("eps2"), root_mean_square(parameter)) * rho);
  if (values.number("weight_decay") != 0) at::_foreach_mul_(bucket.parameters, 1 - lr * values.number("weight_decay"));

  const double weight = std::pow(bucket.step, values.number("beta2_decay"));
  const std::vector<at::Tensor> updates = estimate_variances(bucket, weight, eps1);
  at::_foreach_clamp_min_(updates, eps1 * eps1);
  at::_foreach_rsqrt_(updates);
  at::_foreach_mul_(updates, bucket.gradients);
  std::vector<at::Scalar> factors;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const double size = power_half(static_cast<double>(updates[i].numel())) * values.number("d");
    factors.emplace_back(-rates[i] / std::max(1.0, at::norm(updates[i], 2).item<double>() / size));
  }
  at::_foreach_mul_(updates, factors);
  at::_foreach_add_(bucket.parameters, updates);
  return Status::ok();
}

}  // namespace

UpdateRule adafactor_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1e-2},
                  {"beta2_decay", -0.8, HyperRange::kAtMostZero},
                  {"eps1", std::monostate()},
                  {"eps2", 1e-3},
                  {"d", 1.0, HyperRange::kAtLeastOne},
                  {"weight_decay", 0.0},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"row_var", make_rows}, {"col_var", make_columns}, {"variance", make_variance}};
  rule.weight_decay = WeightDecay::kInUpdate;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
