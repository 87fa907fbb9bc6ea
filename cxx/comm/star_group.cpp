#include "comm/star_group.h"

#include "base/thread.h"

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

class StarGroup : public Group, public std::enable_shared_from_this<StarGroup> {
 public:
  StarGroup(Star star, StarEngine::Limits limits, Milliseconds timeout)
      : timeout_(timeout), engine_(std::move(star), limits) {}

  int rank() const override { return engine_.rank(); }
  int size() const override { return engine_.world_size(); }

  Milliseconds timeout() const override { return timeout_; }

  Result<std::shared_ptr<Work>> start(Call call) override {
    return start(std::make_shared<Operation>(std::move(call)));
  }
  Status run(Call& call) override {
    const auto operation = std::make_shared<Operation>(std::move(call));
    OAR_ASSIGN(const std::shared_ptr<Work> work, start(operation));
    OAR_TRY(work->wait(Milliseconds(0)));
    call = std::move(static_cast<Call&>(*operation));
    return Status::ok();
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

  Milliseconds timeout_;
  StarEngine engine_;
};

}  // namespace

std::shared_ptr<Group> make_star_group(Star star, StarEngine::Limits limits, Milliseconds timeout) {
  return std::make_shared<StarGroup>(std::move(star), limits, timeout);
}

}  // namespace oarlock
