#include "optim/grad_norm.h"

#include <ATen/ops/_foreach_clamp_max.h>
#include <ATen/ops/_foreach_clamp_min.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

#include <cmath>
#include <utility>
#include <vector>

#include "tensor/scopes.h"

namespace oarlock {
namespace {

// The foreach kernels want one device and dtype per list; groups in order of first appearance.
std::vector<std::vector<at::Tensor>> group_gradients(const NamedTensors& parameters) {
  std::vector<std::vector<at::Tensor>> groups;
  for (const NamedTensor& parameter : parameters) {
    const at::Tensor& gradient = parameter.tensor.grad();
    if (!gradient.defined()) continue;
    const auto fits = [&gradient](const std::vector<at::Tensor>& group) {
      return group[0].device() == gradient.device() && group[0].scalar_type() == gradient.scalar_type();
    };
    auto group = groups.begin();
    while (group != groups.end() && !fits(*group)) ++group;
    if (group == groups.end()) group = groups.emplace(groups.end());
    group->push_back(gradient);
  }
  return groups;
}

// The norm of the vector of norms.
at::Tensor total_norm(const std::vector<std::vector<at::Tensor>>& groups, double norm_type) {
  const at::Device device = groups[0][0].device();
  std::vector<at::Tensor> norms;
  for (const std::vector<at::Tensor>& group : groups) {
    for (const at::Tensor& norm : at::_foreach_norm(group, norm_type)) norms.push_back(norm.to(device));
  }
  return at::linalg_vector_norm(at::stack(norms), norm_type);
}

}  // namespace

Result<double> clip_grad_norm(const NamedTensors& parameters, double max_norm, double norm_type) {
  if (!(max_norm >= 0)) return invalid_argument("max_norm must be >= 0, got {}", max_norm);
  if (!(norm_type > 0)) return invalid_argument("norm_type must be > 0 or infinity, got {}", norm_type);
  const GradModeScope no_grad(false);
  const std::vector<std::vector<at::Tensor>> groups = group_gradients(parameters);
  if (groups.empty()) return 0.0;
  const at::Tensor total = total_norm(groups, norm_type);
  // max_norm / x as torch's Python has it: the reciprocal of x, then times max_norm.
  const at::Tensor coefficient = at::clamp((total + 1e-6).reciprocal() * max_norm, {}, 1.0);
  for (const std::vector<at::Tensor>& group : groups) at::_foreach_mul_(group, coefficient.to(group[0].device()));
  return total.item<double>();
}

Status clip_grad_value(const NamedTensors& parameters, double clip_value) {
  if (!(clip_value >= 0)) return invalid_argument("clip_value must be >= 0, got {}", clip_value);
  const GradModeScope no_grad(false);
  for (const std::vector<at::Tensor>& group : group_gradients(parameters)) {
    at::_foreach_clamp_min_(group, -clip_value);
    at::_foreach_clamp_max_(group, clip_value);
  }
  return Status::ok();
}

}  // namespace oarlock
