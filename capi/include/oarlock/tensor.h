/** Tensors: memory with a shape and an element type, shared with the host by DLPack or plain pointers. */
#ifndef OARLOCK_TENSOR_H
#define OARLOCK_TENSOR_H
#include <oarlock/types.h>
struct DLManagedTensorVersioned; /* dlpack/dlpack.h 1.0 or later */
/* Takes ownership of `managed` on success only. `stream` is the consumer's stream: NULL on CPU. */
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_from_dlpack(struct DLManagedTensorVersioned *managed, OAR_NULLABLE void *stream, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_to_dlpack(oar_tensor *tensor, OAR_NULLABLE void *stream, OAR_OUT OAR_OWNED struct DLManagedTensorVersioned **out) OAR_NOEXCEPT;
/* No copy. strides in elements, NULL = row-major. release(user_data) runs once when the last use ends, also if this fails. */
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_from_memory(void *data, int32_t dtype, const int64_t *shape, OAR_NULLABLE const int64_t *strides, size_t num_dims, OAR_NULLABLE void *user_data, OAR_NULLABLE oar_release_fn release, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_zeros(int32_t dtype, const int64_t *shape, size_t num_dims, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_num_dims(const oar_tensor *tensor, int64_t *out_num_dims) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_shape(const oar_tensor *tensor, OAR_OUT int64_t *shape, size_t *count) OAR_NOEXCEPT;     /* count in: room, out: dims */
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_strides(const oar_tensor *tensor, OAR_OUT int64_t *strides, size_t *count) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_numel(const oar_tensor *tensor, int64_t *out_numel) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_dtype(const oar_tensor *tensor, int32_t *out_dtype) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_device(const oar_tensor *tensor, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_data(oar_tensor *tensor, OAR_OUT OAR_BORROWED void **out_data) OAR_NOEXCEPT;             /* first element; CPU only */
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_contiguous(const oar_tensor *tensor, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;   /* row-major, itself if it is */
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_item(const oar_tensor *tensor, double *out_value) OAR_NOEXCEPT;                          /* one element as double */
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_copy_from(oar_tensor *tensor, const oar_tensor *source) OAR_NOEXCEPT;                    /* same shape, dtype converts */
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_retain(oar_tensor *tensor) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_tensor_release(OAR_NULLABLE oar_tensor *tensor) OAR_NOEXCEPT;
#endif
