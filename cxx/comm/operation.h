// One collective operation on its way through the engine of a group.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/call.h"

namespace oarlock {

// Invariants: 1. the engine writes tensors and results before finish() and never after. Only gloo may still write into
// the tensors of an operation that failed while it moved the data, where they are libtorch's own memory: they are
// retained until it has ended, and undefined. 2. finish() happens exactly once, so whoever has seen is_done() may read
// the results of a success, or let go of the tensors.
class Operation : public Call {
 public:
  explicit Operation(Call call = {}) : Call(std::move(call)) {}
  std::uint64_t ticket = 0;  // in the flight recorder
  // Set before it is submitted: called once by finish(), before that tells anybody, on the engine's thread.
  std::function<void(const Status&)> before_end;

  // A coalesced call's results are in the caller's tensors before anybody sees a success.
  void finish(Status status);
  bool is_done() const;
  Status status() const;  // ok while it runs
  // False: not done within `bound`.
  bool wait(Milliseconds bound) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable done_changed_;
  bool done_ = false;
  Status status_ = Status::ok();
};

}  // namespace oarlock
