// The part of an optimizer's state that is no tensor: hyper-parameters, rates and counters, by group.
#include "optim/optimizer.h"

namespace oarlock {
namespace {

Result<double> rate_at(const JsonValue& json, std::string_view key) {
  OAR_ASSIGN(const JsonValue* const member, json.at(key));
  Result<double> value = member->as_double();
  if (!value.is_ok()) return std::move(value).status().within(key);
  Status status = check_learning_rate(value.value());
  if (!status.is_ok()) return std::move(status).within(key);
  return value;
}

JsonValue group_to_saved(const UpdateRule& rule, const ParameterGroup& group) {
  JsonValue json = JsonValue::object();
  json.set("learning_rate", JsonValue::number(group.values.number("lr")));
  json.set("initial_learning_rate", JsonValue::number(group.initial_lr));
  json.set("options", group.values.to_json());
  if (group.scalars.empty()) return json;
  JsonValue scalars = JsonValue::object();
  for (std::size_t i = 0; i < group.scalars.size(); ++i)
    scalars.set(rule.group_scalars[i].name, JsonValue::number(group.scalars[i]));
  json.set("scalars", std::move(scalars));
  return json;
}

// `group`: the one that it is for; everything but its members is taken from the JSON.
Status read_saved(const UpdateRule& rule, const JsonValue& json, ParameterGroup& group) {
  OAR_ASSIGN(const double learning_rate, rate_at(json, "learning_rate"));
  OAR_ASSIGN(group.initial_lr, rate_at(json, "initial_learning_rate"));
  OAR_ASSIGN(const JsonValue* const options, json.at("options"));
  group.values = HyperParameters(rule.options);
  for (const auto& [name, value] : options->members()) OAR_TRY(group.values.set(name, value, rule.name));
  OAR_TRY(check_values(rule, group.values));
  group.values.set_number("lr", learning_rate);
  for (std::size_t i = 0; i < group.scalars.size(); ++i) {
    OAR_ASSIGN(const JsonValue* const scalars, json.at("scalars"));
    OAR_ASSIGN(const JsonValue* const member, scalars->at(rule.group_scalars[i].name));
    OAR_ASSIGN(group.scalars[i], member->as_double());
  }
  return Status::ok();
}

Status check_members(const JsonValue& json, const ParameterGroup& group, const NamedTensors& parameters) {
  OAR_ASSIGN(const JsonValue* const names, json.at("parameters"));
  const std::vector<JsonValue>& saved = names->items();
  if (saved.size() != group.members.size()) {
    return invalid_argument("it has other parameters; saved {}, here {}", saved.size(), group.members.size());
  }
  for (std::size_t i = 0; i < saved.size(); ++i) {
    const std::string& name = parameters[group.members[i]].name;
    if (saved[i].text() == name) continue;
    return invalid_argument("it has other parameters; saved '{}' where here is '{}'", saved[i].text(), name);
  }
  return Status::ok();
}

}  // namespace

JsonValue Optimizer::values_to_json() const {
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(rule_->name));
  json.set("num_steps", JsonValue::integer(num_steps_));
  const JsonValue first = group_to_saved(*rule_, groups_.front());
  for (const auto& [key, value] : first.members()) json.set(key, value);
  if (groups_.size() == 1) return json;
  JsonValue list = JsonValue::array();
  for (const ParameterGroup& group : groups_) {
    JsonValue saved = group_to_saved(*rule_, group);
    JsonValue names = JsonValue::array();
    for (const std::size_t index : group.members) names.append(JsonValue::string(parameters_[index].name));
    saved.set("parameters", std::move(names));
    list.append(std::move(saved));
  }
  json.set("groups", std::move(list));
  return json;
}

Result<Optimizer::SavedValues> Optimizer::read_values(const JsonValue& json) const {
  OAR_ASSIGN(const JsonValue* const name, json.at("name"));
  if (!name->is_string() || name->text() != rule_->name) {
    return invalid_argument("the state is of another optimizer; saved '{}', here '{}'", name->text(), rule_->name);
  }
  SavedValues saved{groups_, 0, false};
  OAR_ASSIGN(const JsonValue* const num_steps, json.at("num_steps"));
  OAR_ASSIGN(saved.num_steps, num_steps->as_int64());
  if (saved.num_steps < 0) return corrupt("num_steps must be >= 0, got {}", saved.num_steps);
  const JsonValue* list = json.find("groups");
  const std::size_t num_saved = list == nullptr ? 1 : list->items().size();
  if (num_saved != groups_.size()) {
    return invalid_argument("it has another number of parameter groups; saved {}, here {}", num_saved, groups_.size());
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const JsonValue& group = list == nullptr ? json : list->items()[i];
    Status status = list == nullptr ? Status::ok() : check_members(group, groups_[i], parameters_);
    if (status.is_ok()) status = read_saved(*rule_, group, saved.groups[i]);
    if (!status.is_ok())
      return list == nullptr ? std::move(status) : std::move(status).within(fmt::format("group {}", i));
    // A saved rate that is not the initial one is the work of a schedule.
    if (saved.groups[i].initial_lr != saved.groups[i].values.number("lr")) saved.initial_lr_is_fixed = true;
  }
  return saved;
}

void Optimizer::take_values(SavedValues saved) {
  groups_ = std::move(saved.groups);
  num_steps_ = saved.num_steps;
  if (saved.initial_lr_is_fixed) initial_lr_is_fixed_ = true;
}

}  // namespace oarlock
