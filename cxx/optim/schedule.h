// Learning rates as closed formulas of the step. docs/optimizers.md lists names, options, formulas and sources.
//
// A formula gives the rate of each parameter group at step n from the group's initial rate, so that a schedule resumes
// at any step without replay. Two schedules are no formulas: "plateau" follows a metric, and a multiplicative callback
// the rate before; they keep what they need in their state.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "optim/optimizer.h"

namespace oarlock {

// Where a schedule that starts again and again is.
struct Cycle {
  std::int64_t place = 0;
  std::int64_t length = 0;  // 0: it does not
};

class Scheduler {
 public:
  // A factor of group `group` at step n.
  using Factor = std::function<Result<double>(std::int64_t step, std::size_t group)>;

  // options: section "scheduler". Sets the optimizer's learning rates for step 0 at once. OAR_E_ARGUMENT: an unknown
  // name (the text lists the known ones, the nearest first), an option out of range, one that the schedule needs and
  // that is missing, one of another schedule.
  static Result<std::shared_ptr<Scheduler>> create(std::string_view name, std::shared_ptr<Optimizer> optimizer,
                                                   const Options& options);
  // "lambda": the initial rate times the factor. "multiplicative": the rate before times the factor, from step 1 on. A
  // factor must give a rate that is finite and >= 0, else OAR_E_ARGUMENT.
  static Result<std::shared_ptr<Scheduler>> create(std::string_view name, std::shared_ptr<Optimizer> optimizer,
                                                   Factor factor);
  virtual ~Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // n becomes n + 1. OAR_E_STATE: "plateau", which needs a metric. Unchanged on failure.
  virtual Status step() = 0;
  // The same after an evaluation. OAR_E_STATE: a schedule that has no use for a metric; OAR_E_ARGUMENT: NaN.
  virtual Status step_with_metric(double metric);
  // {"name","num_steps","initial_learning_rate","learning_rate"}, with several groups also
  // "initial_learning_rates" and "learning_rates"; the formula's options are not kept, so a run may go on with other
  // ones (a longer total_steps).
  virtual JsonValue state() const;
  // Strict; unchanged on failure. Sets the optimizer's rates to the saved ones.
  virtual Status load_state(const JsonValue& state);

  // Steps after which more of them are of no use (one_cycle); a large number when there is no such end.
  virtual std::int64_t num_steps_max() const;
  virtual Cycle cycle() const { return {}; }  // of cosine_annealing_warm_restarts
  const std::string& name() const { return name_; }
  std::int64_t num_steps() const { return num_steps_; }
  const std::shared_ptr<Optimizer>& optimizer() const { return optimizer_; }
  const std::vector<double>& initial_rates() const { return initial_rates_; }  // by group

 protected:
  Scheduler(std::string name, std::shared_ptr<Optimizer> optimizer)
      : name_(std::move(name)),
        optimizer_(std::move(optimizer)),
        initial_rates_(optimizer_->fix_initial_learning_rates()) {}

  std::string name_;
  std::shared_ptr<Optimizer> optimizer_;
  std::vector<double> initial_rates_;  // by group
  std::int64_t num_steps_ = 0;
};

}  // namespace oarlock
