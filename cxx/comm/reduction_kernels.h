// The arithmetic of reductions on plain memory, with the results of reduction.h bit for bit. Made for small and for
// cache-sized pieces.
//
// float, double and the integers go by loops that the compiler makes vector code of (this file is built with -O3); they
// move memory, so wider registers than every machine has gain nothing: 128 and 256 bits took the same time. bfloat16,
// half, complex and bool go to libtorch's kernels, which know the machine's conversions, in pieces too small for its
// threads. A float sum is one addition per rank in their order, never contracted: the same bits on every machine.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstddef>
#include <span>

#include "comm/group.h"

namespace oarlock {

// out[i] = a[i] (op) b[i]; out may be a or b, else all are apart. An average is still a sum here. check_reduction() has
// passed.
void combine(void* out, const void* a, const void* b, std::size_t count, c10::ScalarType dtype, ReduceOp op);
// What is left to do when all ranks are in: the division of an average.
void finish(void* sum, std::size_t count, c10::ScalarType dtype, ReduceOp op, int num_ranks);
// out = the reduction of all ranks' `size` bytes, in the order of `values`, at least two; out may be any one of them.
void combine_all(std::byte* out, std::span<const std::byte* const> values, std::size_t size, c10::ScalarType dtype,
                 ReduceOp op);

}  // namespace oarlock
