// Worlds that have lost ranks and go on with those that are left, under the simulator's network and clock; each made
// from one seed (seeds.h).
#include <gtest/gtest.h>

#include <map>

#include "unit/comm/simulation/seeds.h"
#include "unit/comm/simulation/survivor.h"
#include "unit/comm/simulation/world.h"

namespace oarlock::simulation {
namespace {

const TimePoint kBegin{std::chrono::seconds(1000)};
constexpr Milliseconds kEnd{600000};
constexpr Milliseconds kTimeout{10000};
constexpr Milliseconds kGrace{500};
constexpr std::int64_t kEventsMax = 500000;

enum class Trouble {
  kNone,      // but for the ranks that were dead before
  kAbsent,    // a rank is busy or stopped until the others have decided, and then calls
  kTooFew,    // more are asked for than are left
  kKilled,    // a rank dies meanwhile
  kPaused,    // a rank is stopped for a while
  kReset,     // of connections
  kIsolated,  // a rank, for ever or a while
  kChaos,     // several of these, and second attempts
};
constexpr const char* kNames[] = {"none", "absent", "too few", "killed", "paused", "reset", "isolated", "chaos"};

class OldWorld {
 public:
  OldWorld(std::uint64_t seed, bool traces) : random_(seed), traces_(traces) {
    constexpr std::int64_t kDelays[] = {2000, 20000, 100000};
    delay_us_max_ = kDelays[random_.below(3)];
    size_ = static_cast<int>(random_.between(2, 7));
    trouble_ = static_cast<Trouble>(random_.below(std::size(kNames)));
    culprit_ = static_cast<int>(random_.below(size_));
    network_ = std::make_unique<Network>(timeline_, Random(random_.next()), delay_us_max_);
    is_one_by_one_ = random_.chance(50);
    make_survivors();
    plan_trouble();
  }

  void run() {
    std::int64_t num_events = 0;
    while (num_events < kEventsMax && timeline_.now() < kBegin + kEnd && timeline_.run_next()) ++num_events;
    spins_ = num_events == kEventsMax;
  }

  std::vector<std::string> judge() const {
    std::vector<std::string> wrong;
    if (spins_) wrong.push_back("the world does not come to rest");
    for (const auto& survivor : survivors_) {
      judge_ends(*survivor, wrong);
      judge_outcome(*survivor, wrong);
    }
    judge_worlds(wrong);
    return wrong;
  }

  std::string told() const {
    std::string text = fmt::format("{} ranks, delays to {} us, min_size {}, trouble: {} of rank {}\n", size_,
                                   delay_us_max_, min_size_, kNames[static_cast<int>(trouble_)], culprit_);
    for (const std::string& line : trace_) text += line + "\n";
    return text;
  }

 private:
  void make_survivors() {
    min_size_ = trouble_ == Trouble::kTooFew ? size_ : size_ / 2 + 1;
    Muster::Plan plan;
    plan.token = "token";
    plan.timeout = kTimeout;
    plan.min_size = min_size_;
    for (int rank = 0; rank < size_; ++rank) {
      const std::string host = fmt::format("host{}", is_one_by_one_ ? rank : rank / 2);
      plan.members.push_back(Member{100 + rank, host, host, host, 1});
    }
    for (int rank = 0; rank < size_; ++rank) {
      plan.rank = rank;
      plan.invitation = fmt::format("invitation of rank {}", rank);
      survivors_.push_back(std::make_unique<Survivor>(timeline_, *network_, Random(random_.next()), plan,
                                                      [this](const std::string& text) { note(text); }));
    }
  }

  void plan_trouble() {
    // Fewer than half die before, and the culprit of something else is not among them.
    int num_dead = static_cast<int>(random_.below(size_ - size_ / 2));
    if (trouble_ == Trouble::kTooFew) num_dead = std::max(num_dead, 1);
    if (trouble_ != Trouble::kNone && trouble_ != Trouble::kTooFew) num_dead = std::max(0, num_dead - 1);
    for (int i = 0; i < num_dead; ++i) {
      const int rank = static_cast<int>(random_.below(size_));
      if (rank != culprit_ || trouble_ == Trouble::kTooFew) survivors_[rank]->kill();
    }
    if (trouble_ == Trouble::kTooFew) survivors_[culprit_]->kill();
    for (const auto& survivor : survivors_) {
      if (trouble_ == Trouble::kAbsent && survivor->plan.rank == culprit_) continue;
      timeline_.at(kBegin + spread(), [&survivor] { survivor->call(); });
    }
    Survivor& culprit = *survivors_[culprit_];
    switch (trouble_) {
      case Trouble::kAbsent:
        timeline_.at(kBegin + 3 * kTimeout, [&culprit] { culprit.call(); });
        if (random_.chance(50)) culprit.stop_until(kBegin + 3 * kTimeout);
        return;
      case Trouble::kChaos:
        for (const auto& survivor : survivors_) survivor->num_attempts_max = 3;
        for (std::int64_t i = random_.between(1, 5); i > 0; --i) {
          plan_one(static_cast<Trouble>(
                       random_.between(static_cast<int>(Trouble::kKilled), static_cast<int>(Trouble::kIsolated))),
                   *survivors_[random_.below(size_)]);
        }
        return;
      default:
        plan_one(trouble_, culprit);
    }
  }

  void plan_one(Trouble trouble, Survivor& culprit) {
    const TimePoint when = kBegin + random_.microseconds(0, random_.chance(70) ? 3 * delay_us_max_ : 12'000'000);
    const Milliseconds lasts = lasts_ = random_.milliseconds(1, random_.chance(50) ? 2000 : 30000);
    if (trouble == Trouble::kKilled) timeline_.at(when, [&culprit] { culprit.kill(); });
    if (trouble == Trouble::kPaused) {
      timeline_.at(when, [this, &culprit, lasts] { culprit.stop_until(timeline_.now() + lasts); });
    }
    if (trouble == Trouble::kReset) timeline_.at(when, [&culprit] { culprit.reset_connections(); });
    if (trouble != Trouble::kIsolated) return;
    timeline_.at(when, [this, &culprit] {
      note(culprit.name() + " is cut off");
      network_->isolate(culprit.place());
    });
    if (random_.chance(50)) timeline_.at(when + lasts, [this, &culprit] { network_->heal(culprit.place()); });
  }

  TimePoint::duration spread() {
    return random_.chance(80) ? TimePoint::duration(random_.microseconds(0, 5000))
                              : TimePoint::duration(random_.milliseconds(0, kTimeout.count() / 4));
  }

  void note(const std::string& text) {
    if (!traces_) return;
    const std::chrono::duration<double, std::milli> since = timeline_.now() - kBegin;
    trace_.push_back(fmt::format("{:10.3f} {}", since.count(), text));
  }

  // Nobody waits for longer than it said, whatever happens to the others.
  void judge_ends(const Survivor& survivor, std::vector<std::string>& wrong) const {
    if (survivor.is_killed() || survivor.is_stopped()) return;
    if (survivor.attempts().empty()) wrong.push_back(survivor.name() + " could not call");
    for (const Survivor::Attempt& attempt : survivor.attempts()) {
      if (!attempt.ended_at) {
        wrong.push_back(survivor.name() + " waits for ever");
      } else if (*attempt.ended_at - attempt.began_at > kTimeout + kGrace && !survivor.was_stopped()) {
        wrong.push_back(survivor.name() + " waits for too long");
      }
    }
  }

  std::vector<int> living() const {
    std::vector<int> ranks;
    for (const auto& survivor : survivors_) {
      const bool is_absent = trouble_ == Trouble::kAbsent && survivor->plan.rank == culprit_;
      if (!survivor->is_killed() && !is_absent) ranks.push_back(survivor->plan.rank);
    }
    return ranks;
  }

  void judge_outcome(const Survivor& survivor, std::vector<std::string>& wrong) const {
    const Result<Muster::Outcome>* outcome = survivor.outcome();
    if (survivor.is_killed() || outcome == nullptr) return;
    const std::vector<int> expected = living();
    const bool is_enough = static_cast<int>(expected.size()) >= min_size_;
    const bool is_absent = trouble_ == Trouble::kAbsent && survivor.plan.rank == culprit_;
    if (trouble_ == Trouble::kNone || trouble_ == Trouble::kAbsent || trouble_ == Trouble::kTooFew) {
      if (is_absent && is_enough) {
        if (outcome->status().code() != OAR_E_ABORTED) wrong.push_back(told_of(survivor) + " and was not left out");
      } else if (!is_absent && is_enough) {
        if (!outcome->is_ok() || outcome->value().ranks != expected) wrong.push_back(told_of(survivor));
      } else {
        judge_too_few(survivor, outcome->status(), wrong);
      }
    }
    if (is_harmless() && is_enough && (!outcome->is_ok() || outcome->value().ranks != expected)) {
      wrong.push_back(told_of(survivor));
    }
    if (outcome->is_ok()) {
      const std::vector<int>& ranks = outcome->value().ranks;
      if (static_cast<int>(ranks.size()) < min_size_) wrong.push_back(survivor.name() + " goes on with too few");
      if (std::count(ranks.begin(), ranks.end(), survivor.plan.rank) != 1) wrong.push_back(told_of(survivor));
      if (!std::is_sorted(ranks.begin(), ranks.end())) wrong.push_back(told_of(survivor));
      if (outcome->value().invitation != fmt::format("invitation of rank {}", ranks.front()))
        wrong.push_back(told_of(survivor));
    } else if (outcome->status().info().rank < 0) {
      wrong.push_back(survivor.name() + " blames nobody: " + outcome->status().message());
    }
  }

  // What all who live are to come through: a short pause, connections that break, the death of a rank. But not where
  // a decision was lost by that: its world does not stand, and in the meeting that is not simulated all hear of it.
  bool is_harmless() const {
    if (trouble_ == Trouble::kPaused) return lasts_ < Milliseconds(2000);
    if (trouble_ != Trouble::kKilled && trouble_ != Trouble::kReset) return false;
    return std::all_of(survivors_.begin(), survivors_.end(), [&](const auto& survivor) {
      const Result<Muster::Outcome>* outcome = survivor->outcome();
      return outcome == nullptr || !outcome->is_ok() || stands(outcome->value());
    });
  }
  bool stands(const Muster::Outcome& world) const {
    return std::all_of(world.ranks.begin(), world.ranks.end(), [&](int rank) {
      const Survivor& member = *survivors_[static_cast<std::size_t>(rank)];
      const Result<Muster::Outcome>* outcome = member.outcome();
      return !member.is_killed() && outcome != nullptr && outcome->is_ok() &&
             outcome->value().invitation == world.invitation;
    });
  }

  void judge_too_few(const Survivor& survivor, const Status& status, std::vector<std::string>& wrong) const {
    const bool is_absent = trouble_ == Trouble::kAbsent && survivor.plan.rank == culprit_;
    bool is_right = status.code() == OAR_E_PEER_LOST || status.code() == OAR_E_TIMEOUT;
    for (const auto& other : survivors_) {  // who is dead, and who came
      const int rank = other->plan.rank;
      if (!is_absent && rank != survivor.plan.rank) is_right = is_right && names_rank(status.message(), rank);
    }
    if (!is_right) wrong.push_back(told_of(survivor));
  }

  std::string told_of(const Survivor& survivor) const {
    const Result<Muster::Outcome>& outcome = *survivor.outcome();
    std::string ranks;
    if (outcome.is_ok()) {
      for (const int rank : outcome.value().ranks) ranks += fmt::format(" {}", rank);
    }
    return fmt::format("{} ends with {}", survivor.name(), outcome.is_ok() ? ranks : outcome.status().message());
  }

  // A world stands when all its ranks are in it; there is one at most.
  void judge_worlds(std::vector<std::string>& wrong) const {
    std::map<std::string, int> num_in;
    std::map<std::string, std::size_t> size_of;
    for (const auto& survivor : survivors_) {
      if (survivor->outcome() == nullptr || !survivor->outcome()->is_ok()) continue;
      const Muster::Outcome& outcome = survivor->outcome()->value();
      ++num_in[outcome.invitation];
      size_of[outcome.invitation] = outcome.ranks.size();
    }
    int num_worlds = 0;
    for (const auto& [invitation, count] : num_in) {
      if (static_cast<std::size_t>(count) == size_of[invitation]) ++num_worlds;
    }
    if (num_worlds > 1) wrong.push_back("two worlds stand");
    const bool is_calm = trouble_ == Trouble::kNone || trouble_ == Trouble::kAbsent || trouble_ == Trouble::kTooFew;
    if (is_calm && num_in.size() > 1) {
      wrong.push_back("ranks go to different places");
    }
  }

  Random random_;
  const bool traces_;
  Timeline timeline_;
  std::int64_t delay_us_max_ = 0;
  int size_ = 0;
  int min_size_ = 0;
  int culprit_ = 0;
  bool is_one_by_one_ = false;  // each rank on a host of its own
  Trouble trouble_ = Trouble::kNone;
  Milliseconds lasts_{0};  // of the trouble
  bool spins_ = false;
  std::unique_ptr<Network> network_;
  std::vector<std::unique_ptr<Survivor>> survivors_;  // by rank, the dead too
  std::vector<std::string> trace_;
};

TEST(MusterSimulation, EveryWorldKeepsTheRules) { expect_rules_in_every_world<OldWorld>("MusterSimulation.*"); }

}  // namespace
}  // namespace oarlock::simulation
