// Parameters that share hyper-parameters, as torch.optim's param_groups; chosen by names and patterns.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "optim/update_rule.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// Numbers that a schedule of torch keeps in a group of the optimizer, by its names; for state dicts only.
using ScheduleNotes = std::vector<std::pair<std::string, double>>;

struct ParameterGroup {
  HyperParameters values;  // "lr": the current rate
  double initial_lr = 0;   // what schedules multiply: the last rate that was set before the first schedule fixed it
  std::vector<std::size_t> members;  // indices into the optimizer's parameters, ascending
  std::vector<double> scalars;       // by UpdateRule::group_scalars
  ScheduleNotes notes;
};

struct GroupedParameters {
  NamedTensors parameters;  // those that the optimizer updates, in the order given
  std::vector<ParameterGroup> groups;
};

// options: an object of options without "optimizer."; null members are not set. "params", a list of names or patterns
// ('*': any text), leaves only those parameters to this optimizer. "groups", a list of objects of a "params" list and
// options that differ for it, makes groups in their order; what no group takes is one more, the last. Without groups
// all parameters are one. OAR_E_ARGUMENT: a pattern that fits no parameter (the text gives the nearest name), a
// parameter in two groups, an option that is not the rule's or out of range.
Result<GroupedParameters> group_parameters(const UpdateRule& rule, NamedTensors parameters, const JsonValue& options);
// The same, and checks each parameter: its dtype, its memory, the rule's own check.
Result<GroupedParameters> group_checked(const UpdateRule& rule, NamedTensors parameters, const JsonValue& options);

// The rule's check of two options, with the group named when there are several.
Status check_values(const UpdateRule& rule, const HyperParameters& values);

}  // namespace oarlock
