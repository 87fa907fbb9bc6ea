// Where the last references of things with threads, sockets or much memory go, so that release never blocks.
// Drained by later calls of the guard, by oar_state_close, and, with a bound, by unloading.
#pragma once

#include <chrono>
#include <memory>

namespace oarlock {

class Reaper {
 public:
  static Reaper& instance();
  // Keeps `object` until a drain; never blocks longer than a push on a list.
  void take(std::shared_ptr<void> object) noexcept;
  bool has_work() const noexcept;  // one relaxed load
  void drain() noexcept;           // destroys everything that was taken before the call
  void drain_for(std::chrono::milliseconds bound) noexcept;
};

}  // namespace oarlock
