// What becomes of a full bucket between ranks, where it is more than a sum of numbers of its own dtype.
//
// A hook starts what a bucket sends first as soon as the bucket is full, while the backward runs, and finishes it when
// all buckets have been started: both in the order of buckets, so the order of collectives is the same on all ranks.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/options.h"
#include "base/status.h"
#include "comm/group.h"
#include "tensor/named_tensor.h"

namespace oarlock {

struct GradBucket {
  std::size_t index = 0;
  bool is_last = false;
  at::Tensor buffer;                  // flat; this rank's gradients, not divided by anything
  std::vector<at::Tensor> gradients;  // its parts, in the shapes of their parameters
};

class CommHook {
 public:
  virtual ~CommHook() = default;
  // True: what it keeps belongs to the members of a bucket, so that buckets should be those that torch would have made
  // after its first backward (Reducer, "Note: arrival order").
  virtual bool keeps_buckets() const { return false; }
  virtual Status start(const GradBucket& bucket, Milliseconds timeout) = 0;
  // Waits; then the bucket's buffer holds the average, the same on all ranks.
  virtual Status finish(const GradBucket& bucket) = 0;
  // What a resumed run needs, this rank's; sharing memory with the hook. load_state: OAR_E_CORRUPT for anything that
  // state() did not give.
  virtual NamedTensors state() const { return {}; }
  virtual Status load_state(const NamedTensors& tensors);
};

// By ddp.comm_hook, ddp.comm_wrapper and the keys of PowerSGD; nullptr for "no", whatever the wrapper. options: section
// "ddp". OAR_E_ARGUMENT: a name that there is not, a value out of range.
Result<std::unique_ptr<CommHook>> make_comm_hook(const Options& options, std::shared_ptr<Group> group);

// For hooks: a sum over the ranks that is on its way, and its end.
Status wait_for(std::shared_ptr<Work>& work, std::string_view what);

}  // namespace oarlock
