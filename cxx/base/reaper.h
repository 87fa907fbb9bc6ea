// Where the last references of things with threads, sockets or much memory go, so that release never blocks.
// Drained by later calls of the guard, by oar_state_close, and, with a bound, by unloading.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/clock.h"

namespace oarlock {

// Any thread may call anything. No lock is held while an object ends, so its destructor may take and drain in turn.
class Reaper {
 public:
  static Reaper& instance();
  // Keeps `object` until a drain; never blocks longer than a push on a list. Without memory for the push the object is
  // never ended, which is better than ending it on a thread that must not block.
  void take(std::shared_ptr<void> object) noexcept;
  bool has_work() const noexcept;      // one relaxed load
  std::size_t count() const noexcept;  // objects waiting
  void drain() noexcept;               // ends as many objects, oldest first, as were waiting when it was called
  // Ends objects until none is left or `bound` is over; starts no object after that. One that blocks in its own
  // destructor is not interrupted. True: none is left.
  bool drain_for(std::chrono::milliseconds bound, Clock& clock = steady_clock()) noexcept;
};

}  // namespace oarlock
