#include "comm/star_group.h"

#include "base/thread.h"
#include "comm/arguments.h"

namespace oarlock {
namespace {

// An operation ends by its own deadline; this only bounds the wait should that ever fail.
constexpr Milliseconds kWaitGrace{10000};

// A callback of the host on one of our threads would keep the engine from the very thing that it waits for.
Status refuse_on_own_thread() {
  if (!on_own_thread()) return Status::ok();
  return invalid_state(
      "this call waits for other ranks and cannot be made from a callback on a thread of Oarlock's; make it on a "
      "thread "
      "of the program");
}

class OperationWork : public Work {
 public:
  OperationWork(std::shared_ptr<Group> group, std::shared_ptr<Operation> operation, Milliseconds bound)
      : group_(std::move(group)), operation_(std::move(operation)), bound_(bound) {}

  Status wait(Milliseconds timeout) override {
    if (timeout.count() < 0) return invalid_argument("timeout_ms must not be negative, got {}", timeout.count());
    if (!operation_->is_done()) OAR_TRY(refuse_on_own_thread());
    const Milliseconds bound = bounded_wait(timeout.count() == 0 ? bound_ : timeout);
    if (operation_->wait(bound)) return operation_->status();
    return timed_out("{} is not done after {} ms of waiting; it goes on until its own time-out",
                     describe(operation_->signature), bound.count())
        .with_operation(operator_name(operation_->signature.op));
  }
  bool is_done() const override { return operation_->is_done(); }
  Status error() const override { return operation_->status(); }

 private:
  std::shared_ptr<Group> group_;
  std::shared_ptr<Operation> operation_;
  Milliseconds bound_;
};

std::shared_ptr<Operation> new_operation(Operator op, Milliseconds timeout) {
  auto operation = std::make_shared<Operation>();
  operation->signature.op = op;
  operation->timeout = timeout;
  return operation;
}

void set_tensor(Operation& operation, const at::Tensor& tensor) {
  operation.tensor = tensor.detach();
  operation.signature.numel = tensor.numel();
  operation.signature.dtype = static_cast<std::int8_t>(tensor.scalar_type());
}

class StarGroup : public Group, public std::enable_shared_from_this<StarGroup> {
 public:
  StarGroup(Star star, StarEngine::Limits limits, Milliseconds timeout)
      : timeout_(timeout), engine_(std::move(star), limits) {}

  int rank() const override { return engine_.rank(); }
  int size() const override { return engine_.world_size(); }

  Result<std::shared_ptr<Work>> all_reduce(at::Tensor tensor, ReduceOp op, Milliseconds timeout) override {
    OAR_TRY(check_all_reduce(tensor, op));
    OAR_ASSIGN(const Milliseconds bound, resolve_timeout(timeout, timeout_));
    auto operation = new_operation(Operator::kAllReduce, bound);
    set_tensor(*operation, tensor);
    operation->signature.reduce_op = static_cast<std::uint8_t>(op);
    return start(std::move(operation));
  }

  Result<std::shared_ptr<Work>> broadcast(at::Tensor tensor, int root, Milliseconds timeout) override {
    OAR_TRY(check_broadcast(tensor, root, size()));
    OAR_ASSIGN(const Milliseconds bound, resolve_timeout(timeout, timeout_));
    auto operation = new_operation(Operator::kBroadcast, bound);
    set_tensor(*operation, tensor);
    operation->signature.root = root;
    return start(std::move(operation));
  }

  Result<std::shared_ptr<Work>> all_gather(at::Tensor input, at::Tensor output, Milliseconds timeout) override {
    OAR_TRY(check_all_gather(input, output, size()));
    OAR_ASSIGN(const Milliseconds bound, resolve_timeout(timeout, timeout_));
    auto operation = new_operation(Operator::kAllGather, bound);
    set_tensor(*operation, input);
    operation->output = output.detach();
    return start(std::move(operation));
  }

  Result<std::shared_ptr<Work>> start_barrier(Milliseconds timeout) override {
    OAR_ASSIGN(const Milliseconds bound, resolve_timeout(timeout, timeout_));
    return start(new_operation(Operator::kBarrier, bound));
  }

  Result<std::vector<std::string>> all_gather_bytes(std::string_view mine, Milliseconds timeout) override {
    OAR_ASSIGN(const Milliseconds bound, resolve_timeout(timeout, timeout_));
    auto operation = new_operation(Operator::kAllGatherBytes, bound);
    operation->bytes = mine;
    OAR_TRY(finish(operation));
    return std::move(operation->gathered);
  }

  Result<std::string> broadcast_bytes(std::string_view bytes, int root, Milliseconds timeout) override {
    OAR_TRY(check_root(root, size()));
    OAR_ASSIGN(const Milliseconds bound, resolve_timeout(timeout, timeout_));
    auto operation = new_operation(Operator::kBroadcastBytes, bound);
    operation->signature.root = root;
    if (root == rank()) operation->bytes = bytes;
    OAR_TRY(finish(operation));
    return std::move(operation->gathered.front());
  }

  Status abort(std::string_view reason) override {
    engine_.abort(reason);
    return Status::ok();
  }
  void close() override { engine_.close(); }
  JsonValue history() const override { return engine_.recorder().to_json(); }

 private:
  // Operations before this one may each take their own time-out.
  Milliseconds wait_bound(Milliseconds timeout) const {
    const auto num_operations = static_cast<std::int64_t>(std::min<std::size_t>(engine_.backlog() + 1, 100));
    return (timeout + kWaitGrace) * num_operations;
  }

  Result<std::shared_ptr<Work>> start(std::shared_ptr<Operation> operation) {
    OAR_TRY(refuse_on_own_thread());
    OAR_TRY(engine_.submit(operation));
    const Milliseconds bound = wait_bound(operation->timeout);
    return std::shared_ptr<Work>(std::make_shared<OperationWork>(shared_from_this(), std::move(operation), bound));
  }

  Status finish(std::shared_ptr<Operation> operation) {
    OAR_ASSIGN(const std::shared_ptr<Work> work, start(std::move(operation)));
    return work->wait(Milliseconds(0));
  }

  Milliseconds timeout_;
  StarEngine engine_;
};

}  // namespace

std::shared_ptr<Group> make_star_group(Star star, StarEngine::Limits limits, Milliseconds timeout) {
  return std::make_shared<StarGroup>(std::move(star), limits, timeout);
}

}  // namespace oarlock
