#include "comm/muster.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "comm/muster_messages.h"
#include "comm/roll_call.h"

namespace oarlock {
namespace {

constexpr Milliseconds kFirstPause{5};  // between attempts to connect; doubles up to the longest
constexpr Milliseconds kPauseMax{200};
constexpr Milliseconds kDecisionGrace{500};  // the gatherer decides first, so that its better text arrives
constexpr std::size_t kNamedMax = 8;

double seconds(Clock::TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }

bool is_host_silent(std::int64_t error_number) {
  return error_number == ETIMEDOUT || error_number == EHOSTUNREACH || error_number == ENETUNREACH ||
         error_number == EHOSTDOWN;
}

}  // namespace

Muster::Muster(const Plan& plan, Shell& shell, TimePoint now)
    : plan_(plan),
      shell_(shell),
      start_(now),
      deadline_(now + plan.timeout),
      peers_(plan.members.size()),
      next_warning_(now + plan.late) {
  for (std::size_t rank = 0; rank < peers_.size(); ++rank) {
    if (plan.members[rank].port == 0) peers_[rank].gone = "it had no port of its own";
  }
}

void Muster::start(TimePoint now) { follow_lowest(now); }

bool Muster::is_wanted(int rank) const {
  if (is_over() || rank == plan_.rank || !peers_[rank].gone.empty()) return false;
  return gathers() ? peers_[rank].came == 0 : rank == leader_;
}

void Muster::follow_lowest(TimePoint now) {
  int leader = 0;
  while (leader < plan_.rank && (!peers_[leader].gone.empty() || peers_[leader].is_passed)) ++leader;
  if (leader == leader_) return;
  leader_ = leader;
  is_leader_awake_ = false;
  patience_ends_ = now + (deadline_ - now) / 2;
  for (Peer& peer : peers_) {
    if (peer.dial == Dial::kOpen) shell_.close(peer.line);
    if (peer.dial != Dial::kTrying) peer.dial = Dial::kIdle;
    peer.pause = kFirstPause;
  }
  for (int rank = 0; rank < world_size(); ++rank) {
    if (is_wanted(rank)) dial(rank);
  }
}

void Muster::dial(int rank) {
  Peer& peer = peers_[rank];
  if (peer.dial == Dial::kTrying || peer.dial == Dial::kOpen) return;
  peer.dial = Dial::kTrying;
  shell_.dial(rank);
}

void Muster::dial_later(int rank, TimePoint now) {
  Peer& peer = peers_[rank];
  peer.dial = Dial::kPausing;
  peer.dial_at = now + peer.pause;
  peer.pause = std::min(peer.pause * 2, kPauseMax);
}

void Muster::reach(int rank, Line line, TimePoint now) {
  Peer& peer = peers_[rank];
  peer.dial = Dial::kIdle;
  if (!is_wanted(rank)) return shell_.close(line);
  peer.dial = Dial::kOpen;
  peer.line = line;
  call_on(line, now);
}

void Muster::call_on(Line line, TimePoint now) {
  const Milliseconds left = std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(deadline_ - now));
  shell_.send(line, pack_muster_call(gathers() ? FrameType::kSummons : FrameType::kSurvivor,
                                     {plan_.token, plan_.rank, plan_.min_size, left}));
}

void Muster::miss(int rank, const Status& why, TimePoint now) {
  Peer& peer = peers_[rank];
  peer.dial = Dial::kIdle;
  if (!is_wanted(rank)) return;
  const std::int64_t error_number = why.info().vendor_code;
  const bool is_near = plan_.members[rank].host_id == plan_.members[plan_.rank].host_id;
  if (error_number == ECONNREFUSED) {
    peer.gone = "its process has ended, or has closed its state";
  } else if (is_host_silent(error_number) && !is_near) {
    lose_host_of(rank);
  } else {
    dial_later(rank, now);
  }
  follow_lowest(now);
}

// One attempt in vain is enough for all ranks of a host that does not answer.
void Muster::lose_host_of(int rank) {
  for (std::size_t other = 0; other < peers_.size(); ++other) {
    Peer& peer = peers_[other];
    if (plan_.members[other].host_id != plan_.members[rank].host_id || peer.came != 0) continue;
    if (peer.dial != Dial::kOpen && peer.gone.empty()) peer.gone = "its host does not answer";
  }
}

void Muster::hear(Line line, const Frame& frame, TimePoint now) {
  if (is_over()) return;
  if (frame.type == FrameType::kSurvivor) return hear_survivor(line, frame, now);
  if (frame.type == FrameType::kSummons) return hear_summons(line, frame, now);
  if (frame.type == FrameType::kDecision) return hear_decision(line, frame);
  for (std::size_t rank = 0; rank < peers_.size(); ++rank) {
    Peer& peer = peers_[rank];
    if (peer.dial != Dial::kOpen || peer.line != line) continue;
    if (frame.type == FrameType::kAwake) {
      is_leader_awake_ = true;
      return call_on(line, now);  // the first call may have waited there: its time that is left is told anew
    }
    shell_.close(line);
    peer.dial = Dial::kIdle;
    peer.gone = "another program has its port";
    return follow_lowest(now);
  }
  turn_away(line);
}

void Muster::hear_survivor(Line line, const Frame& frame, TimePoint now) {
  const Result<MusterCall> call = unpack_muster_call(frame);
  if (!call.is_ok() || call.value().token != plan_.token || call.value().rank <= plan_.rank ||
      call.value().rank >= world_size()) {
    return turn_away(line);
  }
  Peer& peer = peers_[call.value().rank];
  const bool is_new = peer.came != line;
  if (is_new && peer.came != 0) shell_.close(peer.came);
  peer.came = line;
  peer.gone.clear();
  peer.gives_up = now + call.value().left;
  peer.min_size = call.value().min_size;
  if (is_new) shell_.send(line, std::move(FrameWriter(FrameType::kAwake)).finish());
}

void Muster::hear_summons(Line line, const Frame& frame, TimePoint now) {
  const Result<MusterCall> call = unpack_muster_call(frame);
  const int rank = call.is_ok() ? call.value().rank : -1;
  if (rank < 0 || rank >= world_size() || rank == plan_.rank || call.value().token != plan_.token) {
    return turn_away(line);
  }
  summoners_[line] = rank;
  Peer& peer = peers_[rank];
  peer.gone.clear();
  peer.is_passed = false;
  follow_lowest(now);
  if (rank == leader_) is_leader_awake_ = true;
  if (is_wanted(rank) && peer.dial == Dial::kIdle) dial(rank);
}

// Invariant 1.
void Muster::hear_decision(Line line, const Frame& frame) {
  const bool is_of_leader = !gathers() && peers_[leader_].dial == Dial::kOpen && peers_[leader_].line == line;
  if (!is_of_leader && summoners_.count(line) == 0) return turn_away(line);
  Result<MusterDecision> heard = unpack_decision(frame);
  if (!heard.is_ok()) return turn_away(line);
  MusterDecision& decision = heard.value();
  const std::vector<int>& ranks = decision.ranks;
  const bool is_in = std::find(ranks.begin(), ranks.end(), plan_.rank) != ranks.end();
  if (is_of_leader && !decision.status.is_ok()) {
    outcome_.emplace(std::move(decision.status));
  } else if (is_of_leader && is_in) {
    outcome_.emplace(Outcome{ranks, std::move(decision.invitation)});
  } else if (decision.status.is_ok() && !is_in && !ranks.empty()) {
    outcome_.emplace(
        aborted("the other ranks have gone on without this one, rank {}, which did not come to them in time: {} of the "
                "world of {} are a world of {} now. End this process, or let it take part in a world that is made anew",
                plan_.rank, list_ranks(ranks), world_size(), ranks.size())
            .with_rank(ranks.front()));
  }
}

void Muster::turn_away(Line line) {
  shell_.send(line, std::move(FrameWriter(FrameType::kRefusal)).finish());
  shell_.close(line);
  forget_arrival(line);
}

void Muster::forget_arrival(Line line) {
  summoners_.erase(line);
  for (int rank = 0; rank < world_size(); ++rank) {
    Peer& peer = peers_[rank];
    if (peer.came != line) continue;
    peer.came = 0;
    if (is_wanted(rank) && peer.dial == Dial::kIdle) dial(rank);  // is it gone?
  }
}

void Muster::lose(Line line, const Status& why, TimePoint now) {
  forget_arrival(line);
  for (int rank = 0; rank < world_size(); ++rank) {
    Peer& peer = peers_[rank];
    if (peer.dial != Dial::kOpen || peer.line != line) continue;
    peer.dial = Dial::kIdle;
    if (why.code() == OAR_E_VERSION) peer.gone = "another program has its port";
    if (rank == leader_ && std::exchange(is_leader_awake_, false)) patience_ends_ = now + (deadline_ - now) / 2;
    if (is_wanted(rank)) dial_later(rank, now);
    return follow_lowest(now);
  }
}

std::vector<int> Muster::present() const {
  std::vector<int> ranks;
  for (int rank = 0; rank < world_size(); ++rank) {
    if (rank == plan_.rank || peers_[rank].came != 0) ranks.push_back(rank);
  }
  return ranks;
}

bool Muster::is_complete() const {
  for (int rank = 0; rank < world_size(); ++rank) {
    if (rank != plan_.rank && peers_[rank].came == 0 && peers_[rank].gone.empty()) return false;
  }
  return true;
}

Muster::TimePoint Muster::gathering_ends() const {
  TimePoint soonest = deadline_;
  for (const Peer& peer : peers_) {
    if (peer.came != 0) soonest = std::min(soonest, peer.gives_up);
  }
  return soonest;
}

void Muster::settle(TimePoint now) {
  if (is_over()) return;
  for (int rank = 0; rank < world_size(); ++rank) {
    Peer& peer = peers_[rank];
    if (peer.dial != Dial::kPausing || peer.dial_at > now) continue;
    peer.dial = Dial::kIdle;
    if (is_wanted(rank)) dial(rank);
  }
  check_patience(now);
  if (is_over() || !gathers()) return;
  if (is_complete() || now >= gathering_ends()) return decide(now);
  check_late(now);
}

void Muster::check_patience(TimePoint now) {
  if (gathers()) return;
  if (now >= deadline_ + kDecisionGrace) {
    outcome_.emplace(timed_out("{} was to gather the ranks that go on, and did not decide within {:.1f} s",
                               name(leader_), seconds(now - start_))
                         .with_rank(leader_));
    return;
  }
  if (is_leader_awake_ || now < patience_ends_) return;
  peers_[leader_].is_passed = true;
  follow_lowest(now);
}

void Muster::check_late(TimePoint now) {
  if (now < next_warning_) return;
  next_warning_ = now + plan_.late;
  std::vector<int> absent;
  for (int rank = 0; rank < world_size(); ++rank) {
    if (is_wanted(rank)) absent.push_back(rank);
  }
  shell_.warn(fmt::format("waiting for {} to go on with (oar_state_shrink) since {:.1f} s", list_ranks(absent),
                          seconds(now - start_)));
}

Muster::TimePoint Muster::next_event() const {
  TimePoint soonest = gathers() ? std::min(gathering_ends(), next_warning_) : deadline_ + kDecisionGrace;
  if (!gathers() && !is_leader_awake_) soonest = std::min(soonest, patience_ends_);
  for (const Peer& peer : peers_) {
    if (peer.dial == Dial::kPausing) soonest = std::min(soonest, peer.dial_at);
  }
  return soonest;
}

Status Muster::too_few(const std::vector<int>& ranks, int needed, TimePoint now) const {
  std::vector<std::string> absent;
  int first = -1;
  bool is_late = false;
  for (int rank = 0; rank < world_size(); ++rank) {
    const Peer& peer = peers_[rank];
    if (rank == plan_.rank || peer.came != 0) continue;
    if (first < 0) first = rank;
    is_late = is_late || peer.gone.empty();
    if (absent.size() == kNamedMax) continue;
    absent.push_back(peer.gone.empty()
                         ? fmt::format("{} did not come within {:.1f} s", name(rank), seconds(now - start_))
                         : fmt::format("{} is gone ({})", name(rank), peer.gone));
  }
  return Status(
             is_late ? OAR_E_TIMEOUT : OAR_E_PEER_LOST,
             fmt::format("too few ranks are left to go on: {} of {} came ({}), at least {} must (min_size); {}. Give "
                         "more time or a smaller min_size, or start anew from the last checkpoint",
                         ranks.size(), world_size(), list_ranks(ranks), needed, join_text(absent, "; ")))
      .with_rank(first);
}

void Muster::decide(TimePoint now) {
  const std::vector<int> ranks = present();
  int needed = plan_.min_size;
  for (const int rank : ranks) needed = std::max(needed, peers_[rank].min_size);
  MusterDecision decision{Status::ok(), ranks, plan_.invitation};
  if (static_cast<int>(ranks.size()) < needed) decision = {too_few(ranks, needed, now), {}, {}};
  for (const int rank : ranks) {
    if (rank != plan_.rank) shell_.send(peers_[rank].came, pack_decision(decision));
  }
  if (!decision.status.is_ok()) {
    outcome_.emplace(std::move(decision.status));
  } else {
    outcome_.emplace(Outcome{ranks, plan_.invitation});
  }
}

void Muster::dismiss_absent() {
  const std::vector<int>& ranks = outcome_->value().ranks;
  for (int rank = 0; rank < world_size(); ++rank) {
    if (peers_[rank].dial != Dial::kOpen || std::find(ranks.begin(), ranks.end(), rank) != ranks.end()) continue;
    shell_.send(peers_[rank].line, pack_decision({Status::ok(), ranks, {}}));
  }
}

}  // namespace oarlock
