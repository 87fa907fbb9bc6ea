#include "comm/operation.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace oarlock {
namespace {

constexpr Milliseconds kSlice{100};

}  // namespace

void Operation::finish(Status status) {
  if (status.is_ok()) copy_results();
  if (auto told = std::exchange(before_end, nullptr)) told(status);
  std::lock_guard lock(mutex_);
  if (done_) return;
  done_ = true;
  status_ = std::move(status);
  done_changed_.notify_all();
}

bool Operation::is_done() const {
  std::lock_guard lock(mutex_);
  return done_;
}

Status Operation::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

bool Operation::wait(Milliseconds bound) const {
  const auto end = std::chrono::steady_clock::now() + bound;
  std::unique_lock lock(mutex_);
  while (!done_) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) return false;
    // In slices, so that what the engine has to say of a late rank is heard while this waits for it.
    if (done_changed_.wait_until(lock, std::min(end, now + kSlice), [this] { return done_; })) return true;
    lock.unlock();
    deliver_queued_messages();
    lock.lock();
  }
  return true;
}

}  // namespace oarlock
