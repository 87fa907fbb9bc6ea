// For what one rank does while its peers wait for it inside a collective call.
#pragma once

#include <string_view>

#include "comm/group.h"
#include "tensor/exceptions.h"

namespace oarlock {

// fn(). An exception would leave the peers waiting: they are told first, by an abort of the group, then it flies on.
template <class Fn>
auto while_peers_wait(Group& group, std::string_view operation, const Fn& fn) -> decltype(fn()) {
  try {
    return fn();
  } catch (...) {
    if (group.size() > 1) {
      (void)group.abort(
          fmt::format("{} failed on rank {}: {}", operation, group.rank(), message_of_current_exception()));
    }
    throw;
  }
}

}  // namespace oarlock
