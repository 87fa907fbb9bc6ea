// Learning rates as closed formulas of the step.
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
  // options: section "scheduler". Sets the optimizer's learning rate for step 0 at once.
  static Result<std::shared_ptr<Scheduler>> create(std::string_view name, std::shared_ptr<Optimizer> optimizer, const Options& options);
  virtual ~Scheduler() = default;
  virtual Status step() = 0;
  virtual std::int64_t num_steps() const = 0;
  virtual const std::shared_ptr<Optimizer>& optimizer() const = 0;
  virtual JsonValue state() const = 0;
  virtual Status load_state(const JsonValue& state) = 0;
};

}  // namespace oarlock
