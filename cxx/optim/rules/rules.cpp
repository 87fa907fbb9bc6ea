#include "optim/rules/rules.h"

#include <fmt/ranges.h>

#include <array>

#include "base/text.h"

namespace oarlock {
namespace {

struct NamedRule {
  std::string_view name;
  UpdateRule (*make)();
};

constexpr std::array kRules = {
    NamedRule{"adadelta", adadelta_rule},
    NamedRule{"adafactor", adafactor_rule},
    NamedRule{"adafactor_transformers", adafactor_transformers_rule},
    NamedRule{"adagrad", adagrad_rule},
    NamedRule{"adam", adam_rule},
    NamedRule{"adamax", adamax_rule},
    NamedRule{"adamw", adamw_rule},
    NamedRule{"asgd", asgd_rule},
    NamedRule{"lbfgs", lbfgs_rule},
    NamedRule{"lion", lion_rule},
    NamedRule{"muon", muon_rule},
    NamedRule{"nadam", nadam_rule},
    NamedRule{"radam", radam_rule},
    NamedRule{"rmsprop", rmsprop_rule},
    NamedRule{"rprop", rprop_rule},
    NamedRule{"schedule_free_adamw", schedule_free_adamw_rule},
    NamedRule{"sgd", sgd_rule},
};

}  // namespace

std::vector<std::string_view> rule_names() {
  std::vector<std::string_view> names;
  for (const NamedRule& rule : kRules) names.push_back(rule.name);
  return names;
}

Result<UpdateRule> find_rule(std::string_view name) {
  for (const NamedRule& rule : kRules) {
    if (rule.name != name) continue;
    UpdateRule made = rule.make();
    made.name = name;
    return made;
  }
  const std::vector<std::string_view> names = rule_names();
  const auto nearest = nearest_text(lower_text(name), names);
  return invalid_argument("no optimizer of this name: '{}'{}; there are {}", name,
                          nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", fmt::join(names, ", "));
}

}  // namespace oarlock
