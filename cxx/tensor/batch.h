// What is done to whole batches in one process: cut, join, convert, move, measure. Errors name the leaf's path. Leaves
// that are no tensors stay as they are unless said otherwise; results have no gradient.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

// The first size of the first leaf, in the order of lists and of keys as they were set. OAR_E_ARGUMENT for an empty
// list or map on the way, a leaf that is no tensor, a tensor without dimensions.
Result<std::int64_t> batch_size(const Tree& tree);

struct RowSlice {
  std::int64_t begin = 0;  // negative: from the end
  std::int64_t end = 0;
  std::int64_t step = 1;
};
Result<Tree> slice_rows(const Tree& tree, const RowSlice& rows);  // views

// Batches of one structure (that of the first), tensors joined along dim. One batch is given as it is; more must hold
// tensors only.
Result<Tree> concatenate(const Tree& batches, std::int64_t dim);

// Zeros behind the rows of every tensor, all of batch_size rows, up to the next multiple of num_parts.
Result<Tree> pad_to_multiple(const Tree& tree, std::int64_t batch_size, std::int64_t num_parts);

// Entries of maps whose key is among skip_keys stay where they are, at whatever depth.
Result<Tree> to_device(const Tree& tree, std::string_view device, bool non_blocking,
                       std::span<const char* const> skip_keys);
std::string first_device(const Tree& tree);  // of the first tensor, depth first; "" if there is none

Tree to_float32(const Tree& tree);  // float16 and bfloat16 only

// Nested lists of numbers for tensors. OAR_E_UNSUPPORTED for complex ones, OAR_E_ARGUMENT beyond kTreeDepthMax.
Result<Tree> to_numbers(const Tree& tree);

}  // namespace oarlock
