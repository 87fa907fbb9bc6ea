#include "unit/comm/simulation/world.h"

#include <algorithm>

namespace oarlock::simulation {
namespace {

constexpr std::size_t kTraceLinesMax = 2000;
constexpr Milliseconds kEnd{600000};
constexpr std::int64_t kEventsMax = 1000000;  // thousands are usual
const TimePoint kBegin{std::chrono::seconds(1000)};

// Somebody who connects and knows nothing of ranks.
class Stranger : public Station {
 public:
  Stranger(Network& network, Random random) : network_(network), random_(random) {}
  int place() const override { return -1; }
  void accepted(LineEnd) override {}
  void connected(LineEnd line) override {
    const auto what = random_.below(3);
    if (what == 0) return network_.close(line);
    if (what == 1) return;  // says nothing
    network_.inject(line, Frame{static_cast<FrameType>(random_.between(1, 24)), std::string(random_.below(100), 'x')});
  }
  void not_connected(Status) override {}
  void heard(LineEnd, Frame) override {}
  void ended(LineEnd line, Status) override { network_.close(line); }

 private:
  Network& network_;
  Random random_;
};

}  // namespace

const char* fault_name(Fault fault) {
  constexpr const char* kNames[] = {"none",
                                    "kill",
                                    "stop",
                                    "pause",
                                    "reset",
                                    "isolate",
                                    "short isolation",
                                    "other call",
                                    "skip",
                                    "leave",
                                    "abort",
                                    "late",
                                    "slow",
                                    "jump",
                                    "hostile",
                                    "stalled data",
                                    "missing",
                                    "late start",
                                    "killed in meeting",
                                    "stale rank",
                                    "strangers",
                                    "twice",
                                    "wrong size",
                                    "restart",
                                    "chaos"};
  static_assert(std::size(kNames) == kNumFaults);
  return kNames[static_cast<int>(fault)];
}

World::World(std::uint64_t seed, bool traces) : seed_(seed), random_(seed), traces_(traces) {
  constexpr std::int64_t kDelays[] = {2000, 20000, 100000};  // there and back: less than StarProtocol::kProbeMax
  constexpr int kTimeouts[] = {3000, 10000, 30000};
  delay_us_max_ = kDelays[random_.below(3)];
  timeout_ = Milliseconds(kTimeouts[delay_us_max_ == kDelays[2] ? random_.between(1, 2) : random_.below(3)]);
  world_size_ = static_cast<int>(random_.between(2, 6));
  fault_ = static_cast<Fault>(random_.below(kNumFaults));
  culprit_ = static_cast<int>(random_.below(world_size_));
  network_ = std::make_unique<Network>(timeline_, Random(random_.next()), delay_us_max_);
  plan();
}

std::string World::describe() const {
  return fmt::format("{} ranks, time-out {} ms, delays to {} us, fault: {} of rank {}", world_size_, timeout_.count(),
                     delay_us_max_, fault_name(fault_), culprit_);
}

void World::note(std::string text) {
  if (!traces_) return;
  if (trace_.size() == kTraceLinesMax) trace_.pop_front();
  const std::chrono::duration<double, std::milli> since = timeline_.now() - kBegin;
  trace_.push_back(fmt::format("{:10.3f} {}", since.count(), text));
}

void World::run() {
  while (num_events_ < kEventsMax && timeline_.now() < kBegin + kEnd && timeline_.run_next()) ++num_events_;
}

Launch& World::add_launch() {
  const int number = static_cast<int>(launches_.size()) + 1;
  transports_.emplace_back(timeline_, Random(random_.next()), world_size_);
  launches_.push_back(Launch{number, world_size_, make_program(random_, world_size_, timeout_), Milliseconds(20000),
                             Milliseconds(2000), &transports_.back()});
  return launches_.back();
}

Process& World::add(const Launch& launch, int rank) {
  const int pid = 100 + static_cast<int>(processes_.size());
  processes_.push_back(std::make_unique<Process>(timeline_, *network_, Random(random_.next()), launch, rank, pid,
                                                 [this](const std::string& text) { note(text); }));
  processes_.back()->skew = random_.milliseconds(0, 100000);
  return *processes_.back();
}

void World::start_all(const Launch& launch, Milliseconds within) {
  for (int rank = 0; rank < world_size_; ++rank) {
    ranks_.push_back(&add(launch, rank));
    start_at(*ranks_.back(), timeline_.now() + random_.milliseconds(0, within.count()));
  }
}

TimePoint World::somewhen() {
  const auto steps = static_cast<std::int64_t>(launches_.front().program.size());
  return kBegin + Milliseconds(100) + random_.microseconds(0, (steps + 2) * (12000 + delay_us_max_ / 3));
}

bool World::spins() const { return num_events_ == kEventsMax; }

void World::plan() {
  const Launch& launch = add_launch();
  if (fault_ == Fault::kRestart) return plan_restarts();
  start_all(launch, Milliseconds(random_.chance(80) ? 100 : 3000));
  switch (fault_) {
    case Fault::kNone:
      return;
    case Fault::kOtherCall:
    case Fault::kSkip:
    case Fault::kLeave:
    case Fault::kLate:
    case Fault::kSlow:
      return plan_deviation(fault_);
    case Fault::kMissing:
    case Fault::kLateStart:
    case Fault::kKilledInMeeting:
    case Fault::kStaleRank:
    case Fault::kStrangers:
    case Fault::kTwice:
    case Fault::kWrongSize:
      return plan_meeting_fault();
    case Fault::kChaos:
      for (std::int64_t i = random_.between(2, 4); i > 0; --i) {
        culprit_ = static_cast<int>(random_.below(world_size_));
        const auto any =
            static_cast<Fault>(random_.between(static_cast<int>(Fault::kKill), static_cast<int>(Fault::kStalledData)));
        const bool is_deviation = any >= Fault::kOtherCall && any <= Fault::kSlow && any != Fault::kAbort;
        is_deviation ? plan_deviation(any) : plan_process_fault(any);
      }
      return;
    default:
      return plan_process_fault(fault_);
  }
}

void World::plan_process_fault(Fault fault) {
  Process& process = *ranks_[culprit_];
  const TimePoint when = fault_at_ = somewhen();
  switch (fault) {
    case Fault::kKill:
      return timeline_.at(when, [&process] { process.kill(); });
    case Fault::kStop:
      return timeline_.at(when, [&process] { process.stop_until(TimePoint::max()); });
    case Fault::kPause: {
      timeout_ = std::max(timeout_, Milliseconds(10000));
      for (Step& step : launches_.front().program) step.timeout = timeout_;
      return timeline_.at(when,
                          [&process, until = when + random_.milliseconds(1, 2000)] { process.stop_until(until); });
    }
    case Fault::kReset:
      return timeline_.at(when, [&process] { process.reset_connections(); });
    case Fault::kIsolate:
      return isolate(process, when, random_.milliseconds(7000, 60000));
    case Fault::kShortIsolation:
      timeout_ = std::max(timeout_, Milliseconds(30000));
      for (Step& step : launches_.front().program) step.timeout = timeout_;
      return isolate(process, when, random_.milliseconds(1, 3000));
    case Fault::kAbort:
      return timeline_.at(when, [&process] { process.abort(); });
    case Fault::kJump:
      return timeline_.at(
          when, [&process, jump = random_.milliseconds(1, random_.chance(50) ? 1000 : 100000)] { process.jump(jump); });
    case Fault::kHostile:
      return timeline_.at(when, [&process, random = Random(random_.next())]() mutable { process.inject(random); });
    default:
      return timeline_.at(when, [this] { transports_.front().stall(); });
  }
}

void World::isolate(Process& process, TimePoint when, Milliseconds duration) {
  timeline_.at(when, [this, &process] {
    note(fmt::format("{} is cut off", process.name()));
    process.cut_off(true);
    network_->isolate(process.rank());
  });
  timeline_.at(when + duration, [this, &process] {
    note(fmt::format("{} is reached again", process.name()));
    process.cut_off(false);
    network_->heal(process.rank());
  });
}

void World::plan_deviation(Fault fault) {
  const std::vector<Step>& program = launches_.front().program;
  std::vector<int> mine;
  for (std::size_t i = 0; i < program.size(); ++i) {
    if (program[i].concerns(culprit_)) mine.push_back(static_cast<int>(i));
  }
  Deviation& deviation = ranks_[culprit_]->deviation;
  if (mine.empty()) return;
  const auto chosen = static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(mine.size())));
  deviation.step = mine[chosen];
  const Step& step = program[mine[chosen]];
  const Step* next = chosen + 1 < mine.size() ? &program[mine[chosen + 1]] : nullptr;
  switch (fault) {
    case Fault::kOtherCall:
      deviation.kind = Deviation::Kind::kOtherCall;
      deviation.other = make_other(random_, step, world_size_);
      return;
    case Fault::kSkip:
      // Only what a signature can tell.
      if (next != nullptr && step.op != Operator::kSend && next->op != Operator::kSend && !step.looks_as(*next)) {
        deviation.kind = Deviation::Kind::kSkip;
      } else {
        deviation.kind = Deviation::Kind::kLeave;
      }
      return;
    case Fault::kLeave:
      deviation.kind = Deviation::Kind::kLeave;
      return;
    case Fault::kLate:
      deviation.kind = Deviation::Kind::kSleep;
      deviation.sleep = timeout_ * 2 + Milliseconds(10000) + random_.milliseconds(0, 5000);
      return;
    default:
      deviation.kind = Deviation::Kind::kSleep;
      deviation.sleep = random_.milliseconds(1, timeout_.count() / 4);
  }
}

void World::plan_meeting_fault() {
  Process& process = *ranks_[culprit_];
  const TimePoint when = kBegin + random_.milliseconds(0, 200);
  if (fault_ == Fault::kMissing || fault_ == Fault::kLateStart) {
    // Not started by the event that is planned already: killed before it, or replaced.
    process.kill();
    if (fault_ == Fault::kMissing) return;
    Process& late = add(launches_.front(), culprit_);
    ranks_[culprit_] = &late;
    return start_at(late, kBegin + random_.milliseconds(3000, 15000));
  }
  if (fault_ == Fault::kKilledInMeeting) {
    const int late = (culprit_ + 1) % world_size_;
    ranks_[late]->kill();
    ranks_[late] = &add(launches_.front(), late);
    start_at(*ranks_[late], kBegin + random_.milliseconds(300, 4000));
    fault_at_ = when;
    return timeline_.at(when, [&process] { process.kill(); });
  }
  if (fault_ == Fault::kStaleRank) {
    for (std::int64_t i = random_.between(1, 4); i > 0; --i) {
      Process& stale = add(launches_.front(), static_cast<int>(random_.between(1, world_size_ - 1)));
      stale.meeting.world_id = "an earlier launch";
      start_at(stale, kBegin + random_.milliseconds(0, 200));
    }
    return;
  }
  if (fault_ == Fault::kStrangers) {
    for (std::int64_t i = random_.between(1, 120); i > 0; --i) {
      strangers_.push_back(std::make_unique<Stranger>(*network_, Random(random_.next())));
      timeline_.at(kBegin + random_.milliseconds(0, 200),
                   [this, &stranger = *strangers_.back()] { network_->connect(stranger, Milliseconds(2000)); });
    }
    return;
  }
  if (fault_ == Fault::kTwice) return start_at(add(launches_.front(), culprit_), when);
  process.meeting.world_size = world_size_ + 1;
}

// The launcher ends rank 0 of the old launch first: as long as it listens, it sends the ranks of the new one away.
void World::plan_restarts() {
  culprit_ = -1;
  TimePoint when = kBegin;
  for (int rank = 0; rank < world_size_; ++rank) {
    Process& process = add(launches_.front(), rank);
    start_at(process, kBegin + random_.milliseconds(0, 100));
  }
  for (std::int64_t i = random_.between(1, 4); i > 0; --i) {
    when += random_.milliseconds(1, random_.chance(50) ? 200 : 3000);
    std::vector<Process*> old;
    for (const auto& process : processes_) {
      if (&process->launch() == &launches_.back()) old.push_back(process.get());
    }
    const Launch& launch = add_launch();
    ranks_.clear();
    for (Process* process : old) {
      const Milliseconds lingers = process->rank() == 0 ? Milliseconds(0) : random_.milliseconds(0, 3000);
      timeline_.at(when + lingers, [process] { process->kill(); });
    }
    for (int rank = 0; rank < world_size_; ++rank) {
      ranks_.push_back(&add(launch, rank));
      start_at(*ranks_.back(), when + Milliseconds(1) + random_.milliseconds(0, 100));
    }
  }
}

}  // namespace oarlock::simulation
