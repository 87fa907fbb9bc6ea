// What the protocol does because time has passed: warnings, time-outs, and who is to blame for them. Rank 0 decides
// first. In a transfer all ranks have arrived, so lateness names nobody: rank 0, told of it by whose data does not
// come, asks every engine for a sign of life then.
#include <utility>

#include "comm/star_protocol.h"

namespace oarlock {

// Ranks whose data came early call the next operation; who is not there then may just wait for its data, as rank 0.
bool StarProtocol::watches_roll_call() const { return is_hub() && phase_ != Phase::kMovingData && !stall_; }

std::optional<StarProtocol::TimePoint> StarProtocol::next_event() const {
  std::optional<TimePoint> soonest;
  if (failed_) return soonest;
  const auto also = [&](std::optional<TimePoint> then) {
    if (then && (!soonest || *then < *soonest)) soonest = then;
  };
  if (watches_roll_call()) also(roll_call_.next_event());
  also(next_post_event());
  if (stall_) {
    also(stall_->end);
  } else if (phase_ != Phase::kIdle && deadline_ != TimePoint{}) {
    also(deadline_);
  }
  if (data_failure_) also(data_failure_->first);
  return soonest;
}

void StarProtocol::check_timers(TimePoint now) {
  now_ = now;
  if (failed_) return;
  if (watches_roll_call()) {
    if (std::optional<std::string> warning = roll_call_.late_warning(now)) warn_all(*warning);
    Status status = roll_call_.check_deadline(now);
    if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  }
  check_posts();
  if (failed_) return;
  if (data_failure_ && now >= data_failure_->first) return fail(std::move(data_failure_->second), /*tell_peers=*/true);
  if (stall_) return check_stall();
  if (phase_ == Phase::kIdle || deadline_ == TimePoint{} || now < deadline_) return;
  if (phase_ == Phase::kAwaitingRanks) return fail(silent_hub(), /*tell_peers=*/true);
  report_stall(current_->signature, current_->timeout);
}

Status StarProtocol::silent_hub() const {
  return timed_out("rank 0 gave no answer {} within {:.1f} s: its process is stopped, or the network is", doing(),
                   std::chrono::duration<double>(current_->timeout).count())
      .with_rank(0)
      .with_operation(operator_name(current_->signature.op));
}

void StarProtocol::report_stall(const Signature& signature, Milliseconds timeout) {
  stall_ = Stall{signature, timeout, now_ + (is_hub() ? kProbeMax : kHubGrace)};
  has_answered_.assign(connected_.size(), false);
  FrameWriter writer(is_hub() ? FrameType::kProbe : FrameType::kStalled);
  if (!is_hub()) writer.put(signature).put<std::int64_t>(timeout.count());
  send_to_all(std::move(writer).finish());
  check_stall();
}

// Rank 0 may have ended that operation: its own data came.
void StarProtocol::handle_stalled(const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<Signature> signature = reader.get<Signature>();
  const Result<std::int64_t> timeout_ms = reader.get<std::int64_t>();
  if (!signature.is_ok() || !timeout_ms.is_ok()) return fail(unawaited(), /*tell_peers=*/true);
  if (!stall_) report_stall(signature.value(), Milliseconds(timeout_ms.value()));
}

void StarProtocol::check_stall() {
  if (hub_left_after_) return fail(stalled_transfer({}), /*tell_peers=*/false);  // nobody is left to ask
  if (!is_hub()) {
    if (now_ >= stall_->end) fail(silent_hub(), /*tell_peers=*/true);
    return;
  }
  const std::vector<int> silent = silent_ranks();
  if (silent.empty() || now_ >= stall_->end) fail(stalled_transfer(silent), /*tell_peers=*/true);
}

std::vector<int> StarProtocol::silent_ranks() const {
  std::vector<int> ranks;
  for (std::size_t rank = 1; rank < connected_.size(); ++rank) {
    // Who has left was done with this operation.
    if (connected_[rank] && !has_answered_[rank]) ranks.push_back(static_cast<int>(rank));
  }
  return ranks;
}

Status StarProtocol::stalled_transfer(const std::vector<int>& silent) const {
  const double waited = std::chrono::duration<double>(stall_->timeout).count();
  const char* operation = operator_name(stall_->signature.op);
  const std::string doing = oarlock::doing({0, stall_->signature});
  if (silent.empty()) {
    return timed_out(
               "the data did not arrive {} within {:.1f} s, though every rank had called it and {}: "
               "the network between them is slow or stopped; mend it, or raise the time-out (comm.timeout_ms)",
               doing, waited, hub_left_after_ ? "rank 0 has closed the group since" : "every process answers")
        .with_operation(operation);
  }
  return timed_out(
             "the data did not arrive {} within {:.1f} s, though every rank had called it, and {} gave no sign of "
             "life: "
             "the process is stopped, or the network is",
             doing, waited, list_ranks(silent))
      .with_rank(silent.front())
      .with_operation(operation);
}

}  // namespace oarlock
