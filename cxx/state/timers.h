// How long the phases of a run take, by name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "comm/group.h"

namespace at {
struct RecordFunction;
}

namespace oarlock {

// Not thread-safe.
class Timers {
 public:
  static constexpr std::size_t kKept = 4096;  // of the last durations of each name: what quantiles are of

  explicit Timers(Clock& clock = steady_clock());
  ~Timers();

  // A begin also opens a span of that name in a trace that is being recorded. OAR_E_STATE: the timer runs already, or
  // does not run.
  Status begin(std::string_view name);
  Status end(std::string_view name);
  void reset();  // forgets all durations; timers that run go on

  // {"forward": {"count": n, "total_ms": x, "mean_ms": x, "min_ms": x, "p50_ms": x, "p95_ms": x, "max_ms": x}}, names
  // in order; those that never ended are left out.
  JsonValue report() const;

 private:
  struct Timer {
    std::optional<Clock::TimePoint> begun;
    std::unique_ptr<at::RecordFunction> span;
    std::int64_t count = 0;
    double total_ms = 0, min_ms = 0, max_ms = 0;
    std::vector<double> last_ms;  // a ring of kKept
  };
  Clock& clock_;
  std::map<std::string, Timer, std::less<>> timers_;
};

// The reports of all ranks as one, the same on each: of each name the figures of all its durations together, but for
// quantiles, and "ranks": [{"rank": r, ...that rank's figures...}], "slowest_rank": the one with the largest mean.
// Collective.
Result<JsonValue> report_of_all_ranks(const Timers& timers, Group& group, Milliseconds timeout);

}  // namespace oarlock
