#include "model/array.h"

#include <ATen/MemoryOverlap.h>
#include <fmt/format.h>

#include "tensor/describe.h"
#include "tensor/dtype.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

at::ScalarType dtype_of_number(SlotKind kind) {
  if (kind == SlotKind::kBool) return at::kBool;
  return kind == SlotKind::kInt ? at::kLong : at::kDouble;
}

}  // namespace

Result<c10::IValue> number_in_array(const NamedArray& input, SlotKind kind) {
  const auto& [name, tensor] = input;
  const at::ScalarType wanted = dtype_of_number(kind);
  if (tensor.dim() != 0 || tensor.scalar_type() != wanted) {
    return invalid_argument("input {} is a number: {} [] expected, {} given", name, dtype_name(wanted),
                            describe_tensor(tensor));
  }
  const at::Scalar value = tensor.item();
  if (kind == SlotKind::kBool) return c10::IValue(value.toBool());
  return kind == SlotKind::kInt ? c10::IValue(value.toLong()) : c10::IValue(value.toDouble());
}

Status check_output_array(const NamedArray& output, const Slot* slot, const InputCheck& check, at::Device device) {
  const auto& [name, given] = output;
  if (!given.defined()) return invalid_argument("output {}: the tensor is empty", name);
  if (given.device() != device || given.layout() != at::kStrided) {
    return invalid_argument("output {}: a strided tensor on {} expected, {} given", name, device.str(),
                            describe_tensor(given));
  }
  if (is_read_only(given)) return require_writable(given, fmt::format("output {}", name));
  if (at::has_internal_overlap(given) == at::MemOverlap::Yes) {
    return invalid_argument("output {}: several indices of the tensor share one element (a broadcast view)", name);
  }
  if (slot == nullptr) return Status::ok();
  const bool is_tensor = slot->kind == SlotKind::kTensor;
  if (is_tensor && !slot->exported) return Status::ok();
  const at::ScalarType dtype = is_tensor ? slot->exported->dtype : dtype_of_number(slot->kind);
  const std::size_t num_dims = is_tensor ? slot->exported->shape.size() : 0;
  const auto size_at = [&](std::size_t dim) { return check.size_of(slot->exported->shape[dim]); };
  bool fits = given.scalar_type() == dtype && static_cast<std::size_t>(given.dim()) == num_dims;
  for (std::size_t dim = 0; fits && dim < num_dims; ++dim) {
    const std::int64_t expected = size_at(dim);
    fits = expected == kSizeUnknown || given.size(static_cast<std::int64_t>(dim)) == expected;
  }
  if (fits) return Status::ok();
  std::string shape;
  for (std::size_t dim = 0; dim < num_dims; ++dim) {
    shape +=
        fmt::format("{}{}", dim == 0 ? "" : ", ", size_at(dim) == kSizeUnknown ? "?" : fmt::format("{}", size_at(dim)));
  }
  return invalid_argument("output {}: {} [{}] expected, {} {} given", name, dtype_name(dtype), shape,
                          dtype_name(given.scalar_type()), shape_text(given.sizes()));
}

Status write_output_array(const NamedArray& output, const c10::IValue& value) {
  const auto& [name, destination] = output;
  if (value.isTensor()) {
    const at::Tensor& tensor = value.toTensor();
    if (!tensor.defined()) return invalid_argument("output {} has no value in this program; pass NULL for it", name);
    if (tensor.scalar_type() != destination.scalar_type() || tensor.sizes() != destination.sizes()) {
      return invalid_argument("output {}: {} {} expected, {} {} given", name, dtype_name(tensor.scalar_type()),
                              shape_text(tensor.sizes()), dtype_name(destination.scalar_type()),
                              shape_text(destination.sizes()));
    }
    destination.copy_(tensor);
    return Status::ok();
  }
  if (!value.isScalar()) {
    return invalid_argument("output {} is {}, no tensor or number; pass NULL for it", name, value.tagKind());
  }
  const SlotKind kind = value.isBool() ? SlotKind::kBool : value.isInt() ? SlotKind::kInt : SlotKind::kFloat;
  if (destination.dim() != 0 || destination.scalar_type() != dtype_of_number(kind)) {
    return invalid_argument("output {} is a number: {} [] expected, {} {} given", name,
                            dtype_name(dtype_of_number(kind)), dtype_name(destination.scalar_type()),
                            shape_text(destination.sizes()));
  }
  destination.fill_(value.toScalar());
  return Status::ok();
}

}  // namespace oarlock
