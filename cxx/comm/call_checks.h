// What callers may get wrong in the arguments of an operation, each with its text.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "comm/group.h"

namespace oarlock {

// Dense, on a device that the group takes.
Status check_tensor(const Group& group, const at::Tensor& tensor, const char* name);
// And writable, no two elements sharing memory.
Status check_written(const Group& group, const at::Tensor& tensor, const char* name);
Status check_root(int root, int world_size);
Status check_same_dtype(const at::Tensor& input, const at::Tensor& output);  // and device
Status check_apart(const at::Tensor& input, const at::Tensor& output);       // they share no memory
// None of these shares memory with another; tensors with gaps between their elements are not looked at.
Status check_all_apart(const std::vector<at::Tensor>& written, const char* name);
// `all` holds one `part` per rank along dim 0; a part without dimensions is one element of a vector. The names are for
// the text.
Status check_parts(const at::Tensor& part, const at::Tensor& all, int world_size, const char* part_name,
                   const char* all_name);
// `tensor` has as many rows (dim 0) as `rows` add up to, of which there is one number >= 0 per rank.
Status check_rows(const at::Tensor& tensor, const std::vector<std::int64_t>& rows, int world_size, const char* name);
// Equal but for the number of rows, and not without dimensions.
Status check_same_row_shape(const at::Tensor& input, const at::Tensor& output);

}  // namespace oarlock
