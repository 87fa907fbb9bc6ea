// Validated options. Every key, with type, default, variable and text, is a row of the one table in option_keys.cpp.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace oarlock {

enum class OptionType { kFlag, kInt, kDouble, kString, kDoubles, kList };

struct OptionKey {
  const char* key;  // "loader.batch_size"; the part before the first dot is the section
  OptionType type;
  const char* default_json;  // "32", "\"gloo\"", "null" = unset
  const char* variable;      // "OARLOCK_LOADER_BATCH_SIZE": OARLOCK_, then the key in capitals with _ for dots
  const char* text;          // one sentence
  const char* reference_variable = nullptr;  // the reference's name for it, read when `variable` is unset
};

std::span<const OptionKey> option_keys();       // sorted by key
const char* option_type_name(OptionType type);  // "an integer"

// Later beats earlier: default, the reference's variable, our variable, what the program says (JSON and setters).
//
// What a value may be: a flag is true or false; an integer a JSON integer, or a string of digits (JSON readers lose
// integers beyond 2^53); a double a number; doubles a list of numbers or a single one; a list any JSON list, whose
// items the room reads. null gives back the default. Whether a value makes sense (a batch size of 0) is the business of
// the room that reads it. A variable is text: flags as Accelerate takes them (yes, on, 1, ...), doubles separated by
// commas, a list of anything as JSON; empty is unset. A wrong variable is OAR_E_ENVIRONMENT, everything else
// OAR_E_ARGUMENT; the text names key or variable, what is expected and what was given.
class Options {
 public:
  // Every key of the table, defaults overlaid by the environment. What oar_config holds.
  static Result<Options> from_environment();
  // Only the keys of one section, named with or without "section." (what oar_loader_create and the like take), defaults
  // overlaid by the environment, then by the JSON object. NULL or "": nothing more.
  static Result<Options> parse_section(std::string_view section, const char* json);
  // A view of one section of a full set: a copy whose keys are named without "name.".
  Options section(std::string_view name) const;
  // The same overlaid by a JSON object, as parse_section: for what is made from a state. NULL or "": nothing more.
  Result<Options> section_with(std::string_view name, const char* json) const;

  // Nested objects and dotted keys both name keys: {"comm":{"timeout_ms":5}} is {"comm.timeout_ms":5}. All keys or
  // none.
  Status merge_json(std::string_view json);
  Status set(std::string_view key, JsonValue value);  // unknown key: OAR_E_ARGUMENT with the nearest known one

  // For these the key must be in the table and have this type, else OAR_CHECK throws; the value was validated when it
  // was set.
  bool is_set(std::string_view key) const;                  // false: null
  bool flag(std::string_view key) const;                    // unset: false
  std::int64_t integer(std::string_view key) const;         // unset: 0
  double number(std::string_view key) const;                // unset: 0
  std::string text(std::string_view key) const;             // unset: ""
  std::vector<double> numbers(std::string_view key) const;  // unset: none
  const JsonValue& list(std::string_view key) const;        // unset: null, which has no items

  JsonValue to_json() const;                                // flat, every key in order, named as the getters take them
  Result<std::string> as_text(std::string_view key) const;  // for oar_config_get_string; "" when unset
  // For keys from outside: OAR_E_ARGUMENT for an unknown one (with the nearest known one) or another type (with both).
  Result<OptionType> type_of(std::string_view key) const;
  Status check_type(std::string_view key, OptionType type) const;

 private:
  explicit Options(std::string_view section) : section_(section) {}
  static Result<Options> with_environment(std::string_view section);
  std::string full_key(std::string_view key) const;
  Status merge_object(const JsonValue& object, const std::string& prefix, std::vector<std::string>& seen);
  Status check_known(const std::string& full) const;
  const JsonValue& value_of(std::string_view key, OptionType type) const;

  std::string section_;                                   // "" = whole table
  std::map<std::string, JsonValue, std::less<>> values_;  // by full key
};

}  // namespace oarlock
