// A simulated world made from one seed: its processes, its network, and what goes wrong in it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "unit/comm/simulation/network.h"
#include "unit/comm/simulation/process.h"
#include "unit/comm/simulation/transport.h"

namespace oarlock::simulation {

enum class Fault {
  kNone,
  kKill,            // of a rank
  kStop,            // for ever
  kPause,           // shorter than any time-out
  kReset,           // of a rank's connections
  kIsolate,         // of a rank, until its connections end
  kShortIsolation,  // ends before they do
  kOtherCall,       // than the other ranks
  kSkip,            // of a call
  kLeave,           // before the program ends
  kAbort,
  kLate,     // later than the time-out
  kSlow,     // later than a warning, but in time
  kJump,     // of a rank's clock
  kHostile,  // frames that no proper peer sends
  kStalledData,
  kMissing,    // never starts
  kLateStart,  // in time
  kKilledInMeeting,
  kStaleRank,  // of an earlier launch comes to the meeting
  kStrangers,
  kTwice,  // two processes are one rank
  kWrongSize,
  kRestart,  // launches that end and begin again
  kChaos,    // several of these
};
constexpr int kNumFaults = static_cast<int>(Fault::kChaos) + 1;
const char* fault_name(Fault fault);

class World {
 public:
  World(std::uint64_t seed, bool traces);
  void run();
  // Empty, or what went against the rules.
  std::vector<std::string> judge() const;

  Fault fault() const { return fault_; }
  std::string describe() const;
  std::string told() const {  // that, and what happened
    std::string text = describe() + "\n";
    for (const std::string& line : trace_) text += line + "\n";
    return text;
  }

 private:
  Process& add(const Launch& launch, int rank);
  Launch& add_launch();
  void start_at(Process& process, TimePoint when) {
    timeline_.at(when, [&process] { process.start(); });
  }
  void start_all(const Launch& launch, Milliseconds within);
  TimePoint somewhen();  // while the program runs, probably
  void plan();
  void plan_process_fault(Fault fault);
  void plan_deviation(Fault fault);
  void plan_meeting_fault();
  void plan_restarts();
  void start_rank_zero(const Launch& launch);
  void isolate(Process& process, TimePoint when, Milliseconds duration);
  void note(std::string text);

  bool spins() const;  // something wants the time again and again, and does nothing with it

  // judge.cpp
  bool is_survivor(const Process& process) const;
  bool may_be_late(const Process& process) const;
  bool has_transfers() const;
  void judge_ends(const Process& process, std::vector<std::string>& wrong) const;
  void judge_calls(const Process& process, std::vector<std::string>& wrong) const;
  void judge_agreement(std::vector<std::string>& wrong) const;
  void judge_members(const Process& process, std::vector<std::string>& wrong) const;
  void judge_success(const Process& process, std::vector<std::string>& wrong) const;
  void judge_blame(const Process& process, std::vector<std::string>& wrong) const;
  void judge_promptness(const Process& process, std::vector<std::string>& wrong) const;
  void judge_fault(std::vector<std::string>& wrong) const;

  const std::uint64_t seed_;
  Random random_;
  const bool traces_;
  Timeline timeline_;
  std::int64_t delay_us_max_;
  Milliseconds timeout_;
  int world_size_;
  Fault fault_;
  int culprit_ = 0;
  TimePoint fault_at_ = TimePoint::max();
  std::unique_ptr<Network> network_;
  std::deque<Launch> launches_;
  std::deque<Transport> transports_;
  std::deque<std::unique_ptr<Process>> processes_;
  std::vector<Process*> ranks_;  // of the first launch
  std::vector<std::unique_ptr<Station>> strangers_;
  std::deque<std::string> trace_;
  std::int64_t num_events_ = 0;
};

// Whether a text names the rank: "rank 3", or in a list "ranks 1, 3".
bool names_rank(const std::string& text, int rank);

}  // namespace oarlock::simulation
