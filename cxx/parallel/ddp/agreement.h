// Do all ranks have the same model, the same loader? Asked once, when it is prepared.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/group.h"

namespace oarlock {

// Collective. `what` is asked about ("models"), `lines` describe what must be equal, one thing each ("parameter
// fc.weight float32 [10, 64]"). Hashes are compared first; only if they differ do the lines travel. OAR_E_MISMATCH on
// every rank then names the first line that differs and the two ranks' versions of it.
Status check_agreement(Group& group, std::string_view what, const std::vector<std::string>& lines,
                       Milliseconds timeout);

}  // namespace oarlock
