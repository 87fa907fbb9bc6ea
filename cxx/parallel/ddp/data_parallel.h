// Data parallelism: gradients averaged over ranks in buckets while the backward still runs, buffers kept equal to rank
// 0's.
//
// Note: when buffers travel. The reference broadcasts rank 0's buffers before a forward that follows a synchronised
// step. Nothing writes buffers between that step's forward and the next one, so the same values are had by sending them
// while the synchronised backward runs. Differs: a forward (an evaluation on one rank, say) then never waits for other
// ranks.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/options.h"
#include "base/status.h"
#include "comm/group.h"
#include "graph/unit_observer.h"
#include "model/model.h"
#include "parallel/ddp/reducer.h"

namespace oarlock {

class DataParallel : public UnitObserver {
 public:
  // Collective: checks that parameters (frozen ones too), buffers and the ddp options agree, then copies rank 0's
  // parameters and buffers to all. OAR_E_MISMATCH names the first thing that differs and both ranks' versions. options:
  // section "ddp". A failure on one rank is one on all.
  static Result<std::shared_ptr<DataParallel>> create(std::shared_ptr<Model> model, std::shared_ptr<Group> group,
                                                      const Options& options, Milliseconds timeout);

  void set_requires_sync(bool requires_sync) { requires_sync_ = requires_sync; }  // false: only accumulate (no_sync)

  // Around each backward, by whoever runs it. If it synchronises: launches the buffers' broadcast and collects
  // gradients; then waits for every bucket, puts the averages into the gradients and rank 0's values into the buffers.
  // takes_part: the host says that this backward was the model's, though it may have touched no parameter.
  using UnitObserver::after_backward;
  using UnitObserver::before_backward;
  Status before_backward(Milliseconds timeout);
  // weight: Reducer::finish.
  Status after_backward(Milliseconds timeout, bool takes_part = false, WindowWeight* weight = nullptr);
  // Instead of after_forward() and before_backward() where the host runs both: as if both had come just now, unless
  // this backward has begun. On all ranks alike, also on one that has no gradient to give.
  Status begin_host_backward(Milliseconds timeout);
  // When the backward threw, or ended before it began: final. Peers are told by whoever aborts the group.
  void give_up();

  // A training forward ran since the ranks' buffers were last equal. True again after a load that gave each its own.
  bool buffers_differ() const { return buffers_changed_; }
  void set_buffers_differ(bool differ) { buffers_changed_ = differ; }

  // Of the communication hook, this rank's (Reducer::state).
  NamedTensors state() const { return reducer_->state(); }
  Status load_state(const NamedTensors& tensors) { return reducer_->load_state(tensors); }

  Status after_forward(const UnitRun& run) override;

 private:
  DataParallel(std::shared_ptr<Model> model, std::shared_ptr<Group> group, bool broadcasts_buffers);
  void note_forward() { buffers_changed_ = forward_ran_ = true; }
  Status send_buffers(Milliseconds timeout);
  Status receive_buffers();

  const std::shared_ptr<Model> model_;
  const std::shared_ptr<Group> group_;
  const bool broadcasts_buffers_;
  std::unique_ptr<Reducer> reducer_;
  bool requires_sync_ = true;
  bool is_reducing_ = false;      // between before_backward and after_backward
  bool forward_ran_ = false;      // a training forward, since the backward before: this one may touch the model
  bool buffers_changed_ = false;  // a training forward ran since they were last equal
  at::Tensor sent_buffers_;       // packed; owned by the broadcast until its work is done
  std::shared_ptr<Work> buffers_work_;
};

}  // namespace oarlock
