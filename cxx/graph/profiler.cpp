#include "graph/profiler.h"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/engine.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "base/json.h"

namespace oarlock {

// What the allocators report. Memory that was allocated before it listened is not known to it when it goes.
class Profiler::Memory : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t size, std::size_t, std::size_t, c10::Device) override {
    const std::lock_guard lock(mutex_);
    if (size > 0) allocated_ += size;
    live_ += size;
    peak_ = std::max(peak_, live_);
  }
  bool memoryProfilingEnabled() const override { return true; }

  struct Counts {
    std::int64_t allocated, live, peak;
  };
  Counts counts() {
    const std::lock_guard lock(mutex_);
    return {allocated_, live_, peak_};
  }
  // The peak is from now on that since now; gives the peak before.
  std::int64_t restart_peak() {
    const std::lock_guard lock(mutex_);
    return std::exchange(peak_, live_);
  }
  void raise_peak(std::int64_t peak) {
    const std::lock_guard lock(mutex_);
    peak_ = std::max(peak_, peak);
  }

 private:
  std::mutex mutex_;
  std::int64_t allocated_ = 0, live_ = 0, peak_ = 0;
};

namespace {

constexpr std::size_t kEventsMax = 1 << 20;  // 56 MiB

class DebugInfoScope : public Profiler::MemoryScope {
 public:
  explicit DebugInfoScope(std::shared_ptr<c10::DebugInfoBase> info)
      : guard_(c10::DebugInfoKind::PROFILER_STATE, std::move(info)) {}

 private:
  c10::DebugInfoGuard guard_;
};

double milliseconds(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }
double mebibytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::string unit_name(const Unit& unit) { return unit.path.empty() ? "(model)" : unit.path; }

std::int64_t median(std::vector<std::int64_t> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// One line of the table.
struct Row {
  std::string name, class_name;
  std::vector<std::int64_t> forward, backward;  // ns
  std::int64_t allocated = 0, peak = 0;
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const std::int64_t time : forward) sum += time;
    for (const std::int64_t time : backward) sum += time;
    return sum;
  }
};

}  // namespace

Profiler::Profiler(std::shared_ptr<const Units> units, Clock& clock)
    : units_(std::move(units)), clock_(clock), start_(clock.now()), memory_(std::make_shared<Memory>()) {}

Profiler::~Profiler() = default;

std::unique_ptr<Profiler::MemoryScope> Profiler::count_memory() {
  // Others put another type there and take what they find for theirs.
  if (c10::ThreadLocalDebugInfo::get(c10::DebugInfoKind::PROFILER_STATE) != nullptr) return nullptr;
  return std::make_unique<DebugInfoScope>(memory_);
}

std::int64_t Profiler::now_ns() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.now() - start_).count();
}

void Profiler::open(std::size_t unit, Phase phase) {
  const Memory::Counts counts = memory_->counts();
  const std::int64_t peak_before = memory_->restart_peak();
  open_.push_back({{unit, phase, now_ns(), 0, 0, 0}, counts.allocated, counts.live, peak_before});
}

void Profiler::close(std::size_t unit, Phase phase) {
  const auto found = std::find_if(open_.rbegin(), open_.rend(), [&](const Open& open) {
    return open.event.unit == unit && open.event.phase == phase;
  });
  if (found == open_.rend()) return;
  Event event = found->event;
  const Memory::Counts counts = memory_->counts();
  event.end_ns = now_ns();
  event.allocated_bytes = counts.allocated - found->allocated_before;
  event.peak_bytes = std::max<std::int64_t>(counts.peak - found->live_before, 0);
  memory_->raise_peak(found->peak_before);  // what is around it goes on
  open_.erase(std::next(found).base());
  if (events_.size() < kEventsMax) {
    events_.push_back(event);
  } else {
    ++num_dropped_;
  }
}

void Profiler::close_other_backwards(std::size_t unit) {
  std::vector<std::size_t> others;
  for (const Open& open : open_) {
    if (open.event.phase == Phase::kBackward && open.event.unit != 0 && open.event.unit != unit) {
      others.push_back(open.event.unit);
    }
  }
  for (const std::size_t other : others) close(other, Phase::kBackward);
}

Status Profiler::before_forward(const UnitRun& run) {
  const std::lock_guard lock(mutex_);
  if (run.index == 0) open_.clear();  // of a forward or backward that failed
  open(run.index, Phase::kForward);
  return Status::ok();
}

Status Profiler::after_forward(const UnitRun& run) {
  const std::lock_guard lock(mutex_);
  close(run.index, Phase::kForward);
  return Status::ok();
}

Status Profiler::before_backward(const UnitRun& run) {
  const std::lock_guard lock(mutex_);
  if (run.index == 0) {
    // The root's own last gradient may come before the units' are done; the end of the backward is its end.
    torch::autograd::Engine::get_default_engine().queue_callback([weak = weak_from_this()] {
      const auto alive = weak.lock();
      if (alive == nullptr) return;
      const std::lock_guard inner_lock(alive->mutex_);
      alive->close_other_backwards(0);
      alive->close(0, Phase::kBackward);
    });
  }
  close_other_backwards(run.index);
  open(run.index, Phase::kBackward);
  return Status::ok();
}

Status Profiler::after_backward(const UnitRun& run) {
  const std::lock_guard lock(mutex_);
  if (run.index != 0) close(run.index, Phase::kBackward);
  return Status::ok();
}

std::string Profiler::table() const {
  const std::lock_guard lock(mutex_);
  std::vector<Row> rows(units_->size());
  std::size_t width = 4, class_width = 5;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].name = unit_name((*units_)[i]);
    const std::string& class_name = (*units_)[i].class_name;
    rows[i].class_name = class_name.substr(class_name.rfind('.') + 1);
    width = std::max(width, rows[i].name.size());
    class_width = std::max(class_width, rows[i].class_name.size());
  }
  for (const Event& event : events_) {
    Row& row = rows[event.unit];
    (event.phase == Phase::kForward ? row.forward : row.backward).push_back(event.end_ns - event.begin_ns);
    row.allocated += event.allocated_bytes;
    row.peak = std::max(row.peak, event.peak_bytes);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.total() > b.total(); });
  std::string text = fmt::format("{:<{}}  {:<{}}  {:>7}  {:>12}  {:>12}  {:>7}  {:>12}  {:>12}  {:>12}  {:>10}\n",
                                 "unit", width, "class", class_width, "forward", "median ms", "total ms", "backwd",
                                 "median ms", "total ms", "alloc MiB", "peak MiB");
  const auto sum = [](const std::vector<std::int64_t>& times) {
    std::int64_t total = 0;
    for (const std::int64_t time : times) total += time;
    return total;
  };
  for (const Row& row : rows) {
    text +=
        fmt::format("{:<{}}  {:<{}}  {:>7}  {:>12.3f}  {:>12.3f}  {:>7}  {:>12.3f}  {:>12.3f}  {:>12.3f}  {:>10.3f}\n",
                    row.name, width, row.class_name, class_width, row.forward.size(), milliseconds(median(row.forward)),
                    milliseconds(sum(row.forward)), row.backward.size(), milliseconds(median(row.backward)),
                    milliseconds(sum(row.backward)), mebibytes(row.allocated), mebibytes(row.peak));
  }
  if (num_dropped_ > 0) text += fmt::format("{} later runs of units were not kept\n", num_dropped_);
  return text;
}

// Complete events ("ph": "X") of the Trace Event Format, times in microseconds.
std::string Profiler::trace() const {
  const std::lock_guard lock(mutex_);
  std::string text = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
  const int pid = ::getpid();
  for (std::size_t i = 0; i < events_.size(); ++i) {
    const Event& event = events_[i];
    const Unit& unit = (*units_)[event.unit];
    text += fmt::format(
        "{}\n{{\"name\":{},\"cat\":\"{}\",\"ph\":\"X\",\"ts\":{:.3f},\"dur\":{:.3f},\"pid\":{},\"tid\":1,"
        "\"args\":{{\"class\":{},\"allocated_bytes\":{},\"peak_bytes\":{}}}}}",
        i == 0 ? "" : ",", JsonValue::string(unit_name(unit)).dump(),
        event.phase == Phase::kForward ? "forward" : "backward", static_cast<double>(event.begin_ns) / 1e3,
        static_cast<double>(event.end_ns - event.begin_ns) / 1e3, pid, JsonValue::string(unit.class_name).dump(),
        event.allocated_bytes, event.peak_bytes);
  }
  return text + "\n]}\n";
}

}  // namespace oarlock
