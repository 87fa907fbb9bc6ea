#include "optim/parameter_groups.h"

#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

// Marks in `chosen` whatever fits a pattern of the list.
Status choose(const NamedTensors& parameters, const JsonValue& patterns, const std::string& where,
              std::vector<bool>& chosen) {
  if (!patterns.is_array()) {
    return invalid_argument("{} must be a list of names or patterns like [\"*.bias\"], but is {}: {}", where,
                            patterns.kind_name(), patterns.dump());
  }
  for (const JsonValue& pattern : patterns.items()) {
    if (!pattern.is_string()) return invalid_argument("{} must hold strings, got {}", where, pattern.dump());
    bool fits_any = false;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (!text_fits(parameters[i].name, pattern.text())) continue;
      chosen[i] = true;
      fits_any = true;
    }
    if (fits_any) continue;
    std::vector<std::string_view> names;
    for (const NamedTensor& parameter : parameters) names.emplace_back(parameter.name);
    const auto nearest = nearest_text(pattern.text(), names);
    return invalid_argument("{}: '{}' fits no parameter{}", where, pattern.text(),
                            nearest ? fmt::format("; did you mean '{}'?", *nearest)
                                    : fmt::format("; the first of {} is '{}'", names.size(), names.front()));
  }
  return Status::ok();
}

// The options that hold for every group that does not say otherwise.
Result<HyperParameters> read_common(const UpdateRule& rule, const JsonValue& options) {
  HyperParameters values(rule.options);
  for (const auto& [name, value] : options.members()) {
    if (value.is_null() || name == "groups" || name == "params") continue;
    OAR_TRY(values.set(name, value, rule.name));
  }
  OAR_TRY(check_values(rule, values));
  return values;
}

Result<ParameterGroup> read_group(const UpdateRule& rule, const HyperParameters& common, const JsonValue& json,
                                  const NamedTensors& parameters, std::vector<bool>& chosen) {
  if (!json.is_object()) {
    return invalid_argument("it must be an object like {{\"params\":[\"*.bias\"],\"weight_decay\":0}}, but is {}: {}",
                            json.kind_name(), json.dump());
  }
  const JsonValue* patterns = json.find("params");
  if (patterns == nullptr || (patterns->is_array() && patterns->items().empty()))
    return invalid_argument("it names no parameter; give \"params\", a list of names or patterns");
  ParameterGroup group{common, 0, {}, {}, {}};
  for (const auto& [name, value] : json.members()) {
    if (name != "params") OAR_TRY(group.values.set(name, value, rule.name));
  }
  OAR_TRY(check_values(rule, group.values));
  OAR_TRY(choose(parameters, *patterns, "params", chosen));
  return group;
}

NamedTensors keep_chosen(NamedTensors parameters, const std::vector<bool>& chosen) {
  NamedTensors kept;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (chosen[i]) kept.push_back(std::move(parameters[i]));
  }
  return kept;
}

Status check_parameters(const UpdateRule& rule, const NamedTensors& parameters) {
  std::unordered_set<const void*> tensors;
  std::set<std::string_view> names;
  for (const NamedTensor& parameter : parameters) {
    const at::Tensor& tensor = parameter.tensor;
    if (!tensor.defined()) return invalid_argument("parameter '{}' has no tensor", parameter.name);
    if (!names.insert(parameter.name).second)
      return invalid_argument("two parameters have the same name: '{}'", parameter.name);
    if (!tensors.insert(tensor.unsafeGetTensorImpl()).second) {
      return invalid_argument("a parameter is in the list twice; the second time as '{}'", parameter.name);
    }
    const at::ScalarType dtype = tensor.scalar_type();
    if (dtype != at::kFloat && dtype != at::kDouble && dtype != at::kHalf && dtype != at::kBFloat16) {
      return unsupported("parameters must be float16, bfloat16, float32 or float64; '{}' is {}", parameter.name,
                         dtype_name(dtype));
    }
    if (tensor.layout() != at::kStrided || !tensor.is_non_overlapping_and_dense()) {
      return unsupported("parameters must fill their memory without gaps or overlaps; '{}' does not", parameter.name);
    }
    if (rule.check_parameter) OAR_TRY(rule.check_parameter(parameter));
  }
  return Status::ok();
}

}  // namespace

Status check_values(const UpdateRule& rule, const HyperParameters& values) {
  return rule.check ? rule.check(values) : Status::ok();
}

Result<GroupedParameters> group_parameters(const UpdateRule& rule, NamedTensors parameters, const JsonValue& options) {
  OAR_ASSIGN(const HyperParameters common, read_common(rule, options));
  if (parameters.empty()) return invalid_argument("an optimizer needs at least one parameter, got none");
  const JsonValue* only = options.find("params");
  if (only != nullptr && !only->is_null()) {
    std::vector<bool> chosen(parameters.size(), false);
    OAR_TRY(choose(parameters, *only, "optimizer.params", chosen));
    parameters = keep_chosen(std::move(parameters), chosen);
    if (parameters.empty()) return invalid_argument("optimizer.params is empty: no parameter would be updated");
  }
  GroupedParameters grouped;
  std::vector<std::optional<std::size_t>> group_of(parameters.size());
  const JsonValue* groups = options.find("groups");
  const JsonValue none = JsonValue::array();
  if (groups == nullptr || groups->is_null()) groups = &none;
  if (!groups->is_array()) {
    return invalid_argument(
        "optimizer.groups must be a list of objects like {{\"params\":[\"*.bias\"],\"lr\":0.1}}, but is {}",
        groups->kind_name());
  }
  for (const JsonValue& json : groups->items()) {
    const std::string where = fmt::format("optimizer.groups[{}]", grouped.groups.size());
    std::vector<bool> chosen(parameters.size(), false);
    Result<ParameterGroup> group = read_group(rule, common, json, parameters, chosen);
    if (!group.is_ok()) return std::move(group).status().within(where);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (!chosen[i]) continue;
      if (group_of[i]) {
        return invalid_argument(
            "parameter '{}' is in two groups, optimizer.groups[{}] and {}; a parameter belongs to one",
            parameters[i].name, *group_of[i], where);
      }
      group_of[i] = grouped.groups.size();
      group.value().members.push_back(i);
    }
    grouped.groups.push_back(std::move(group).value());
  }
  ParameterGroup rest{common, 0, {}, {}, {}};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!group_of[i]) rest.members.push_back(i);
  }
  if (!rest.members.empty()) grouped.groups.push_back(std::move(rest));
  for (ParameterGroup& group : grouped.groups) {
    group.initial_lr = group.values.number_or("lr", 0);
    for (const GroupScalar& scalar : rule.group_scalars) group.scalars.push_back(scalar.initial);
  }
  grouped.parameters = std::move(parameters);
  return grouped;
}

Result<GroupedParameters> group_checked(const UpdateRule& rule, NamedTensors parameters, const JsonValue& options) {
  OAR_ASSIGN(GroupedParameters grouped, group_parameters(rule, std::move(parameters), options));
  OAR_TRY(check_parameters(rule, grouped.parameters));
  return grouped;
}

}  // namespace oarlock
