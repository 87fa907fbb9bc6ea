// Memory as it lies, or a row-major copy of it that write_back() puts into place.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

namespace oarlock {

// Contiguous memory.
struct Span {
  std::byte* data = nullptr;
  std::size_t size = 0;
};

struct Row {
  // `tensor` may be undefined; it outlives this.
  explicit Row(const at::Tensor& tensor) : original(tensor), row(tensor.defined() ? tensor.contiguous() : tensor) {}
  std::byte* data() const { return row.defined() ? static_cast<std::byte*>(row.data_ptr()) : nullptr; }
  std::size_t size() const { return row.defined() ? row.nbytes() : 0; }
  Span span() const { return {data(), size()}; }
  void write_back() const {
    if (row.defined() && !row.is_same(original)) original.copy_(row);
  }
  const at::Tensor& original;
  at::Tensor row;
};

}  // namespace oarlock
