// Large tensors between ranks by c10d's gloo. Only called when all ranks are known to make the same call: gloo ends the
// process or gives wrong data when they do not.
//
// gloo blocks and cannot be interrupted, so it has a thread of its own which keeps the tensors, the process group and
// the store until gloo itself has ended (they go in that order: work, group, store). Who asked is told by a callback.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/connection.h"
#include "comm/group.h"
#include "comm/signature.h"

namespace oarlock {

class GlooTransfer {
 public:
  struct Place {
    int rank = 0;
    int world_size = 1;
    std::string own_address;    // where gloo listens
    std::string store_address;  // where rank 0's store is
    int store_port = 0;
    Milliseconds connect_timeout{0};
  };
  struct Job {
    Signature signature;
    at::Tensor tensor;  // as in Call; contiguous. Written by all_reduce, broadcast, and on the root by reduce
    at::Tensor output;  // as in Call; contiguous
    std::vector<std::int64_t> rows;
    std::vector<std::int64_t> received_rows;
    Milliseconds timeout{0};
  };
  // On the data thread, with no lock held.
  using Done = std::function<void(Status status)>;

  GlooTransfer(Place place, Descriptor store_listener);
  // Ends gloo as soon as a running job has ended; waits for that at most `kEndMax`, then leaves it to its thread.
  ~GlooTransfer();
  static constexpr Milliseconds kEndMax{1000};

  // Ends gloo as soon as a running job has ended, without waiting for that. No start() after it.
  void end_soon();

  // One job at a time. The first connects all ranks.
  void start(Job job, Done done);

 private:
  struct Worker;
  std::shared_ptr<Worker> worker_;
};

// Whether gloo has arithmetic for this; if not, the bytes go through rank 0 at any size.
bool gloo_can_reduce(c10::ScalarType dtype, ReduceOp op);

}  // namespace oarlock
