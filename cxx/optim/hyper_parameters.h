// The numbers of an update rule or a schedule: named, typed and defaulted as the reference has them, so that options,
// saved states and Python's param_groups are one list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"

namespace oarlock {

// monostate is Python's None.
using HyperValue = std::variant<std::monostate, double, bool, std::int64_t, std::string, std::vector<double>>;

enum class HyperRange { kAny, kAtLeastZero, kPositive, kAtLeastOne, kAtMostZero, kBelowOne, kUpToOne };

// One hyper-parameter of a rule. Its name is an option "optimizer.<name>", or "scheduler.<name>", of the table in
// base/option_keys.
struct HyperParameterRule {
  const char* name;
  HyperValue initial;                           // the reference's default
  HyperRange range = HyperRange::kAtLeastZero;  // of numbers, and of each number of a list
  OptionType type = OptionType::kDouble;        // what it is when it is not None
  std::vector<std::string_view> choices = {};   // of a string: what there is; empty: any
};

// Values of one group of parameters, in the rule's order. Copies share nothing.
class HyperParameters {
 public:
  // `rules` outlive it. section: "optimizer" or "scheduler", for messages.
  explicit HyperParameters(const std::vector<HyperParameterRule>& rules, const char* section = "optimizer");

  // The name must be one of the rule's, and the value of this type, else OAR_CHECK throws.
  double number(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  const std::vector<double>& numbers(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  const char* section() const { return section_; }
  bool is_set(std::string_view name) const;                         // not None
  bool has(std::string_view name) const;                            // one of the rule's
  double number_or(std::string_view name, double otherwise) const;  // `otherwise`: not one of the rule's
  bool flag_or(std::string_view name, bool otherwise) const;

  void set_number(std::string_view name, double value);  // unchecked: schedules write every step
  void set_numbers(std::string_view name, std::vector<double> values);

  // From outside; `owner`: the rule's name. OAR_E_ARGUMENT names the option, what is expected and what was given;
  // unchanged then.
  Status set(std::string_view name, const JsonValue& value, std::string_view owner);

  JsonValue to_json() const;  // {"lr":..., "betas":[...], ...}

 private:
  struct Entry {
    const HyperParameterRule* rule;
    HyperValue value;
  };
  const Entry* find(std::string_view name) const;
  const HyperValue& at(std::string_view name) const;

  const char* section_;
  std::vector<Entry> entries_;
};

// OAR_E_ARGUMENT unless the value is finite and has the rule's range; `name` as it stands in the message.
Status check_range(std::string_view name, HyperRange range, double value, bool is_integer = false);

}  // namespace oarlock
