#include "comm/backends/self.h"

#include <ATen/core/grad_mode.h>

#include <mutex>

#include "comm/collectives.h"

namespace oarlock {
namespace {

class DoneWork : public Work {
 public:
  Status wait(Milliseconds timeout) override { return resolve_timeout(timeout, timeout).status(); }
  bool is_done() const override { return true; }
  Status error() const override { return Status::ok(); }
};

class SelfGroup : public Group {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }

  // Of one rank only, so there is nobody to wait for.
  Milliseconds timeout() const override { return Milliseconds(1); }

  Result<std::shared_ptr<Work>> start(Call call) override {
    OAR_TRY(run(call));
    return std::shared_ptr<Work>(std::make_shared<DoneWork>());
  }
  Status run(Call& call) override {
    OAR_TRY(record(call));
    const at::NoGradGuard no_grad;
    // What this rank gives is all there is: every reduction of one is itself, and its part of all is the whole.
    if (call.output.defined() && call.tensor.defined()) call.output.copy_(call.tensor.reshape(call.output.sizes()));
    call.copy_results();
    call.gathered = {std::move(call.bytes)};
    return Status::ok();
  }

  Status abort(std::string_view reason) override {
    Status why = Status::ok();
    {
      std::lock_guard lock(mutex_);
      if (aborted_.is_ok()) aborted_ = aborted("rank 0 aborted the group: {}", reason).with_rank(0);
      why = aborted_;
    }
    descendants_->follow(why);
    return Status::ok();
  }
  void close() override {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  std::shared_ptr<FlightRecorder> recorder() const override { return recorder_; }

 private:
  Status record(Call& call) {
    Signature& signature = call.signature;
    std::lock_guard lock(mutex_);
    if (closed_) return invalid_state("the group is closed; {} needs an open one", operator_name(signature.op));
    OAR_TRY(Status(aborted_));
    signature.sequence = ++num_done_;
    const std::uint64_t ticket = recorder_->begin(signature, call.site);
    recorder_->advance(ticket, FlightRecorder::Phase::kDone, signature.sequence);
    return Status::ok();
  }

  std::mutex mutex_;  // abort() comes from any thread
  Status aborted_ = Status::ok();
  bool closed_ = false;
  std::uint64_t num_done_ = 0;
  const std::shared_ptr<FlightRecorder> recorder_ = std::make_shared<FlightRecorder>();
};

}  // namespace

std::shared_ptr<Group> make_self_group() { return std::make_shared<SelfGroup>(); }

}  // namespace oarlock
