// Learning rates as closed formulas of the step.
//
// With n the step, w warmup_steps, T total_steps, the rate is initial * factor(n):
//   n < w        n / max(1, w)                                             every schedule
//   constant     1
//   linear       r + (1 - r) * max(0, (T - n) / max(1, T - w))
//   cosine       r + (1 - r) * max(0, (1 + cos(2 pi num_cycles p)) / 2),   p = (n - w) / max(1, T - w)
//   step         gamma ^ floor((n - w) / step_size)
// r is min_lr_ratio, 0 unless given; num_cycles is 0.5 unless given.
// Source: transformers get_{constant,linear,cosine}_schedule_with_warmup; torch StepLR.
// Differs: after T the rate stays what it was at T (transformers' cosine rises again).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "optim/optimizer.h"

namespace oarlock {

class Scheduler {
 public:
  // name: "constant", "linear", "cosine" or "step". options: section "scheduler". Sets the optimizer's learning rate
  // for step 0 at once. OAR_E_ARGUMENT: out of range, one that the schedule needs and that is missing, one of another
  // schedule.
  static Result<std::shared_ptr<Scheduler>> create(std::string_view name, std::shared_ptr<Optimizer> optimizer,
                                                   const Options& options);
  virtual ~Scheduler() = default;
  virtual Status step() = 0;  // n becomes n + 1
  virtual std::int64_t num_steps() const = 0;
  virtual const std::shared_ptr<Optimizer>& optimizer() const = 0;
  // {"name","num_steps","initial_learning_rate","learning_rate"}; the formula's options are not kept, so a run may go
  // on with other ones (a longer total_steps).
  virtual JsonValue state() const = 0;
  // Strict; unchanged on failure. Sets the optimizer's rate to the saved one.
  virtual Status load_state(const JsonValue& state) = 0;
};

}  // namespace oarlock
