// What is settled at the process's first guarded call: the libtorch that is really loaded, and from when on a fork
// matters.
#pragma once

#include <atomic>

#include "base/status.h"

namespace oarlock::capi {

namespace first_use_detail {
enum class Process : int { kUnused, kReady, kRefused, kForked };
extern std::atomic<Process> process;
extern std::atomic<bool> is_used;
Status settle();
}  // namespace first_use_detail

// OAR_E_FORKED in the child of a process that had used the library, OAR_E_VERSION when another libtorch than the one
// that was built for is loaded. One relaxed load when all is well.
inline bool process_is_ready() noexcept {
  return first_use_detail::process.load(std::memory_order_acquire) == first_use_detail::Process::kReady;
}
inline Status check_process() { return process_is_ready() ? Status::ok() : first_use_detail::settle(); }

// From here on a fork matters: this call may make threads, connections and handles. Questions about versions do not.
inline void mark_use() noexcept {
  if (!first_use_detail::is_used.load(std::memory_order_relaxed)) {
    first_use_detail::is_used.store(true, std::memory_order_relaxed);
  }
}

inline bool process_is_forked() noexcept {
  return first_use_detail::process.load(std::memory_order_relaxed) == first_use_detail::Process::kForked;
}

}  // namespace oarlock::capi
