#include "base/reaper.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <new>

#include "base/no_destructor.h"

namespace oarlock {
namespace {

struct Queue {
  std::mutex mutex;
  std::deque<std::shared_ptr<void>> objects;
  std::atomic<std::size_t> count{0};  // of `objects`, readable without the lock
};

Queue& queue() {
  static NoDestructor<Queue> instance;
  return *instance;
}

// The oldest object, or nullptr when there is none.
std::shared_ptr<void> pop() noexcept {
  std::lock_guard lock(queue().mutex);
  if (queue().objects.empty()) return nullptr;
  std::shared_ptr<void> object = std::move(queue().objects.front());
  queue().objects.pop_front();
  queue().count.fetch_sub(1, std::memory_order_relaxed);
  return object;
}

// No memory is left to queue it, and ending it here might block: its reference is never given back.
void keep_forever(std::shared_ptr<void>&& object) noexcept {
  alignas(std::shared_ptr<void>) unsigned char storage[sizeof(std::shared_ptr<void>)];
  new (storage) std::shared_ptr<void>(std::move(object));
}

}  // namespace

Reaper& Reaper::instance() {
  static NoDestructor<Reaper> reaper;
  return *reaper;
}

void Reaper::take(std::shared_ptr<void> object) noexcept {
  if (object == nullptr) return;
  std::lock_guard lock(queue().mutex);
  try {
    queue().objects.push_back(std::move(object));
    queue().count.fetch_add(1, std::memory_order_relaxed);
  } catch (const std::bad_alloc&) {
    keep_forever(std::move(object));  // push_back has the strong guarantee: `object` is as it was
  }
}

bool Reaper::has_work() const noexcept { return queue().count.load(std::memory_order_relaxed) != 0; }

std::size_t Reaper::count() const noexcept { return queue().count.load(std::memory_order_relaxed); }

void Reaper::drain() noexcept {
  // Objects that come while others end (children let go by their parents) wait for the next drain: this one is finite.
  for (std::size_t left = count(); left != 0; --left) {
    if (pop() == nullptr) return;
  }
}

bool Reaper::drain_for(std::chrono::milliseconds bound, Clock& clock) noexcept {
  const Clock::TimePoint end = clock.now() + bound;
  while (has_work() && clock.now() < end) pop();
  return !has_work();
}

}  // namespace oarlock
