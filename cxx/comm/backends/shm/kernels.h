// The arithmetic of reductions on plain memory, with the results of reduction.h bit for bit. Made for small and for
// cache-sized pieces: no tensor is made for the usual element types.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstddef>

#include "comm/group.h"

namespace oarlock {

// out[i] = a[i] (op) b[i]; out may be a or b. An average is still a sum here. check_reduction() has passed.
void combine(void* out, const void* a, const void* b, std::size_t count, c10::ScalarType dtype, ReduceOp op);
// What is left to do when all ranks are in: the division of an average.
void finish(void* sum, std::size_t count, c10::ScalarType dtype, ReduceOp op, int num_ranks);

}  // namespace oarlock
