// Data parallelism: gradients averaged over ranks in buckets while the backward still runs, buffers kept equal to rank 0's.
#pragma once

#include <memory>

#include "base/options.h"
#include "base/status.h"
#include "comm/group.h"
#include "graph/unit_observer.h"
#include "model/model.h"

namespace oarlock {

class DataParallel : public UnitObserver {
 public:
  // Collective: checks that parameters agree in name, shape and dtype, then copies rank 0's parameters and buffers to all.
  // options: section "ddp".
  static Result<std::shared_ptr<DataParallel>> create(std::shared_ptr<Model> model, std::shared_ptr<Group> group, const Options& options);
  ~DataParallel() override = default;
  virtual void set_requires_sync(bool requires_sync) = 0;  // false: the next backward only accumulates (no_sync)
  // Before a backward that synchronises; after it, waits for every bucket and puts the averages into the gradients.
  virtual Status before_backward() = 0;
  virtual Status after_backward(Milliseconds timeout) = 0;
};

}  // namespace oarlock
