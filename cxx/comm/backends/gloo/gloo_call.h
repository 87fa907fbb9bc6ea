// Starting an operation of c10d's gloo, one at a time in the process.
//
// Note: the recorder of libtorch. Every operation of a c10d group enters itself, when it is called, into one recorder
// of the process, whose table of groups is changed without a lock (FlightRecorderDetail.hpp of 2.11,
// recordWithResetEnabled); two groups that begin at once end the process. What is started runs as before, side by side.
#pragma once

#include <mutex>

#include "base/no_destructor.h"

namespace oarlock {

inline std::mutex& gloo_call_mutex() {
  static NoDestructor<std::mutex> mutex;
  return *mutex;
}

// fn() calls gloo and does not wait.
template <class Fn>
auto gloo_call(Fn fn) {
  const std::lock_guard lock(gloo_call_mutex());
  return fn();
}

}  // namespace oarlock
