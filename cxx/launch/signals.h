// Signals as descriptors and as words.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <array>
#include <string>

#include "launch/descriptor.h"

namespace oarlock::launch {

// What the user's terminal, a batch system or `kill` send to the launcher and what is passed on to the ranks.
inline constexpr std::array kForwardedSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT};

// Those that ask the job to end; the user signals only carry a message, SIGTSTP and SIGCONT make it pause.
inline bool asks_to_end(int signal) {
  return signal != SIGUSR1 && signal != SIGUSR2 && signal != SIGTSTP && signal != SIGCONT;
}

// SIGCHLD, and those of kForwardedSignals that are not ignored: what `nohup` or a shell's background
// job made the launcher ignore reaches neither it nor, by inheritance, the ranks.
sigset_t supervised_signals();

// Non-blocking, close-on-exec; reads what `mask`, which must be blocked, holds.
Descriptor open_signals(const sigset_t& mask);
struct Received {
  int signal = 0;       // 0: none is pending
  pid_t sender = 0;     // 0: the kernel, or a process that this one cannot see
  bool is_key = false;  // from the terminal to its whole foreground group: Ctrl-C, Ctrl-\, Ctrl-Z
};
Received read_signal(const Descriptor& signals);

std::string signal_name(int signal);  // "SIGKILL"
// "exited with status 3", "was killed by SIGKILL (9)", with "(core dumped)"; of a status of waitpid.
std::string describe_exit(int wait_status);
// As a shell has it: the status, or 128 + signal.
int exit_code(int wait_status);

}  // namespace oarlock::launch
