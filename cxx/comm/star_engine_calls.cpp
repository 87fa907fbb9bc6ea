// What any thread may ask of the engine.
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "comm/star_engine.h"

namespace oarlock {

void StarEngine::wake() const {
  const std::uint64_t one = 1;
  while (::write(wake_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

Status StarEngine::submit(std::shared_ptr<Operation> operation) {
  Signature& signature = operation->signature;
  std::list<std::shared_ptr<Operation>> one{operation};  // all memory comes first: what is counted is called
  {
    std::lock_guard lock(mutex_);
    OAR_TRY(admission_.admit(signature.op));
    admission_.number(signature);
    operation->ticket = recorder_.begin(signature, operation->site);
    new_operations_.splice(new_operations_.end(), one);
    ++(signature.is_point_to_point() ? num_transfers_ : num_collectives_);
  }
  wake();
  return Status::ok();
}

Status StarEngine::admit(Operator op) {
  std::lock_guard lock(mutex_);
  return admission_.admit(op);
}

Status StarEngine::fail_group(Status status) { return end_by(std::move(status), /*reported=*/true); }

void StarEngine::learn_failure(Status status) { static_cast<void>(end_by(std::move(status), /*reported=*/false)); }

// The failure that holds.
Status StarEngine::end_by(Status status, bool reported) {
  {
    std::lock_guard lock(mutex_);
    const bool is_first = !admission_.is_dead();
    status = admission_.fail(std::move(status), reported);
    if (!is_first) return status;
    requested_failure_ = status;
  }
  wake();
  return status;
}

void StarEngine::warn_soon(std::string text) {
  {
    std::lock_guard lock(mutex_);
    requested_warnings_.push_back(std::move(text));
  }
  wake();
}

Status StarEngine::abort_status(std::string_view reason) {
  return oarlock::abort_status(star_.rank, activity_elsewhere().value_or(Activity()), reason);
}

Status StarEngine::take_failure() {
  std::lock_guard lock(mutex_);
  return admission_.take_failure();
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
    admission_.close();
    if (ended_) return;
    ended_ = true;
  }
  wake();
  thread_.join();  // the engine only ever waits in its poll, which was woken
  transfer_.reset();
}

std::size_t StarEngine::backlog() const {
  std::lock_guard lock(mutex_);
  return num_collectives_;
}

}  // namespace oarlock
