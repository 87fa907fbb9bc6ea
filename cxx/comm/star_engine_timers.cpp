// What the engine does because time has passed: warnings, time-outs, and who is to blame for them. Rank 0 decides
// first. In a transfer all ranks have arrived, so lateness names nobody: rank 0 asks every engine for a sign of life
// then.
#include <utility>

#include "comm/star_engine.h"

namespace oarlock {
namespace {

constexpr int kPollMsMax = 1000;        // nothing is polled for; a bound for its own sake
constexpr Milliseconds kProbeMax{300};  // engines answer at once, whatever their ranks do

}  // namespace

int StarEngine::poll_bound_ms(TimePoint now) const {
  if (failed_) return kPollMsMax;
  int bound = kPollMsMax;
  if (is_hub() && roll_call_.next_event()) bound = poll_milliseconds(now, *roll_call_.next_event(), bound);
  if (const auto then = next_post_event()) bound = poll_milliseconds(now, *then, bound);
  if (probe_end_) {
    bound = poll_milliseconds(now, *probe_end_, bound);
  } else if (phase_ != Phase::kIdle && deadline_ != TimePoint{}) {
    bound = poll_milliseconds(now, deadline_, bound);
  }
  if (data_failure_) bound = poll_milliseconds(now, data_failure_->first, bound);
  return bound;
}

void StarEngine::check_timers(TimePoint now) {
  if (failed_) return;
  if (is_hub()) {
    if (std::optional<std::string> warning = roll_call_.late_warning(now)) {
      warn_all(*warning);
    }
    Status status = roll_call_.check_deadline(now);
    if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  }
  check_posts(now);
  if (failed_) return;
  if (data_failure_ && now >= data_failure_->first) return fail(std::move(data_failure_->second), /*tell_peers=*/true);
  if (phase_ == Phase::kIdle || deadline_ == TimePoint{} || now < deadline_) return;
  if (!is_hub()) return fail(silent_hub(), /*tell_peers=*/true);
  if (!probe_end_) start_probe(now);
  if (failed_) return;  // a peer was found dead
  const std::vector<int> silent = silent_ranks();
  if (silent.empty() || now >= *probe_end_) fail(stalled_transfer(silent), /*tell_peers=*/true);
}

Status StarEngine::silent_hub() const {
  return timed_out("rank 0 gave no answer {} within {:.1f} s: its process is stopped, or the network is", doing(),
                   std::chrono::duration<double>(current_->timeout).count())
      .with_rank(0)
      .with_operation(operator_name(current_->signature.op));
}

void StarEngine::start_probe(TimePoint now) {
  probe_end_ = now + kProbeMax;
  has_answered_.assign(star_.peers.size(), false);
  send_to_all(FrameWriter(FrameType::kProbe).finish());
}

void StarEngine::take_answer(int rank) {
  if (probe_end_) has_answered_[rank] = true;
}

std::vector<int> StarEngine::silent_ranks() const {
  std::vector<int> ranks;
  for (std::size_t rank = 1; rank < star_.peers.size(); ++rank) {
    // Who has left was done with this operation.
    if (star_.peers[rank].is_open() && !has_answered_[rank]) ranks.push_back(static_cast<int>(rank));
  }
  return ranks;
}

Status StarEngine::stalled_transfer(const std::vector<int>& silent) const {
  const double waited = std::chrono::duration<double>(current_->timeout).count();
  const char* operation = operator_name(current_->signature.op);
  if (silent.empty()) {
    return timed_out(
               "the data did not arrive {} within {:.1f} s, though every rank had called it and every process answers: "
               "the network between them is slow or stopped; mend it, or raise the time-out (comm.timeout_ms)",
               doing(), waited)
        .with_operation(operation);
  }
  return timed_out(
             "the data did not arrive {} within {:.1f} s, though every rank had called it, and {} gave no sign of "
             "life: "
             "the process is stopped, or the network is",
             doing(), waited, list_ranks(silent))
      .with_rank(silent.front())
      .with_operation(operation);
}

}  // namespace oarlock
