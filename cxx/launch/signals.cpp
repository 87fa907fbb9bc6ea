#include "launch/signals.h"

#include <fmt/format.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace oarlock::launch {
namespace {

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

sigset_t supervised_signals() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : kForwardedSignals) {
    if (!is_ignored(signal)) sigaddset(&mask, signal);  // blocked, it would come although it is ignored
  }
  sigaddset(&mask, SIGCHLD);
  return mask;
}

Descriptor open_signals(const sigset_t& mask) { return Descriptor(::signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC)); }

Received read_signal(const Descriptor& signals) {
  signalfd_siginfo info{};
  if (::read(signals.get(), &info, sizeof(info)) != sizeof(info)) return {};
  const int signal = static_cast<int>(info.ssi_signo);
  const bool has_key = signal == SIGINT || signal == SIGQUIT || signal == SIGTSTP;
  return {signal, static_cast<pid_t>(info.ssi_pid), has_key && info.ssi_code == SI_KERNEL};
}

std::string signal_name(int signal) {
  struct Row {
    int signal;
    const char* name;
  };
  static constexpr Row kRows[] = {
      {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"},
      {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"},
      {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"}, {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},
      {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"}};
  for (const Row& row : kRows) {
    if (row.signal == signal) return row.name;
  }
  return fmt::format("signal {}", signal);
}

std::string describe_exit(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  return fmt::format("was killed by {} ({}){}", signal_name(signal), signal,
                     WCOREDUMP(wait_status) ? ", core dumped" : "");
}

int exit_code(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace oarlock::launch
