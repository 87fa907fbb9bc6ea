// Equal parts of rows, in order; the first parts take the remainder.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

// OAR_E_ARGUMENT: num_rows below 0, part outside [0, num_parts).
Result<RowRange> split_rows(std::int64_t num_rows, int part, int num_parts);

// The part of a list's items or a tensor's rows, of each in a map at whatever depth; other values whole. With pad every
// part is as long as the longest, by repeating the last item of all; of nothing all parts are nothing. Tensors are
// views where nothing is added. OAR_E_ARGUMENT: lists and tensors of a map differ in length; the text names both keys.
// Source: Accelerate 1.15 `split_between_processes` (spec B 1.14). Differs: nothing can be padded, too.
Result<Tree> split_tree(const Tree& tree, int part, int num_parts, bool pad);

}  // namespace oarlock
