// Worker threads that prepare items 0, 1, 2, ... ahead of the consumer, who takes them in order.
//
// 1. At most num_workers * depth items are claimed and not yet taken, so memory has a bound.
// 2. An item depends on its number only, never on the worker, so results are the same for every number of workers.
// 3. A restart or cancel never waits: what is then in flight belongs to an older run and is thrown away when it comes.
// 4. Threads hold the shared part of this object, so one that is stuck inside a fetch can be left behind (see close).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

class Prefetcher {
 public:
  using Produce = std::function<Result<Tree>(std::int64_t item)>;

  // num_workers >= 1, depth >= 1. Threads start with the first run and have all signals blocked.
  Prefetcher(int num_workers, int depth);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // Begins a run over [begin, end). `produce` is called from several threads at once; its exceptions become failures.
  void start(std::int64_t begin, std::int64_t end, Produce produce);
  bool is_running() const;
  // The run's next item. A failure ends the run. OAR_E_TIMEOUT after `timeout`: the item comes no sooner than that; ask
  // again.
  Result<Tree> take(Milliseconds timeout);
  void cancel();
  // Ends the threads. OAR_E_TIMEOUT: one was still inside its fetch; it is left behind and ends with that fetch.
  Status close(Milliseconds timeout);

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);
  void start_threads();
  std::shared_ptr<Shared> shared_;
  int num_workers_;
  std::vector<std::thread> threads_;
};

}  // namespace oarlock
