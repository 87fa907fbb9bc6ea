#include "comm/backends/shm/kernels.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "comm/reduction.h"

namespace oarlock {
namespace {

// Integers wrap around, as libtorch's do: signed overflow is computed unsigned.
template <class T>
using Wrapping = std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>::type;

template <class T, class Fn>
void each(void* out, const void* a, const void* b, std::size_t count, Fn fn) {
  T* to = static_cast<T*>(out);
  const T* left = static_cast<const T*>(a);
  const T* right = static_cast<const T*>(b);
  for (std::size_t i = 0; i < count; ++i) to[i] = fn(left[i], right[i]);
}

// False: not one of these operations.
template <class T>
bool combine_as(void* out, const void* a, const void* b, std::size_t count, ReduceOp op) {
  using Unsigned = Wrapping<T>;
  switch (op) {
    case ReduceOp::kSum:
    case ReduceOp::kAverage:
      each<T>(out, a, b, count,
              [](T x, T y) { return static_cast<T>(static_cast<Unsigned>(x) + static_cast<Unsigned>(y)); });
      return true;
    case ReduceOp::kProduct:
      if constexpr (sizeof(T) < 4) return false;  // small types would be promoted to int, which may overflow
      each<T>(out, a, b, count,
              [](T x, T y) { return static_cast<T>(static_cast<Unsigned>(x) * static_cast<Unsigned>(y)); });
      return true;
    case ReduceOp::kMax:
      each<T>(out, a, b, count, [](T x, T y) { return x > y || x != x ? x : y; });  // a NaN stays
      return true;
    case ReduceOp::kMin:
      each<T>(out, a, b, count, [](T x, T y) { return x < y || x != x ? x : y; });
      return true;
    default:
      return false;
  }
}

at::Tensor over(void* memory, std::size_t count, c10::ScalarType dtype) {
  return at::from_blob(memory, {static_cast<std::int64_t>(count)}, at::TensorOptions().dtype(dtype));
}

}  // namespace

void combine(void* out, const void* a, const void* b, std::size_t count, c10::ScalarType dtype, ReduceOp op) {
  bool is_done = false;
  if (dtype == c10::kFloat) is_done = combine_as<float>(out, a, b, count, op);
  if (dtype == c10::kDouble) is_done = combine_as<double>(out, a, b, count, op);
  if (dtype == c10::kInt) is_done = combine_as<std::int32_t>(out, a, b, count, op);
  if (dtype == c10::kLong) is_done = combine_as<std::int64_t>(out, a, b, count, op);
  if (is_done || count == 0) return;
  at::Tensor to = over(out, count, dtype);
  if (out == b) {
    at::Tensor copy = over(const_cast<void*>(a), count, dtype).clone();
    reduce_into(copy, to, op);
    to.copy_(copy);
    return;
  }
  if (out != a) to.copy_(over(const_cast<void*>(a), count, dtype));
  reduce_into(to, over(const_cast<void*>(b), count, dtype), op);
}

void finish(void* sum, std::size_t count, c10::ScalarType dtype, ReduceOp op, int num_ranks) {
  if (op != ReduceOp::kAverage || count == 0) return;
  if (dtype == c10::kFloat) {
    float* values = static_cast<float*>(sum);
    for (std::size_t i = 0; i < count; ++i) values[i] /= static_cast<float>(num_ranks);
    return;
  }
  at::Tensor tensor = over(sum, count, dtype);
  finish_reduction(tensor, op, num_ranks);
}

}  // namespace oarlock
