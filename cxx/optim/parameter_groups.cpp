#include "optim/parameter_groups.h"

#include <optional>
#include <utility>

#include "base/text.h"

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
Result<HyperParameters> read_common(const UpdateRule& rule, const Options& options) {
  HyperParameters values(rule.options);
  const JsonValue json = options.to_json();
  for (const auto& [name, value] : json.members()) {
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
  ParameterGroup group{common, 0, {}, {}};
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

}  // namespace

Status check_values(const UpdateRule& rule, const HyperParameters& values) {
  return rule.check ? rule.check(values) : Status::ok();
}

Result<GroupedParameters> group_parameters(const UpdateRule& rule, NamedTensors parameters, const Options& options) {
  OAR_ASSIGN(const HyperParameters common, read_common(rule, options));
  if (parameters.empty()) return invalid_argument("an optimizer needs at least one parameter, got none");
  if (options.is_set("optimizer.params")) {
    std::vector<bool> chosen(parameters.size(), false);
    OAR_TRY(choose(parameters, options.list("optimizer.params"), "optimizer.params", chosen));
    parameters = keep_chosen(std::move(parameters), chosen);
    if (parameters.empty()) return invalid_argument("optimizer.params is empty: no parameter would be updated");
  }
  GroupedParameters grouped;
  std::vector<std::optional<std::size_t>> group_of(parameters.size());
  for (const JsonValue& json : options.list("optimizer.groups").items()) {
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
  ParameterGroup rest{common, 0, {}, {}};
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

}  // namespace oarlock
