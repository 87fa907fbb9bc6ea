#include "optim/state_dict.h"

#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tensor/tree_json.h"

namespace oarlock {
namespace {

// What torch's classes keep in a group beside the options of the rule, at its default. None: Python's.
struct TorchOptions {
  std::string_view rule;
  std::string_view none;  // names apart by blanks
  std::string_view off;   // False
};

constexpr std::array kTorchOptions = {
    TorchOptions{"adadelta", "foreach", "capturable differentiable"},
    TorchOptions{"adafactor", "foreach", ""},
    TorchOptions{"adagrad", "foreach fused", "differentiable"},
    TorchOptions{"adam", "foreach fused", "capturable differentiable"},
    TorchOptions{"adamax", "foreach", "differentiable capturable"},
    TorchOptions{"adamw", "foreach fused", "capturable differentiable"},
    TorchOptions{"asgd", "foreach", "differentiable capturable"},
    TorchOptions{"nadam", "foreach", "capturable differentiable"},
    TorchOptions{"radam", "foreach", "capturable differentiable"},
    TorchOptions{"rmsprop", "foreach", "capturable differentiable"},
    TorchOptions{"rprop", "foreach", "differentiable capturable"},
    TorchOptions{"sgd", "foreach fused", "differentiable"},
};

// How torch computes, not what; and what schedules leave there.
constexpr std::array<std::string_view, 10> kNotOurs = {"foreach",       "fused",     "capturable", "differentiable",
                                                       "param_names",   "max_lr",    "min_lr",     "max_momentum",
                                                       "base_momentum", "train_mode"};

template <class Fn>
void for_each_word(std::string_view words, const Fn& fn) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    fn(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

bool is_known(std::string_view name) { return std::find(kNotOurs.begin(), kNotOurs.end(), name) != kNotOurs.end(); }

// Parameters in Python's order: group by group.
std::vector<std::size_t> python_order(const Optimizer& optimizer) {
  std::vector<std::size_t> order;
  for (const ParameterGroup& group : optimizer.groups())
    order.insert(order.end(), group.members.begin(), group.members.end());
  return order;
}

Tree integer(std::int64_t value) { return Tree(Tree::Value(value)); }
Tree number(double value) { return Tree(Tree::Value(value)); }
Tree flag(bool value) { return Tree(Tree::Value(value)); }

// eps1 and eps2 are one pair in Python.
Result<Tree> group_to_python(const Optimizer& optimizer, const ParameterGroup& group, std::int64_t first_index,
                             const JsonValue* training) {
  Tree python((Tree::Map()));
  const JsonValue options = group.values.to_json();
  const bool has_pair = group.values.has("eps1");
  const bool has_relative_rate = group.values.has("relative_step");
  for (const auto& [name, value] : options.members()) {
    OAR_ASSIGN(Tree item, tree_from_json_value(value));
    if (name == "lr" && has_relative_rate && group.values.number("lr") == 0) item = Tree();
    if (name == "max_eval" && value.is_null()) item = integer(group.values.integer("max_iter") * 5 / 4);
    if (name == "eps2") continue;
    if (name == "eps1") {
      OAR_ASSIGN(Tree second, tree_from_json_value(*options.find("eps2")));
      item = Tree(Tree::List{std::move(item), std::move(second)});
    }
    python.set(has_pair && name == "eps1" ? "eps" : name, std::move(item));
  }
  for (const TorchOptions& more : kTorchOptions) {
    if (more.rule != optimizer.name()) continue;
    for_each_word(more.none, [&](std::string_view name) { python.set(name, Tree()); });
    for_each_word(more.off, [&](std::string_view name) { python.set(name, flag(false)); });
  }
  if (optimizer.name() == "adamw") python.set("decoupled_weight_decay", flag(true));
  if (optimizer.has_fixed_initial_rates()) python.set("initial_lr", number(group.initial_lr));
  for (const auto& [name, value] : group.notes) python.set(name, number(value));
  const std::vector<GroupScalar>& scalars = optimizer.rule().group_scalars;
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    const bool counts = std::string_view(scalars[i].name) == "k";
    python.set(scalars[i].name,
               counts ? integer(static_cast<std::int64_t>(group.scalars[i])) : number(group.scalars[i]));
  }
  if (training != nullptr) {
    OAR_ASSIGN(Tree mode, tree_from_json_value(*training));
    python.set("train_mode", std::move(mode));
  }
  Tree::List indices;
  for (std::size_t i = 0; i < group.members.size(); ++i) indices.push_back(integer(first_index++));
  python.set("params", Tree(std::move(indices)));
  return python;
}

// --- What torch keeps otherwise than as a tensor: the numbers and lists of L-BFGS, the count of transformers'
// Adafactor.

bool is_integer_state(std::string_view rule, std::string_view name) {
  return (rule == "lbfgs" && (name == "func_evals" || name == "n_iter")) ||
         (rule == "adafactor_transformers" && name == "step");
}
bool is_number_state(std::string_view rule, std::string_view name) {
  return rule == "lbfgs" && (name == "t" || name == "prev_loss");
}
bool is_list_state(std::string_view rule, std::string_view name) {
  return rule == "lbfgs" && (name == "old_dirs" || name == "old_stps" || name == "ro");
}

Tree state_to_python(std::string_view rule, std::string_view name, const at::Tensor& tensor) {
  if (is_integer_state(rule, name)) return integer(static_cast<std::int64_t>(tensor.item<double>()));
  if (is_number_state(rule, name)) return number(tensor.item<double>());
  if (!is_list_state(rule, name)) return Tree(tensor);
  Tree::List rows;
  for (std::int64_t i = 0; i < tensor.size(0); ++i) rows.emplace_back(tensor.select(0, i));
  return Tree(std::move(rows));
}

Result<at::Tensor> state_from_python(std::string_view rule, std::string_view name, const Tree& value,
                                     const at::Tensor& parameter) {
  const auto like_parameter = [&](const at::Tensor& tensor) {
    return tensor.is_floating_point() ? tensor.detach().to(parameter.device(), parameter.scalar_type())
                                      : tensor.detach().to(parameter.device());
  };
  if (is_list_state(rule, name)) {
    if (value.list() == nullptr) return invalid_argument("it must be a list of tensors, not {}", value.kind_name());
    std::vector<at::Tensor> rows;
    for (const Tree& row : *value.list()) {
      if (row.tensor() == nullptr) return invalid_argument("it must hold tensors, not {}", row.kind_name());
      rows.push_back(like_parameter(*row.tensor()));
    }
    return rows.empty() ? at::Tensor() : at::stack(rows);
  }
  const bool is_number = name == "step" || is_integer_state(rule, name) || is_number_state(rule, name);
  if (!is_number && value.tensor() != nullptr) return like_parameter(*value.tensor());
  OAR_ASSIGN(const double plain, value.as_double());
  return at::full({}, plain, rule == "lbfgs" ? at::kDouble : at::kFloat);
}

// Of no use here: None, what torch finds anew in each step, empty lists.
bool is_dropped(std::string_view rule, std::string_view name, const Tree& value) {
  const bool is_none = std::holds_alternative<std::monostate>(value.value());
  const bool is_found_anew = (rule == "lbfgs" && name == "al") || (rule == "adafactor_transformers" && name == "RMS");
  return is_none || is_found_anew || (value.list() != nullptr && value.list()->empty());
}

// plain: gets what an optimizer of the host's keeps that is no tensor.
Result<NamedTensors> tensors_from(const Optimizer& optimizer, const Tree& states,
                                  const std::map<std::string, std::size_t, std::less<>>& place_of, JsonValue& plain) {
  const bool is_hosts = optimizer.rule().option_names != nullptr;
  NamedTensors tensors;
  std::map<std::size_t, const Tree*> by_place;  // in the optimizer's order
  for (const auto& [key, state] : *states.map()) {
    const auto place = place_of.find(key);
    if (place == place_of.end()) return invalid_argument("state['{}'] is of no parameter in \"param_groups\"", key);
    if (state.map() == nullptr) return invalid_argument("state['{}'] must be a map, not {}", key, state.kind_name());
    by_place.emplace(place->second, &state);
  }
  for (const auto& [place, state] : by_place) {
    const NamedTensor& parameter = optimizer.parameters()[place];
    JsonValue of_parameter = JsonValue::object();
    for (const auto& [name, value] : *state->map()) {
      if (is_hosts && value.tensor() == nullptr) {
        OAR_ASSIGN(JsonValue json, tree_to_json_value(value));
        of_parameter.set(name, std::move(json));
        continue;
      }
      if (is_hosts) {
        tensors.push_back({fmt::format("{}.{}", parameter.name, name), value.tensor()->detach()});
        continue;
      }
      if (is_dropped(optimizer.name(), name, value)) continue;
      const std::string full = fmt::format("{}.{}", parameter.name, name);
      Result<at::Tensor> tensor = state_from_python(optimizer.name(), name, value, parameter.tensor);
      if (!tensor.is_ok()) return std::move(tensor).status().within(full);
      tensors.push_back({full, std::move(tensor).value()});
    }
    if (!of_parameter.members().empty()) plain.set(parameter.name, std::move(of_parameter));
  }
  return tensors;
}

// One option under our names; `options`: where it goes.
Status option_from_python(const Optimizer& optimizer, const std::string& name, const Tree& value, JsonValue& options) {
  const HyperParameters& known = optimizer.groups().front().values;
  if (is_known(name)) return Status::ok();
  if (name == "decoupled_weight_decay" && optimizer.name() == "adamw") {
    const auto* decoupled = std::get_if<bool>(&value.value());
    if (decoupled == nullptr || *decoupled) return Status::ok();
    return unsupported("decoupled_weight_decay is off; that is 'adam', here 'adamw'");
  }
  if (name == "eps" && known.has("eps1")) {
    if (value.size() != 2) return invalid_argument("eps must be two numbers, not {}", value.kind_name());
    OAR_ASSIGN(JsonValue first, tree_to_json_value((*value.list())[0]));
    OAR_ASSIGN(JsonValue second, tree_to_json_value((*value.list())[1]));
    options.set("eps1", std::move(first));
    options.set("eps2", std::move(second));
    return Status::ok();
  }
  const bool is_none = std::holds_alternative<std::monostate>(value.value());
  if (!known.has(name)) {
    const auto* is_on = std::get_if<bool>(&value.value());
    if (is_none || (is_on != nullptr && !*is_on)) return Status::ok();  // a newer torch's, not in use
    return unsupported("'{}' is no option of '{}'", name, optimizer.name());
  }
  if (is_none && name == "lr") {
    options.set("lr", JsonValue::number(0));
    return Status::ok();
  }
  if (value.tensor() != nullptr) {  // a rate may be a tensor in torch
    OAR_ASSIGN(const double plain, value.as_double());
    options.set(name, JsonValue::number(plain));
    return Status::ok();
  }
  OAR_ASSIGN(JsonValue json, tree_to_json_value(value));
  options.set(name, std::move(json));
  return Status::ok();
}

Result<double> number_at(const Tree& map, std::string_view key, double otherwise) {
  const Tree* value = map.find(key);
  if (value == nullptr || std::holds_alternative<std::monostate>(value->value())) return otherwise;
  Result<double> read = value->as_double();
  if (!read.is_ok()) return std::move(read).status().within(key);
  return read;
}

// A group as OptimizerState has it.
Result<JsonValue> group_from_python(const Optimizer& optimizer, const ParameterGroup& group, const Tree& python) {
  JsonValue options = JsonValue::object(), scalars = JsonValue::object();
  for (const GroupScalar& scalar : optimizer.rule().group_scalars) {
    OAR_ASSIGN(const double value, number_at(python, scalar.name, scalar.initial));
    scalars.set(scalar.name, JsonValue::number(value));
  }
  for (const auto& [name, value] : *python.map()) {
    if (name == "params" || name == "initial_lr" || scalars.find(name) != nullptr) continue;
    Status status = option_from_python(optimizer, name, value, options);
    if (!status.is_ok()) return std::move(status).within(name);
  }
  JsonValue json = JsonValue::object();
  OAR_ASSIGN(const double rate, number_at(python, "lr", 0));
  OAR_ASSIGN(const double initial, number_at(python, "initial_lr", rate));
  json.set("learning_rate", JsonValue::number(rate));
  json.set("initial_learning_rate", JsonValue::number(initial));
  json.set("options", std::move(options));
  if (!scalars.members().empty()) json.set("scalars", std::move(scalars));
  JsonValue names = JsonValue::array();
  for (const std::size_t index : group.members) names.append(JsonValue::string(optimizer.parameters()[index].name));
  json.set("parameters", std::move(names));
  return json;
}

Result<const Tree*> member(const Tree& tree, std::string_view key, bool is_list) {
  const Tree* found = tree.find(key);
  const char* kind = is_list ? "a list" : "a map";
  if (found == nullptr) return invalid_argument("it has no \"{}\", {}", key, kind);
  const bool is_empty_map = !is_list && found->list() != nullptr && found->list()->empty();
  if ((is_list ? found->list() != nullptr : found->map() != nullptr) || is_empty_map) return found;
  return invalid_argument("\"{}\" must be {}, not {}", key, kind, found->kind_name());
}

Result<std::string> index_text(const Tree& index) {
  const auto* value = std::get_if<std::int64_t>(&index.value());
  if (value != nullptr) return std::to_string(*value);
  return invalid_argument("\"params\" must hold integers, not {}", index.kind_name());
}

// The whole but the tensors, and which parameter each index is.
Result<JsonValue> values_from(const Optimizer& optimizer, const Tree& groups,
                              std::map<std::string, std::size_t, std::less<>>& place_of) {
  const std::vector<ParameterGroup>& own = optimizer.groups();
  if (groups.list()->size() != own.size()) {
    return invalid_argument("it has another number of parameter groups; given {}, here {}", groups.list()->size(),
                            own.size());
  }
  JsonValue list = JsonValue::array();
  for (std::size_t i = 0; i < own.size(); ++i) {
    const Tree& python = (*groups.list())[i];
    const std::string where = fmt::format("param_groups[{}]", i);
    if (python.map() == nullptr) return invalid_argument("{} must be a map, not {}", where, python.kind_name());
    OAR_ASSIGN(const Tree* indices, member(python, "params", true));
    if (indices->list()->size() != own[i].members.size()) {
      return invalid_argument("{} has another number of parameters; given {}, here {}", where, indices->list()->size(),
                              own[i].members.size());
    }
    for (std::size_t p = 0; p < own[i].members.size(); ++p) {
      OAR_ASSIGN(std::string index, index_text((*indices->list())[p]));
      if (!place_of.emplace(index, own[i].members[p]).second)
        return invalid_argument("{} has parameter {} a second time", where, index);
    }
    Result<JsonValue> group = group_from_python(optimizer, own[i], python);
    if (!group.is_ok()) return std::move(group).status().within(where);
    list.append(std::move(group).value());
  }
  JsonValue values = JsonValue::object();
  values.set("name", JsonValue::string(optimizer.name()));
  const JsonValue first = list.items().front();
  for (const auto& [key, value] : first.members()) {
    if (key != "parameters") values.set(key, value);
  }
  if (own.size() > 1) values.set("groups", std::move(list));
  return values;
}

std::int64_t steps_in(const NamedTensors& tensors, std::int64_t otherwise) {
  double largest = -1;
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name.ends_with(".step") && tensor.tensor.numel() == 1)
      largest = std::max(largest, tensor.tensor.item<double>());
  }
  return largest < 0 ? otherwise : static_cast<std::int64_t>(largest);
}

}  // namespace

Result<Tree> optimizer_state_dict(const Optimizer& optimizer) {
  const OptimizerState own = optimizer.state();
  std::map<std::string, Tree, std::less<>> states;
  for (const NamedTensor& tensor : own.tensors) {
    const std::size_t dot = tensor.name.rfind('.');
    const std::string name = tensor.name.substr(dot + 1);
    states[tensor.name.substr(0, dot)].set(name, state_to_python(optimizer.name(), name, tensor.tensor));
  }
  if (const JsonValue* plain = own.values.find("state")) {  // of an optimizer of the host's
    for (const auto& [parameter, values] : plain->members()) {
      for (const auto& [name, value] : values.members()) {
        OAR_ASSIGN(Tree item, tree_from_json_value(value));
        states[parameter].set(name, std::move(item));
      }
    }
  }
  Tree state((Tree::Map()));
  const std::vector<std::size_t> order = python_order(optimizer);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto found = states.find(optimizer.parameters()[order[i]].name);
    if (found != states.end()) state.set(std::to_string(i), std::move(found->second));
  }
  Tree groups((Tree::List()));
  std::int64_t first_index = 0;
  for (const ParameterGroup& group : optimizer.groups()) {
    OAR_ASSIGN(Tree python, group_to_python(optimizer, group, first_index, own.values.find("training")));
    groups.append(std::move(python));
    first_index += static_cast<std::int64_t>(group.members.size());
  }
  Tree whole((Tree::Map()));
  whole.set("state", std::move(state));
  whole.set("param_groups", std::move(groups));
  return whole;
}

Result<OptimizerState> optimizer_state_from(const Optimizer& optimizer, const Tree& state_dict) {
  const auto read = [&]() -> Result<OptimizerState> {
    OAR_ASSIGN(const Tree* states, member(state_dict, "state", false));
    OAR_ASSIGN(const Tree* groups, member(state_dict, "param_groups", true));
    std::map<std::string, std::size_t, std::less<>> place_of;
    OptimizerState state;
    OAR_ASSIGN(state.values, values_from(optimizer, *groups, place_of));
    if (states->map() != nullptr) {
      JsonValue plain = JsonValue::object();
      OAR_ASSIGN(state.tensors, tensors_from(optimizer, *states, place_of, plain));
      if (!plain.members().empty()) state.values.set("state", std::move(plain));
    }
    state.values.set("num_steps", JsonValue::integer(steps_in(state.tensors, optimizer.num_steps())));
    const Tree* training = (*groups->list()).front().find("train_mode");
    const bool* is_training = training == nullptr ? nullptr : std::get_if<bool>(&training->value());
    if (is_training != nullptr) state.values.set("training", JsonValue::boolean(*is_training));
    return state;
  };
  Result<OptimizerState> state = read();
  if (!state.is_ok()) return std::move(state).status().within("state dict of an optimizer");
  return state;
}

}  // namespace oarlock
