// Smaller batches until one fits (Accelerate 1.15 `find_executable_batch_size`, spec B 6.2).
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/status.h"
#include "comm/group.h"

namespace oarlock {

// The reference's: batch_size * 0.9 in double precision, rounded down; 0 when none is left.
std::int64_t reduced_batch_size(std::int64_t batch_size);

// How one rank's attempt ended.
struct BatchAttempt {
  std::int64_t batch_size = 0;
  bool ran_out = false;      // of memory
  std::int64_t reduced = 0;  // what it would try next; 0: reduced_batch_size
};

// Collective. batch_size if no rank ran out of memory, else the smallest that one of those proposes.
// OAR_E_OUT_OF_MEMORY: none is left. OAR_E_MISMATCH: ranks tried different sizes.
Result<std::int64_t> next_batch_size(Group& group, const BatchAttempt& attempt, Milliseconds timeout);

}  // namespace oarlock
