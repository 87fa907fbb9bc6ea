// One process of a simulated world: the library's own machines (meeting, admission, protocol) in a shell of virtual
// sockets and time, and a program that calls operations. It may be stopped, killed, or do other things than it should.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "comm/admission.h"
#include "comm/guest_book.h"
#include "comm/joining.h"
#include "comm/star_protocol.h"
#include "unit/comm/simulation/network.h"
#include "unit/comm/simulation/program.h"
#include "unit/comm/simulation/transport.h"

namespace oarlock::simulation {

// What the processes of one launch share.
struct Launch {
  int number = 1;  // as the world's id, and in the data
  int world_size = 2;
  std::vector<Step> program;
  Milliseconds connect_timeout{20000};
  Milliseconds late{2000};
  Transport* transport = nullptr;
};

// What a rank does otherwise than its program says, before step `step`.
struct Deviation {
  enum class Kind { kNone, kOtherCall, kSkip, kLeave, kAbort, kSleep };
  Kind kind = Kind::kNone;
  int step = 0;
  Step other{};           // kOtherCall
  Milliseconds sleep{0};  // kSleep
};

// One operation as it was called and as it ended.
struct CallRecord {
  int step = 0;
  std::shared_ptr<Operation> operation;
  Task task;
  TimePoint called_at{};
  TimePoint ended_at{};
  int num_ends = 0;
  Status status = Status::ok();
  std::string problem;  // with a result
};

class Process : public Station, public Carrier, private StarProtocol::Shell {
 public:
  enum class State { kNew, kMeeting, kInGroup, kClosed, kFailedToMeet, kKilled };
  using Trace = std::function<void(const std::string& text)>;

  Process(Timeline& timeline, Network& network, Random random, const Launch& launch, int rank, int pid, Trace trace);
  Deviation deviation;
  Meeting meeting;             // as the launch says; may be changed before start()
  TimePoint::duration skew{};  // of its clock

  void start();
  void kill();
  void stop_until(TimePoint then);  // as by SIGSTOP
  void jump(Milliseconds forward);  // of its clock
  void abort();
  void inject(Random& random);  // sends something that no proper peer sends
  void reset_connections();
  void cut_off(bool is_cut_off) { is_cut_off_ = is_cut_off; }

  int rank() const { return rank_; }
  int pid() const { return pid_; }
  const Launch& launch() const { return launch_; }
  State state() const { return state_; }
  bool is_stopped() const { return timeline_.now() < stopped_until_; }
  const std::deque<CallRecord>& calls() const { return calls_; }
  const Status& meeting_status() const { return meeting_status_; }
  const std::optional<Status>& refusal() const { return refusal_; }  // what a call was told that could not begin
  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::vector<Member>& members() const { return members_; }
  TimePoint meeting_started_at() const { return meeting_started_at_; }
  TimePoint meeting_ended_at() const { return meeting_ended_at_; }
  TimePoint first_failure_at() const { return first_failure_at_; }
  TimePoint deviated_at() const { return deviated_at_; }
  Status first_failure() const;  // of its operations, refused calls or meeting; ok: none
  std::string name() const;

  int place() const override { return rank_; }
  void accepted(LineEnd line) override;
  void connected(LineEnd line) override;
  void not_connected(Status why) override;
  void heard(LineEnd line, Frame frame) override;
  void ended(LineEnd line, Status why) override;
  void carried(std::shared_ptr<Operation> operation, std::vector<double> result, Status status) override;
  bool is_cut_off() const override { return is_cut_off_; }
  bool is_running() const override { return !is_stopped() && !is_cut_off_; }

 private:
  TimePoint local_now() const { return timeline_.now() + skew; }
  void run(std::function<void()> what);  // now, or when the process is not stopped any more
  void run_after(TimePoint::duration delay, std::function<void()> what);
  void resume();
  void look_at_clock();
  void plan_timer(std::optional<TimePoint> local);
  int rank_of(LineEnd line) const;  // -1: not a peer of the group

  // Meeting.
  void try_to_connect();
  void hear_guest(LineEnd line, const Frame& frame);
  void hear_host(const Frame& frame);
  void part(LineEnd line, const GuestBook::Answer& answer);
  void check_meeting();
  void welcome();
  void enter(const Star& star);
  void fail_to_meet(Status why);

  // The program.
  void go_on();
  bool deviate();
  void call(const Step& step);
  void try_once_more();
  void leave();

  // StarProtocol::Shell.
  void send(int rank, std::shared_ptr<const std::string> frame) override;
  void close_connection(int rank) override;
  void move_data(const std::shared_ptr<Operation>& operation) override;
  void advance(const Operation& operation, FlightRecorder::Phase phase) override;
  void finish(const std::shared_ptr<Operation>& operation, Status status) override;
  Status declare_dead(Status status, bool tells_peers) override;
  void stop_moving_data() override;
  void warn(const std::string& text) override;
  std::optional<Activity> activity_elsewhere() override { return std::nullopt; }

  Timeline& timeline_;
  Network& network_;
  Random random_;
  const Launch& launch_;
  const int rank_;
  const int pid_;
  Trace trace_;
  State state_ = State::kNew;
  TimePoint stopped_until_{};
  bool is_cut_off_ = false;
  std::deque<std::function<void()>> missed_;  // while it was stopped
  TimePoint timer_at_ = TimePoint::max();

  std::unique_ptr<GuestBook> book_;
  std::unique_ptr<Joining> joining_;
  std::vector<LineEnd> lines_;  // by index of the peer
  std::vector<LineEnd> guests_;
  Status meeting_status_ = Status::ok();
  TimePoint meeting_started_at_{};
  TimePoint meeting_ended_at_{};
  std::vector<Member> members_;

  Admission admission_;
  std::unique_ptr<StarProtocol> protocol_;
  std::deque<CallRecord> calls_;
  std::size_t step_ = 0;
  std::size_t num_pending_ = 0;
  TimePoint deviated_at_ = TimePoint::max();
  TimePoint sleeps_until_{};
  bool is_planned_ = false;  // the next call
  std::optional<Status> refusal_;
  TimePoint first_failure_at_ = TimePoint::max();
  std::vector<std::string> warnings_;
};

}  // namespace oarlock::simulation
