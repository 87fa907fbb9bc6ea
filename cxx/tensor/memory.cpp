#include "tensor/memory.h"

#include <ATen/MemoryOverlap.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "tensor/describe.h"
#include "tensor/dtype.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

using Sizes = std::span<const std::int64_t>;

// Two functions of different address: the second is the mark of read-only storages.
void drop_owner(void* context) { delete static_cast<std::shared_ptr<void>*>(context); }
void drop_read_only_owner(void* context) {
  auto* owner = static_cast<std::shared_ptr<void>*>(context);
  owner->reset();
  delete owner;
}

// The span from the first to the last element, in bytes, must not lead beyond what can be addressed.
Status check_strides(const MemoryLayout& layout) {
  if (layout.strides->size() != layout.shape.size()) {
    return invalid_argument("strides and shape differ in length: {} and {}", layout.strides->size(),
                            layout.shape.size());
  }
  std::int64_t reach = 1;
  for (std::size_t i = 0; i < layout.shape.size(); ++i) {
    const std::int64_t stride = (*layout.strides)[i];
    if (stride < 0) {
      return invalid_argument("strides must be >= 0 (copy a reversed array first), got {} in dimension {}", stride, i);
    }
    std::int64_t step = 0;
    if (__builtin_mul_overflow(std::max<std::int64_t>(layout.shape[i] - 1, 0), stride, &step) ||
        __builtin_add_overflow(reach, step, &reach)) {
      return invalid_argument("stride {} of dimension {} with size {} reaches beyond the address space", stride, i,
                              layout.shape[i]);
    }
  }
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(reach, static_cast<std::int64_t>(c10::elementSize(layout.dtype)), &bytes)) {
    return invalid_argument("the strides reach beyond the address space: {} elements of {}", reach,
                            dtype_name(layout.dtype));
  }
  return Status::ok();
}

Status check_address(const void* data, at::ScalarType dtype, std::int64_t numel) {
  if (numel == 0) return Status::ok();
  if (data == nullptr) return invalid_argument("data is NULL but the shape has {} elements", numel);
  const std::size_t alignment = dtype_alignment(dtype);
  if (reinterpret_cast<std::uintptr_t>(data) % alignment != 0) {
    return invalid_argument("data is not aligned: {} needs an address that is a multiple of {}, got {}",
                            dtype_name(dtype), alignment, data);
  }
  return Status::ok();
}

}  // namespace

Result<std::int64_t> checked_numel(Sizes shape, at::ScalarType dtype) {
  if (shape.size() > kNumDimsMax) {
    return invalid_argument("a tensor has at most {} dimensions, got {}", kNumDimsMax, shape.size());
  }
  std::int64_t product = static_cast<std::int64_t>(c10::elementSize(dtype));
  std::int64_t numel = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0) return invalid_argument("sizes must be >= 0, got {} in dimension {}", shape[i], i);
    if (__builtin_mul_overflow(product, std::max<std::int64_t>(shape[i], 1), &product)) {
      return invalid_argument("the shape has more bytes than 2^63: dimension {} of size {} passes it", i, shape[i]);
    }
    numel *= shape[i];  // cannot pass what product, which takes zeros as one, did not
  }
  return numel;
}

Status require_no_overlap(const MemoryLayout& layout) {
  OAR_ASSIGN(const std::int64_t numel, checked_numel(layout.shape, layout.dtype));
  if (!layout.strides) return Status::ok();
  OAR_TRY(check_strides(layout));
  if (numel == 0) return Status::ok();
  const Sizes strides = *layout.strides;
  std::vector<std::size_t> order(layout.shape.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return strides[i]; });
  std::int64_t reach = 0;  // the farthest element that the dimensions seen so far address
  for (const std::size_t i : order) {
    if (layout.shape[i] == 1) continue;
    if (strides[i] <= reach) {
      return invalid_argument(
          "elements overlap (make a dense copy first): stride {} of dimension {}, size {}, lies "
          "within the {} elements that smaller strides span",
          strides[i], i, layout.shape[i], reach + 1);
    }
    reach += (layout.shape[i] - 1) * strides[i];
  }
  return Status::ok();
}

Result<at::Tensor> tensor_over_memory(void* data, const MemoryLayout& layout, std::shared_ptr<void> owner,
                                      MemoryAccess access) {
  OAR_ASSIGN(const std::int64_t numel, checked_numel(layout.shape, layout.dtype));
  if (layout.strides) OAR_TRY(check_strides(layout));
  OAR_TRY(check_address(data, layout.dtype, numel));
  auto context = std::make_unique<std::shared_ptr<void>>(std::move(owner));
  const at::IntArrayRef sizes(layout.shape.data(), layout.shape.size());
  auto maker = at::for_blob(data, sizes);
  if (layout.strides) maker.strides(at::IntArrayRef(layout.strides->data(), layout.strides->size()));
  maker.options(at::TensorOptions(layout.dtype).device(at::kCPU)).target_device(at::Device(at::kCPU));
  maker.context(context.release(), access == MemoryAccess::kReadOnly ? drop_read_only_owner : drop_owner);
  return maker.make_tensor();
}

bool is_read_only(const at::Tensor& tensor) {
  return tensor.has_storage() && tensor.storage().data_ptr().get_deleter() == drop_read_only_owner;
}

Status require_writable(const at::Tensor& tensor, std::string_view what) {
  if (!is_read_only(tensor)) return Status::ok();
  return invalid_argument("{} is read-only (a mapped file, or memory that its producer marked so); copy it first",
                          what);
}

Result<at::Tensor> zeros_tensor(at::ScalarType dtype, Sizes shape) {
  OAR_ASSIGN(const std::int64_t numel, checked_numel(shape, dtype));
  try {
    return at::zeros(at::IntArrayRef(shape.data(), shape.size()), at::TensorOptions(dtype).device(at::kCPU));
  } catch (const c10::Error&) {  // libtorch's CPU allocator reports a full memory as a plain Error
    return out_of_memory("no memory for a tensor of {} elements of {}: {} bytes", numel, dtype_name(dtype),
                         numel * static_cast<std::int64_t>(c10::elementSize(dtype)));
  }
}

Result<double> item_as_double(const at::Tensor& tensor) {
  if (tensor.numel() != 1) {
    return invalid_argument("item needs a tensor of one element, this one has {}", tensor.numel());
  }
  if (tensor.is_complex()) {
    return invalid_argument("item needs a real element type, got {}", dtype_name(tensor.scalar_type()));
  }
  return tensor.item().toDouble();
}

Result<void*> host_address(const at::Tensor& tensor) {
  if (!tensor.device().is_cpu()) {
    return invalid_argument("only memory of the CPU has an address here; the tensor is on {}", tensor.device().str());
  }
  if (tensor.layout() != at::kStrided || tensor.is_conj() || tensor.is_neg()) {
    return unsupported("a sparse or lazily conjugated tensor has no plain memory; make it contiguous first");
  }
  return is_read_only(tensor) ? const_cast<void*>(tensor.const_data_ptr()) : tensor.mutable_data_ptr();
}

Status copy_tensor(at::Tensor& destination, const at::Tensor& source) {
  if (destination.sizes() != source.sizes()) {
    return invalid_argument("the shapes differ: destination {}, source {}", shape_text(destination.sizes()),
                            shape_text(source.sizes()));
  }
  if (source.is_complex() && !destination.is_complex()) {
    return invalid_argument("complex values do not fit a real tensor: source {}, destination {}",
                            dtype_name(source.scalar_type()), dtype_name(destination.scalar_type()));
  }
  OAR_TRY(require_writable(destination, "the destination"));
  if (at::has_internal_overlap(destination) == at::MemOverlap::Yes) {
    return invalid_argument("several indices of the destination share one element (a broadcast view); copy it first");
  }
  const GradModeScope no_grad(false);
  const bool aliased = destination.is_alias_of(source) && !destination.is_same(source);
  destination.copy_(aliased ? source.clone() : source);
  return Status::ok();
}

}  // namespace oarlock
