// How late each rank came to the last operations of a group: what names a straggler while nothing has failed. Pure: who
// sees the ranks arrive says when.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace oarlock {

// Any thread.
class ArrivalSkew {
 public:
  static constexpr std::size_t kKept = 1024;  // operations

  explicit ArrivalSkew(int num_ranks);

  // Of the steady clock, which all processes of a host have in common; never 0. Wraps around.
  static std::uint32_t now_us() { return us_of(steady_clock().now()); }
  static std::uint32_t us_of(Clock::TimePoint time);

  // When each rank came to one operation, by one clock. What lies 35 minutes apart or more cannot be told.
  void record(std::span<const std::uint32_t> arrivals_us);

  void clear();

  struct Figures {                                             // of one rank, over the operations that are kept
    double late_us_p50 = 0, late_us_p95 = 0, late_us_max = 0;  // behind the first rank
    double waited_us_p50 = 0, waited_us_p95 = 0;               // for the last rank
    double late_us_sum = 0;
    std::uint64_t num_last = 0;  // how often it was the last
  };
  struct Report {
    std::uint64_t num_operations = 0;  // kept; of num_recorded
    std::uint64_t num_recorded = 0;
    std::vector<Figures> ranks;
  };
  Report report() const;

 private:
  const std::size_t num_ranks_;
  mutable std::mutex mutex_;
  std::uint64_t num_recorded_ = 0;
  std::vector<std::uint32_t> late_us_;  // by operation, a ring of kKept, then by rank
};

// {"num_operations": n, "num_recorded": n, "straggler": rank or null, "ranks": [{"rank": 0, "late_us_p50": x, ...}]}.
// The straggler is the rank that is to blame for more than three quarters of all lateness: rare long pauses count as
// much as a little in each operation.
JsonValue skew_to_json(const ArrivalSkew::Report& report);

}  // namespace oarlock
