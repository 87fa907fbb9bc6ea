// Two processes stand between the user's shell and the ranks. The outer one (the guardian) has the pid that the user
// sees and only passes signals on; the inner one supervises. Whichever of the two is killed, even by SIGKILL, the other
// one ends every rank and everything that the ranks started.
#pragma once

#include <functional>

namespace oarlock::launch {

// Runs `supervise` in the inner process and gives its result, or 128 + signal when it was killed. `lifeline` becomes
// readable when the guardian is gone: the inner process must then end everything and leave. Both are subreapers; in
// both supervised_signals() are blocked.
int run_under_guardian(const std::function<int(int lifeline)>& supervise);

}  // namespace oarlock::launch
