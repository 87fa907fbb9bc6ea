// One process that is left of a dead world: the library's Muster in a shell of virtual connections and time. It calls
// when it is told to, may be stopped and killed meanwhile, and may try again after a failure.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "comm/muster.h"
#include "unit/comm/simulation/network.h"

namespace oarlock::simulation {

class Survivor : public Station, private Muster::Shell {
 public:
  using Trace = std::function<void(const std::string& text)>;
  // One call: when it began and ended, and how.
  struct Attempt {
    TimePoint began_at;
    std::optional<TimePoint> ended_at;
    std::optional<Result<Muster::Outcome>> outcome;
  };

  Survivor(Timeline& timeline, Network& network, Random random, Muster::Plan plan, Trace trace);
  Muster::Plan plan;  // may be changed before each call
  int num_attempts_max = 1;

  void call();
  void kill();
  void stop_until(TimePoint then);
  void reset_connections();

  int place() const override { return plan.rank; }
  bool is_killed() const { return is_killed_; }
  bool was_stopped() const { return was_stopped_; }
  bool is_stopped() const { return timeline_.now() < stopped_until_; }
  const std::vector<Attempt>& attempts() const { return attempts_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  const Result<Muster::Outcome>* outcome() const;  // of its last call; nullptr: it made none, or waits in it
  std::string name() const;

  void accepted(LineEnd line) override;
  void connected(LineEnd) override {}
  void not_connected(Status) override {}
  void heard(LineEnd line, Frame frame) override;
  void ended(LineEnd line, Status why) override;

 private:
  void run(std::function<void()> what);
  void look_at_clock();
  void finish();
  void leave_old_world();
  LineEnd end_of(Muster::Line line) const { return lines_[static_cast<std::size_t>(line) - 1]; }
  Muster::Line number_of(LineEnd line) const;  // 0: none of this call

  void dial(int rank) override;
  void send(Muster::Line line, std::string frame) override;
  void close(Muster::Line line) override;
  void warn(const std::string& text) override { warnings_.push_back(text); }

  Timeline& timeline_;
  Network& network_;
  Random random_;
  Trace trace_;
  bool is_killed_ = false;
  bool was_stopped_ = false;
  bool has_port_ = true;
  TimePoint stopped_until_{};
  TimePoint timer_at_ = TimePoint::max();
  std::vector<std::function<void()>> missed_;  // while it was stopped
  std::vector<LineEnd> waiting_;               // in the port's queue
  std::vector<std::function<void()>> unread_;  // what came for it while no call ran
  std::unique_ptr<Muster> muster_;
  std::vector<LineEnd> lines_;  // of the call, by number
  std::vector<Attempt> attempts_;
  std::vector<std::string> warnings_;
};

}  // namespace oarlock::simulation
