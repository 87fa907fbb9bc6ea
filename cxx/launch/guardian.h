// Two processes stand between the user's shell and the ranks. The outer one (the guardian) has the pid that the user
// sees and only passes signals on; the inner one supervises. Whichever of the two is killed, even by SIGKILL, the other
// one ends every rank and everything that the ranks started.
#pragma once

#include <sys/types.h>

#include <functional>

namespace oarlock::launch {

// What the inner process knows of the outer one.
struct Guardian {
  int lifeline = -1;  // readable when the guardian is gone: the inner process must then end everything and leave
  pid_t group = 0;    // the process group that the user's shell gave it
};

// Runs `supervise` in the inner process and gives its result, or 128 + signal when it was killed. Both are subreapers;
// in both supervised_signals() are blocked. `rank_has_terminal`: a rank will be in the guardian's own group, so that
// what a key press sends has reached it when it reaches the guardian, and is not passed on.
int run_under_guardian(bool rank_has_terminal, const std::function<int(const Guardian&)>& supervise);

}  // namespace oarlock::launch
