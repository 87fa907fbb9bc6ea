// Tensors over memory that somebody else owns: the host's arrays, DLPack producers, mapped files.
//
// Note: read-only tensors. libtorch has no flag for memory that must not be written to (a mapped file, a read-only
// numpy array); writing there kills the host, or changes what others read. The storage's deleter function is the mark:
// views share the storage, so they share the mark. Whoever writes into a tensor that came from outside asks
// is_read_only first.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/status.h"

namespace oarlock {

inline constexpr std::size_t kNumDimsMax = 64;  // of libtorch's iterators

enum class MemoryAccess { kReadWrite, kReadOnly };

// What a tensor over foreign memory looks like. Spans are read during the call only.
struct MemoryLayout {
  at::ScalarType dtype = at::kFloat;
  std::span<const std::int64_t> shape;
  std::optional<std::span<const std::int64_t>> strides;  // in elements, >= 0; none: row-major
};

// Number of elements; OAR_E_ARGUMENT if a size is negative, there are more than kNumDimsMax, or the product, with zeros
// taken as one (libtorch multiplies strides so), or its bytes pass 2^63.
Result<std::int64_t> checked_numel(std::span<const std::int64_t> shape, at::ScalarType dtype);

// OAR_E_ARGUMENT if two indices reach the same element (judged dimension by dimension, in order of stride), or for
// shapes and strides that tensor_over_memory refuses.
Status require_no_overlap(const MemoryLayout& layout);

// A CPU tensor over `data`, not copied; `owner` is dropped when the last use of the memory ends, on whatever thread.
// Refuses wrong shapes, negative strides, NULL with elements, addresses that the type cannot have.
Result<at::Tensor> tensor_over_memory(void* data, const MemoryLayout& layout, std::shared_ptr<void> owner,
                                      MemoryAccess access);

bool is_read_only(const at::Tensor& tensor);
Status require_writable(const at::Tensor& tensor, std::string_view what);  // OAR_E_ARGUMENT

// New, zero-filled, on the CPU. OAR_E_OUT_OF_MEMORY when it does not fit.
Result<at::Tensor> zeros_tensor(at::ScalarType dtype, std::span<const std::int64_t> shape);

// The only element, of a real type, as double. OAR_E_ARGUMENT otherwise.
Result<double> item_as_double(const at::Tensor& tensor);

// Where the first element lies, for callers on the CPU. OAR_E_ARGUMENT for another device, OAR_E_UNSUPPORTED for
// tensors without plain memory (sparse, lazily conjugated). NULL only when there are no elements.
Result<void*> host_address(const at::Tensor& tensor);

// destination[...] = source, converting the type, outside autograd. Refuses other shapes, read-only or self-overlapping
// destinations, and complex into real.
Status copy_tensor(at::Tensor& destination, const at::Tensor& source);

}  // namespace oarlock
