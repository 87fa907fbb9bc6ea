#include "launch/supervise.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "launch/descendants.h"

namespace oarlock::launch {
namespace {

constexpr Milliseconds kKillBound{5000};       // for the kernel to end what was killed
constexpr Milliseconds kUnreadBound{10000};    // for a reader that takes nothing, once the job was asked to end
constexpr Milliseconds kLastWordsBound{5000};  // the same for our own lines, after a second signal
constexpr std::string_view kOwnPrefix = "oarlock launch: ";

double seconds_between(Clock::TimePoint begin, Clock::TimePoint end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace

Supervisor::Supervisor(std::vector<Screen*> screens, Milliseconds grace, int lifeline, bool keeps_survivors)
    : screens_(std::move(screens)),
      grace_(grace),
      lifeline_(lifeline),
      keeps_survivors_(keeps_survivors),
      signals_(open_signals(supervised_signals())),
      start_(steady_clock().now()) {}

int Supervisor::run() {
  reap();  // whoever ended before the first poll
  while (any_running()) wait_and_handle();
  finish();
  return has_gone_on() ? 0 : status_;
}

// Without those that failed.
bool Supervisor::has_gone_on() const {
  return keeps_survivors_ && requested_signal_ == 0 &&
         std::any_of(ranks_.begin(), ranks_.end(), [](const RankProcess& rank) { return rank.wait_status == 0; });
}

bool Supervisor::any_running() const {
  return std::any_of(ranks_.begin(), ranks_.end(), [](const RankProcess& rank) { return rank.is_running; });
}

void Supervisor::wait_and_handle() {
  std::vector<pollfd> waits = {{signals_.get(), POLLIN, 0}};
  if (!is_guardian_gone_) waits.push_back({lifeline_, POLLIN, 0});  // then it has nothing more to tell
  std::vector<RankStream*> streams;
  const std::size_t first_stream = waits.size();
  for (const RankProcess& rank : ranks_) {
    for (RankStream* stream : {rank.output.get(), rank.error.get()}) {
      if (stream == nullptr || !stream->is_open() || stream->is_blocked()) continue;
      streams.push_back(stream);
      waits.push_back({stream->fd(), POLLIN, 0});
    }
  }
  std::vector<Screen*> writers;
  const std::size_t first_writer = waits.size();
  for (Screen* screen : screens_) {
    if (!screen->has_waiting()) continue;
    writers.push_back(screen);
    waits.push_back({screen->fd(), POLLOUT, 0});
  }
  ::poll(waits.data(), waits.size(), poll_timeout_ms());
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (waits[first_stream + i].revents != 0) streams[i]->read_some();
  }
  for (std::size_t i = 0; i < writers.size(); ++i) {
    if (waits[first_writer + i].revents != 0) writers[i]->write_some();
  }
  if (first_stream == 2 && waits[1].revents != 0) guardian_gone();
  handle_signals();
  if (deadline_ && !paused_at_ && steady_clock().now() >= *deadline_) deadline_passed();
}

void Supervisor::guardian_gone() {
  is_guardian_gone_ = true;
  requested_signal_ = SIGKILL;
  if (phase_ == Phase::kWriting) return enter(Phase::kWriting, kUnreadBound);
  if (phase_ == Phase::kDropping) return;
  send_to_running(SIGKILL);
  enter(Phase::kKilled, kKillBound);
}

int Supervisor::poll_timeout_ms() const {
  if (!deadline_ || paused_at_) return -1;
  const auto left = std::chrono::ceil<Milliseconds>(*deadline_ - steady_clock().now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000000));
}

void Supervisor::handle_signals() {
  bool child_ended = false;
  for (Received received; (received = read_signal(signals_)).signal != 0;) {
    if (received.signal == SIGCHLD) {
      child_ended = true;
    } else {
      handle_request(received);
    }
  }
  if (child_ended) reap();
}

// Note: second signals
bool Supervisor::is_second(const Received& request) {
  bool& has_come_so = request.sender == ::getppid() ? requested_by_guardian_ : requested_directly_;
  return std::exchange(has_come_so, true) && steady_clock().now() - requested_at_ >= kSameRequestMs;
}

void Supervisor::handle_request(const Received& request) {
  const int signal = request.signal;
  if (signal == SIGTSTP || signal == SIGCONT) pause(signal);
  if (!asks_to_end(signal)) return send_to_running(signal);
  const bool is_second_one = is_second(request);
  if (phase_ == Phase::kWriting || phase_ == Phase::kDropping) return handle_late_request(signal, is_second_one);
  if (requested_signal_ != 0) {
    if (!is_second_one) return;
    say(fmt::format("{} again: killing the ranks that are left", signal_name(signal)));
    send_to_running(SIGKILL);
    return enter(Phase::kKilled, kKillBound);
  }
  requested_signal_ = signal;
  requested_at_ = steady_clock().now();
  say(fmt::format("{}: passed on to the ranks; they have {} s to end (once more kills them)", signal_name(signal),
                  grace_.count() / 1000));
  send_to_running(signal);
  if (phase_ != Phase::kKilled) enter(Phase::kEnding, grace_);
}

void Supervisor::pause(int signal) {
  const Clock::TimePoint now = steady_clock().now();
  if (signal == SIGTSTP && !paused_at_) paused_at_ = now;
  if (signal == SIGTSTP || !paused_at_) return;
  if (deadline_) *deadline_ += now - *paused_at_;
  paused_at_.reset();
}

void Supervisor::handle_late_request(int signal, bool is_second) {
  if (phase_ == Phase::kDropping) return;
  if (requested_signal_ != 0) {
    if (is_second) drop_rest(kLastWordsBound);
    return;
  }
  requested_signal_ = signal;
  requested_at_ = steady_clock().now();
  say(fmt::format("{}: every rank has ended; {} bytes of output wait to be read (once more drops them)",
                  signal_name(signal), waiting_bytes()));
  enter(Phase::kWriting, kUnreadBound);
}

void Supervisor::reap() {
  std::vector<RankProcess*> failed;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto rank = std::find_if(ranks_.begin(), ranks_.end(),
                                   [&](const RankProcess& one) { return one.is_running && one.pid == pid; });
    if (rank == ranks_.end()) continue;  // an orphan of some rank, which may have got an ended rank's pid
    rank->is_running = false;
    rank->wait_status = status;
    if (status != 0) failed.push_back(&*rank);
  }
  // Ranks that ended between two looks: one that was killed is rather the cause than one that gave up for want of a
  // peer.
  std::stable_sort(failed.begin(), failed.end(), [](const RankProcess* a, const RankProcess* b) {
    return WIFSIGNALED(a->wait_status) > WIFSIGNALED(b->wait_status);
  });
  for (RankProcess* rank : failed) rank_failed(*rank);
}

void Supervisor::rank_failed(RankProcess& rank) {
  drain(rank);
  if (failed_ != nullptr && !keeps_survivors_) return;
  if (failed_ == nullptr) {
    failed_ = &rank;
    status_ = exit_code(rank.wait_status);
  }
  if (requested_signal_ != 0) return;  // it was asked to end; report_others tells how it did
  report_failure(rank);
  if (keeps_survivors_) return;
  if (phase_ == Phase::kRunning && any_running()) enter(Phase::kFailing, kSelfEndMs);
}

void Supervisor::drain(RankProcess& rank) {
  // What it wrote before it ended is in the pipe. Its children may write for ever, so only a bounded part is read here.
  constexpr int kReadsMax = 64;
  for (RankStream* stream : {rank.output.get(), rank.error.get()}) {
    for (int i = 0; i < kReadsMax && stream != nullptr && stream->is_open(); ++i) {
      pollfd wait{stream->fd(), POLLIN, 0};
      if (::poll(&wait, 1, 0) <= 0) break;
      stream->read_some();
    }
  }
}

void Supervisor::report_failure(const RankProcess& rank) {
  const char* const others = keeps_survivors_ ? "; the other ranks go on" : "; ending the other ranks";
  say(fmt::format("rank {} (process {}) {} after {:.1f} s{}", rank.rank, rank.pid, describe_exit(rank.wait_status),
                  seconds_between(start_, steady_clock().now()), any_running() ? others : ""));
  if (rank.error == nullptr || rank.error->last_lines().empty()) return;
  say(fmt::format("the last lines that rank {} wrote to standard error:", rank.rank));
  for (const std::string& line : rank.error->last_lines()) say("  | " + line);
}

void Supervisor::deadline_passed() {
  switch (phase_) {
    case Phase::kRunning:
      return;
    case Phase::kFailing:
      send_to_running(SIGTERM);
      return enter(Phase::kEnding, grace_);
    case Phase::kEnding:
      say(fmt::format("ranks still run {} s after they were told to end: killing them", grace_.count() / 1000));
      send_to_running(SIGKILL);
      return enter(Phase::kKilled, kKillBound);
    case Phase::kKilled:
      for (RankProcess& rank : ranks_) {
        if (rank.is_running) say(fmt::format("rank {} (process {}) cannot be killed; leaving it", rank.rank, rank.pid));
        rank.is_running = false;
      }
      status_ = status_ != 0 ? status_ : 1;
      return;
    case Phase::kWriting:
      return drop_rest(Milliseconds(0));  // no one has read for long
    case Phase::kDropping:
      phase_ = Phase::kDone;
      return;
    case Phase::kDone:
      return;
  }
}

void Supervisor::send_to_running(int signal) {
  for (RankProcess& rank : ranks_) {
    if (!rank.is_running) continue;
    if (asks_to_end(signal)) rank.sent_signal = signal;
    ::kill(rank.leads_group ? -rank.pid : rank.pid, signal);  // the whole group: what the rank started, too
  }
}

void Supervisor::enter(Phase phase, Milliseconds time) {
  phase_ = phase;
  deadline_ = steady_clock().now() + time;
  if (paused_at_) paused_at_ = steady_clock().now();
  if (phase == Phase::kKilled) paused_at_.reset();  // SIGKILL reaches a stopped process, too
}

void Supervisor::say(const std::string& text) { screens_.back()->put(kOwnPrefix, text, '\n'); }

void Supervisor::kill_all() {
  send_to_running(SIGKILL);
  kill_descendants(kKillBound);
}

void Supervisor::finish() {
  kill_descendants(kKillBound);  // what outlived its rank; after this no one holds the ranks' pipes
  for (RankProcess& rank : ranks_) drain(rank);
  report_others();
  write_rest();
}

void Supervisor::write_rest() {
  phase_ = Phase::kWriting;
  deadline_.reset();
  if (requested_signal_ != 0) enter(Phase::kWriting, kUnreadBound);
  for (std::size_t waiting = 0; phase_ != Phase::kDone && (waiting = waiting_bytes()) != 0;) {
    wait_and_handle();
    if (phase_ == Phase::kWriting && deadline_ && waiting_bytes() < waiting) enter(Phase::kWriting, kUnreadBound);
  }
}

void Supervisor::drop_rest(Milliseconds time_for_own_lines) {
  std::size_t num_bytes = 0;
  for (Screen* screen : screens_) num_bytes += screen->drop_all_but(kOwnPrefix);
  say(fmt::format("{} bytes of output were not read and are dropped", num_bytes));
  enter(Phase::kDropping, time_for_own_lines);
}

std::size_t Supervisor::waiting_bytes() const {
  std::size_t num_bytes = 0;
  for (const Screen* screen : screens_) num_bytes += screen->num_waiting();
  return num_bytes;
}

void Supervisor::report_others() {
  if (failed_ == nullptr || (keeps_survivors_ && requested_signal_ == 0)) return;
  for (const RankProcess& rank : ranks_) {
    if (rank.wait_status == 0 || (&rank == failed_ && requested_signal_ == 0)) continue;
    const bool was_ended = WIFSIGNALED(rank.wait_status) && WTERMSIG(rank.wait_status) == rank.sent_signal;
    say(fmt::format("rank {} (process {}) {}{}", rank.rank, rank.pid, describe_exit(rank.wait_status),
                    was_ended ? ", as the launcher asked" : ""));
  }
}

}  // namespace oarlock::launch
