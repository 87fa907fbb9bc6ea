#include "comm/roll_call.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace oarlock {
namespace {

constexpr std::size_t kNamedRanksMax = 8;

double seconds(Clock::TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::string list_ranks(const std::vector<int>& ranks) {
  if (ranks.size() == 1) return fmt::format("rank {}", ranks.front());
  const std::size_t named = std::min(ranks.size(), kNamedRanksMax);
  std::string text =
      fmt::format("ranks {}", fmt::join(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(named), ", "));
  if (ranks.size() > named) text += fmt::format(" and {} more", ranks.size() - named);
  return text;
}

int RollCall::first_arrived() const {
  for (std::size_t rank = 0; rank < arrivals_.size(); ++rank) {
    if (arrivals_[rank]) return static_cast<int>(rank);
  }
  return -1;
}

Status RollCall::check_left(const Arrival& wanted) const {
  for (std::size_t rank = 0; rank < left_after_.size(); ++rank) {
    if (!left_after_[rank]) continue;
    return peer_lost(
               "a rank has left the group: rank {} closed it after operation {}, so operation {}, {}, cannot complete; "
               "all ranks must make the same calls",
               rank, *left_after_[rank], wanted.signature.sequence, wanted.text())
        .with_rank(static_cast<int>(rank))
        .with_operation(operator_name(wanted.signature.op));
  }
  return Status::ok();
}

Status RollCall::arrive(int rank, const Signature& signature, Milliseconds timeout, TimePoint now, std::string site) {
  const int other = first_arrived();
  Arrival mine{signature, now + timeout, std::move(site)};
  if (other >= 0 && arrivals_[other]->signature != signature) {
    const Arrival& theirs = *arrivals_[other];
    const bool rank_is_lower = rank < other;
    return mismatch(
               "ranks made different calls as operation {} of the group: rank {} called {}, rank {} called {}; all "
               "ranks must make the same calls in the same order",
               theirs.signature.sequence, rank_is_lower ? rank : other, (rank_is_lower ? mine : theirs).text(),
               rank_is_lower ? other : rank, (rank_is_lower ? theirs : mine).text())
        .with_rank(rank_is_lower ? other : rank)
        .with_operation(operator_name(signature.op));
  }
  if (num_arrived_ == 0) first_arrival_ = now;
  if (!arrivals_[rank]) ++num_arrived_;
  arrivals_[rank] = std::move(mine);
  return check_left(*arrivals_[rank]);
}

Status RollCall::leave(int rank, std::uint64_t sequence) {
  left_after_[rank] = sequence;
  return someone_waits() ? check_left(*arrivals_[first_arrived()]) : Status::ok();
}

void RollCall::next() {
  arrivals_.assign(arrivals_.size(), std::nullopt);
  num_arrived_ = 0;
  warned_ = false;
}

std::vector<int> RollCall::missing() const {
  std::vector<int> ranks;
  for (std::size_t rank = 0; rank < arrivals_.size(); ++rank) {
    if (!arrivals_[rank]) ranks.push_back(static_cast<int>(rank));
  }
  return ranks;
}

Status RollCall::check_deadline(TimePoint now) const {
  if (!someone_waits()) return Status::ok();
  for (const auto& arrival : arrivals_) {
    if (!arrival || now < arrival->deadline) continue;
    const std::vector<int> late = missing();
    return timed_out(
               "{} did not call operation {}, {}, within {:.1f} s; look at what that rank is doing, or raise the "
               "time-out (comm.timeout_ms)",
               list_ranks(late), arrival->signature.sequence, arrival->text(), seconds(now - first_arrival_))
        .with_rank(late.front())
        .with_operation(operator_name(arrival->signature.op));
  }
  return Status::ok();
}

std::optional<std::string> RollCall::late_warning(TimePoint now) {
  if (!someone_waits() || warned_ || now < first_arrival_ + late_) return std::nullopt;
  warned_ = true;
  const Arrival& first = *arrivals_[first_arrived()];
  return fmt::format("{} did not call operation {}, {}, after {:.1f} s; {} of {} ranks wait", list_ranks(missing()),
                     first.signature.sequence, first.text(), seconds(now - first_arrival_), num_arrived_,
                     arrivals_.size());
}

std::optional<RollCall::TimePoint> RollCall::next_event() const {
  if (!someone_waits()) return std::nullopt;
  std::optional<TimePoint> soonest;
  if (!warned_) soonest = first_arrival_ + late_;
  for (const auto& arrival : arrivals_) {
    if (arrival && (!soonest || arrival->deadline < *soonest)) soonest = arrival->deadline;
  }
  return soonest;
}

}  // namespace oarlock
