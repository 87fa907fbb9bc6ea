// The work of an operation that was started.
#pragma once

#include <memory>
#include <utility>

#include "comm/group.h"
#include "comm/operation.h"
#include "comm/work.h"

namespace oarlock {

// A callback of the host on one of our threads would keep a group from the very thread that it waits for.
Status refuse_on_own_thread();

class OperationWork : public Work {
 public:
  // `bound`: what a wait of zero is at most; an operation ends by its own deadline before.
  OperationWork(std::shared_ptr<Group> group, std::shared_ptr<Operation> operation, Milliseconds bound)
      : group_(std::move(group)), operation_(std::move(operation)), bound_(bound) {}

  Status wait(Milliseconds timeout) override;
  bool is_done() const override { return operation_->is_done(); }
  Status error() const override { return operation_->status(); }

 protected:
  // Called by who waits without a bound of its own, before it sleeps: a chance to do the work itself.
  virtual void help() {}
  const std::shared_ptr<Group>& group() const { return group_; }
  const Operation& operation() const { return *operation_; }

 private:
  const std::shared_ptr<Group> group_;
  const std::shared_ptr<Operation> operation_;
  const Milliseconds bound_;
};

// run() of a group that starts its operations: start(operation) gives the work, and what was gathered is left in
// `call`.
template <class Start>
Status run_started(Call& call, Start start) {
  const auto operation = std::make_shared<Operation>(std::move(call));
  OAR_ASSIGN(const std::shared_ptr<Work> work, start(operation));
  OAR_TRY(work->wait(Milliseconds(0)));
  call = std::move(static_cast<Call&>(*operation));
  return Status::ok();
}

// Operations before this one may each take their own time-out.
Milliseconds wait_bound(Milliseconds timeout, std::size_t num_before);

}  // namespace oarlock
