#include "comm/collectives.h"

#include <ATen/MemoryOverlap.h>
#include <fmt/ranges.h>

#include "comm/reduction.h"
#include "tensor/dtype.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

std::string shape_text(const at::Tensor& tensor) { return fmt::format("[{}]", fmt::join(tensor.sizes(), ", ")); }

Status check_tensor(const at::Tensor& tensor, const char* name) {
  if (!tensor.defined()) return invalid_argument("{} holds no tensor", name);
  if (!tensor.device().is_cpu()) {
    return unsupported("this group moves tensors of the CPU only, {} is on {}; copy it to the CPU first", name,
                       tensor.device().str());
  }
  if (tensor.layout() != c10::kStrided) return unsupported("{} is sparse; collectives take dense tensors", name);
  return Status::ok();
}

Status check_written(const at::Tensor& tensor, const char* name) {
  OAR_TRY(check_tensor(tensor, name));
  OAR_TRY(require_writable(tensor, name));
  if (at::has_internal_overlap(tensor) == at::MemOverlap::Yes) {
    return invalid_argument("{} is written, but several of its elements share memory (an expanded tensor)", name);
  }
  return Status::ok();
}

bool gathers(const at::Tensor& input, const at::Tensor& output, int world_size) {
  if (input.dim() == 0) return output.dim() == 1 && output.size(0) == world_size;
  return output.dim() == input.dim() && output.size(0) == input.size(0) * world_size &&
         output.sizes().slice(1) == input.sizes().slice(1);
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

Status check_root(int root, int world_size) {
  if (root >= 0 && root < world_size) return Status::ok();
  return invalid_argument("root must lie in [0, {}), got {}", world_size, root);
}

Status check_all_gather(const at::Tensor& input, const at::Tensor& output, int world_size) {
  OAR_TRY(check_tensor(input, "input"));
  OAR_TRY(check_written(output, "output"));
  if (input.scalar_type() != output.scalar_type()) {
    return invalid_argument("input and output must have the same dtype, got {} and {}", dtype_name(input.scalar_type()),
                            dtype_name(output.scalar_type()));
  }
  if (!gathers(input, output, world_size)) {
    return invalid_argument(
        "for an input of shape {} and {} ranks the output's first dimension must be {} times as long and "
        "the others equal, got {}",
        shape_text(input), world_size, world_size, shape_text(output));
  }
  if (share_memory(input, output)) return invalid_argument("input and output share memory");
  return Status::ok();
}

Result<Call> new_call(const Group& group, Operator op, Milliseconds timeout) {
  Call call;
  OAR_ASSIGN(call.timeout, resolve_timeout(timeout, group.timeout()));
  call.signature.op = op;
  return call;
}

void set_tensor(Call& call, const at::Tensor& tensor) {
  call.tensor = tensor.requires_grad() ? tensor.detach() : tensor;
  call.signature.numel = tensor.numel();
  call.signature.dtype = static_cast<std::int8_t>(tensor.scalar_type());
}

}  // namespace

Result<Call> make_all_reduce(const Group& group, const at::Tensor& tensor, ReduceOp op, Milliseconds timeout) {
  OAR_TRY(check_written(tensor, "tensor"));
  OAR_TRY(check_reduction(tensor.scalar_type(), op));
  OAR_ASSIGN(Call call, new_call(group, Operator::kAllReduce, timeout));
  set_tensor(call, tensor);
  call.signature.reduce_op = static_cast<std::uint8_t>(op);
  return call;
}

Result<Call> make_broadcast(const Group& group, const at::Tensor& tensor, int root, Milliseconds timeout) {
  OAR_TRY(check_written(tensor, "tensor"));
  OAR_TRY(check_root(root, group.size()));
  OAR_ASSIGN(Call call, new_call(group, Operator::kBroadcast, timeout));
  set_tensor(call, tensor);
  call.signature.root = root;
  return call;
}

Result<Call> make_all_gather(const Group& group, const at::Tensor& input, const at::Tensor& output,
                             Milliseconds timeout) {
  OAR_TRY(check_all_gather(input, output, group.size()));
  OAR_ASSIGN(Call call, new_call(group, Operator::kAllGather, timeout));
  set_tensor(call, input);
  call.output = output.detach();
  return call;
}

Result<Call> make_barrier(const Group& group, Milliseconds timeout) {
  return new_call(group, Operator::kBarrier, timeout);
}

Result<Call> make_all_gather_bytes(const Group& group, std::string_view mine, Milliseconds timeout) {
  OAR_ASSIGN(Call call, new_call(group, Operator::kAllGatherBytes, timeout));
  call.bytes = mine;
  return call;
}

Result<Call> make_broadcast_bytes(const Group& group, std::string_view bytes, int root, Milliseconds timeout) {
  OAR_TRY(check_root(root, group.size()));
  OAR_ASSIGN(Call call, new_call(group, Operator::kBroadcastBytes, timeout));
  call.signature.root = root;
  if (root == group.rank()) call.bytes = bytes;
  return call;
}

Result<Milliseconds> resolve_timeout(Milliseconds given, Milliseconds standard) {
  if (given.count() < 0) return invalid_argument("timeout_ms must not be negative, got {}", given.count());
  return bounded_wait(given.count() == 0 ? standard : given);
}

}  // namespace oarlock
