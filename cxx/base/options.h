// Validated options. Every key, with type, default, variable and text, is a row of the one table in option_keys.cpp.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace oarlock {

enum class OptionType { kFlag, kInt, kDouble, kString, kDoubles };

struct OptionKey {
  const char* key;            // "loader.batch_size"; the part before the first dot is the section
  OptionType type;
  const char* default_json;   // "32", "\"gloo\"", "null" = unset
  const char* variable;       // environment variable that sets it, or nullptr
  const char* text;           // one sentence
};

std::span<const OptionKey> option_keys();

class Options {
 public:
  // Every key of the table, defaults overlaid by the environment. What oar_config holds.
  static Result<Options> from_environment();
  // Only the keys of one section, named without "section." (what oar_loader_create and the like take). NULL text: defaults.
  static Result<Options> parse_section(std::string_view section, const char* json);
  // A view of one section of a full set.
  Options section(std::string_view name) const;

  // Nested objects and dotted keys both name keys: {"comm":{"timeout_ms":5}} is {"comm.timeout_ms":5}. All keys or none.
  Status merge_json(std::string_view json);
  Status set(std::string_view key, JsonValue value);   // unknown key: OAR_E_ARGUMENT with the nearest known one

  bool is_set(std::string_view key) const;             // false: null
  // OAR_CHECK that the key is in the table and has this type; the value was validated when it was set.
  bool flag(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  std::string text(std::string_view key) const;        // "" when unset
  std::vector<double> numbers(std::string_view key) const;

  JsonValue to_json() const;                           // flat, every key
  Result<std::string> as_text(std::string_view key) const;  // for oar_config_get_string

 private:
  std::string section_;                                // "" = whole table
  std::map<std::string, JsonValue, std::less<>> values_;  // by full key
};

}  // namespace oarlock
