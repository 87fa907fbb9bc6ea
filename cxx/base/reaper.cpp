#include "base/reaper.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace oarlock {
namespace {
struct Queue {
  std::mutex mutex;
  std::vector<std::shared_ptr<void>> objects;
  std::atomic<bool> has_work{false};
};
Queue& queue() {
  static Queue* const instance = new Queue();  // never destructed
  return *instance;
}
}  // namespace

Reaper& Reaper::instance() {
  static Reaper* const reaper = new Reaper();  // never destructed
  return *reaper;
}

void Reaper::take(std::shared_ptr<void> object) noexcept {
  std::lock_guard lock(queue().mutex);
  queue().objects.push_back(std::move(object));
  queue().has_work.store(true, std::memory_order_release);
}

bool Reaper::has_work() const noexcept { return queue().has_work.load(std::memory_order_relaxed); }

void Reaper::drain() noexcept {
  std::vector<std::shared_ptr<void>> taken;
  {
    std::lock_guard lock(queue().mutex);
    taken.swap(queue().objects);
    queue().has_work.store(false, std::memory_order_release);
  }
  taken.clear();
}

void Reaper::drain_for(std::chrono::milliseconds) noexcept { drain(); }

}  // namespace oarlock
