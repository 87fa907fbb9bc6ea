/**
 * Tensors: memory with a shape and an element type, shared with the host by DLPack or by plain pointers.
 *
 * A handle is one reference to a tensor; several handles, trees, models and works may refer to the same memory, which
 * ends when the last of them does. Element types are the OAR_* numbers of types.h; sizes and strides count elements.
 *
 * Read-only tensors: memory of a mapped file, or that its DLPack producer marked so. Oarlock never writes there, and
 * refuses calls that would (OAR_E_ARGUMENT). The host must not write there either.
 */
#ifndef OARLOCK_TENSOR_H
#define OARLOCK_TENSOR_H

#include <oarlock/types.h>

/** A tensor of DLPack 1.x, as dlpack/dlpack.h declares it; that header is not needed here. */
struct DLManagedTensorVersioned;

/**
 * The name of an element type, for example "float32" for OAR_FLOAT32; as in torch and numpy.
 *
 * @param[in] dtype  any value.
 *
 * @return borrowed static text; "an unknown element type" for a value that this version does not have.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) OAR_BORROWED const char *oar_dtype_name(int32_t dtype) OAR_NOEXCEPT;

/**
 * The size of one element.
 *
 * @param[in]  dtype     OAR_FLOAT32 ... of types.h.
 * @param[out] out_size  bytes. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  unknown dtype.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_dtype_size(int32_t dtype, OAR_OUT size_t *out_size) OAR_NOEXCEPT;

/**
 * Take over a tensor of another library, without a copy.
 *
 * Strides may be NULL, which is row-major. A producer's read-only flag makes a read-only tensor.
 *
 * @param[in]  managed  owned on success only: its deleter then runs once, when the last use of the memory ends, on any
 *                      thread. On failure it is the caller's as before.
 * @param[in]  stream   the stream on which the caller will use the data; NULL for memory of the CPU.
 * @param[out] out      owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_VERSION      the major version is not 1; nothing behind the version was read.
 * @return OAR_E_UNSUPPORTED  memory of a device, or an element type that has no OAR_* number.
 * @return OAR_E_ARGUMENT     sizes, strides or address that no tensor can have: negative, overflowing, unaligned, NULL.
 * @threads any
 * @source  DLPack 1.3, struct DLManagedTensorVersioned.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_from_dlpack(struct DLManagedTensorVersioned *managed, OAR_NULLABLE void *stream,
                       OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * Give a tensor to another library, without a copy.
 *
 * Strides are always written. The result keeps the memory alive, whatever happens to `tensor`; it carries no autograd
 * history, and the read-only flag if the tensor is read-only.
 *
 * @param[in]  tensor  borrowed; on the CPU.
 * @param[in]  stream  the consumer's stream; NULL for memory of the CPU.
 * @param[out] out     owned: the receiver calls (*out)->deleter(*out) once. Untouched on failure.
 *
 * @return OAR_E_UNSUPPORTED  a sparse or lazily conjugated tensor, one on a device, or one without an OAR_* type.
 * @threads serial(tensor)
 * @source  DLPack 1.3.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_to_dlpack(const oar_tensor *tensor, OAR_NULLABLE void *stream,
                     OAR_OUT OAR_OWNED struct DLManagedTensorVersioned **out) OAR_NOEXCEPT;

/**
 * A tensor over an array of the host, without a copy.
 *
 * A column-major (Fortran, Julia) array of shape [m, n] has the strides {1, m}.
 *
 * @param[in]  data       retained until the last use of the tensor's memory ends, then released. A multiple of the
 *                        element type's size; NULL only if there are no elements.
 * @param[in]  dtype      OAR_FLOAT32 ... of types.h.
 * @param[in]  shape      borrowed; num_dims sizes >= 0. NULL if num_dims is 0.
 * @param[in]  strides    borrowed; num_dims strides in elements, >= 0, such that no two indices share an element.
 *                        NULL is row-major.
 * @param[in]  num_dims   0 (one element) to 64.
 * @param[in]  user_data  handed to `release`; not looked at.
 * @param[in]  release    called exactly once, on any thread, when the memory is not used any more: also if this call
 *                        fails, then before it returns. NULL: nobody is told.
 * @param[out] out        owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  unknown dtype, negative or overflowing sizes, negative or overlapping strides, unaligned
 *                         data.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_from_memory(void *data, int32_t dtype, const int64_t *shape, OAR_NULLABLE const int64_t *strides,
                       size_t num_dims, OAR_NULLABLE void *user_data, OAR_NULLABLE oar_release_fn release,
                       OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * A read-only tensor over an array of the host, without a copy: of memory that must not be written to.
 *
 * @param[in]  data       retained until the last use of the tensor's memory ends, then released; never written to. A
 *                        multiple of the element type's size; NULL only if there are no elements.
 * @param[in]  dtype      OAR_FLOAT32 ... of types.h.
 * @param[in]  shape      borrowed; num_dims sizes >= 0. NULL if num_dims is 0.
 * @param[in]  strides    borrowed; num_dims strides in elements, >= 0; indices may share an element (0 repeats one).
 *                        NULL is row-major.
 * @param[in]  num_dims   0 (one element) to 64.
 * @param[in]  user_data  handed to `release`; not looked at.
 * @param[in]  release    called exactly once, on any thread, when the memory is not used any more: also if this call
 *                        fails, then before it returns. NULL: nobody is told.
 * @param[out] out        owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  unknown dtype, negative or overflowing sizes, negative strides, unaligned data.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_from_read_only_memory(const void *data, int32_t dtype, const int64_t *shape,
                                 OAR_NULLABLE const int64_t *strides, size_t num_dims, OAR_NULLABLE void *user_data,
                                 OAR_NULLABLE oar_release_fn release, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * A new tensor of zeros on the CPU, row-major.
 *
 * @param[in]  dtype     OAR_FLOAT32 ... of types.h.
 * @param[in]  shape     borrowed; num_dims sizes >= 0. NULL if num_dims is 0.
 * @param[in]  num_dims  0 (one element) to 64.
 * @param[out] out       owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT       unknown dtype, or sizes that are negative or overflow.
 * @return OAR_E_OUT_OF_MEMORY  the text gives the bytes that were asked for.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_zeros(int32_t dtype, const int64_t *shape, size_t num_dims,
                 OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * The array of a NumPy .npy file, over the mapped file: read-only, and only what is looked at comes from the disk. With
 * oar_dataset_from_tensors its rows are samples. The file must not change as long as the tensor lives.
 *
 * @param[in]  path  borrowed; format 1.0, 2.0 or 3.0, row or column order.
 * @param[out] out   owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND    no such file.
 * @return OAR_E_CORRUPT      no whole array; the text gives the byte.
 * @return OAR_E_UNSUPPORTED  elements that are no little-endian numbers or truth values.
 * @return OAR_E_VERSION      a later format.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_from_npy(const char *path, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * Share a tensor of C++ libtorch in the same process: the very tensor, with its place in autograd. What
 * oarlock::from_torch of torch.hpp calls.
 *
 * @param[in]  tensor_impl    borrowed: at::Tensor::unsafeGetTensorImpl() of a defined tensor. Not checked.
 * @param[in]  torch_version  TORCH_VERSION of the headers that the caller was compiled with: "2.11.0".
 * @param[out] out            owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_VERSION   the library was built for another libtorch than these headers (another major or minor
 *                         version); the text names both. Nothing behind tensor_impl was read.
 * @return OAR_E_ARGUMENT  torch_version is no version, or the tensor is undefined.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_from_torch(const void *tensor_impl, const char *torch_version,
                      OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * Give the tensor of C++ libtorch that stands behind a handle, with its place in autograd. What oarlock::to_torch of
 * torch.hpp calls.
 *
 * @param[in]  tensor           borrowed.
 * @param[in]  torch_version    TORCH_VERSION of the headers that the caller was compiled with.
 * @param[out] out_tensor_impl  a c10::TensorImpl, borrowed: valid as long as `tensor` is; take a reference of your own
 *                              (c10::intrusive_ptr::reclaim_copy). Untouched on failure.
 *
 * @return OAR_E_VERSION   the library was built for another libtorch than these headers; the text names both.
 * @return OAR_E_ARGUMENT  torch_version is no version.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_to_torch(const oar_tensor *tensor, const char *torch_version,
                 OAR_OUT OAR_BORROWED void **out_tensor_impl) OAR_NOEXCEPT;

/**
 * How many dimensions the tensor has; a single value has 0.
 *
 * @param[in]  tensor        borrowed.
 * @param[out] out_num_dims  0 to 64. Untouched on failure.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_num_dims(const oar_tensor *tensor, OAR_OUT int64_t *out_num_dims) OAR_NOEXCEPT;

/**
 * The tensor's sizes.
 *
 * @param[in]     tensor  borrowed.
 * @param[out]    shape   room for *count sizes; NULL asks for the number only.
 * @param[in,out] count   in: room; out: number of dimensions, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  the room is too small; *count holds the need.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_shape(const oar_tensor *tensor, OAR_OUT OAR_NULLABLE int64_t *shape, size_t *count) OAR_NOEXCEPT;

/**
 * The tensor's strides, in elements.
 *
 * @param[in]     tensor   borrowed.
 * @param[out]    strides  room for *count strides; NULL asks for the number only.
 * @param[in,out] count    in: room; out: number of dimensions, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  the room is too small; *count holds the need.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_strides(const oar_tensor *tensor, OAR_OUT OAR_NULLABLE int64_t *strides, size_t *count) OAR_NOEXCEPT;

/**
 * How many elements the tensor has: the product of its sizes.
 *
 * @param[in]  tensor     borrowed.
 * @param[out] out_numel  Untouched on failure.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_numel(const oar_tensor *tensor, OAR_OUT int64_t *out_numel) OAR_NOEXCEPT;

/**
 * The tensor's element type, as an OAR_* number of types.h.
 *
 * @param[in]  tensor     borrowed.
 * @param[out] out_dtype  Untouched on failure.
 *
 * @return OAR_E_UNSUPPORTED  a type of libtorch that has no such number (quantised ones); the text names it.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_dtype(const oar_tensor *tensor, OAR_OUT int32_t *out_dtype) OAR_NOEXCEPT;

/**
 * Where the tensor's memory is: "cpu", "cuda:0".
 *
 * @param[in]     tensor  borrowed.
 * @param[out]    buf     room for *len bytes; NULL asks for the length only.
 * @param[in,out] len     in: room; out: length with the closing NUL, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  the room is too small.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_device(const oar_tensor *tensor, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Whether the memory must not be written to.
 *
 * @param[in]  tensor            borrowed.
 * @param[out] out_is_read_only  1 or 0. Untouched on failure.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_is_read_only(const oar_tensor *tensor, OAR_OUT int32_t *out_is_read_only) OAR_NOEXCEPT;

/**
 * The address of the first element, of a tensor on the CPU. The strides say where the others are.
 *
 * @param[in]  tensor    borrowed.
 * @param[out] out_data  borrowed: valid as long as any reference to the tensor's memory is. NULL only if there are no
 *                       elements. Not to be written to if the tensor is read-only. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     the tensor is on a device.
 * @return OAR_E_UNSUPPORTED  a sparse or lazily conjugated tensor; oar_tensor_contiguous makes a plain one of the
 *                            latter.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_data(const oar_tensor *tensor, OAR_OUT OAR_BORROWED void **out_data) OAR_NOEXCEPT;

/**
 * The same values in row-major order: a copy, or the same memory where it is so already.
 *
 * A copy of a tensor that autograd records is recorded too.
 *
 * @param[in]  tensor  borrowed.
 * @param[out] out     owned; end with oar_tensor_release. Untouched on failure.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_contiguous(const oar_tensor *tensor, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * The value of a tensor of one element. Integers beyond 2^53 are rounded.
 *
 * @param[in]  tensor     borrowed; on a device the call waits for its value.
 * @param[out] out_value  bool gives 0 or 1. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  more or fewer than one element, or a complex type.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_item(const oar_tensor *tensor, OAR_OUT double *out_value) OAR_NOEXCEPT;

/**
 * Write the source's values into the tensor, in place, converting the element type; autograd does not see it.
 *
 * @param[in] tensor  borrowed; written to. A parameter is fine.
 * @param[in] source  borrowed; the same shape, any strides. May be a view of the same memory.
 *
 * @return OAR_E_ARGUMENT  the shapes differ (the text gives both), the tensor is read-only or a broadcast view, or
 *                         complex values would go into a real tensor. Nothing was written.
 * @threads serial(tensor, source)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tensor_copy_from(oar_tensor *tensor, const oar_tensor *source) OAR_NOEXCEPT;

/**
 * One more reference to the handle; it takes one more oar_tensor_release to end it.
 *
 * @param[in] tensor  borrowed.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tensor_retain(oar_tensor *tensor) OAR_NOEXCEPT;

/**
 * Drop one reference. The memory lives on as long as something else uses it.
 *
 * @param[in] tensor  NULL is allowed.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_tensor_release(OAR_NULLABLE oar_tensor *tensor) OAR_NOEXCEPT;

#endif
