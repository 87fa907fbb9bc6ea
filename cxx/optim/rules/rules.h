// The update rules by name: one function and one file each.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "optim/update_rule.h"

namespace oarlock {

UpdateRule adadelta_rule();
UpdateRule adafactor_rule();
UpdateRule adafactor_transformers_rule();
UpdateRule adagrad_rule();
UpdateRule adam_rule();
UpdateRule adamax_rule();
UpdateRule adamw_rule();
UpdateRule asgd_rule();
UpdateRule lbfgs_rule();  // options only: it has no update of single parameters
UpdateRule lion_rule();
UpdateRule muon_rule();
UpdateRule nadam_rule();
UpdateRule radam_rule();
UpdateRule rmsprop_rule();
UpdateRule rprop_rule();
UpdateRule schedule_free_adamw_rule();
UpdateRule sgd_rule();

// OAR_E_ARGUMENT names the nearest known name first, then all.
Result<UpdateRule> find_rule(std::string_view name);
std::vector<std::string_view> rule_names();  // sorted

}  // namespace oarlock
