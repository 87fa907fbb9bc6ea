#include "comm/coalesced.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "comm/call_checks.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

constexpr std::size_t kNumPartsMax = 255;  // what a signature can say; the layout tells longer lists apart

Status check_list(const Group& group, const TensorList& tensors, const char* name, bool is_written) {
  if (tensors.empty()) return invalid_argument("{} is an empty list", name);
  for (const at::Tensor& tensor : tensors) {
    OAR_TRY(is_written ? check_written(group, tensor, name) : check_tensor(group, tensor, name));
    if (tensor.device() != tensors.front().device()) {
      return invalid_argument("the tensors of a coalesced call must be on one device, got {} and {} in {}",
                              tensors.front().device().str(), tensor.device().str(), name);
    }
    if (tensor.scalar_type() == tensors.front().scalar_type()) continue;
    return invalid_argument("the tensors of a coalesced call must have one dtype, got {} and {} in {}",
                            dtype_name(tensors.front().scalar_type()), dtype_name(tensor.scalar_type()), name);
  }
  return is_written ? check_all_apart(tensors, name) : Status::ok();
}

// parts[i] of one rank lies in the whole of all ranks, wholes[i].
Status check_lists(const Group& group, const TensorList& parts, const char* part_name, const TensorList& wholes,
                   const char* whole_name, bool parts_are_written) {
  OAR_TRY(check_list(group, parts, part_name, parts_are_written));
  OAR_TRY(check_list(group, wholes, whole_name, !parts_are_written));
  if (parts.size() != wholes.size()) {
    return invalid_argument("{} has {} tensors and {} has {}", part_name, parts.size(), whole_name, wholes.size());
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    OAR_TRY(check_same_dtype(parts[i], wholes[i]));
    OAR_TRY(check_parts(parts[i], wholes[i], group.size(), part_name, whole_name));
    OAR_TRY(check_apart(parts[i], wholes[i]));
  }
  return Status::ok();
}

std::int64_t total_numel(const TensorList& tensors) {
  std::int64_t total = 0;
  for (const at::Tensor& tensor : tensors) total += tensor.numel();
  return total;
}

at::Tensor new_flat(const TensorList& like, std::int64_t numel) {
  return at::empty({numel}, at::TensorOptions().dtype(like.front().scalar_type()).device(like.front().device()));
}

// Of `flat`, the elements from `offset` in the shape of `part`.
at::Tensor view_as(const at::Tensor& flat, std::int64_t offset, const at::Tensor& part) {
  return flat.narrow(0, offset, part.numel()).view(part.sizes());
}

void copy_into_flat(const TensorList& tensors, at::Tensor& flat) {
  std::int64_t offset = 0;
  for (const at::Tensor& tensor : tensors) {
    view_as(flat, offset, tensor).copy_(tensor);
    offset += tensor.numel();
  }
}

// fn(the place in the flat whole of rank, then part; the rows of wholes[part] that are rank's), for all of both.
template <class Fn>
void for_each_part(const at::Tensor& flat, const TensorList& parts, const TensorList& wholes, int world_size, Fn fn) {
  std::int64_t offset = 0;
  for (int rank = 0; rank < world_size; ++rank) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::int64_t num_rows = parts[i].dim() == 0 ? 1 : parts[i].size(0);
      const at::Tensor rows = wholes[i].detach().narrow(0, rank * num_rows, num_rows);
      fn(flat.narrow(0, offset, parts[i].numel()).view(rows.sizes()), rows);
      offset += parts[i].numel();
    }
  }
}

Call coalesced(Call call, const TensorList& parts) {
  std::vector<std::int64_t> sizes;
  for (const at::Tensor& part : parts) sizes.push_back(part.numel());
  call.signature.layout = layout_of(sizes);
  call.signature.num_parts = static_cast<std::uint8_t>(std::min(parts.size(), kNumPartsMax));
  return call;
}

// The way of a flat result to the tensors, in their order.
std::vector<Call::Copy> copies_to(const TensorList& tensors, const at::Tensor& flat) {
  std::vector<Call::Copy> copies;
  std::int64_t offset = 0;
  for (const at::Tensor& tensor : tensors) {
    copies.push_back({tensor.detach(), view_as(flat, offset, tensor)});
    offset += tensor.numel();
  }
  return copies;
}

}  // namespace

Result<Call> make_all_reduce_coalesced(const Group& group, const TensorList& tensors, ReduceOp op,
                                       Milliseconds timeout) {
  OAR_TRY(check_list(group, tensors, "tensors", /*is_written=*/true));
  const at::NoGradGuard no_grad;
  at::Tensor flat = new_flat(tensors, total_numel(tensors));
  OAR_ASSIGN(Call call, make_all_reduce(group, flat, op, timeout));
  copy_into_flat(tensors, flat);
  call.copies = copies_to(tensors, flat);
  return coalesced(std::move(call), tensors);
}

Result<Call> make_broadcast_coalesced(const Group& group, const TensorList& tensors, int root, Milliseconds timeout) {
  OAR_TRY(check_list(group, tensors, "tensors", /*is_written=*/true));
  const at::NoGradGuard no_grad;
  at::Tensor flat = new_flat(tensors, total_numel(tensors));
  OAR_ASSIGN(Call call, make_broadcast(group, flat, root, timeout));
  if (root == group.rank()) {
    copy_into_flat(tensors, flat);
  } else {
    call.copies = copies_to(tensors, flat);
  }
  return coalesced(std::move(call), tensors);
}

Result<Call> make_all_gather_coalesced(const Group& group, const TensorList& inputs, const TensorList& outputs,
                                       Milliseconds timeout) {
  OAR_TRY(check_lists(group, inputs, "inputs", outputs, "outputs", /*parts_are_written=*/false));
  const at::NoGradGuard no_grad;
  const std::int64_t total = total_numel(inputs);
  at::Tensor flat_input = new_flat(inputs, total);
  const at::Tensor flat_output = new_flat(inputs, total * group.size());
  OAR_ASSIGN(Call call, make_all_gather(group, flat_input, flat_output, timeout));
  copy_into_flat(inputs, flat_input);
  for_each_part(flat_output, inputs, outputs, group.size(), [&](const at::Tensor& flat, const at::Tensor& rows) {
    call.copies.push_back({rows, flat});
  });
  return coalesced(std::move(call), inputs);
}

Result<Call> make_reduce_scatter_coalesced(const Group& group, const TensorList& inputs, const TensorList& outputs,
                                           ReduceOp op, Milliseconds timeout) {
  OAR_TRY(check_lists(group, outputs, "outputs", inputs, "inputs", /*parts_are_written=*/true));
  const at::NoGradGuard no_grad;
  const std::int64_t total = total_numel(outputs);
  const at::Tensor flat_input = new_flat(inputs, total * group.size());
  const at::Tensor flat_output = new_flat(outputs, total);
  OAR_ASSIGN(Call call, make_reduce_scatter(group, flat_input, flat_output, op, timeout));
  for_each_part(flat_input, outputs, inputs, group.size(),
                [](const at::Tensor& flat, const at::Tensor& rows) { flat.copy_(rows); });
  call.copies = copies_to(outputs, flat_output);
  return coalesced(std::move(call), outputs);
}

}  // namespace oarlock
