#include <ATen/ops/full.h>

#include "accel/accelerator.h"

namespace oarlock {

Status Accelerator::set_trigger() {
  OAR_TRY(require_open());
  is_triggered_ = true;
  return Status::ok();
}

Result<bool> Accelerator::check_trigger() {
  OAR_TRY(require_open());
  at::Tensor num_set = at::full({1}, is_triggered_ ? 1 : 0, at::kInt);
  auto work = state_->group()->all_reduce(num_set, ReduceOp::kSum, state_->timeout());
  Status status = work.is_ok() ? work.value()->wait(Milliseconds(0)) : std::move(work).status();
  if (!status.is_ok()) return poison(std::move(status), "check_trigger");
  const bool is_set = num_set.item<std::int32_t>() >= 1;
  is_triggered_ = false;  // it is down anyway where nobody's was up
  return is_set;
}

}  // namespace oarlock
