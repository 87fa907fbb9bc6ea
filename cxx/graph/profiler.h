// Measures units: time of forward and backward, calls, memory; as a table and as a Chrome trace.
//
// Note: where a unit's backward ends. At its after_backward, or when another unit's backward begins, if that is
// earlier: a unit without parameters has no event of its own when its last gradient is done. So backwards of units do
// not overlap. The root's spans the whole backward.
//
// Note: memory. libtorch's allocators report to whatever stands in a thread-local slot; a scope puts ours there for the
// length of a forward or backward. If another profiler has the slot, it stays there and bytes are not counted.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "graph/unit_observer.h"

namespace oarlock {

class Profiler : public UnitObserver, public std::enable_shared_from_this<Profiler> {
 public:
  Profiler(std::shared_ptr<const Units> units, Clock& clock);
  ~Profiler() override;

  bool watches_units() const override { return true; }
  bool watches_backward() const override { return true; }
  Status before_forward(const UnitRun& run) override;
  Status after_forward(const UnitRun& run) override;
  Status before_backward(const UnitRun& run) override;
  Status after_backward(const UnitRun& run) override;

  // While it lives, what this thread (and a backward that it starts) allocates is counted.
  class MemoryScope {
   public:
    virtual ~MemoryScope() = default;
  };
  std::unique_ptr<MemoryScope> count_memory();

  std::string table() const;
  std::string trace() const;  // JSON

 private:
  enum class Phase { kForward, kBackward };
  struct Event {
    std::size_t unit = 0;
    Phase phase = Phase::kForward;
    std::int64_t begin_ns = 0, end_ns = 0;
    std::int64_t allocated_bytes = 0, peak_bytes = 0;  // by this run; most above what was there when it began
  };
  struct Open {  // an event that has not ended
    Event event;
    std::int64_t allocated_before = 0, live_before = 0, peak_before = 0;
  };
  class Memory;

  void open(std::size_t unit, Phase phase);
  void close(std::size_t unit, Phase phase);
  void close_other_backwards(std::size_t unit);
  std::int64_t now_ns() const;

  const std::shared_ptr<const Units> units_;
  Clock& clock_;
  const Clock::TimePoint start_;
  const std::shared_ptr<Memory> memory_;
  mutable std::mutex mutex_;  // a backward may run on device threads
  std::vector<Open> open_;    // innermost last
  std::vector<Event> events_;
  std::int64_t num_dropped_ = 0;  // events beyond the bound
};

}  // namespace oarlock
