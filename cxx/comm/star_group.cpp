#include "comm/star_group.h"

#include "comm/operation_work.h"

namespace oarlock {
namespace {

class StarGroup : public Group, public std::enable_shared_from_this<StarGroup> {
 public:
  StarGroup(std::unique_ptr<StarEngine> engine, Milliseconds timeout)
      : timeout_(timeout), owner_(std::move(engine)), engine_(*owner_) {
    engine_.attach({nullptr, [descendants = descendants_](const Status& why, bool) { descendants->follow(why); }});
  }

  int rank() const override { return engine_.rank(); }
  int size() const override { return engine_.world_size(); }

  Milliseconds timeout() const override { return timeout_; }

  Result<std::shared_ptr<Work>> start(Call call) override {
    return start(std::make_shared<Operation>(std::move(call)));
  }
  Status run(Call& call) override {
    return run_started(call, [this](std::shared_ptr<Operation> operation) { return start(std::move(operation)); });
  }

  Status abort(std::string_view reason) override {
    engine_.abort(reason);
    descendants_->follow(engine_.abort_status(reason));  // before later calls of this rank
    return Status::ok();
  }
  void close() override { engine_.close(); }
  std::shared_ptr<FlightRecorder> recorder() const override { return engine_.shared_recorder(); }
  std::shared_ptr<const ArrivalSkew> skew() const override { return engine_.skew(); }

 private:
  Result<std::shared_ptr<Work>> start(std::shared_ptr<Operation> operation) {
    OAR_TRY(refuse_on_own_thread());
    const Milliseconds bound = wait_bound(operation->timeout, engine_.backlog() + 1);
    std::shared_ptr<Work> work = std::make_shared<OperationWork>(shared_from_this(), operation, bound);
    OAR_TRY(engine_.submit(std::move(operation)));  // last: what needs memory comes before the operation counts
    return work;
  }

  Milliseconds timeout_;
  std::unique_ptr<StarEngine> owner_;
  StarEngine& engine_;
};

}  // namespace

std::shared_ptr<Group> make_star_group(std::unique_ptr<StarEngine> engine, Milliseconds timeout) {
  return std::make_shared<StarGroup>(std::move(engine), timeout);
}

std::shared_ptr<Group> make_star_group(Star star, StarEngine::Limits limits, Milliseconds timeout) {
  return make_star_group(std::make_unique<StarEngine>(std::move(star), limits), timeout);
}

}  // namespace oarlock
