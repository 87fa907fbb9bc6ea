#include "optim/fused_optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "tensor/describe.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

// The kernels walk memory and ignore strides, so a gradient must lie as its parameter does.
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

}  // namespace

Status FusedOptimizer::step() {
  const GradModeScope no_grad(false);
  std::vector<std::size_t> active;
  std::vector<at::Tensor> gradients;
  active.reserve(parameters_.size());
  gradients.reserve(parameters_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].tensor.grad().defined()) continue;
    OAR_ASSIGN(at::Tensor gradient, gradient_like(parameters_[i]));
    active.push_back(i);
    gradients.push_back(std::move(gradient));
  }
  if (active != active_ || !groups_are_valid_) {
    active_ = std::move(active);
    make_groups();
  }
  for (KernelGroup& group : groups_) {
    group.gradients.clear();
    for (const std::size_t place : group.places) group.gradients.push_back(std::move(gradients[place]));
    run_kernel(group);
    group.gradients.clear();  // zero_grad is to free them
  }
  for (const std::size_t index : active_) ++states_[index].num_steps;
  ++num_steps_;
  return Status::ok();
}

void FusedOptimizer::zero_grad() {
  for (const NamedTensor& parameter : parameters_) parameter.tensor.mutable_grad().reset();
}

bool FusedOptimizer::has_state(std::size_t index) const {
  if (kind_ == OptimizerKind::kAdamW) return states_[index].exp_avg.defined();
  return values_.momentum == 0 || states_[index].momentum_buffer.defined();
}

void FusedOptimizer::make_state(std::size_t index) {
  const at::Tensor parameter = parameters_[index].tensor.detach();
  ParameterState& state = states_[index];
  if (kind_ == OptimizerKind::kSgd) {
    state.momentum_buffer = at::empty_like(parameter);  // the kernel's first step fills it
    return;
  }
  state.exp_avg = at::zeros_like(parameter);
  state.exp_avg_sq = at::zeros_like(parameter);
  if (values_.amsgrad) state.max_exp_avg_sq = at::zeros_like(parameter);
}

void FusedOptimizer::add_to_group(KernelGroup& group, std::size_t place) {
  const std::size_t index = active_[place];
  const ParameterState& state = states_[index];
  group.places.push_back(place);
  group.parameters.push_back(parameters_[index].tensor.detach());
  if (kind_ == OptimizerKind::kSgd) {
    if (values_.momentum != 0) group.momentum_buffers.push_back(state.momentum_buffer);
    return;
  }
  group.exp_avgs.push_back(state.exp_avg);
  group.exp_avg_sqs.push_back(state.exp_avg_sq);
  if (values_.amsgrad) group.max_exp_avg_sqs.push_back(state.max_exp_avg_sq);
  for (std::size_t i = 0; i + 1 < group.places.size(); ++i) {
    if (states_[active_[group.places[i]]].num_steps != state.num_steps) continue;
    group.steps.push_back(group.steps[i]);
    return;
  }
  const at::TensorOptions options = at::device(parameters_[index].tensor.device()).dtype(at::kFloat);
  group.distinct_steps.push_back(at::full({}, static_cast<double>(state.num_steps), options));
  group.steps.push_back(group.distinct_steps.back());
}

void FusedOptimizer::make_groups() {
  using Key = std::tuple<std::string, at::ScalarType, bool>;
  std::map<Key, std::size_t> group_of;
  groups_are_valid_ = false;
  groups_.clear();
  for (std::size_t place = 0; place < active_.size(); ++place) {
    const std::size_t index = active_[place];
    const at::Tensor& parameter = parameters_[index].tensor;
    const bool is_first_step = !has_state(index);
    if (is_first_step) make_state(index);
    const bool starts_momentum = is_first_step && kind_ == OptimizerKind::kSgd;
    const Key key(parameter.device().str(), parameter.scalar_type(), starts_momentum);
    const auto [entry, is_new] = group_of.try_emplace(key, groups_.size());
    if (is_new) groups_.emplace_back().starts_momentum = starts_momentum;
    add_to_group(groups_[entry->second], place);
  }
  groups_are_valid_ = true;
}

void FusedOptimizer::run_kernel(KernelGroup& group) {
  if (kind_ == OptimizerKind::kSgd) {
    at::_fused_sgd_(group.parameters, group.gradients, group.momentum_buffers, values_.weight_decay, values_.momentum,
                    values_.lr, values_.dampening, values_.nesterov, values_.maximize, group.starts_momentum);
    if (group.starts_momentum) groups_are_valid_ = false;  // in the next step these belong to the others
    return;
  }
  for (at::Tensor& counter : group.distinct_steps) counter.add_(1);
  at::_fused_adamw_(group.parameters, group.gradients, group.exp_avgs, group.exp_avg_sqs, group.max_exp_avg_sqs,
                    group.steps, values_.lr, values_.beta1, values_.beta2, values_.weight_decay, values_.eps,
                    values_.amsgrad, values_.maximize);
}

}  // namespace oarlock
