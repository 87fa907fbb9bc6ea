#include "comm/operation_work.h"

#include <algorithm>

#include "base/thread.h"

namespace oarlock {
namespace {

// An operation ends by its own deadline; this only bounds the wait should that ever fail.
constexpr Milliseconds kWaitGrace{10000};
constexpr std::size_t kCountedMax = 100;

}  // namespace

Status refuse_on_own_thread() {
  if (!on_own_thread()) return Status::ok();
  return invalid_state(
      "this call waits for other ranks and cannot be made from a callback on a thread of Oarlock's; make it on a "
      "thread of the program");
}

Status OperationWork::wait(Milliseconds timeout) {
  if (timeout.count() < 0) return invalid_argument("timeout_ms must not be negative, got {}", timeout.count());
  if (!operation_->is_done()) OAR_TRY(refuse_on_own_thread());
  if (timeout.count() == 0) help();
  const Milliseconds bound = bounded_wait(timeout.count() == 0 ? bound_ : timeout);
  if (operation_->wait(bound)) return operation_->status();
  return timed_out("{} is not done after {} ms of waiting; it goes on until its own time-out",
                   describe(operation_->signature), bound.count())
      .with_operation(operator_name(operation_->signature.op));
}

Milliseconds wait_bound(Milliseconds timeout, std::size_t num_before) {
  return (timeout + kWaitGrace) * static_cast<std::int64_t>(std::min(num_before + 1, kCountedMax));
}

}  // namespace oarlock
