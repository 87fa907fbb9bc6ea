// An asynchronous operation. It retains its tensors and group; letting it go neither waits nor cancels.
#pragma once

#include "base/clock.h"
#include "base/status.h"

namespace oarlock {

class Work {
 public:
  virtual ~Work() = default;
  // Zero takes the group's own value. After a time-out of the wait the operation goes on, unless the group's own ran
  // out.
  virtual Status wait(Milliseconds timeout) = 0;
  virtual bool is_done() const = 0;
  virtual Status error() const = 0;  // ok while it runs and when it succeeded
};

}  // namespace oarlock
