#include "comm/backends/shm/attendance.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/thread.h"

namespace oarlock {
namespace {

constexpr Milliseconds kSlice{50};

}  // namespace

Status Attendance::post_first(const Call& call) {
  const Signature& signature = call.signature;
  rounds_.sign(signature, call.site, skew_ == nullptr ? 0 : ArrivalSkew::now_us());
  rounds_.post();
  if (rounds_.wait(std::min(kSlice, call.timeout)) != Rounds::Outcome::kAll) {
    OAR_TRY(wait_slowly(call, /*is_first=*/true));
  }
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    if (rounds_.signature_of(rank) == signature) continue;
    Status status = take_roll(call, steady_clock().now()).status();
    return fail(std::move(status), signature.sequence);
  }
  if (skew_ != nullptr) record_arrivals();
  return rounds_.is_dead_at(signature.sequence) ? why_it_ended(signature.sequence) : Status::ok();
}

// Nothing, unless all ranks say when they came.
void Attendance::record_arrivals() {
  arrivals_us_.clear();
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    if (rounds_.arrived_us_of(rank) == 0) return;
    arrivals_us_.push_back(rounds_.arrived_us_of(rank));
  }
  skew_->record(arrivals_us_);
}

Status Attendance::post(const Call& call) {
  rounds_.post();
  if (rounds_.wait(std::min(kSlice, call.timeout)) != Rounds::Outcome::kAll) {
    OAR_TRY(wait_slowly(call, /*is_first=*/false));
  }
  return rounds_.is_dead_at(call.signature.sequence) ? why_it_ended(call.signature.sequence) : Status::ok();
}

Status Attendance::why_it_ended(std::uint64_t sequence) {
  if (Status why = rounds_.why_dead(); !why.is_ok()) return engine_.fail_group(std::move(why));
  Status why = engine_.take_failure();
  // What this rank cannot complete no other can; they hear of the lost rank before they can see this one leave.
  if (!why.is_ok()) rounds_.declare_dead(why, sequence);
  OAR_TRY(std::move(why));
  return aborted("the group was closed while operations were running");
}

Status Attendance::why_none_begins(Operator op) const {
  if (Status why = rounds_.why_dead(); !why.is_ok()) engine_.learn_failure(std::move(why));
  return engine_.admit(op);
}

Status Attendance::fail(Status status, std::uint64_t sequence) {
  Status held = engine_.fail_group(std::move(status));
  rounds_.declare_dead(held, sequence);
  return held;
}

Result<RollCall> Attendance::take_roll(const Call& call, Clock::TimePoint start) const {
  RollCall roll_call(rounds_.size(), engine_.limits().late);
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    if (!rounds_.has_posted(rank)) continue;
    const bool is_mine = rank == rounds_.rank();
    const Signature& called = is_mine ? call.signature : rounds_.signature_of(rank);
    OAR_TRY(roll_call.arrive(rank, called, call.timeout, start, is_mine ? call.site.text() : rounds_.site_of(rank)));
  }
  return roll_call;
}

std::vector<int> Attendance::missing() const {
  std::vector<int> ranks;
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    if (!rounds_.has_posted(rank)) ranks.push_back(rank);
  }
  return ranks;
}

Status Attendance::check_left(const Call& call) const {
  for (const int rank : missing()) {
    const std::int64_t sequence = rounds_.left_after(rank);
    if (sequence < 0) continue;
    RollCall roll_call(rounds_.size(), engine_.limits().late);
    OAR_TRY(roll_call.leave(rank, static_cast<std::uint64_t>(sequence)));
    return roll_call.arrive(rounds_.rank(), call.signature, Milliseconds(0), steady_clock().now(), call.site.text());
  }
  return Status::ok();
}

Status Attendance::missing_data(const Call& call) const {
  const Signature& signature = call.signature;
  const std::vector<int> silent = missing();
  return timed_out(
             "the data did not arrive during operation {}, {}, within {:.1f} s, though every rank had called it, "
             "and {} gave no sign of life: the process is stopped, or the machine is overloaded",
             signature.sequence, describe(signature) + call.site.text(),
             std::chrono::duration<double>(call.timeout).count(), list_ranks(silent))
      .with_rank(silent.empty() ? -1 : silent.front())
      .with_operation(operator_name(signature.op));
}

Status Attendance::wait_slowly(const Call& call, bool is_first) {
  const std::uint64_t sequence = call.signature.sequence;
  const Clock::TimePoint start = steady_clock().now();
  bool is_warned = false;
  while (true) {
    if (!on_own_thread()) deliver_queued_messages();
    const Clock::TimePoint now = steady_clock().now();
    const auto left = std::chrono::ceil<Milliseconds>(start + call.timeout - now);
    const Rounds::Outcome outcome = rounds_.wait(std::clamp(left, Milliseconds(1), kSlice));
    if (outcome == Rounds::Outcome::kAll) return Status::ok();
    if (outcome == Rounds::Outcome::kInterrupted) return why_it_ended(sequence);
    if (Status status = check_left(call); !status.is_ok()) return fail(std::move(status), sequence);
    if (!is_first) {
      if (left.count() <= 0) return fail(missing_data(call), sequence);
      continue;
    }
    Result<RollCall> roll_call = take_roll(call, start);
    if (!roll_call.is_ok()) return fail(std::move(roll_call).status(), sequence);
    if (Status status = roll_call.value().check_deadline(now); !status.is_ok()) {
      return fail(std::move(status), sequence);
    }
    if (is_warned) continue;
    if (const std::optional<std::string> warning = roll_call.value().late_warning(now)) {
      engine_.warn_soon(*warning);
      is_warned = true;
    }
  }
}

}  // namespace oarlock
