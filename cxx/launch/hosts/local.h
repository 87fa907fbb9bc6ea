// All ranks on this host.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "launch/guardian.h"
#include "launch/spawn.h"

namespace oarlock::launch {

struct LocalLaunch {
  std::string program;                 // its path, found
  std::vector<std::string> arguments;  // arguments[0] as the user typed it
  int num_processes = 1;
  int master_port = 0;    // 0: a free one
  bool keep_port = true;  // false: the port is free again when the ranks start
  int num_threads = 0;    // 0: cores / ranks, unless the user has set OMP_NUM_THREADS
  bool prefix = true;
  std::string log_dir;  // "": no files
  Milliseconds grace{30000};
  bool keep_survivors = false;  // a rank that fails does not end the others
};

// One rank alone, whose output nobody else needs to see, has the terminal as if there were no launcher: it reads it,
// and Ctrl-C and Ctrl-Z reach it directly. So debuggers and prompts work.
bool rank_has_terminal(const LocalLaunch& launch);

// What a rank finds in its environment. `listen_fd` -1: this rank gets no socket.
Variables rank_variables(const LocalLaunch& launch, int rank, int port, int listen_fd, const std::string& launch_id);

// Starts the ranks and supervises them; gives the exit status. A start that fails ends what was started.
Result<int> run_local(const LocalLaunch& launch, const Guardian& guardian);

int usable_cores();  // those that this process may run on

}  // namespace oarlock::launch
