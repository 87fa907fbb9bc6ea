// Time as a parameter, so that tests and simulators own it.
#pragma once

#include <chrono>

namespace oarlock {

using Milliseconds = std::chrono::milliseconds;

class Clock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  virtual ~Clock() = default;
  virtual TimePoint now() = 0;
};

Clock& steady_clock();  // the machine's; never destructed

}  // namespace oarlock
