// How the ranks that are left of a dead world find each other: who gathers them, who is gone, who has come, and who
// goes on. A pure state machine as the guest book: no sockets, no threads, no clock of its own; survivors.cpp gives it
// what sockets and clock say, and a simulation (tests/unit/comm/simulation) drives whole worlds of it.
//
// Every rank listens at a port that all others know since they met. A rank that musters goes to the lowest rank that
// it does not know to be gone; the lowest of all finds nobody below and gathers the others:
//
//   seeking ----- rank below is gone (its port is closed) or silent for half of the time --> seeking the next one
//   seeking ----- nobody is left below ------------------------> gathering: summons all who have not come
//   gathering --- summoned by a rank below, which had been silent ---> seeking that one
//   gathering --- every rank has come or is gone, or time is over ---> over: it decides, and tells those who came
//   seeking ----- the decision has come, or time is over ------> over
//
// 1. Who says that he has come stands by it as long as that connection is open, and by one rank only. A decision counts
//    for him if it comes from there; so a rank is in one world at most, and two worlds of more than half of the ranks
//    cannot be.
// 2. Gone is whose port refuses connections, or whose host does not answer. Who is only silent may be busy or stopped,
//    and is waited for.
// 3. The summons is also how the gatherer learns that a rank ends, and on its connection those who did not come are
//    told later that the others went on without them: it lies there until they look, even if they were stopped.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/frame.h"
#include "comm/rendezvous.h"

namespace oarlock {

class Muster {
 public:
  using TimePoint = Clock::TimePoint;
  using Line = std::uint64_t;  // a connection; the shell numbers them from 1

  struct Plan {
    int rank = 0;                 // in the old world
    std::vector<Member> members;  // of the old world, by rank; this one's port is open
    std::string token;            // of the old world
    int min_size = 1;             // 1 to the number of members; the largest of all who come counts
    Milliseconds timeout{0};
    Milliseconds late{5000};  // the gatherer says by a warning whom it waits for, every so often
    std::string invitation;   // where this rank waits for the others if it gathers them
  };
  class Shell {
   public:
    virtual ~Shell() = default;
    // Tries to connect to a rank's port; ends in reach() or miss(), later.
    virtual void dial(int rank) = 0;
    virtual void send(Line line, std::string frame) = 0;
    virtual void close(Line line) = 0;  // lose() is not called for it
    virtual void warn(const std::string& text) = 0;
  };
  // Plan and shell outlive this.
  Muster(const Plan& plan, Shell& shell, TimePoint now);
  void start(TimePoint now);

  void reach(int rank, Line line, TimePoint now);
  void miss(int rank, const Status& why, TimePoint now);
  void hear(Line line, const Frame& frame, TimePoint now);
  void lose(Line line, const Status& why, TimePoint now);
  // After everything that has arrived was given to the above.
  void settle(TimePoint now);
  TimePoint next_event() const;  // when settle() may have something to do

  // Over: the ranks that go on, ascending, and where they meet; or why this rank does not.
  struct Outcome {
    std::vector<int> ranks;
    std::string invitation;
  };
  bool is_over() const { return outcome_.has_value(); }
  const Result<Outcome>& outcome() const { return *outcome_; }
  // The gatherer, when the new world stands: tells those who did not come.
  void dismiss_absent();

 private:
  enum class Dial { kIdle, kTrying, kPausing, kOpen };
  struct Peer {
    Dial dial = Dial::kIdle;
    Line line = 0;        // kOpen
    TimePoint dial_at{};  // kPausing
    Milliseconds pause{0};
    Line came = 0;           // on which it said that it has come; 0: it has not
    TimePoint gives_up{};    // when it stops waiting
    int min_size = 1;        // that it gives
    std::string gone;        // why it is known to be gone; empty: it is not
    bool is_passed = false;  // silent for too long to wait for it as the one that gathers
  };
  bool gathers() const { return leader_ == plan_.rank; }
  bool is_wanted(int rank) const;  // this rank should have a connection to that one
  void follow_lowest(TimePoint now);
  void dial(int rank);
  void call_on(Line line, TimePoint now);  // comes, or summons
  void dial_later(int rank, TimePoint now);
  void hear_survivor(Line line, const Frame& frame, TimePoint now);
  void hear_summons(Line line, const Frame& frame, TimePoint now);
  void hear_decision(Line line, const Frame& frame);
  void turn_away(Line line);
  void forget_arrival(Line line);
  void lose_host_of(int rank);
  bool is_complete() const;
  std::vector<int> present() const;
  TimePoint gathering_ends() const;
  void decide(TimePoint now);
  Status too_few(const std::vector<int>& ranks, int needed, TimePoint now) const;
  void check_patience(TimePoint now);
  void check_late(TimePoint now);
  int world_size() const { return static_cast<int>(plan_.members.size()); }
  std::string name(int rank) const { return name_member(rank, plan_.members[static_cast<std::size_t>(rank)]); }

  const Plan& plan_;
  Shell& shell_;
  const TimePoint start_;
  const TimePoint deadline_;
  std::vector<Peer> peers_;  // by rank; its own is unused
  int leader_ = -1;          // whom this rank holds to be the one that gathers; itself: gathers()
  bool is_leader_awake_ = false;
  TimePoint patience_ends_{};      // with a leader that is not
  std::map<Line, int> summoners_;  // connections on which a rank summoned this one
  TimePoint next_warning_;
  std::optional<Result<Outcome>> outcome_;
};

}  // namespace oarlock
