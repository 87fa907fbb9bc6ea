// What any thread may ask of the engine.
#include <utility>

#include "comm/star_engine.h"

namespace oarlock {

Status StarEngine::dead_group_status() const {
  const ErrorInfo& info = failure_.info();
  return aborted("the group is dead since an earlier failure: {}", info.message)
      .with_rank(info.rank)
      .with_operation(info.operation);
}

// With mutex_ held.
Status StarEngine::check_open(Operator op) {
  if (close_requested_) return invalid_state("the group is closed; {} needs an open one", operator_name(op));
  if (failure_.is_ok()) return Status::ok();
  if (failure_reported_) return dead_group_status();
  failure_reported_ = true;
  return failure_;
}

Status StarEngine::submit(std::shared_ptr<Operation> operation) {
  {
    std::lock_guard lock(mutex_);
    OAR_TRY(check_open(operation->signature.op));
    Signature& signature = operation->signature;
    const bool is_transfer = signature.is_point_to_point();
    signature.sequence = is_transfer ? ++num_posted_[{signature.op, signature.peer}] : ++num_submitted_;
    operation->ticket = recorder_.begin(signature);
    (is_transfer ? new_posts_ : queue_).push_back(std::move(operation));
  }
  wake();
  return Status::ok();
}

Status StarEngine::admit(Operator op) {
  std::lock_guard lock(mutex_);
  return check_open(op);
}

Status StarEngine::fail_group(Status status) {
  {
    std::lock_guard lock(mutex_);
    failure_reported_ = true;
    if (!failure_.is_ok()) return failure_;
    failure_ = status;
    requested_failure_ = status;
  }
  wake();
  return status;
}

void StarEngine::warn(std::string text) {
  {
    std::lock_guard lock(mutex_);
    requested_warnings_.push_back(std::move(text));
  }
  wake();
}

void StarEngine::learn_failure(Status status) {
  {
    std::lock_guard lock(mutex_);
    if (!failure_.is_ok()) return;
    failure_ = status;
    requested_failure_ = std::move(status);
  }
  wake();
}

Status StarEngine::abort_status(std::string_view reason) const {
  return aborted("rank {} aborted the group {}: {}", star_.rank, doing(), reason).with_rank(star_.rank);
}

Status StarEngine::take_failure() {
  std::lock_guard lock(mutex_);
  if (!failure_.is_ok()) failure_reported_ = true;
  return failure_;
}

void StarEngine::attach(Companion companion) {
  std::lock_guard lock(mutex_);
  companion_ = std::move(companion);
}

void StarEngine::abort(std::string_view reason) {
  {
    std::lock_guard lock(mutex_);
    if (!abort_reason_) abort_reason_ = std::string(reason);
  }
  wake();
}

void StarEngine::close() {
  {
    std::lock_guard lock(mutex_);
    close_requested_ = true;
    if (closed_) return;
    closed_ = true;
  }
  wake();
  thread_.join();  // the engine only ever waits in its poll, which was woken
  transfer_.reset();
}

std::size_t StarEngine::backlog() const {
  std::lock_guard lock(mutex_);
  return queue_.size() + (current_ != nullptr ? 1 : 0);
}

}  // namespace oarlock
