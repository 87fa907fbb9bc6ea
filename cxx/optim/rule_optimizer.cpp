#include "optim/rule_optimizer.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_neg.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "optim/gradient.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

// maximize and weight decay, in torch's order.
void prepare_gradients(UpdateBucket& bucket, WeightDecay kind, const HyperParameters& values) {
  bucket.owns_gradients = false;
  if (kind == WeightDecay::kInUpdate) return;
  if (values.flag_or("maximize", false)) {
    bucket.gradients = at::_foreach_neg(bucket.gradients);
    bucket.owns_gradients = true;
  }
  const double decay = values.number_or("weight_decay", 0);
  if (decay == 0) return;
  const bool is_decoupled =
      kind == WeightDecay::kDecoupled || (kind == WeightDecay::kByOption && values.flag("decoupled_weight_decay"));
  if (is_decoupled) {
    at::_foreach_mul_(bucket.parameters, 1 - values.number("lr") * decay);
  } else if (bucket.owns_gradients) {
    at::_foreach_add_(bucket.gradients, bucket.parameters, decay);
  } else {
    bucket.gradients = at::_foreach_add(bucket.gradients, bucket.parameters, decay);
    bucket.owns_gradients = true;
  }
}

void set_counter(const at::Tensor& counter, double value) {
  if (counter.is_cpu()) {
    *counter.mutable_data_ptr<float>() = static_cast<float>(value);  // an operator call costs more than a small update
  } else {
    counter.fill_(value);
  }
}

}  // namespace

at::Tensor make_zeros(const at::Tensor& parameter, const HyperParameters& /*values*/) {
  return at::zeros_like(parameter);
}

double power_half(double value) { return std::pow(value, 0.5); }
double bias_correction(double beta, double step) { return 1 - std::pow(beta, step); }

RuleOptimizer::RuleOptimizer(std::shared_ptr<const UpdateRule> rule, GroupedParameters grouped)
    : Optimizer(std::move(rule), std::move(grouped)), states_(parameters_.size()), group_of_(parameters_.size()) {
  for (ParameterState& state : states_) state.tensors.resize(rule_->tensors.size());
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    for (const std::size_t index : groups_[group].members) group_of_[index] = group;
  }
}

Status RuleOptimizer::refuse_evaluation() const {
  if (is_training_) return Status::ok();
  return invalid_state(
      "the parameters are those of evaluation since oar_optimizer_set_training(optimizer, 0); set it to 1 before the "
      "forward of the next step");
}

Status RuleOptimizer::step() {
  OAR_TRY(refuse_evaluation());
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
  if (active != active_ || !buckets_are_valid_ || state_may_differ_) {
    active_ = std::move(active);
    make_buckets();
  }
  if (rule_->begin_group) {
    for (ParameterGroup& group : groups_) rule_->begin_group(group.values, group.scalars);
  }
  for (UpdateBucket& bucket : buckets_) {
    bucket.gradients.clear();
    for (const std::size_t place : bucket.places) bucket.gradients.push_back(std::move(gradients[place]));
    Status status = update(bucket);
    bucket.gradients.clear();  // zero_grad is to free them
    if (status.is_ok()) continue;
    buckets_are_valid_ = false;
    return status;
  }
  ++num_steps_;
  return Status::ok();
}

Status RuleOptimizer::update(UpdateBucket& bucket) {
  const ParameterGroup& group = groups_[bucket.group];
  bucket.step += 1;
  if (!bucket.steps.empty()) set_counter(bucket.steps.front(), bucket.step);
  prepare_gradients(bucket, rule_->weight_decay, group.values);
  OAR_TRY(rule_->update(bucket, group.values, group.scalars));
  for (double& scalar : bucket.scalars) scalar = static_cast<float>(scalar);
  for (const std::size_t place : bucket.places) {
    ParameterState& state = states_[active_[place]];
    ++state.num_steps;
    if (!bucket.scalars.empty()) state.scalars = bucket.scalars;
  }
  if (bucket.is_first) buckets_are_valid_ = false;  // in the next step these belong to the others
  return Status::ok();
}

void RuleOptimizer::make_state(std::size_t index, bool& is_first) {
  const at::Tensor parameter = parameters_[index].tensor.detach();
  const HyperParameters& values = groups_[group_of_[index]].values;
  ParameterState& state = states_[index];
  for (std::size_t i = 0; i < rule_->tensors.size(); ++i) {
    if (state.tensors[i].defined()) continue;
    state.tensors[i] = rule_->tensors[i].make(parameter, values);
    if (state.tensors[i].defined()) is_first = true;
  }
  if (!state.scalars.empty()) return;
  for (const StateScalar& scalar : rule_->scalars) state.scalars.push_back(static_cast<float>(scalar.initial(values)));
}

void RuleOptimizer::add_to_bucket(UpdateBucket& bucket, std::size_t place) {
  const std::size_t index = active_[place];
  const ParameterState& state = states_[index];
  bucket.places.push_back(place);
  bucket.parameters.push_back(parameters_[index].tensor.detach());
  for (std::size_t i = 0; i < state.tensors.size(); ++i) {
    if (state.tensors[i].defined()) bucket.state[i].push_back(state.tensors[i]);
  }
  if (!rule_->counts_steps) return;
  if (bucket.steps.empty()) {
    bucket.steps.push_back(at::full({}, 0.0, at::device(bucket.parameters.front().device()).dtype(at::kFloat)));
  } else {
    bucket.steps.push_back(bucket.steps.front());
  }
}

void RuleOptimizer::make_buckets() {
  using Key =
      std::tuple<std::size_t, std::string, at::ScalarType, bool, std::vector<bool>, std::int64_t, std::vector<double>>;
  std::map<Key, std::size_t> bucket_of;
  buckets_are_valid_ = false;
  buckets_.clear();
  for (std::size_t place = 0; place < active_.size(); ++place) {
    const std::size_t index = active_[place];
    const at::Tensor& parameter = parameters_[index].tensor;
    const ParameterState& state = states_[index];
    bool is_first = false;
    make_state(index, is_first);
    std::vector<bool> kinds;
    for (const at::Tensor& tensor : state.tensors) kinds.push_back(tensor.defined());
    const std::int64_t num_steps = rule_->counts_steps ? state.num_steps : 0;
    const Key key(group_of_[index], parameter.device().str(), parameter.scalar_type(), is_first, std::move(kinds),
                  num_steps, state.scalars);
    const auto [entry, is_new] = bucket_of.try_emplace(key, buckets_.size());
    if (is_new) {
      UpdateBucket& bucket = buckets_.emplace_back();
      bucket.group = group_of_[index];
      bucket.state.resize(rule_->tensors.size());
      bucket.step = static_cast<double>(num_steps);
      bucket.scalars = state.scalars;
      bucket.is_first = is_first;
    }
    add_to_bucket(buckets_[entry->second], place);
  }
  buckets_are_valid_ = true;
  state_may_differ_ = false;
}

void RuleOptimizer::set_training(bool training) {
  if (!rule_->set_training || training == is_training_) return;
  const GradModeScope no_grad(false);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (states_[i].num_steps == 0) continue;
    at::Tensor parameter = parameters_[i].tensor.detach();
    rule_->set_training(parameter, states_[i].tensors, groups_[group_of_[i]].values, training);
  }
  is_training_ = training;
}

}  // namespace oarlock
