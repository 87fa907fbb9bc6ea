// Ends what is left below this process. It must be a subreaper (prctl PR_SET_CHILD_SUBREAPER), so that a process whose
// parent ended becomes its child instead of getting lost.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/clock.h"

namespace oarlock::launch {

std::vector<pid_t> children();

// SIGKILL to every child but `spared`, again as grandchildren come up, until none is left. False: some still were there
// after `bound` (processes stuck inside the kernel).
bool kill_descendants(Milliseconds bound, const std::vector<pid_t>& spared = {});

}  // namespace oarlock::launch
