// Random numbers that are the same on every machine (splitmix64); the standard distributions are not.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace oarlock::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) { next(); }
  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }
  std::int64_t below(std::int64_t bound) {  // bound > 0
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(bound));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool chance(int percent) { return below(100) < percent; }
  std::chrono::microseconds microseconds(std::int64_t low, std::int64_t high) {
    return std::chrono::microseconds(between(low, high));
  }
  Milliseconds milliseconds(std::int64_t low, std::int64_t high) { return Milliseconds(between(low, high)); }

 private:
  std::uint64_t state_;
};

}  // namespace oarlock::simulation
