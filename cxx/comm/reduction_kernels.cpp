#include "comm/reduction_kernels.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "comm/reduction.h"

// `out` may be an operand, which is the only way in which they overlap: that keeps no loop from vector code.
#if defined(__clang__)
#define OARLOCK_ELEMENTS_APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define OARLOCK_ELEMENTS_APART _Pragma("GCC ivdep")
#endif

namespace oarlock {
namespace {

constexpr std::size_t kBlock = 16 * 1024;         // bytes of a result that stay in the first cache; whole elements
constexpr std::size_t kOneThreadMax = 16 * 1024;  // elements; libtorch shares more among its threads

// Integers wrap around, as libtorch's do: signed overflow is computed unsigned, of small ones in an unsigned int.
template <class T>
struct Wide {
  using Type = std::make_unsigned_t<decltype(T() + T())>;
};
template <class T>
requires std::is_floating_point_v<T>
struct Wide<T> {
  using Type = T;
};

template <class T, class Fn>
void each(void* out, const void* a, const void* b, std::size_t count, Fn fn) {
  T* to = static_cast<T*>(out);
  const T* left = static_cast<const T*>(a);
  const T* right = static_cast<const T*>(b);
  OARLOCK_ELEMENTS_APART
  for (std::size_t i = 0; i < count; ++i) to[i] = fn(left[i], right[i]);
}

template <class T>
bool combine_bits(void* out, const void* a, const void* b, std::size_t count, ReduceOp op) {
  if (op == ReduceOp::kBitwiseAnd) each<T>(out, a, b, count, [](T x, T y) { return static_cast<T>(x & y); });
  if (op == ReduceOp::kBitwiseOr) each<T>(out, a, b, count, [](T x, T y) { return static_cast<T>(x | y); });
  if (op == ReduceOp::kBitwiseXor) each<T>(out, a, b, count, [](T x, T y) { return static_cast<T>(x ^ y); });
  return is_bitwise(op);
}

// False: not one of these operations.
template <class T>
bool combine_as(void* out, const void* a, const void* b, std::size_t count, ReduceOp op) {
  using W = typename Wide<T>::Type;
  switch (op) {
    case ReduceOp::kSum:
    case ReduceOp::kAverage:
      each<T>(out, a, b, count, [](T x, T y) { return static_cast<T>(static_cast<W>(x) + static_cast<W>(y)); });
      return true;
    case ReduceOp::kProduct:
      each<T>(out, a, b, count, [](T x, T y) { return static_cast<T>(static_cast<W>(x) * static_cast<W>(y)); });
      return true;
    case ReduceOp::kMax:
      each<T>(out, a, b, count, [](T x, T y) { return x > y || x != x ? x : y; });  // a NaN stays
      return true;
    case ReduceOp::kMin:
      each<T>(out, a, b, count, [](T x, T y) { return x < y || x != x ? x : y; });
      return true;
    default:
      if constexpr (std::is_integral_v<T>) return combine_bits<T>(out, a, b, count, op);
      return false;
  }
}

bool combine_in_loops(void* out, const void* a, const void* b, std::size_t count, c10::ScalarType dtype, ReduceOp op) {
  switch (dtype) {
    case c10::kFloat:
      return combine_as<float>(out, a, b, count, op);
    case c10::kDouble:
      return combine_as<double>(out, a, b, count, op);
    case c10::kByte:
      return combine_as<std::uint8_t>(out, a, b, count, op);
    case c10::kChar:
      return combine_as<std::int8_t>(out, a, b, count, op);
    case c10::kShort:
      return combine_as<std::int16_t>(out, a, b, count, op);
    case c10::kInt:
      return combine_as<std::int32_t>(out, a, b, count, op);
    case c10::kLong:
      return combine_as<std::int64_t>(out, a, b, count, op);
    default:
      return false;
  }
}

at::Tensor over(const void* memory, std::size_t count, c10::ScalarType dtype) {
  return at::from_blob(const_cast<void*>(memory), {static_cast<std::int64_t>(count)}, at::TensorOptions().dtype(dtype));
}

}  // namespace

void combine(void* out, const void* a, const void* b, std::size_t count, c10::ScalarType dtype, ReduceOp op) {
  if (count == 0 || combine_in_loops(out, a, b, count, dtype, op)) return;
  const std::size_t bytes = c10::elementSize(dtype);
  for (std::size_t done = 0; done < count; done += kOneThreadMax) {
    const std::size_t piece = std::min(count - done, kOneThreadMax), offset = done * bytes;
    at::Tensor to = over(static_cast<std::byte*>(out) + offset, piece, dtype);
    reduce_into(to, over(static_cast<const std::byte*>(a) + offset, piece, dtype),
                over(static_cast<const std::byte*>(b) + offset, piece, dtype), op);
  }
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

void combine_all(std::byte* out, std::span<const std::byte* const> values, std::size_t size, c10::ScalarType dtype,
                 ReduceOp op) {
  alignas(64) std::byte kept[kBlock];
  const std::size_t bytes = c10::elementSize(dtype);
  for (std::size_t done = 0; done < size; done += kBlock) {
    const std::size_t block = std::min(size - done, kBlock), count = block / bytes;
    const auto late = std::find(values.begin() + 2, values.end(), out);  // is overwritten before its turn
    if (late != values.end()) std::memcpy(kept, out + done, block);
    combine(out + done, values[0] + done, values[1] + done, count, dtype, op);
    for (auto value = values.begin() + 2; value != values.end(); ++value) {
      combine(out + done, out + done, value == late ? kept : *value + done, count, dtype, op);
    }
    finish(out + done, count, dtype, op, static_cast<int>(values.size()));
  }
}

}  // namespace oarlock
