#include "optim/host_optimizer.h"

#include <algorithm>
#include <map>
#include <string>

#include "optim/gradient.h"
#include "optim/rules/rules.h"
#include "tensor/scopes.h"
#include "tensor/tree_json.h"

namespace oarlock {
namespace {

Result<HyperValue> initial_value(const std::string& name, const JsonValue& value) {
  if (value.is_bool()) return HyperValue(value.as_bool().value());
  if (value.is_string()) return HyperValue(value.text());
  if (value.is_number()) {
    OAR_ASSIGN(const double number, value.as_double());
    return HyperValue(number);
  }
  std::vector<double> numbers;
  for (const JsonValue& item : value.items()) {
    if (!item.is_number()) break;
    OAR_ASSIGN(const double number, item.as_double());
    numbers.push_back(number);
  }
  if (value.is_array() && numbers.size() == value.items().size()) return HyperValue(std::move(numbers));
  return invalid_argument("option '{}' must be a number, a boolean, a text or a list of numbers, got {}", name,
                          value.dump());
}

OptionType type_of(const HyperValue& value) {
  if (std::holds_alternative<bool>(value)) return OptionType::kFlag;
  if (std::holds_alternative<std::string>(value)) return OptionType::kString;
  return std::holds_alternative<double>(value) ? OptionType::kDouble : OptionType::kDoubles;
}

// The rule's rows are the options that were given.
Result<UpdateRule> make_rule(std::string_view name, const JsonValue& options) {
  const std::vector<std::string_view> taken = rule_names();
  if (std::find(taken.begin(), taken.end(), name) != taken.end())
    return invalid_argument("'{}' is an optimizer of this library; give one of your own another name", name);
  if (name.empty()) return invalid_argument("an optimizer of one's own needs a name, got ''");
  UpdateRule rule;
  rule.name = name;
  rule.counts_steps = false;
  rule.weight_decay = WeightDecay::kInUpdate;
  auto names = std::make_shared<std::vector<std::string>>();
  names->reserve(options.members().size());  // rows point into it
  rule.options.push_back({"lr", 1e-3});
  for (const auto& [key, value] : options.members()) {
    if (key == "params" || key == "groups" || key == "lr") continue;
    OAR_ASSIGN(HyperValue initial, initial_value(key, value));
    const OptionType type = type_of(initial);
    rule.options.push_back({names->emplace_back(key).c_str(), std::move(initial), HyperRange::kAny, type});
  }
  rule.option_names = std::move(names);
  return rule;
}

// Numbers are doubles, also those without a fraction.
Tree option_tree(const JsonValue& value) {
  if (value.is_number()) return Tree(Tree::Value(value.as_double().value()));
  if (value.is_bool()) return Tree(Tree::Value(value.as_bool().value()));
  if (value.is_string()) return Tree(Tree::Value(value.text()));
  if (value.is_array()) {
    Tree::List list;
    for (const JsonValue& item : value.items()) list.push_back(option_tree(item));
    return Tree(std::move(list));
  }
  Tree::Map map;
  for (const auto& [key, item] : value.members()) map.emplace_back(key, option_tree(item));
  return Tree(std::move(map));
}

Status check_entry(const std::string& parameter, const std::string& key, const Tree& value) {
  if (key.empty() || key.find('.') != key.npos)
    return invalid_argument("the state of '{}' has key '{}'; keys are not empty and have no dots", parameter, key);
  if (value.list() == nullptr && value.map() == nullptr) return Status::ok();
  return invalid_argument("the state of '{}' has a {} as '{}'; it holds tensors and single values", parameter,
                          value.kind_name(), key);
}

}  // namespace

Result<std::shared_ptr<Optimizer>> HostOptimizer::create(std::string_view name, NamedTensors parameters,
                                                         const JsonValue& options, UpdateFn update) {
  if (!options.is_null() && !options.is_object())
    return invalid_argument("options must be an object like {{\"lr\":0.1}}, not {}", options.kind_name());
  OAR_ASSIGN(UpdateRule rule, make_rule(name, options));
  const auto kept = std::make_shared<const UpdateRule>(std::move(rule));
  OAR_ASSIGN(GroupedParameters grouped, group_checked(*kept, std::move(parameters), options));
  return std::shared_ptr<Optimizer>(std::make_shared<HostOptimizer>(kept, std::move(grouped), std::move(update)));
}

HostOptimizer::HostOptimizer(std::shared_ptr<const UpdateRule> rule, GroupedParameters grouped, UpdateFn update)
    : Optimizer(std::move(rule), std::move(grouped)), update_(std::move(update)) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) states_.push_back(std::make_shared<Tree>(Tree::Map()));
}

Status HostOptimizer::update_group(const ParameterGroup& group) {
  const auto options = std::make_shared<Tree>(option_tree(group.values.to_json()));
  for (const std::size_t index : group.members) {
    const NamedTensor& parameter = parameters_[index];
    if (!parameter.tensor.grad().defined()) continue;
    OAR_ASSIGN(const at::Tensor gradient, gradient_like(parameter));
    Status status = update_({parameter, gradient, states_[index], options});
    if (!status.is_ok()) return std::move(status).within(fmt::format("update of '{}'", parameter.name));
    if (states_[index]->map() == nullptr) return internal_error("the state of '{}' is no map", parameter.name);
    for (const auto& [key, value] : *states_[index]->map()) OAR_TRY(check_entry(parameter.name, key, value));
  }
  return Status::ok();
}

Status HostOptimizer::step() {
  const GradModeScope no_grad(false);
  for (const ParameterGroup& group : groups_) OAR_TRY(update_group(group));
  ++num_steps_;
  return Status::ok();
}

OptimizerState HostOptimizer::state() const {
  OptimizerState state;
  JsonValue plain = JsonValue::object();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    JsonValue of_parameter = JsonValue::object();
    for (const auto& [key, value] : *states_[i]->map()) {
      if (value.tensor() != nullptr) {
        state.tensors.push_back({fmt::format("{}.{}", parameters_[i].name, key), *value.tensor()});
      } else if (Result<JsonValue> json = tree_to_json_value(value); json.is_ok()) {
        of_parameter.set(key, std::move(json).value());
      }
    }
    if (!of_parameter.members().empty()) plain.set(parameters_[i].name, std::move(of_parameter));
  }
  state.values = values_to_json();
  state.values.set("state", std::move(plain));
  return state;
}

Result<std::vector<Tree::Map>> HostOptimizer::read_states(const OptimizerState& state) const {
  std::map<std::string, std::size_t, std::less<>> place_of;
  for (std::size_t i = 0; i < parameters_.size(); ++i) place_of.emplace(parameters_[i].name, i);
  std::vector<Tree::Map> maps(parameters_.size());
  for (const NamedTensor& tensor : state.tensors) {
    const std::size_t dot = tensor.name.rfind('.');
    const auto place = dot == tensor.name.npos ? place_of.end() : place_of.find(tensor.name.substr(0, dot));
    if (place == place_of.end()) return invalid_argument("'{}' belongs to no parameter of it", tensor.name);
    maps[place->second].emplace_back(tensor.name.substr(dot + 1), Tree(tensor.tensor));
  }
  const JsonValue* plain = state.values.find("state");
  if (plain == nullptr) return maps;
  for (const auto& [name, values] : plain->members()) {
    const auto place = place_of.find(name);
    if (place == place_of.end()) return invalid_argument("'{}' is no parameter of it", name);
    for (const auto& [key, value] : values.members()) {
      OAR_ASSIGN(Tree entry, tree_from_json_value(value));
      OAR_TRY(check_entry(name, key, entry));
      maps[place->second].emplace_back(key, std::move(entry));
    }
  }
  return maps;
}

Status HostOptimizer::load_state(const OptimizerState& state) {
  Result<SavedValues> values = read_values(state.values);
  if (!values.is_ok()) return std::move(values).status().within("state of an optimizer");
  Result<std::vector<Tree::Map>> maps = read_states(state);
  if (!maps.is_ok()) return std::move(maps).status().within("state of an optimizer");
  const GradModeScope no_grad(false);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    for (auto& [key, value] : maps.value()[i]) {
      if (value.tensor() == nullptr) continue;
      const Tree* present = states_[i]->find(key);
      const at::Tensor* memory = present == nullptr ? nullptr : present->tensor();
      const bool fits = memory != nullptr && memory->sizes() == value.tensor()->sizes() &&
                        memory->scalar_type() == value.tensor()->scalar_type();
      value = fits ? Tree(at::Tensor(*memory).copy_(*value.tensor())) : Tree(value.tensor()->clone());
    }
  }
  for (std::size_t i = 0; i < states_.size(); ++i) *states_[i] = Tree(std::move(maps.value()[i]));
  take_values(std::move(values).value());
  return Status::ok();
}

}  // namespace oarlock
