// A stream of a device that is the CPU: a queue that a thread of its own works off, and the position reached.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace fake {

class Stream {
 public:
  Stream() : thread_([this] { run(); }) { thread_.detach(); }

  // Gives the position at which the task will have run.
  std::uint64_t enqueue(std::function<void()> task) {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_all();
    return ++num_given_;
  }
  std::uint64_t num_given() {
    std::lock_guard lock(mutex_);
    return num_given_;
  }
  bool has_reached(std::uint64_t position) {
    std::lock_guard lock(mutex_);
    return num_done_ >= position;
  }
  void wait_for(std::uint64_t position) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return num_done_ >= position; });
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !tasks_.empty(); });
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
      ++num_done_;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::uint64_t num_given_ = 0, num_done_ = 0;
  std::thread thread_;
};

}  // namespace fake
