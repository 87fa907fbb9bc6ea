#include "launch/guardian.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "launch/descendants.h"
#include "launch/signals.h"

namespace oarlock::launch {
namespace {

constexpr Milliseconds kKillBound{5000};

// As Ctrl-Z does without a handler, so that the shell gets its terminal back. Returns at SIGCONT; at once where nobody
// could send that (an orphaned process group: the kernel then ignores SIGTSTP).
void stop_here() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  ::raise(SIGTSTP);
  ::sigprocmask(SIG_UNBLOCK, &stop, nullptr);
  ::sigprocmask(SIG_BLOCK, &stop, nullptr);
}

// Passes signals on until the inner process has ended; gives its wait status.
int watch(pid_t inner, const Descriptor& signals, bool rank_has_terminal) {
  int status = 0;
  while (true) {
    pollfd wait{signals.get(), POLLIN, 0};
    ::poll(&wait, 1, -1);
    for (Received received; (received = read_signal(signals)).signal != 0;) {
      const int signal = received.signal;
      if (signal == SIGCHLD) continue;
      if (!rank_has_terminal || !received.is_key) ::kill(inner, signal);
      if (signal != SIGTSTP) continue;
      stop_here();  // the inner process runs on: should this one be killed, it must end the ranks
      ::kill(inner, SIGCONT);
    }
    if (::waitpid(inner, &status, WNOHANG) == inner) return status;
  }
}

}  // namespace

int run_under_guardian(bool rank_has_terminal, const std::function<int(const Guardian&)>& supervise) {
  ::signal(SIGCHLD, SIG_DFL);  // a parent that ignores it would leave us no ends of children to wait for
  ::signal(SIGCONT, SIG_DFL);  // and this one nobody to tell the ranks to go on
  const sigset_t mask = supervised_signals();
  ::sigprocmask(SIG_BLOCK, &mask, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a reader that left is an error of write
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    fmt::print(stderr, "oarlock launch: cannot make a pipe: {}\n", std::strerror(errno));
    return 1;
  }
  Descriptor lifeline(ends[0]), held(ends[1]);
  const std::vector<pid_t> users_own = children();  // `monitor & exec oarlock launch ...`
  const pid_t group = ::getpgrp();
  const pid_t inner = ::fork();
  if (inner < 0) {
    fmt::print(stderr, "oarlock launch: cannot start a process: {}\n", std::strerror(errno));
    return 1;
  }
  if (inner == 0) {
    held.reset();
    ::setpgid(0, 0);                              // Ctrl-C reaches the guardian only, which passes it on once
    ::signal(SIGTTOU, SIG_IGN);                   // it writes from the background
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);  // not inherited by fork
    return supervise({lifeline.get(), group});
  }
  lifeline.reset();
  const Descriptor signals = open_signals(mask);
  const int status = watch(inner, signals, rank_has_terminal);
  if (WIFSIGNALED(status)) {
    ::signal(SIGTTOU, SIG_IGN);  // now this one may write from the background
    fmt::print(stderr, "oarlock launch: the supervisor (process {}) {}; ending all ranks\n", inner,
               describe_exit(status));
    kill_descendants(kKillBound, users_own);  // else it has cleaned up itself
  }
  return exit_code(status);
}

}  // namespace oarlock::launch
