#include "comm/admission.h"

namespace oarlock {

Status Admission::admit(Operator op) {
  if (closed_) return invalid_state("the group is closed; {} needs an open one", operator_name(op));
  if (failure_.is_ok()) return Status::ok();
  if (!reported_) return take_failure();
  const ErrorInfo& info = failure_.info();
  return aborted("the group is dead since an earlier failure: {}", info.message)
      .with_rank(info.rank)
      .with_operation(info.operation);
}

void Admission::number(Signature& signature) {
  signature.sequence =
      signature.is_point_to_point() ? ++num_posted_[{signature.op, signature.peer()}] : ++num_submitted_;
}

const Status& Admission::fail(Status status, bool reported) {
  if (failure_.is_ok()) failure_ = std::move(status);
  reported_ = reported_ || reported;
  return failure_;
}

Status Admission::take_failure() {
  if (!failure_.is_ok()) reported_ = true;
  return failure_;
}

}  // namespace oarlock
