#include "comm/call_checks.h"

#include <ATen/MemoryOverlap.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "tensor/dtype.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

std::string shape_text(const at::Tensor& tensor) { return fmt::format("[{}]", fmt::join(tensor.sizes(), ", ")); }

bool holds_parts(const at::Tensor& part, const at::Tensor& all, int world_size) {
  if (part.dim() == 0) return all.dim() == 1 && all.size(0) == world_size;
  return all.dim() == part.dim() && all.size(0) == part.size(0) * world_size &&
         all.sizes().slice(1) == part.sizes().slice(1);
}

// Also of tensors over the same memory that came in apart: libtorch only compares within one storage.
bool share_memory(const at::Tensor& a, const at::Tensor& b) {
  if (!a.is_non_overlapping_and_dense() || !b.is_non_overlapping_and_dense()) {
    const at::MemOverlapStatus status = at::get_overlap_status(a, b);
    return status == at::MemOverlapStatus::Full || status == at::MemOverlapStatus::Partial;
  }
  const auto* a_begin = static_cast<const char*>(a.const_data_ptr());
  const auto* b_begin = static_cast<const char*>(b.const_data_ptr());
  return a_begin < b_begin + b.nbytes() && b_begin < a_begin + a.nbytes();
}

}  // namespace

Status check_tensor(const Group& group, const at::Tensor& tensor, const char* name) {
  if (!tensor.defined()) return invalid_argument("{} holds no tensor", name);
  if (!group.takes(tensor.device())) {
    return unsupported(
        "this group moves no tensors of {}, and {} is there; copy it to the CPU first (tensors of CUDA devices go with "
        "the option comm.backend 'nccl')",
        tensor.device().str(), name);
  }
  if (tensor.layout() != c10::kStrided) return unsupported("{} is sparse; collectives take dense tensors", name);
  return Status::ok();
}

Status check_written(const Group& group, const at::Tensor& tensor, const char* name) {
  OAR_TRY(check_tensor(group, tensor, name));
  OAR_TRY(require_writable(tensor, name));
  if (!tensor.is_contiguous() && at::has_internal_overlap(tensor) == at::MemOverlap::Yes) {
    return invalid_argument("{} is written, but several of its elements share memory (an expanded tensor)", name);
  }
  return Status::ok();
}

Status check_root(int root, int world_size) {
  if (root >= 0 && root < world_size) return Status::ok();
  return invalid_argument("root must lie in [0, {}), got {}", world_size, root);
}

Status check_same_dtype(const at::Tensor& input, const at::Tensor& output) {
  if (input.device() != output.device()) {
    return invalid_argument("input and output must be on one device, got {} and {}", input.device().str(),
                            output.device().str());
  }
  if (input.scalar_type() == output.scalar_type()) return Status::ok();
  return invalid_argument("input and output must have the same dtype, got {} and {}", dtype_name(input.scalar_type()),
                          dtype_name(output.scalar_type()));
}

Status check_apart(const at::Tensor& input, const at::Tensor& output) {
  return share_memory(input, output) ? invalid_argument("input and output share memory") : Status::ok();
}

Status check_all_apart(const std::vector<at::Tensor>& written, const char* name) {
  std::vector<std::pair<const char*, const char*>> ranges;
  for (const at::Tensor& tensor : written) {
    if (tensor.numel() == 0 || !tensor.is_non_overlapping_and_dense()) continue;
    const auto* begin = static_cast<const char*>(tensor.const_data_ptr());
    ranges.emplace_back(begin, begin + tensor.nbytes());
  }
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) return invalid_argument("two of {} share memory", name);
  }
  return Status::ok();
}

Status check_parts(const at::Tensor& part, const at::Tensor& all, int world_size, const char* part_name,
                   const char* all_name) {
  if (holds_parts(part, all, world_size)) return Status::ok();
  return invalid_argument(
      "for an {} of shape {} and {} ranks the {}'s first dimension must be {} times as long and "
      "the others equal, got {}",
      part_name, shape_text(part), world_size, all_name, world_size, shape_text(all));
}

Status check_rows(const at::Tensor& tensor, const std::vector<std::int64_t>& rows, int world_size, const char* name) {
  if (rows.size() != static_cast<std::size_t>(world_size)) {
    return invalid_argument("the rows of {} must be one number per rank, {}, got {}", name, world_size, rows.size());
  }
  std::int64_t sum = 0;
  for (const std::int64_t count : rows) {
    // Each is compared with what is left, so that the sum cannot overflow.
    if (count < 0 || tensor.dim() == 0 || count > tensor.size(0) - sum) {
      return invalid_argument(
          "the rows of {} by rank are [{}], and its shape is {}: they must be >= 0 and add up to "
          "its first dimension",
          name, fmt::join(rows, ", "), shape_text(tensor));
    }
    sum += count;
  }
  if (sum == tensor.size(0)) return Status::ok();
  return invalid_argument("the rows of {} by rank are [{}], together {}, and its shape is {}", name,
                          fmt::join(rows, ", "), sum, shape_text(tensor));
}

Status check_same_row_shape(const at::Tensor& input, const at::Tensor& output) {
  if (input.dim() > 0 && output.dim() == input.dim() && output.sizes().slice(1) == input.sizes().slice(1)) {
    return Status::ok();
  }
  return invalid_argument(
      "input and output must have the same dimensions but for the first, at least one, got {} and {}",
      shape_text(input), shape_text(output));
}

}  // namespace oarlock
