// The group of one rank: every operation is done when the call returns, and checks its arguments as any group does.
#pragma once

#include <memory>

#include "comm/group.h"

namespace oarlock {

std::shared_ptr<Group> make_self_group();

}  // namespace oarlock
