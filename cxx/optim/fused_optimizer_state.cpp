// How an optimizer's state becomes named tensors and is taken back: names and order as in torch's state_dict.
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "optim/fused_optimizer.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

using Member = std::pair<const char*, at::Tensor ParameterState::*>;

// The tensors that a parameter of this kind has once it had a gradient.
std::vector<Member> members_of(OptimizerKind kind, const HyperParameters& values) {
  if (kind == OptimizerKind::kSgd) {
    if (values.momentum == 0) return {};
    return {{"momentum_buffer", &ParameterState::momentum_buffer}};
  }
  std::vector<Member> members = {{"exp_avg", &ParameterState::exp_avg}, {"exp_avg_sq", &ParameterState::exp_avg_sq}};
  if (values.amsgrad) members.emplace_back("max_exp_avg_sq", &ParameterState::max_exp_avg_sq);
  return members;
}

// Saved tensors by name; what is left after every parameter took its own belongs to nobody.
using Saved = std::map<std::string, at::Tensor, std::less<>>;

at::Tensor take(Saved& saved, const std::string& name) {
  const auto found = saved.find(name);
  if (found == saved.end()) return {};
  at::Tensor tensor = std::move(found->second);
  saved.erase(found);
  return tensor;
}

Result<std::int64_t> read_step(const std::string& name, const at::Tensor& tensor) {
  if (tensor.numel() != 1) return invalid_argument("'{}' must have one element, it has {}", name, tensor.numel());
  const double value = tensor.item<double>();
  if (value < 0 || value != std::floor(value) || value > 9e15)
    return corrupt("'{}' is not a number of steps: {}", name, value);
  return static_cast<std::int64_t>(value);
}

Result<at::Tensor> copy_like(const NamedTensor& parameter, const std::string& name, const at::Tensor& saved) {
  const at::Tensor& tensor = parameter.tensor;
  if (saved.sizes() != tensor.sizes() || saved.scalar_type() != tensor.scalar_type()) {
    return invalid_argument("'{}' does not fit its parameter; saved {} [{}], parameter {} [{}]", name,
                            dtype_name(saved.scalar_type()), fmt::join(saved.sizes(), ", "),
                            dtype_name(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
  }
  return at::empty_like(tensor.detach()).copy_(saved.detach());
}

// All of a parameter's tensors, or none: then it had no gradient yet.
Result<ParameterState> take_state(OptimizerKind kind, const std::vector<Member>& members, const NamedTensor& parameter,
                                  Saved& saved) {
  ParameterState state;
  std::vector<std::string> missing;
  std::size_t num_found = 0;
  for (const auto& [member, pointer] : members) {
    const std::string name = fmt::format("{}.{}", parameter.name, member);
    const at::Tensor tensor = take(saved, name);
    if (!tensor.defined()) {
      missing.push_back(name);
      continue;
    }
    OAR_ASSIGN(state.*pointer, copy_like(parameter, name, tensor));
    ++num_found;
  }
  if (kind == OptimizerKind::kAdamW) {
    const std::string name = parameter.name + ".step";
    const at::Tensor step = take(saved, name);
    if (step.defined()) {
      OAR_ASSIGN(state.num_steps, read_step(name, step));
      ++num_found;
    } else {
      missing.push_back(name);
    }
  }
  if (num_found > 0 && !missing.empty()) {
    return invalid_argument("the state of '{}' is incomplete; missing: {}", parameter.name, fmt::join(missing, ", "));
  }
  return state;
}

struct SavedValues {
  double learning_rate = 0;
  double initial_learning_rate = 0;
  std::int64_t num_steps = 0;
  HyperParameters hyper_parameters;
};

Result<SavedValues> read_values(OptimizerKind kind, const JsonValue& json) {
  OAR_ASSIGN(const JsonValue* const name, json.at("name"));
  if (!name->is_string() || name->text() != optimizer_name(kind)) {
    return invalid_argument("the state is of another optimizer; saved '{}', here '{}'", name->text(),
                            optimizer_name(kind));
  }
  SavedValues values;
  OAR_ASSIGN(const JsonValue* const learning_rate, json.at("learning_rate"));
  OAR_ASSIGN(const JsonValue* const initial, json.at("initial_learning_rate"));
  OAR_ASSIGN(const JsonValue* const num_steps, json.at("num_steps"));
  OAR_ASSIGN(const JsonValue* const options, json.at("options"));
  OAR_ASSIGN(values.learning_rate, learning_rate->as_double());
  OAR_ASSIGN(values.initial_learning_rate, initial->as_double());
  OAR_ASSIGN(values.num_steps, num_steps->as_int64());
  OAR_ASSIGN(values.hyper_parameters, hyper_parameters_from_json(kind, *options));
  OAR_TRY(check_learning_rate(values.learning_rate));
  OAR_TRY(check_learning_rate(values.initial_learning_rate));
  if (values.num_steps < 0) return corrupt("num_steps must be >= 0, got {}", values.num_steps);
  values.hyper_parameters.lr = values.learning_rate;
  return values;
}

}  // namespace

OptimizerState FusedOptimizer::state() const {
  OptimizerState state;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].name;
    if (states_[i].exp_avg.defined()) {
      state.tensors.push_back({name + ".step", at::full({}, static_cast<double>(states_[i].num_steps), at::kFloat)});
    }
    for (const auto& [member, pointer] : members_of(kind_, values_)) {
      const at::Tensor& tensor = states_[i].*pointer;
      if (tensor.defined()) state.tensors.push_back({fmt::format("{}.{}", name, member), tensor});
    }
  }
  state.values = JsonValue::object();
  state.values.set("name", JsonValue::string(optimizer_name(kind_)));
  state.values.set("learning_rate", JsonValue::number(values_.lr));
  state.values.set("initial_learning_rate", JsonValue::number(initial_lr_));
  state.values.set("num_steps", JsonValue::integer(num_steps_));
  state.values.set("options", hyper_parameters_to_json(kind_, values_));
  return state;
}

Status FusedOptimizer::load_state(const OptimizerState& state) {
  Result<SavedValues> values = read_values(kind_, state.values);
  if (!values.is_ok()) return std::move(values).status().within("state of an optimizer");
  const HyperParameters& hyper_parameters = values.value().hyper_parameters;
  Saved saved;
  for (const NamedTensor& tensor : state.tensors) {
    if (!saved.emplace(tensor.name, tensor.tensor).second) {
      return invalid_argument("state of an optimizer: two tensors have the same name: '{}'", tensor.name);
    }
  }
  std::vector<ParameterState> states;
  for (const NamedTensor& parameter : parameters_) {
    Result<ParameterState> taken = take_state(kind_, members_of(kind_, hyper_parameters), parameter, saved);
    if (!taken.is_ok()) return std::move(taken).status().within("state of an optimizer");
    states.push_back(std::move(taken).value());
  }
  if (!saved.empty()) {
    return invalid_argument("state of an optimizer: {} tensors belong to no parameter of it; the first is '{}'",
                            saved.size(), saved.begin()->first);
  }
  states_ = std::move(states);
  values_ = hyper_parameters;
  initial_lr_ = values.value().initial_learning_rate;
  // A saved rate that is not the initial one is the work of a schedule.
  if (initial_lr_ != values_.lr) initial_lr_is_fixed_ = true;
  num_steps_ = values.value().num_steps;
  groups_are_valid_ = false;
  return Status::ok();
}

}  // namespace oarlock
