// Do all ranks have the same model? Asked once, before the first byte of it is sent.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/group.h"

namespace oarlock {

// Collective. `lines` describe what must be equal, one thing each ("parameter fc.weight float32 [10, 64]"). Hashes are
// compared first; only if they differ do the lines travel. OAR_E_MISMATCH on every rank then names the first line that
// differs and the two ranks' versions of it.
Status check_agreement(Group& group, const std::vector<std::string>& lines, Milliseconds timeout);

}  // namespace oarlock
