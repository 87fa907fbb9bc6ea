// Watches the ranks from start to end: shows what they print, passes signals on, and when one fails reports it and ends
// the others. One thread, one poll; nothing sleeps and every wait has an end.
//
//   running ----- a rank fails --------> failing: the others may find out themselves and end (kSelfEndMs)
//   failing ----- time is over --------> ending:  SIGTERM to the others, grace begins
//   any ---- SIGINT, SIGTERM, ... -----> ending:  the signal is passed on, grace begins
//   ending ------ grace is over, or a second such signal, or the guardian is gone ----> killed: SIGKILL
//   any ---- every rank has ended -----> writing: what they wrote goes to whoever reads it, at the reader's pace. A job
//                                        that was asked to end waits kUnreadBound for a reader that takes nothing
//   writing - that is over, or a second signal ------> dropping: only the launcher's own lines are still written
//   either ---- nothing is left to write, or the time for those lines is over ----> done
//
// SIGTSTP stops the ranks and the time, SIGCONT lets both go on.
//
// Note: second signals. One request may arrive several times: a batch system signals every process, so that ours comes
// directly and through the guardian; timeout(1) signals the launcher and then its group. So a signal is a second one
// only if it comes the way on which one came before, and at least kSameRequestMs after the first.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "launch/rank_stream.h"
#include "launch/signals.h"

namespace oarlock::launch {

inline constexpr Milliseconds kSelfEndMs{800};  // so that the job is over within a second of the failure

inline constexpr Milliseconds kSameRequestMs{200};

struct RankProcess {
  int rank = 0;
  pid_t pid = 0;
  bool leads_group = true;
  std::unique_ptr<RankStream> output;  // both nullptr: the rank writes to the launcher's own streams
  std::unique_ptr<RankStream> error;
  bool is_running = true;
  int wait_status = 0;
  int sent_signal = 0;  // the last one that the supervisor sent to end it
};

class Supervisor {
 public:
  // `screens`: what the streams write to. `lifeline`: readable when the guardian is gone. `keeps_survivors`: ranks that
  // fail are reported, and the others run on; if one of those ends well, the job has.
  Supervisor(std::vector<Screen*> screens, Milliseconds grace, int lifeline, bool keeps_survivors);

  void add(RankProcess rank) { ranks_.push_back(std::move(rank)); }
  // Until every rank has ended and all output is written. Gives the exit status: 0, or that of the first rank that
  // failed as a shell has it (128 + signal).
  int run();
  // Kills what was added so far; for a start that could not be finished.
  void kill_all();

 private:
  enum class Phase { kRunning, kFailing, kEnding, kKilled, kWriting, kDropping, kDone };

  void wait_and_handle();
  int poll_timeout_ms() const;
  void handle_signals();
  void guardian_gone();
  void handle_request(const Received& request);
  void pause(int signal);
  void handle_late_request(int signal, bool is_second);
  bool is_second(const Received& request);
  void reap();
  void rank_failed(RankProcess& rank);
  void report_failure(const RankProcess& rank);
  void deadline_passed();
  void send_to_running(int signal);
  void enter(Phase phase, Milliseconds time);
  void say(const std::string& text);
  void drain(RankProcess& rank);
  void finish();
  void write_rest();
  void drop_rest(Milliseconds time_for_own_lines);
  std::size_t waiting_bytes() const;
  void report_others();
  bool any_running() const;
  bool has_gone_on() const;

  std::vector<Screen*> screens_;
  const Milliseconds grace_;
  const int lifeline_;
  const bool keeps_survivors_;
  const Descriptor signals_;
  const Clock::TimePoint start_;
  std::vector<RankProcess> ranks_;
  Phase phase_ = Phase::kRunning;
  std::optional<Clock::TimePoint> deadline_;
  std::optional<Clock::TimePoint> paused_at_;  // the ranks are stopped, and time does not count
  int requested_signal_ = 0;                   // what asked the job to end
  Clock::TimePoint requested_at_;
  bool is_guardian_gone_ = false;
  bool requested_by_guardian_ = false;
  bool requested_directly_ = false;
  const RankProcess* failed_ = nullptr;  // the first; ranks_ does not grow once run() has begun
  int status_ = 0;
};

}  // namespace oarlock::launch
