#include "data/prefetch.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/thread.h"
#include "tensor/exceptions.h"

namespace oarlock {
namespace {

// What the destructor gives a fetch that is still going before it leaves the thread behind.
constexpr Milliseconds kDestructorWait{2000};

// The seam of a thread: nothing flies past it.
Result<Tree> produce_safely(const Prefetcher::Produce& produce, std::int64_t item) {
  try {
    return produce(item);
  } catch (...) {
    return caught([]() -> Status { throw; }).within("in a loader worker");
  }
}

}  // namespace

// Invariants, all under `mutex`:
// 1. taken <= claimed <= end, claimed - taken <= slots.size(): an item's slot, item % slots.size(), is free when it is
// claimed.
// 2. A slot is filled by the worker that claimed its item, and only while `run` is what it was at the claim.
struct Prefetcher::Shared {
  std::mutex mutex;
  std::condition_variable work_or_stop;  // for workers
  std::condition_variable progress;      // for the consumer
  std::vector<std::optional<Result<Tree>>> slots;
  std::shared_ptr<const Produce> produce;  // null: no run
  std::uint64_t run = 0;
  std::int64_t taken = 0;
  std::int64_t claimed = 0;
  std::int64_t end = 0;
  int num_threads = 0;  // that have not left their loop
  bool stop = false;

  bool can_claim() const {
    return produce != nullptr && claimed < end && claimed - taken < static_cast<std::int64_t>(slots.size());
  }
  std::optional<Result<Tree>>& slot(std::int64_t item) { return slots[static_cast<std::size_t>(item) % slots.size()]; }
  void end_run() {
    ++run;
    produce.reset();
    for (auto& slot : slots) slot.reset();
  }
};

Prefetcher::Prefetcher(int num_workers, int depth) : shared_(std::make_shared<Shared>()), num_workers_(num_workers) {
  OAR_CHECK(num_workers >= 1 && depth >= 1);
  shared_->slots.resize(static_cast<std::size_t>(num_workers) * static_cast<std::size_t>(depth));
}

Prefetcher::~Prefetcher() { (void)close(kDestructorWait).is_ok(); }

void Prefetcher::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    shared->work_or_stop.wait(lock, [&] { return shared->stop || shared->can_claim(); });
    if (shared->stop) break;
    const std::int64_t item = shared->claimed++;
    const std::uint64_t run = shared->run;
    std::shared_ptr<const Produce> produce = shared->produce;
    lock.unlock();
    Result<Tree> result = produce_safely(*produce, item);
    produce.reset();
    lock.lock();
    if (run == shared->run) {
      shared->slot(item) = std::move(result);
      shared->progress.notify_all();
    }
  }
  --shared->num_threads;
  shared->progress.notify_all();
}

void Prefetcher::start_threads() {
  while (threads_.size() < static_cast<std::size_t>(num_workers_)) {
    threads_.push_back(start_thread("oar-loader", [shared = shared_] { work(shared); }));
    const std::lock_guard lock(shared_->mutex);
    ++shared_->num_threads;
  }
}

void Prefetcher::start(std::int64_t begin, std::int64_t end, Produce produce) {
  OAR_CHECK(begin <= end);
  start_threads();
  const std::lock_guard lock(shared_->mutex);
  OAR_CHECK(!shared_->stop);
  shared_->end_run();
  shared_->taken = shared_->claimed = begin;
  shared_->end = end;
  shared_->produce = std::make_shared<const Produce>(std::move(produce));
  shared_->work_or_stop.notify_all();
}

bool Prefetcher::is_running() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->produce != nullptr;
}

Result<Tree> Prefetcher::take(Milliseconds timeout) {
  std::unique_lock lock(shared_->mutex);
  OAR_CHECK(shared_->produce != nullptr && shared_->taken < shared_->end);
  std::optional<Result<Tree>>& slot = shared_->slot(shared_->taken);
  if (!shared_->progress.wait_for(lock, timeout, [&] { return slot.has_value(); })) {
    return timed_out("no worker finished the batch within {} ms", timeout.count());
  }
  Result<Tree> result = std::move(*slot);
  slot.reset();
  ++shared_->taken;
  if (result.is_ok()) {
    shared_->work_or_stop.notify_one();
  } else {
    shared_->end_run();
  }
  return result;
}

void Prefetcher::cancel() {
  const std::lock_guard lock(shared_->mutex);
  shared_->end_run();
}

Status Prefetcher::close(Milliseconds timeout) {
  if (threads_.empty()) return Status::ok();
  bool all_ended = true;
  {
    std::unique_lock lock(shared_->mutex);
    shared_->stop = true;
    shared_->end_run();
    shared_->work_or_stop.notify_all();
    all_ended = shared_->progress.wait_for(lock, timeout, [&] { return shared_->num_threads == 0; });
  }
  for (std::thread& thread : threads_) all_ended ? thread.join() : thread.detach();
  threads_.clear();
  if (all_ended) return Status::ok();
  return timed_out("a worker was still fetching a batch after {} ms; its thread ends when that fetch returns",
                   timeout.count());
}

}  // namespace oarlock
