// How an optimizer's state becomes named tensors and is taken back: names and order as in torch's state_dict.
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "optim/rule_optimizer.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

// Saved tensors by name; what is left after every parameter took its own belongs to nobody.
using Saved = std::map<std::string, at::Tensor, std::less<>>;

at::Tensor take(Saved& saved, const std::string& name) {
  const auto found = saved.find(name);
  if (found == saved.end()) return {};
  at::Tensor tensor = std::move(found->second);
  saved.erase(found);
  return tensor;
}

Result<double> read_number(const std::string& name, const at::Tensor& tensor) {
  if (tensor.numel() != 1) return invalid_argument("'{}' must have one element, it has {}", name, tensor.numel());
  return tensor.item<double>();
}

Result<std::int64_t> read_step(const std::string& name, const at::Tensor& tensor) {
  OAR_ASSIGN(const double value, read_number(name, tensor));
  if (!(value >= 0) || value != std::floor(value) || value > 9e15)
    return corrupt("'{}' is not a number of steps: {}", name, value);
  return static_cast<std::int64_t>(value);
}

// `model`: what this state tensor is at the first update.
Result<at::Tensor> copy_like(const std::string& name, const at::Tensor& model, const at::Tensor& saved) {
  if (saved.sizes() != model.sizes() || saved.scalar_type() != model.scalar_type()) {
    return invalid_argument("'{}' does not fit its parameter; saved {} [{}], parameter {} [{}]", name,
                            dtype_name(saved.scalar_type()), fmt::join(saved.sizes(), ", "),
                            dtype_name(model.scalar_type()), fmt::join(model.sizes(), ", "));
  }
  return at::empty_like(model).copy_(saved.detach());
}

at::Tensor number_tensor(double value) { return at::full({}, value, at::kFloat); }

// All of a parameter's state, or none: then it had no gradient yet.
class StateReader {
 public:
  StateReader(const UpdateRule& rule, const NamedTensor& parameter, const HyperParameters& values, Saved& saved)
      : rule_(rule), parameter_(parameter), values_(values), saved_(saved) {}

  Result<ParameterState> read() {
    ParameterState state;
    if (rule_.counts_steps) {
      const std::string name = full_name("step");
      const at::Tensor step = find(name);
      if (step.defined()) {
        OAR_ASSIGN(state.num_steps, read_step(name, step));
      }
    }
    for (const StateScalar& scalar : rule_.scalars) {
      const std::string name = full_name(scalar.name);
      const at::Tensor number = find(name);
      if (!number.defined()) continue;
      OAR_ASSIGN(const double value, read_number(name, number));
      state.scalars.push_back(value);
    }
    state.tensors.resize(rule_.tensors.size());
    for (std::size_t i = 0; i < rule_.tensors.size(); ++i) OAR_TRY(read_tensor(i, state));
    if (num_found_ > 0 && !missing_.empty()) {
      return invalid_argument("the state of '{}' is incomplete; missing: {}", parameter_.name,
                              fmt::join(missing_, ", "));
    }
    if (num_found_ > 0 && !rule_.counts_steps) state.num_steps = 1;
    return state;
  }

 private:
  std::string full_name(const char* name) const { return fmt::format("{}.{}", parameter_.name, name); }

  at::Tensor find(const std::string& name) {
    at::Tensor tensor = take(saved_, name);
    if (tensor.defined()) {
      ++num_found_;
    } else {
      missing_.push_back(name);
    }
    return tensor;
  }

  Status read_tensor(std::size_t i, ParameterState& state) {
    // A rule's first value tells shape and dtype; it is empty memory or zeros, and soon overwritten.
    const at::Tensor model = rule_.tensors[i].make(parameter_.tensor.detach(), values_);
    if (!model.defined()) return Status::ok();
    const std::string name = full_name(rule_.tensors[i].name);
    const at::Tensor tensor = find(name);
    if (!tensor.defined()) return Status::ok();
    OAR_ASSIGN(state.tensors[i], copy_like(name, model, tensor));
    return Status::ok();
  }

  const UpdateRule& rule_;
  const NamedTensor& parameter_;
  const HyperParameters& values_;
  Saved& saved_;
  std::size_t num_found_ = 0;
  std::vector<std::string> missing_;
};

}  // namespace

OptimizerState RuleOptimizer::state() const {
  OptimizerState state;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const ParameterState& own = states_[i];
    if (own.num_steps == 0) continue;
    const auto add = [&](const char* name, at::Tensor tensor) {
      state.tensors.push_back({fmt::format("{}.{}", parameters_[i].name, name), std::move(tensor)});
    };
    if (rule_->counts_steps) add("step", number_tensor(static_cast<double>(own.num_steps)));
    for (std::size_t s = 0; s < own.scalars.size(); ++s) add(rule_->scalars[s].name, number_tensor(own.scalars[s]));
    for (std::size_t t = 0; t < own.tensors.size(); ++t) {
      if (own.tensors[t].defined()) add(rule_->tensors[t].name, own.tensors[t]);
    }
  }
  state.values = values_to_json();
  if (rule_->set_training) state.values.set("training", JsonValue::boolean(is_training_));
  return state;
}

Status RuleOptimizer::load_state(const OptimizerState& state) {
  Result<SavedValues> values = read_values(state.values);
  if (!values.is_ok()) return std::move(values).status().within("state of an optimizer");
  Saved saved;
  for (const NamedTensor& tensor : state.tensors) {
    if (!saved.emplace(tensor.name, tensor.tensor).second) {
      return invalid_argument("state of an optimizer: two tensors have the same name: '{}'", tensor.name);
    }
  }
  std::vector<ParameterState> states;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const HyperParameters& of_group = values.value().groups[group_of_[i]].values;
    Result<ParameterState> taken = StateReader(*rule_, parameters_[i], of_group, saved).read();
    if (!taken.is_ok()) return std::move(taken).status().within("state of an optimizer");
    states.push_back(std::move(taken).value());
  }
  if (!saved.empty()) {
    return invalid_argument("state of an optimizer: {} tensors belong to no parameter of it; the first is '{}'",
                            saved.size(), saved.begin()->first);
  }
  states_ = std::move(states);
  const JsonValue* training = state.values.find("training");
  is_training_ = training == nullptr || !training->is_bool() || training->as_bool().value();
  take_values(std::move(values).value());
  buckets_are_valid_ = false;
  return Status::ok();
}

}  // namespace oarlock
