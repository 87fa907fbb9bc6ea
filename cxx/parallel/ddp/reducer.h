// Averages gradients over ranks while the backward still runs.
//
// One backward that synchronises goes: prepare() -> the hooks copy each gradient, divided by the number of ranks, into
// its place in a flat bucket -> a full bucket's sum is launched as soon as all earlier buckets are -> finish()
// contributes for parameters that got no gradient, waits, and puts the averages where the gradients were.
//
// Invariants:
// 1. Buckets are launched in the order of the plan on every rank (bucket.h, "Note: bucket order").
// 2. A bucket that was launched is not written until its work is done; after a failure it is never written again.
// 3. Every rank launches every bucket of a backward that touched the model, so no rank waits for one that is not
// coming.
//
// Numbers: gradient * (1 / ranks), then the sum, as torch's Reducer does without a communication hook; with one, what
// the hook makes of the sum (comm_hook.h).
//
// Note: arrival order. torch plans its buckets anew after the first backward, in the order in which gradients became
// ready on rank 0. Sums do not depend on it; what a hook keeps per bucket does, and so do static graphs, whose order is
// known after one backward. Only then it is done here, at the end of the first backward.
//
// Note: static graphs. The first backward tells which parameters get gradients on any rank and how often each becomes
// ready; it sends when it has ended. The later ones send while they run, and must be like it.
//
// Note: gradients as views. A gradient that is in its bucket is the parameter's from then on: what the backward made of
// it is given up, and the average needs no copy back. Who keeps a gradient over a step sees it change.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/group.h"
#include "comm/work.h"
#include "graph/grad_ready.h"
#include "parallel/ddp/bucket.h"
#include "parallel/ddp/comm_hook.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// The weight of what a rank's gradients are the sum of; the average over the ranks once that travelled with them.
struct WindowWeight {
  double value = 0;
  bool is_averaged = false;
};

struct ReducerOptions {
  std::int64_t first_bytes_max = 1 << 20;
  std::int64_t bytes_max = 25 << 20;
  // True: a parameter may stay without a gradient; one that no rank has used keeps what it had. Costs one more small
  // sum. False: finish() names such parameters and fails, after its peers got what they wait for.
  bool find_unused = false;
  bool is_static = false;
  bool gradients_are_views = false;
};

// OAR_E_STATE: these of `num_parameters` parameters got no gradient in a backward.
Status gradients_missing(const std::vector<std::string>& names, std::size_t num_parameters);

class Reducer {
 public:
  // Takes the gradient-ready slot of every parameter; OAR_E_STATE names one that is taken.
  static Result<std::unique_ptr<Reducer>> create(NamedTensors parameters, std::shared_ptr<Group> group,
                                                 const ReducerOptions& options,
                                                 std::unique_ptr<CommHook> hook = nullptr);
  Reducer(const Reducer&) = delete;
  Reducer& operator=(const Reducer&) = delete;

  // Until finish(), gradients that become ready are collected. OAR_E_STATE after a failed reduction.
  Status prepare(Milliseconds timeout);
  // After the backward; blocks until the averages are in place. A backward that touched none of the parameters does
  // nothing unless `takes_part`: then this rank contributes for the sake of peers that wait for it. On failure
  // gradients hold either this rank's own values or the averages. `weight`, of all ranks or of none, is averaged behind
  // the last bucket, while those before it travel.
  Status finish(Milliseconds timeout, bool takes_part = false, WindowWeight* weight = nullptr);
  // The backward threw: what it launched stays in flight and this reducer refuses further use.
  void give_up();

  const std::vector<Bucket>& plan() const { return plan_; }
  // Whether a backward may leave out parameters, as far as is known yet.
  bool finds_unused() const { return options_.find_unused || (options_.is_static && !is_learned_); }

  // What a resumed run needs of the hook, and the order of the buckets; empty without a hook that keeps any.
  NamedTensors state() const;
  // OAR_E_CORRUPT; nothing was changed then.
  Status load_state(const NamedTensors& tensors);

 private:
  enum class Phase { kIdle, kCollecting, kBroken };
  struct Flat {  // one bucket's memory
    at::Tensor buffer;
    std::vector<at::Tensor> views;  // per slot, in the parameter's shape
    std::size_t num_missing = 0;    // slots not yet contributed in this backward
    std::shared_ptr<Work> work;
  };
  struct Place {
    std::size_t bucket = 0, slot = 0;
  };

  Reducer(NamedTensors parameters, std::shared_ptr<Group> group, const ReducerOptions& options,
          std::unique_ptr<CommHook> hook, std::vector<Bucket> plan);
  void allocate();
  GradBucket bucket_of(std::size_t index) const;
  bool rebuilds() const { return options_.is_static || (hook_ != nullptr && hook_->keeps_buckets()); }
  Status rebuild(Milliseconds timeout);
  Status plan_by(const std::vector<std::int64_t>& order);
  Status learn();
  void on_gradient(std::size_t index, const at::Tensor& parameter);
  Status not_static(std::size_t index) const;
  void contribute_unused();
  void contribute(std::size_t index, const at::Tensor& gradient);
  void launch_full_buckets();
  std::vector<std::string> contribute_missing();
  Status wait_for_buckets();
  void launch_weight(double weight);
  Status receive_weight(WindowWeight& weight);
  Status sum_of_uses(Milliseconds timeout);
  void write_averages(bool may_leave_out);

  const NamedTensors parameters_;
  const std::shared_ptr<Group> group_;
  const ReducerOptions options_;
  const std::unique_ptr<CommHook> hook_;  // nullptr: sums
  std::vector<Bucket> plan_;
  // 1 / ranks, a wrapped number as in torch's Reducer: half-precision gradients are multiplied by its float value. As a
  // tensor of their own dtype it would be rounded first, which biases every gradient unless ranks are a power of two.
  const at::Tensor factor_;
  std::vector<Flat> flats_;
  std::vector<Place> places_;           // per parameter
  std::vector<bool> contributed_;       // per parameter, in this backward
  std::vector<std::int64_t> arrivals_;  // parameters in the order in which they became ready in this backward
  std::vector<std::int64_t> order_;     // of the first backward, rank 0's; empty: not known, or not asked for
  bool is_learned_ = false;             // of static graphs: times_ and used_ are known
  std::vector<int> times_, arrived_;    // per parameter: how often it becomes ready in a backward; and did in this one
  std::vector<bool> used_;              // per parameter: some rank has a gradient for it
  at::Tensor uses_;                     // int32 per parameter: ranks that had a gradient; find_unused
  at::Tensor weight_;                   // of one backward; owned by its sum until that is done
  std::shared_ptr<Work> weight_work_;
  std::size_t next_ = 0;  // first bucket not launched
  Milliseconds timeout_{0};
  Phase phase_ = Phase::kIdle;
  std::optional<Status> failure_;                                      // of a hook; finish() returns it
  std::vector<std::unique_ptr<GradReadySubscription>> subscriptions_;  // last: ends first
};

}  // namespace oarlock
