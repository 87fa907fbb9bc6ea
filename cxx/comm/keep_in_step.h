// What a rank does for itself once the ranks have exchanged something.
#pragma once

#include <utility>

#include "comm/group.h"

namespace oarlock {

// Runs fn(). If that throws, for want of memory say, this rank has not got what the others have: the group ends on all.
template <class Fn>
auto keep_in_step(Group& group, Fn fn) {
  try {
    return fn();
  } catch (...) {
    static_cast<void>(group.abort("this rank had no memory for the result of an operation that all ranks had made"));
    throw;
  }
}

}  // namespace oarlock
