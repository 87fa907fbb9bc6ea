#include "base/options.h"

#include <algorithm>

#include "base/check.h"
#include "base/env.h"
#include "base/json_lexeme.h"
#include "base/text.h"

namespace oarlock {
namespace {

std::string_view section_of(std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

bool is_in_section(std::string_view key, std::string_view section) {
  return section.empty() || section_of(key) == section;
}

const OptionKey* find_row(std::string_view key) {
  const std::span<const OptionKey> rows = option_keys();
  const auto row =
      std::lower_bound(rows.begin(), rows.end(), key,
                       [](const OptionKey& candidate, std::string_view wanted) { return candidate.key < wanted; });
  return row != rows.end() && row->key == key ? &*row : nullptr;
}

JsonValue default_of(const OptionKey& row) {
  Result<JsonValue> value = parse_json(row.default_json);
  OAR_CHECK(value.is_ok());  // a unit test reads every row
  return std::move(value).value();
}

bool are_numbers(const JsonValue& list) {
  return list.is_array() && std::all_of(list.items().begin(), list.items().end(), [](const JsonValue& item) {
           return item.is_number() && item.as_double().is_ok();
         });
}

// The value as it is kept, or nullopt when it has another type.
std::optional<JsonValue> accept(OptionType type, const JsonValue& value) {
  switch (type) {
    case OptionType::kFlag:
      return value.is_bool() ? std::optional(value) : std::nullopt;
    case OptionType::kString:
      return value.is_string() ? std::optional(value) : std::nullopt;
    case OptionType::kDoubles:
      if (value.is_number() && value.as_double().is_ok())
        return JsonValue::array({value});  // one number is a list of it
      return are_numbers(value) ? std::optional(value) : std::nullopt;
    case OptionType::kList:
      return value.is_array() ? std::optional(value) : std::nullopt;
    case OptionType::kDouble:
      return value.is_number() && value.as_double().is_ok() ? std::optional(value) : std::nullopt;
    case OptionType::kInt: {
      if (value.is_string()) {
        const std::optional<std::int64_t> digits = parse_int(value.text());
        return digits ? std::optional(JsonValue::integer(*digits)) : std::nullopt;
      }
      const Result<std::int64_t> integer = value.as_int64();
      return integer.is_ok() ? std::optional(JsonValue::integer(integer.value())) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<JsonValue> parse_variable(OptionType type, const std::string& text) {
  switch (type) {
    case OptionType::kString:
      return JsonValue::string(text);
    case OptionType::kFlag: {
      const std::optional<bool> flag = parse_flag(text);
      return flag ? std::optional(JsonValue::boolean(*flag)) : std::nullopt;
    }
    case OptionType::kInt: {
      const std::optional<std::int64_t> integer = parse_int(text);
      return integer ? std::optional(JsonValue::integer(*integer)) : std::nullopt;
    }
    case OptionType::kDouble: {
      const std::optional<double> number = parse_double(text);
      return number ? std::optional(JsonValue::number(*number)) : std::nullopt;
    }
    case OptionType::kDoubles: {
      std::vector<JsonValue> items;
      for (const std::string& part : split_text(text, ',')) {
        const std::optional<double> number = parse_double(part);
        if (!number) return std::nullopt;
        items.push_back(JsonValue::number(*number));
      }
      return JsonValue::array(std::move(items));
    }
    case OptionType::kList: {
      const Result<JsonValue> list = parse_json(text);
      return list.is_ok() && list.value().is_array() ? std::optional(list.value()) : std::nullopt;
    }
  }
  return std::nullopt;
}

Result<JsonValue> initial_value(const OptionKey& row) {
  for (const char* variable : {row.variable, row.reference_variable}) {
    if (variable == nullptr) continue;
    const std::optional<std::string> text = env_text(variable);
    if (!text) continue;
    if (const std::optional<JsonValue> value = parse_variable(row.type, *text)) return *value;
    return bad_environment("the variable {} (option '{}') must be {}, but is '{}'; correct or unset it", variable,
                           row.key, option_type_name(row.type), *text);
  }
  return default_of(row);
}

// The known key that an unknown one most likely means: near in spelling, or the same name in another section.
std::optional<std::string_view> nearest_key(std::string_view given, std::string_view section) {
  std::vector<std::string_view> keys;
  for (const OptionKey& row : option_keys()) {
    if (is_in_section(row.key, section)) keys.emplace_back(row.key);
  }
  if (const auto nearest = nearest_text(given, keys)) return nearest;
  const std::string_view last_given = given.substr(given.rfind('.') + 1);
  std::vector<std::string_view> names;
  for (const std::string_view key : keys) names.push_back(key.substr(key.rfind('.') + 1));
  const auto nearest_name = nearest_text(last_given, names);
  if (!nearest_name) return std::nullopt;
  return keys[static_cast<std::size_t>(std::find(names.begin(), names.end(), *nearest_name) - names.begin())];
}

bool has_section(std::string_view name) {
  const std::span<const OptionKey> rows = option_keys();
  return std::any_of(rows.begin(), rows.end(), [&](const OptionKey& row) { return section_of(row.key) == name; });
}

}  // namespace

const char* option_type_name(OptionType type) {
  switch (type) {
    case OptionType::kFlag:
      return "true or false";
    case OptionType::kInt:
      return "an integer";
    case OptionType::kDouble:
      return "a number";
    case OptionType::kString:
      return "a string";
    case OptionType::kDoubles:
      return "a list of numbers";
    case OptionType::kList:
      return "a list";
  }
  return "nothing";
}

Result<Options> Options::with_environment(std::string_view section) {
  Options options(section);
  for (const OptionKey& row : option_keys()) {
    if (!is_in_section(row.key, section)) continue;
    OAR_ASSIGN(JsonValue value, initial_value(row));
    options.values_.emplace(row.key, std::move(value));
  }
  return options;
}

Result<Options> Options::from_environment() { return with_environment(""); }

Result<Options> Options::parse_section(std::string_view section, const char* json) {
  OAR_ASSIGN(Options options, with_environment(section));
  if (json != nullptr && *json != '\0') OAR_TRY(options.merge_json(json));
  return options;
}

Options Options::section(std::string_view name) const {
  OAR_CHECK(section_.empty());
  Options part(name);
  for (const auto& [key, value] : values_) {
    if (section_of(key) == name) part.values_.emplace(key, value);
  }
  return part;
}

Result<Options> Options::section_with(std::string_view name, const char* json) const {
  Options part = section(name);
  if (json != nullptr && *json != '\0') OAR_TRY(part.merge_json(json));
  return part;
}

std::string Options::full_key(std::string_view key) const {
  if (section_.empty() || section_of(key) == section_) return std::string(key);
  return fmt::format("{}.{}", section_, key);
}

Status Options::check_known(const std::string& full) const {
  if (values_.contains(full)) return Status::ok();
  if (section_.empty() && has_section(full)) {
    return invalid_argument("'{0}' is a section: give an object, {{\"{0}\":{{...}}}}, or dotted keys", full);
  }
  if (const auto nearest = nearest_key(full, section_)) {
    return invalid_argument("unknown option '{}'; did you mean '{}'?", full, *nearest);
  }
  if (!section_.empty() && values_.empty())
    return invalid_argument("unknown option '{}'; '{}' has no options", full, section_);
  if (!section_.empty()) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : values_) keys.push_back(key);
    return invalid_argument("unknown option '{}'; this section has: {}", full, join_text(keys, ", "));
  }
  return invalid_argument("unknown option '{}', and no known one is like it; docs/options.md lists all", full);
}

Status Options::set(std::string_view key, JsonValue value) {
  const std::string full = full_key(key);
  OAR_TRY(check_known(full));
  const OptionKey& row = *find_row(full);
  if (value.is_null()) value = default_of(row);
  if (value.is_null()) {
    values_[full] = JsonValue();
    return Status::ok();
  }
  std::optional<JsonValue> accepted = accept(row.type, value);
  if (!accepted) {
    return invalid_argument("option '{}' must be {}, but is {}: {}", full, option_type_name(row.type),
                            value.kind_name(), value.dump());
  }
  values_[full] = std::move(*accepted);
  return Status::ok();
}

Status Options::merge_object(const JsonValue& object, const std::string& prefix, std::vector<std::string>& seen) {
  for (const auto& [name, value] : object.members()) {
    const std::string full = full_key(prefix + name);
    const bool is_section = value.is_object() && !values_.contains(full) && (has_section(name) && prefix.empty());
    if (is_section && (section_.empty() || name == section_)) {
      OAR_TRY(merge_object(value, name + ".", seen));
      continue;
    }
    OAR_TRY(set(full, value));
    if (std::find(seen.begin(), seen.end(), full) != seen.end()) {
      return invalid_argument("option '{}' is given twice, in an object and with a dot", full);
    }
    seen.push_back(full);
  }
  return Status::ok();
}

Status Options::merge_json(std::string_view json) {
  Result<JsonValue> parsed = parse_json(json);
  if (!parsed.is_ok()) return std::move(parsed).status().within("the options are not valid JSON");
  if (!parsed.value().is_object()) {
    return invalid_argument("the options must be a JSON object, like {{\"batch_size\":32}}, not {}",
                            parsed.value().kind_name());
  }
  Options merged = *this;
  std::vector<std::string> seen;
  OAR_TRY(merged.merge_object(parsed.value(), "", seen));
  *this = std::move(merged);
  return Status::ok();
}

const JsonValue& Options::value_of(std::string_view key, OptionType type) const {
  const std::string full = full_key(key);
  const auto found = values_.find(full);
  OAR_CHECK(found != values_.end());
  OAR_CHECK(find_row(full)->type == type);
  return found->second;
}

bool Options::is_set(std::string_view key) const {
  const auto found = values_.find(full_key(key));
  OAR_CHECK(found != values_.end());
  return !found->second.is_null();
}

bool Options::flag(std::string_view key) const {
  const JsonValue& value = value_of(key, OptionType::kFlag);
  return !value.is_null() && value.as_bool().value();
}

std::int64_t Options::integer(std::string_view key) const {
  const JsonValue& value = value_of(key, OptionType::kInt);
  return value.is_null() ? 0 : value.as_int64().value();
}

double Options::number(std::string_view key) const {
  const JsonValue& value = value_of(key, OptionType::kDouble);
  return value.is_null() ? 0 : value.as_double().value();
}

std::string Options::text(std::string_view key) const {
  const JsonValue& value = value_of(key, OptionType::kString);
  return value.is_null() ? std::string() : value.text();
}

std::vector<double> Options::numbers(std::string_view key) const {
  std::vector<double> numbers;
  for (const JsonValue& item : value_of(key, OptionType::kDoubles).items()) numbers.push_back(item.as_double().value());
  return numbers;
}

const JsonValue& Options::list(std::string_view key) const { return value_of(key, OptionType::kList); }

JsonValue Options::to_json() const {
  std::vector<JsonValue::Member> members;
  const std::size_t prefix = section_.empty() ? 0 : section_.size() + 1;
  for (const auto& [key, value] : values_) {
    // What a JSON reader would round goes out as it must come in: as a string.
    const bool is_exact = !value.is_number() || fits_double(value.text());
    members.emplace_back(key.substr(prefix), is_exact ? value : JsonValue::string(value.text()));
  }
  return JsonValue::object(std::move(members));
}

Result<std::string> Options::as_text(std::string_view key) const {
  const std::string full = full_key(key);
  OAR_TRY(check_known(full));
  const JsonValue& value = values_.find(full)->second;
  if (value.is_null()) return std::string();
  return value.is_string() ? value.text() : value.dump();
}

Result<OptionType> Options::type_of(std::string_view key) const {
  const std::string full = full_key(key);
  OAR_TRY(check_known(full));
  return find_row(full)->type;
}

Status Options::check_type(std::string_view key, OptionType type) const {
  OAR_ASSIGN(const OptionType own, type_of(key));
  if (own == type) return Status::ok();
  return invalid_argument("option '{}' is {}, not {}", full_key(key), option_type_name(own), option_type_name(type));
}

}  // namespace oarlock
