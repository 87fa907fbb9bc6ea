#include "optim/hyper_parameters.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace oarlock {
namespace {

Result<HyperValue> wrong_type(const char* section, const HyperParameterRule& rule, const JsonValue& value) {
  return invalid_argument("option '{}.{}' must be {}, but is {}: {}", section, rule.name, option_type_name(rule.type),
                          value.kind_name(), value.dump());
}

Result<HyperValue> read_numbers(const char* section, const HyperParameterRule& rule, const JsonValue& value) {
  if (!value.is_array()) return wrong_type(section, rule, value);
  const auto* initial = std::get_if<std::vector<double>>(&rule.initial);
  const std::size_t expected = initial == nullptr ? 0 : initial->size();  // 0: however many
  if (expected != 0 && value.items().size() != expected) {
    const std::string many = expected == 2 ? "two" : expected == 3 ? "three" : std::to_string(expected);
    return invalid_argument("{}.{} must be {} numbers, got {} of them", section, rule.name, many, value.items().size());
  }
  std::vector<double> numbers;
  for (const JsonValue& item : value.items()) {
    const Result<double> number = item.as_double();
    if (!number.is_ok()) return wrong_type(section, rule, value);
    OAR_TRY(check_range(fmt::format("{}.{}[{}]", section, rule.name, numbers.size()), rule.range, number.value()));
    numbers.push_back(number.value());
  }
  return HyperValue(std::move(numbers));
}

Result<HyperValue> read_text(const char* section, const HyperParameterRule& rule, const JsonValue& value) {
  if (!value.is_string()) return wrong_type(section, rule, value);
  const auto& choices = rule.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), value.text()) != choices.end())
    return HyperValue(value.text());
  return invalid_argument("{}.{} must be one of '{}', got '{}'", section, rule.name, fmt::join(choices, "', '"),
                          value.text());
}

Result<HyperValue> read_value(const char* section, const HyperParameterRule& rule, const JsonValue& value) {
  if (value.is_null()) return HyperValue(rule.initial);
  switch (rule.type) {
    case OptionType::kFlag:
      if (!value.is_bool()) return wrong_type(section, rule, value);
      return HyperValue(value.as_bool().value());
    case OptionType::kInt: {
      const Result<std::int64_t> integer = value.as_int64();
      if (!integer.is_ok()) return wrong_type(section, rule, value);
      OAR_TRY(check_range(fmt::format("{}.{}", section, rule.name), rule.range, static_cast<double>(integer.value()),
                          true));
      return HyperValue(integer.value());
    }
    case OptionType::kDouble: {
      const Result<double> number = value.as_double();
      if (!number.is_ok()) return wrong_type(section, rule, value);
      OAR_TRY(check_range(fmt::format("{}.{}", section, rule.name), rule.range, number.value()));
      return HyperValue(number.value());
    }
    case OptionType::kDoubles:
      return read_numbers(section, rule, value);
    default:
      return read_text(section, rule, value);
  }
}

struct AsJson {
  JsonValue operator()(std::monostate) const { return {}; }
  JsonValue operator()(double value) const { return JsonValue::number(value); }
  JsonValue operator()(bool value) const { return JsonValue::boolean(value); }
  JsonValue operator()(std::int64_t value) const { return JsonValue::integer(value); }
  JsonValue operator()(const std::string& value) const { return JsonValue::string(value); }
  JsonValue operator()(const std::vector<double>& values) const {
    JsonValue list = JsonValue::array();
    for (const double value : values) list.append(JsonValue::number(value));
    return list;
  }
};

struct Expectation {
  bool holds;
  const char* text;
};

Expectation expectation_of(HyperRange range, double value) {
  switch (range) {
    case HyperRange::kAtLeastZero:
      return {value >= 0, ">= 0"};
    case HyperRange::kPositive:
      return {value > 0, "> 0"};
    case HyperRange::kAtLeastOne:
      return {value >= 1, ">= 1"};
    case HyperRange::kAtMostZero:
      return {value <= 0, "<= 0"};
    case HyperRange::kBelowOne:
      return {value >= 0 && value < 1, "lie in [0, 1)"};
    case HyperRange::kUpToOne:
      return {value >= 0 && value <= 1, "lie in [0, 1]"};
    case HyperRange::kAny:
      break;
  }
  return {true, nullptr};
}

}  // namespace

Status check_range(std::string_view name, HyperRange range, double value, bool is_integer) {
  const Expectation expectation = expectation_of(range, value);
  if (std::isfinite(value) && expectation.holds) return Status::ok();
  if (expectation.text == nullptr) return invalid_argument("{} must be finite, got {}", name, value);
  const bool is_interval = range == HyperRange::kBelowOne || range == HyperRange::kUpToOne;
  const char* verb = is_interval ? "" : is_integer ? "be " : "be finite and ";
  return invalid_argument("{} must {}{}, got {}", name, verb, expectation.text, value);
}

HyperParameters::HyperParameters(const std::vector<HyperParameterRule>& rules, const char* section)
    : section_(section) {
  entries_.reserve(rules.size());
  for (const HyperParameterRule& rule : rules) entries_.push_back({&rule, rule.initial});
}

const HyperParameters::Entry* HyperParameters::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (name == entry.rule->name) return &entry;
  }
  return nullptr;
}

const HyperValue& HyperParameters::at(std::string_view name) const {
  const Entry* entry = find(name);
  OAR_CHECK(entry != nullptr);
  return entry->value;
}

double HyperParameters::number(std::string_view name) const { return std::get<double>(at(name)); }
bool HyperParameters::flag(std::string_view name) const { return std::get<bool>(at(name)); }
std::int64_t HyperParameters::integer(std::string_view name) const { return std::get<std::int64_t>(at(name)); }
const std::string& HyperParameters::text(std::string_view name) const { return std::get<std::string>(at(name)); }
bool HyperParameters::is_set(std::string_view name) const { return at(name).index() != 0; }
bool HyperParameters::has(std::string_view name) const { return find(name) != nullptr; }

const std::vector<double>& HyperParameters::numbers(std::string_view name) const {
  return std::get<std::vector<double>>(at(name));
}

double HyperParameters::number_or(std::string_view name, double otherwise) const {
  const Entry* entry = find(name);
  return entry == nullptr ? otherwise : std::get<double>(entry->value);
}

bool HyperParameters::flag_or(std::string_view name, bool otherwise) const {
  const Entry* entry = find(name);
  return entry == nullptr ? otherwise : std::get<bool>(entry->value);
}

void HyperParameters::set_number(std::string_view name, double value) {
  const Entry* entry = find(name);
  OAR_CHECK(entry != nullptr);
  entries_[static_cast<std::size_t>(entry - entries_.data())].value = value;
}

void HyperParameters::set_numbers(std::string_view name, std::vector<double> values) {
  const Entry* entry = find(name);
  OAR_CHECK(entry != nullptr);
  entries_[static_cast<std::size_t>(entry - entries_.data())].value = std::move(values);
}

Status HyperParameters::set(std::string_view name, const JsonValue& value, std::string_view owner) {
  const Entry* entry = find(name);
  if (entry == nullptr) {
    std::vector<std::string_view> names;
    for (const Entry& known : entries_) names.emplace_back(known.rule->name);
    const auto nearest = nearest_text(name, names);
    const bool is_optimizer = section_ == std::string_view("optimizer");
    return invalid_argument("{}.{} is not an option of this {}: '{}'{}; it takes {}", section_, name,
                            is_optimizer ? "optimizer" : "schedule", owner,
                            nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", fmt::join(names, ", "));
  }
  OAR_ASSIGN(HyperValue read, read_value(section_, *entry->rule, value));
  entries_[static_cast<std::size_t>(entry - entries_.data())].value = std::move(read);
  return Status::ok();
}

JsonValue HyperParameters::to_json() const {
  JsonValue json = JsonValue::object();
  for (const Entry& entry : entries_) json.set(entry.rule->name, std::visit(AsJson(), entry.value));
  return json;
}

}  // namespace oarlock
