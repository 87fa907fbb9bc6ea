#include "parallel/ddp/coalesce.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include "tensor/scopes.h"

namespace oarlock {
namespace {

constexpr std::int64_t kMessageBytes = 25 << 20;

at::Tensor as_bytes(const at::Tensor& tensor) { return tensor.detach().contiguous().view({-1}).view(at::kByte); }

Status broadcast_packed(Group& group, const std::vector<at::Tensor>& tensors, int root, Milliseconds timeout) {
  at::Tensor packed = pack_bytes(tensors);
  OAR_ASSIGN(const std::shared_ptr<Work> work, group.broadcast(packed, root, timeout));
  OAR_TRY(work->wait(Milliseconds(0)));
  if (group.rank() != root) unpack_bytes(packed, tensors);
  return Status::ok();
}

}  // namespace

at::Tensor pack_bytes(const std::vector<at::Tensor>& tensors) {
  const GradModeScope no_grad(false);
  if (tensors.empty()) return at::empty({0}, at::kByte);
  std::vector<at::Tensor> parts;
  parts.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) parts.push_back(as_bytes(tensor));
  return at::cat(parts);
}

void unpack_bytes(const at::Tensor& packed, const std::vector<at::Tensor>& tensors) {
  const GradModeScope no_grad(false);
  const at::AutoDispatchBelowADInplaceOrView versions_stay;
  std::int64_t offset = 0;
  for (const at::Tensor& tensor : tensors) {
    const std::int64_t bytes = static_cast<std::int64_t>(tensor.nbytes());
    // A fresh, aligned copy: a slice of bytes may start where the element type may not.
    const at::Tensor slice = packed.narrow(0, offset, bytes).clone();
    tensor.copy_(slice.view(tensor.scalar_type()).view(tensor.sizes()));
    offset += bytes;
  }
}

Status broadcast_coalesced(Group& group, const std::vector<at::Tensor>& tensors, int root, Milliseconds timeout) {
  std::vector<at::Tensor> message;
  std::int64_t message_bytes = 0;
  for (const at::Tensor& tensor : tensors) {
    message.push_back(tensor);
    message_bytes += static_cast<std::int64_t>(tensor.nbytes());
    if (message_bytes < kMessageBytes) continue;
    OAR_TRY(broadcast_packed(group, message, root, timeout));
    message.clear();
    message_bytes = 0;
  }
  if (message.empty()) return Status::ok();
  return broadcast_packed(group, message, root, timeout);
}

}  // namespace oarlock
