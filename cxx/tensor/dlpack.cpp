#include "tensor/dlpack.h"

#include <ATen/DLConvertor.h>

#include <array>
#include <span>

#include "base/host_code.h"
#include "tensor/dtype.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

struct DlpackType {
  std::uint8_t code;
  std::uint8_t bits;
  at::ScalarType dtype;
};

constexpr std::array kDlpackTypes = {
    DlpackType{kDLBool, 8, at::ScalarType::Bool},
    DlpackType{kDLUInt, 8, at::ScalarType::Byte},
    DlpackType{kDLUInt, 16, at::ScalarType::UInt16},
    DlpackType{kDLUInt, 32, at::ScalarType::UInt32},
    DlpackType{kDLUInt, 64, at::ScalarType::UInt64},
    DlpackType{kDLInt, 8, at::ScalarType::Char},
    DlpackType{kDLInt, 16, at::ScalarType::Short},
    DlpackType{kDLInt, 32, at::ScalarType::Int},
    DlpackType{kDLInt, 64, at::ScalarType::Long},
    DlpackType{kDLFloat, 16, at::ScalarType::Half},
    DlpackType{kDLFloat, 32, at::ScalarType::Float},
    DlpackType{kDLFloat, 64, at::ScalarType::Double},
    DlpackType{kDLBfloat, 16, at::ScalarType::BFloat16},
    DlpackType{kDLComplex, 64, at::ScalarType::ComplexFloat},
    DlpackType{kDLComplex, 128, at::ScalarType::ComplexDouble},
    DlpackType{kDLFloat8_e4m3fn, 8, at::ScalarType::Float8_e4m3fn},
    DlpackType{kDLFloat8_e5m2, 8, at::ScalarType::Float8_e5m2},
};

Result<at::ScalarType> dtype_from_dlpack(DLDataType type) {
  if (type.lanes != 1) return unsupported("DLPack vector types are not taken: {} lanes", type.lanes);
  for (const DlpackType& row : kDlpackTypes) {
    if (row.code == type.code && row.bits == type.bits) return row.dtype;
  }
  return unsupported("no element type for DLPack code {} with {} bits", type.code, type.bits);
}

bool is_host_memory(DLDevice device) {
  return device.device_type == kDLCPU || device.device_type == kDLCUDAHost || device.device_type == kDLROCMHost;
}

// Ends the producer's tensor, once it has been given one.
struct DlpackOwner {
  DLManagedTensorVersioned* managed = nullptr;
  ~DlpackOwner() {
    if (managed != nullptr && managed->deleter != nullptr && host_code_may_run()) managed->deleter(managed);
  }
};

Status check_source(const DLManagedTensorVersioned& managed, void* stream) {
  if (managed.version.major != DLPACK_MAJOR_VERSION) {
    return wrong_version("DLPack major version {} is needed, the tensor has {}.{}", DLPACK_MAJOR_VERSION,
                         managed.version.major, managed.version.minor);
  }
  const DLTensor& source = managed.dl_tensor;
  if (!is_host_memory(source.device)) {
    return unsupported("this build takes DLPack tensors in host memory only; device type {}, index {}",
                       static_cast<int>(source.device.device_type), source.device.device_id);
  }
  if (stream != nullptr) return invalid_argument("stream must be NULL for memory of the CPU");
  if (source.ndim < 0 || static_cast<std::size_t>(source.ndim) > kNumDimsMax) {
    return invalid_argument("a DLPack tensor has 0 to {} dimensions, got {}", kNumDimsMax, source.ndim);
  }
  if (source.ndim > 0 && source.shape == nullptr) {
    return invalid_argument("the DLPack tensor's shape is NULL with {} dimensions", source.ndim);
  }
  return Status::ok();
}

}  // namespace

Result<at::Tensor> tensor_from_dlpack(DLManagedTensorVersioned* managed, void* stream) {
  if (managed == nullptr) return invalid_argument("managed is NULL");
  OAR_TRY(check_source(*managed, stream));
  const DLTensor& source = managed->dl_tensor;
  OAR_ASSIGN(const at::ScalarType dtype, dtype_from_dlpack(source.dtype));
  const auto num_dims = static_cast<std::size_t>(source.ndim);
  MemoryLayout layout{dtype, std::span<const std::int64_t>(source.shape, num_dims), std::nullopt};
  if (source.strides != nullptr) layout.strides = std::span<const std::int64_t>(source.strides, num_dims);

  const auto base = reinterpret_cast<std::uintptr_t>(source.data);
  std::uintptr_t address = 0;
  if (__builtin_add_overflow(base, source.byte_offset, &address)) {
    return invalid_argument("byte_offset leads beyond the address space: {}", source.byte_offset);
  }
  void* data = base == 0 ? nullptr : reinterpret_cast<void*>(address);
  const bool read_only = (managed->flags & DLPACK_FLAG_BITMASK_READ_ONLY) != 0;
  auto owner = std::make_shared<DlpackOwner>();
  OAR_ASSIGN(at::Tensor tensor,
             tensor_over_memory(data, layout, owner, read_only ? MemoryAccess::kReadOnly : MemoryAccess::kReadWrite));
  owner->managed = managed;  // last: from here on it is ours
  return tensor;
}

Result<DLManagedTensorVersioned*> tensor_to_dlpack(const at::Tensor& tensor, void* stream) {
  if (tensor.layout() != at::kStrided || !tensor.has_storage()) {
    return unsupported("only dense tensors can be given as DLPack");
  }
  if (!tensor.device().is_cpu()) {
    return unsupported("this build gives DLPack tensors in CPU memory only; the tensor is on {}",
                       tensor.device().str());
  }
  if (stream != nullptr) return invalid_argument("stream must be NULL for a tensor on the CPU");
  if (tensor.is_conj() || tensor.is_neg()) {
    return unsupported("a lazily conjugated or negated tensor has no memory of its own; make it contiguous first");
  }
  OAR_ASSIGN([[maybe_unused]] const std::int32_t code, dtype_code(tensor.scalar_type()));
  DLManagedTensorVersioned* managed = at::toDLPackVersioned(tensor.detach());
  if (is_read_only(tensor)) managed->flags |= DLPACK_FLAG_BITMASK_READ_ONLY;
  return managed;
}

}  // namespace oarlock
