// Events of a unit: a subtree of the module path. Capabilities attach here, never as cases in the executor.
#pragma once

#include "base/status.h"

namespace oarlock {

// The root unit is the whole model. A failure ends the forward with that failure.
class UnitObserver {
 public:
  virtual ~UnitObserver() = default;
  virtual Status before_forward(bool training) {
    (void)training;
    return Status::ok();
  }
  virtual Status after_forward(bool training) {
    (void)training;
    return Status::ok();
  }
};

}  // namespace oarlock
