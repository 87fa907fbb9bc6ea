#include "optim/formula.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace oarlock {
namespace {

std::vector<ScheduleDefinition> all_schedules() {
  std::vector<ScheduleDefinition> all;
  for (const auto& family : {warmup_schedules(), decay_schedules(), cycle_schedules(), composition_schedules()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

Result<std::vector<Formula>> make_parts(const JsonValue* list, const ScheduleTarget& target) {
  if (list == nullptr || !list->is_array() || list->items().empty()) {
    return invalid_argument(
        "scheduler.schedules must be given: a list of objects like {{\"name\":\"exponential\",\"gamma\":0.9}}");
  }
  std::vector<Formula> parts;
  for (const JsonValue& item : list->items()) {
    const std::string where = fmt::format("scheduler.schedules[{}]", parts.size());
    const JsonValue* name = item.find("name");
    if (name == nullptr || !name->is_string())
      return invalid_argument("{} must be an object with a \"name\", got {}", where, item.dump());
    JsonValue options = JsonValue::object();
    for (const auto& [key, value] : item.members()) {
      if (key != "name") options.set(key, value);
    }
    Result<Formula> part = make_formula(name->text(), options, target);
    if (!part.is_ok()) return std::move(part).status().within(where);
    parts.push_back(std::move(part).value());
  }
  return parts;
}

}  // namespace

Formula factor_formula(std::function<double(std::int64_t step)> factor) {
  Formula formula;
  formula.rate = [factor = std::move(factor)](std::size_t, double initial, std::int64_t step) -> Result<double> {
    return initial * factor(step);
  };
  formula.is_factor = true;
  return formula;
}

Status unknown_schedule(std::string_view name) {
  std::vector<std::string> known = {"plateau"};
  for (const ScheduleDefinition& definition : all_schedules()) known.emplace_back(definition.name);
  std::sort(known.begin(), known.end());
  const std::vector<std::string_view> names(known.begin(), known.end());
  const auto nearest = nearest_text(lower_text(name), names);
  return invalid_argument(
      "no schedule of this name, got '{}'{}; there are {}, and oar_scheduler_from_factors for a function of one's own",
      name, nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", fmt::join(names, ", "));
}

Result<Formula> make_formula(std::string_view name, const JsonValue& options, const ScheduleTarget& target) {
  for (const ScheduleDefinition& definition : all_schedules()) {
    if (name != definition.name) continue;
    std::vector<Formula> parts;
    if (definition.has_parts) {
      OAR_ASSIGN(parts, make_parts(options.find("schedules"), target));
    }
    HyperParameters values(definition.options, "scheduler");
    for (const auto& [key, value] : options.members()) {
      if (definition.has_parts && key == "schedules") continue;
      OAR_TRY(values.set(key, value, name));
    }
    return definition.make(values, target, std::move(parts));
  }
  return unknown_schedule(name);
}

Status require_option(const HyperParameters& values, std::string_view option, std::string_view name) {
  if (values.is_set(option)) return Status::ok();
  return invalid_argument("scheduler.{} must be given for this schedule: '{}'", option, name);
}

Result<std::vector<double>> per_group(const HyperParameters& values, std::string_view option, std::size_t num_groups) {
  std::vector<double> numbers = values.numbers(option);
  if (numbers.size() == 1) numbers.resize(num_groups, numbers.front());
  if (numbers.size() == num_groups) return numbers;
  return invalid_argument("scheduler.{} must be one number or one for each of the {} parameter groups, got {}", option,
                          num_groups, numbers.size());
}

Result<std::vector<std::int64_t>> ascending_steps(const HyperParameters& values, std::string_view option) {
  std::vector<std::int64_t> steps;
  for (const double number : values.numbers(option)) {
    const auto step = static_cast<std::int64_t>(number);
    if (number < 1 || number > 9e15 || static_cast<double>(step) != number || (!steps.empty() && step < steps.back())) {
      return invalid_argument("scheduler.{} must be whole numbers >= 1 that do not fall, got [{}]", option,
                              fmt::join(values.numbers(option), ", "));
    }
    steps.push_back(step);
  }
  return steps;
}

}  // namespace oarlock
