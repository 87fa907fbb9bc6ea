#include "comm/backends/self.h"

#include <ATen/core/grad_mode.h>

#include <mutex>

#include "comm/arguments.h"
#include "comm/flight_recorder.h"

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

  Result<std::shared_ptr<Work>> all_reduce(at::Tensor tensor, ReduceOp op, Milliseconds timeout) override {
    OAR_TRY(check_all_reduce(tensor, op));
    Signature signature = of_tensor(Operator::kAllReduce, tensor);
    signature.reduce_op = static_cast<std::uint8_t>(op);
    return done(signature, timeout);
  }
  Result<std::shared_ptr<Work>> broadcast(at::Tensor tensor, int root, Milliseconds timeout) override {
    OAR_TRY(check_broadcast(tensor, root, 1));
    Signature signature = of_tensor(Operator::kBroadcast, tensor);
    signature.root = root;
    return done(signature, timeout);
  }
  Result<std::shared_ptr<Work>> all_gather(at::Tensor input, at::Tensor output, Milliseconds timeout) override {
    OAR_TRY(check_all_gather(input, output, 1));
    OAR_ASSIGN(std::shared_ptr<Work> work, done(of_tensor(Operator::kAllGather, input), timeout));
    const at::NoGradGuard no_grad;
    output.detach().copy_(input.dim() == 0 ? input.view(1) : input);
    return work;
  }
  Result<std::shared_ptr<Work>> start_barrier(Milliseconds timeout) override {
    return done({.op = Operator::kBarrier}, timeout);
  }
  Result<std::vector<std::string>> all_gather_bytes(std::string_view mine, Milliseconds timeout) override {
    OAR_TRY(done({.op = Operator::kAllGatherBytes}, timeout).status());
    return std::vector<std::string>{std::string(mine)};
  }
  Result<std::string> broadcast_bytes(std::string_view bytes, int root, Milliseconds timeout) override {
    OAR_TRY(check_root(root, 1));
    OAR_TRY(done({.root = root, .op = Operator::kBroadcastBytes}, timeout).status());
    return std::string(bytes);
  }

  Status abort(std::string_view reason) override {
    std::lock_guard lock(mutex_);
    if (aborted_.is_ok()) aborted_ = aborted("rank 0 aborted the group: {}", reason).with_rank(0);
    return Status::ok();
  }
  void close() override {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  JsonValue history() const override { return recorder_.to_json(); }

 private:
  static Signature of_tensor(Operator op, const at::Tensor& tensor) {
    return {.numel = tensor.numel(), .op = op, .dtype = static_cast<std::int8_t>(tensor.scalar_type())};
  }

  Result<std::shared_ptr<Work>> done(Signature signature, Milliseconds timeout) {
    OAR_TRY(resolve_timeout(timeout, timeout).status());
    std::lock_guard lock(mutex_);
    if (closed_) return invalid_state("the group is closed; {} needs an open one", operator_name(signature.op));
    OAR_TRY(Status(aborted_));
    signature.sequence = ++num_done_;
    const std::uint64_t ticket = recorder_.begin(signature);
    recorder_.advance(ticket, FlightRecorder::Phase::kDone, signature.sequence);
    return std::shared_ptr<Work>(std::make_shared<DoneWork>());
  }

  std::mutex mutex_;  // abort() comes from any thread
  Status aborted_ = Status::ok();
  bool closed_ = false;
  std::uint64_t num_done_ = 0;
  FlightRecorder recorder_;
};

}  // namespace

std::shared_ptr<Group> make_self_group() { return std::make_shared<SelfGroup>(); }

}  // namespace oarlock
