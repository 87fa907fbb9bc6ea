// Time as a parameter, so that tests and simulators own it.
#pragma once

#include <chrono>

namespace oarlock {

using Milliseconds = std::chrono::milliseconds;

// The longest wait: what a caller means by "for ever" still fits every clock. More than this counts as this.
inline constexpr Milliseconds kWaitMax = std::chrono::hours(24 * 365);
constexpr Milliseconds bounded_wait(Milliseconds wait) { return wait < kWaitMax ? wait : kWaitMax; }

class Clock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  virtual ~Clock() = default;
  virtual TimePoint now() = 0;
};

Clock& steady_clock();  // the machine's; never destructed

}  // namespace oarlock
