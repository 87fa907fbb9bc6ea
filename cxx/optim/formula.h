// A schedule as a function of the step, and the table of them. Private to optim/: others know Scheduler.
//
// To add one: a row of options and a function in a file of schedules/, a line in schedules/schedules.cpp, and a row in
// base/option_keys for each option that no other has.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "optim/hyper_parameters.h"
#include "optim/schedule.h"

namespace oarlock {

struct Formula {
  // The rate of a group at step n >= 0.
  std::function<Result<double>(std::size_t group, double initial_lr, std::int64_t step)> rate;
  // Momentum or first beta at step n; empty: they stay.
  std::function<double(std::int64_t step)> momentum;
  std::function<Cycle(std::int64_t step)> cycle;  // of one that starts again and again; else empty
  std::vector<ScheduleNotes> notes;               // by group; empty: none
  bool is_factor = false;                         // the rate is initial_lr times a function of the step
  std::int64_t num_steps_max = std::numeric_limits<std::int64_t>::max();
};

// initial_lr times factor(n).
Formula factor_formula(std::function<double(std::int64_t step)> factor);

// What a formula may ask of the optimizer that it is for.
struct ScheduleTarget {
  std::vector<double> initial_rates;  // by group
  bool has_momentum = false;          // momentum, or betas
};

struct ScheduleDefinition {
  const char* name;
  std::vector<HyperParameterRule> options;
  bool has_parts = false;  // takes "schedules"
  std::function<Result<Formula>(const HyperParameters&, const ScheduleTarget&, std::vector<Formula> parts)> make;
};

// The families, one file each.
std::vector<ScheduleDefinition> warmup_schedules();       // transformers'
std::vector<ScheduleDefinition> decay_schedules();        // torch's that are factors or nearly so
std::vector<ScheduleDefinition> cycle_schedules();        // one_cycle, cyclic
std::vector<ScheduleDefinition> composition_schedules();  // sequential, chained

// options: an object of options without "scheduler.", for sequential and chained with "schedules".
Result<Formula> make_formula(std::string_view name, const JsonValue& options, const ScheduleTarget& target);
Status unknown_schedule(std::string_view name);

// For the families. `name`: the schedule's, for the message.
Status require_option(const HyperParameters& values, std::string_view option, std::string_view name);
// One value for all groups, or one for each.
Result<std::vector<double>> per_group(const HyperParameters& values, std::string_view option, std::size_t num_groups);
Result<std::vector<std::int64_t>> ascending_steps(const HyperParameters& values, std::string_view option);

}  // namespace oarlock
