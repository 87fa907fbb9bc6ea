// Ranks as threads of the test: the object collectives that a save needs, in memory, with a bounded wait.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "comm/group.h"

namespace oarlock::testing {

class ThreadWorld {
 public:
  explicit ThreadWorld(int size) : slots_(static_cast<std::size_t>(size)) {}

  Result<std::vector<std::string>> exchange(int rank, std::string_view mine) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kWaitMax, [&] { return num_left_ == 0; }))
      return timed_out("rank {} waited to enter", rank);
    slots_[static_cast<std::size_t>(rank)] = mine;
    if (++num_arrived_ == slots_.size()) {
      num_left_ = slots_.size();
      changed_.notify_all();
    } else if (!changed_.wait_for(lock, kWaitMax, [&] { return num_left_ != 0; })) {
      return timed_out("rank {} waited for its peers", rank);
    }
    std::vector<std::string> all = slots_;
    if (--num_left_ == 0) {
      num_arrived_ = 0;
      changed_.notify_all();
    }
    return all;
  }

  int size() const { return static_cast<int>(slots_.size()); }

 private:
  static constexpr std::chrono::seconds kWaitMax{30};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> slots_;
  std::size_t num_arrived_ = 0;
  std::size_t num_left_ = 0;  // of a full round, how many have not taken its result
};

class ThreadGroup final : public Group {
 public:
  ThreadGroup(std::shared_ptr<ThreadWorld> world, int rank) : world_(std::move(world)), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return world_->size(); }
  Milliseconds timeout() const override { return Milliseconds(30000); }
  Result<std::shared_ptr<Work>> start(Call) override { return refused(); }
  Status run(Call& call) override {
    if (call.signature.op != Operator::kAllGatherBytes && call.signature.op != Operator::kBroadcastBytes) {
      return refused();
    }
    OAR_ASSIGN(call.gathered, world_->exchange(rank_, call.bytes));
    if (call.signature.root >= 0) call.gathered = {call.gathered[static_cast<std::size_t>(call.signature.root)]};
    return Status::ok();
  }
  Status abort(std::string_view) override { return refused(); }
  void close() override {}
  std::shared_ptr<FlightRecorder> recorder() const override { return nullptr; }

 private:
  static Status refused() { return unsupported("threads as ranks exchange bytes only"); }
  const std::shared_ptr<ThreadWorld> world_;
  const int rank_;
};

// body(group) on one thread per rank; what each returned.
inline std::vector<Status> run_world(int size, const std::function<Status(Group&)>& body) {
  const auto world = std::make_shared<ThreadWorld>(size);
  std::vector<Status> results(static_cast<std::size_t>(size), Status(OAR_E_INTERNAL, "did not run"));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadGroup group(world, rank);
      results[static_cast<std::size_t>(rank)] = body(group);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return results;
}

}  // namespace oarlock::testing
