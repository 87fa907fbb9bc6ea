#include "optim/optimizer.h"

#include "optim/lbfgs.h"
#include "optim/rule_optimizer.h"
#include "optim/rules/rules.h"

namespace oarlock {

Status check_learning_rate(double learning_rate) {
  return check_range("the learning rate", HyperRange::kAtLeastZero, learning_rate);
}

Result<std::shared_ptr<Optimizer>> Optimizer::create(std::string_view name, NamedTensors parameters,
                                                     const Options& options) {
  OAR_ASSIGN(UpdateRule rule, find_rule(name));
  return create(std::move(rule), std::move(parameters), options);
}

Result<std::shared_ptr<Optimizer>> Optimizer::create(UpdateRule rule, NamedTensors parameters, const Options& options) {
  // Hyper-parameters point to the rule's rows, so it gets its final place first.
  const auto kept = std::make_shared<const UpdateRule>(std::move(rule));
  OAR_ASSIGN(GroupedParameters grouped, group_checked(*kept, std::move(parameters), options.to_json()));
  if (!kept->update) return Lbfgs::create(kept, std::move(grouped));
  return std::shared_ptr<Optimizer>(std::make_shared<RuleOptimizer>(kept, std::move(grouped)));
}

Result<double> Optimizer::step_with(const Closure& closure) {
  return step_by([&]() -> Result<double> {
    zero_grad();
    return closure();
  });
}

Result<double> Optimizer::step_by(const Closure& closure) {
  OAR_ASSIGN(const double loss, closure());
  OAR_TRY(step());
  return loss;
}

void Optimizer::set_training(bool /*training*/) {}

void Optimizer::zero_grad() {
  for (const NamedTensor& parameter : parameters_) parameter.tensor.mutable_grad().reset();
}

std::vector<double> Optimizer::learning_rates() const {
  std::vector<double> rates;
  for (const ParameterGroup& group : groups_) rates.push_back(group.values.number("lr"));
  return rates;
}

void Optimizer::set_learning_rate(std::size_t group, double learning_rate) {
  groups_[group].values.set_number("lr", learning_rate);
  if (!initial_lr_is_fixed_) groups_[group].initial_lr = learning_rate;
}

void Optimizer::set_learning_rate(double learning_rate) {
  for (std::size_t i = 0; i < groups_.size(); ++i) set_learning_rate(i, learning_rate);
}

void Optimizer::set_number(std::size_t group, std::string_view name, double value) {
  HyperParameters& values = groups_[group].values;
  if ((values.number(name) == 0) != (value == 0)) state_may_differ_ = true;  // momentum comes or goes
  values.set_number(name, value);
}

void Optimizer::set_numbers(std::size_t group, std::string_view name, std::vector<double> values) {
  groups_[group].values.set_numbers(name, std::move(values));
}

std::vector<double> Optimizer::fix_initial_learning_rates() {
  initial_lr_is_fixed_ = true;
  std::vector<double> rates;
  for (const ParameterGroup& group : groups_) rates.push_back(group.initial_lr);
  return rates;
}

Status Optimizer::check_group(std::int64_t group) const {
  if (group >= 0 && group < static_cast<std::int64_t>(groups_.size())) return Status::ok();
  return invalid_argument("group_index must lie in [0, {}), got {}", groups_.size(), group);
}

Result<JsonValue> Optimizer::group_to_json(std::int64_t group) const {
  OAR_TRY(check_group(group));
  const ParameterGroup& own = groups_[static_cast<std::size_t>(group)];
  JsonValue names = JsonValue::array();
  for (const std::size_t index : own.members) names.append(JsonValue::string(parameters_[index].name));
  JsonValue json = JsonValue::object();
  json.set("params", std::move(names));
  const JsonValue values = own.values.to_json();
  for (const auto& [name, value] : values.members()) json.set(name, value);
  return json;
}

Status Optimizer::set_group_options(std::int64_t group, const JsonValue& options) {
  OAR_TRY(check_group(group));
  if (!options.is_object()) {
    return invalid_argument("options of a group must be an object like {{\"lr\":0.1}}, not {}", options.kind_name());
  }
  const auto index = static_cast<std::size_t>(group);
  HyperParameters values = groups_[index].values;
  for (const auto& [name, value] : options.members()) {
    if (name == "params") return invalid_argument("the parameters of a group are fixed when the optimizer is made");
    OAR_TRY(values.set(name, value, rule_->name));
  }
  OAR_TRY(check_values(*rule_, values));
  groups_[index].values = std::move(values);
  state_may_differ_ = true;
  if (options.find("lr") != nullptr) set_learning_rate(index, groups_[index].values.number("lr"));
  return Status::ok();
}

}  // namespace oarlock
