#include "oarlock/tensor.h"

#include <ATen/core/Tensor.h>

#include "format/npy.h"
#include "guard.h"
#include "own_handle.h"
#include "tensor/dlpack.h"
#include "tensor/dtype.h"
#include "tensor/memory.h"
#include "tensor/torch_check.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

std::span<const std::int64_t> dims(const std::int64_t* values, std::size_t count) { return {values, count}; }

Status require_shape(const std::int64_t* shape, std::size_t num_dims) {
  return num_dims == 0 ? Status::ok() : require_argument(shape, "shape");
}

oar_tensor* wrap_tensor(at::Tensor tensor) { return wrap<oar_tensor>(std::make_shared<at::Tensor>(std::move(tensor))); }

at::Tensor tensor_of_impl(void* impl) {
  return at::Tensor(
      c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(static_cast<c10::TensorImpl*>(impl)));
}

struct HostArray {
  void* data;
  std::int32_t dtype;
  const std::int64_t *shape, *strides;
  std::size_t num_dims;
  MemoryAccess access;
};

Status import_array(const HostArray& array, UserData& owner, oar_tensor** out) {
  OAR_TRY(require_out(out, "out"));
  OAR_TRY(require_shape(array.shape, array.num_dims));
  OAR_ASSIGN(const at::ScalarType type, dtype_from_code(array.dtype));
  MemoryLayout layout{type, dims(array.shape, array.num_dims), std::nullopt};
  if (array.strides != nullptr) layout.strides = dims(array.strides, array.num_dims);
  if (array.access == MemoryAccess::kReadWrite) OAR_TRY(require_no_overlap(layout));
  OAR_ASSIGN(at::Tensor tensor, tensor_over_memory(array.data, layout, owner.share(), array.access));
  *out = wrap_tensor(std::move(tensor));
  return Status::ok();
}

}  // namespace

oar_status oar_tensor_from_dlpack(DLManagedTensorVersioned* managed, void* stream, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(managed, "managed"));
    OAR_TRY(require_out(out, "out"));
    auto object = std::make_shared<at::Tensor>();
    OwnHandle<oar_tensor> handle(wrap<oar_tensor>(object));  // nothing may fail after the import: it takes ownership
    OAR_ASSIGN(*object, tensor_from_dlpack(managed, stream));
    *out = handle.take();
    return Status::ok();
  });
}

oar_status oar_tensor_to_dlpack(const oar_tensor* tensor, void* stream, DLManagedTensorVersioned** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(*out, tensor_to_dlpack(self, stream));
    return Status::ok();
  });
}

oar_status oar_tensor_from_memory(void* data, int32_t dtype, const int64_t* shape, const int64_t* strides,
                                  size_t num_dims, void* user_data, oar_release_fn release_fn,
                                  oar_tensor** out) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    return import_array({data, dtype, shape, strides, num_dims, MemoryAccess::kReadWrite}, owner, out);
  });
}

oar_status oar_tensor_from_read_only_memory(const void* data, int32_t dtype, const int64_t* shape,
                                            const int64_t* strides, size_t num_dims, void* user_data,
                                            oar_release_fn release_fn, oar_tensor** out) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    const HostArray array{const_cast<void*>(data), dtype, shape, strides, num_dims, MemoryAccess::kReadOnly};
    return import_array(array, owner, out);
  });
}

oar_status oar_tensor_zeros(int32_t dtype, const int64_t* shape, size_t num_dims, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_shape(shape, num_dims));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const at::ScalarType type, dtype_from_code(dtype));
    OAR_ASSIGN(at::Tensor tensor, zeros_tensor(type, dims(shape, num_dims)));
    *out = wrap_tensor(std::move(tensor));
    return Status::ok();
  });
}

oar_status oar_tensor_from_npy(const char* path, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(path, "path"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(at::Tensor tensor, open_npy(path));
    *out = wrap_tensor(std::move(tensor));
    return Status::ok();
  });
}

oar_status oar_tensor_from_torch(const void* tensor_impl, const char* torch_version, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(tensor_impl, "tensor_impl"));
    OAR_TRY(require_argument(torch_version, "torch_version"));
    OAR_TRY(require_out(out, "out"));
    OAR_TRY(check_headers(torch_version));
    at::Tensor tensor = tensor_of_impl(const_cast<void*>(tensor_impl));
    if (!tensor.defined()) return invalid_argument("the tensor is undefined");
    *out = wrap_tensor(std::move(tensor));
    return Status::ok();
  });
}

oar_status oar_tensor_to_torch(const oar_tensor* tensor, const char* torch_version, void** out_tensor_impl) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_argument(torch_version, "torch_version"));
    OAR_TRY(require_out(out_tensor_impl, "out_tensor_impl"));
    OAR_TRY(check_headers(torch_version));
    *out_tensor_impl = self.unsafeGetTensorImpl();
    return Status::ok();
  });
}

const char* oar_dtype_name(int32_t dtype) noexcept {
  const auto type = dtype_from_code(dtype);
  return type.is_ok() ? dtype_name(type.value()).data() : "an unknown element type";
}

oar_status oar_dtype_size(int32_t dtype, size_t* out_size) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_out(out_size, "out_size"));
    OAR_ASSIGN(const at::ScalarType type, dtype_from_code(dtype));
    *out_size = c10::elementSize(type);
    return Status::ok();
  });
}

oar_status oar_tensor_num_dims(const oar_tensor* tensor, int64_t* out_num_dims) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_out(out_num_dims, "out_num_dims"));
    *out_num_dims = self.dim();
    return Status::ok();
  });
}

oar_status oar_tensor_shape(const oar_tensor* tensor, int64_t* shape, size_t* count) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    return copy_array(self.sizes(), shape, count);
  });
}

oar_status oar_tensor_strides(const oar_tensor* tensor, int64_t* strides, size_t* count) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    return copy_array(self.strides(), strides, count);
  });
}

oar_status oar_tensor_numel(const oar_tensor* tensor, int64_t* out_numel) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_out(out_numel, "out_numel"));
    *out_numel = self.numel();
    return Status::ok();
  });
}

oar_status oar_tensor_dtype(const oar_tensor* tensor, int32_t* out_dtype) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_out(out_dtype, "out_dtype"));
    OAR_ASSIGN(*out_dtype, dtype_code(self.scalar_type()));
    return Status::ok();
  });
}

oar_status oar_tensor_device(const oar_tensor* tensor, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    return copy_text(self.device().str(), buf, len);
  });
}

oar_status oar_tensor_is_read_only(const oar_tensor* tensor, int32_t* out_is_read_only) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_out(out_is_read_only, "out_is_read_only"));
    *out_is_read_only = is_read_only(self) ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_tensor_data(const oar_tensor* tensor, void** out_data) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_out(out_data, "out_data"));
    OAR_ASSIGN(*out_data, host_address(self));
    return Status::ok();
  });
}

oar_status oar_tensor_contiguous(const oar_tensor* tensor, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_out(out, "out"));
    *out = wrap_tensor(self.resolve_conj().resolve_neg().contiguous());
    return Status::ok();
  });
}

oar_status oar_tensor_item(const oar_tensor* tensor, double* out_value) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& self, unwrap(tensor));
    OAR_TRY(require_out(out_value, "out_value"));
    OAR_ASSIGN(*out_value, item_as_double(self));
    return Status::ok();
  });
}

oar_status oar_tensor_copy_from(oar_tensor* tensor, const oar_tensor* source) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(at::Tensor & self, unwrap(tensor));
    OAR_ASSIGN(const at::Tensor& values, unwrap(source));
    return copy_tensor(self, values);
  });
}

oar_status oar_tensor_retain(oar_tensor* tensor) noexcept {
  return guard([&] { return retain_handle(tensor, HandleKind::kTensor); });
}

void oar_tensor_release(oar_tensor* tensor) noexcept { release(tensor); }
