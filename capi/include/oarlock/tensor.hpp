// Typed memory of tensors for C++17: tensors over the program's own elements, and the elements of tensors. Part of
// oarlock.hpp, which includes it.
#ifndef OARLOCK_TENSOR_HPP
#define OARLOCK_TENSOR_HPP

#include <oarlock/oarlock.hpp>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace oarlock {

// The OAR_* number of a C++ type.
template <class T>
constexpr std::int32_t dtype_of() {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, bool>) return OAR_BOOL;
  if constexpr (std::is_same_v<U, float>) return OAR_FLOAT32;
  if constexpr (std::is_same_v<U, double>) return OAR_FLOAT64;
  if constexpr (std::is_same_v<U, std::complex<float>>) return OAR_COMPLEX64;
  if constexpr (std::is_same_v<U, std::complex<double>>) return OAR_COMPLEX128;
  if constexpr (std::is_integral_v<U>) {
    constexpr std::int32_t with_sign[9] = {0, OAR_INT8, OAR_INT16, 0, OAR_INT32, 0, 0, 0, OAR_INT64};
    constexpr std::int32_t without[9] = {0, OAR_UINT8, OAR_UINT16, 0, OAR_UINT32, 0, 0, 0, OAR_UINT64};
    return std::is_signed_v<U> ? with_sign[sizeof(U)] : without[sizeof(U)];
  }
  return 0;
}

// A tensor over elements of the caller's, not copied; read-only over const ones. `owner` is let go of with the memory's
// last use, on any thread; without one the caller keeps the memory. Strides count elements; none: row-major.
template <class T>
Tensor tensor_over(T* data, const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides = {},
                   std::shared_ptr<const void> owner = nullptr) {
  using Owner = decltype(owner);
  static_assert(dtype_of<T>() != 0, "Oarlock has no such element type");
  if (!strides.empty() && strides.size() != shape.size())
    detail::refuse("tensor_over", "there must be as many strides as sizes, or none");
  constexpr auto from_memory = [] {
    if constexpr (std::is_const_v<T>) return oar_tensor_from_read_only_memory;
    if constexpr (!std::is_const_v<T>) return oar_tensor_from_memory;
  }();
  return call(from_memory, data, dtype_of<T>(), shape.data(), strides.empty() ? nullptr : strides.data(), shape.size(),
              new Owner(std::move(owner)), detail::destroy<Owner>);
}

// The elements of a tensor as a range: borrowed, valid as long as any handle to the memory is. See values().
template <class T>
struct Values {
  T* data;
  std::size_t size;
  T* begin() const noexcept { return data; }
  T* end() const noexcept { return data + size; }
  T& operator[](std::size_t index) const noexcept { return data[index]; }
};

// Throws unless the tensor has this element type and lies in row-major order (oar_tensor_contiguous); for a T that is
// not const, also if it is read-only.
template <class T>
Values<T> values(const Tensor& tensor) {
  static_assert(dtype_of<T>() != 0, "Oarlock has no such element type");
  const std::int32_t dtype = call(oar_tensor_dtype, tensor);
  if (dtype != dtype_of<T>())
    detail::refuse("values", std::string("the tensor's element type is ") + oar_dtype_name(dtype) + ", asked for was " +
                                 oar_dtype_name(dtype_of<T>()));
  if (!std::is_const_v<T> && call(oar_tensor_is_read_only, tensor) != 0)
    detail::refuse("values", "the tensor is read-only; ask for values of a const type");
  const std::vector<std::int64_t> shape = call(oar_tensor_shape, tensor), strides = call(oar_tensor_strides, tensor);
  std::int64_t numel = 1;
  bool is_row_major = true;
  for (std::size_t dim = shape.size(); dim-- > 0; numel *= shape[dim])
    is_row_major = is_row_major && (shape[dim] == 1 || strides[dim] == numel);
  if (numel != 0 && !is_row_major)
    detail::refuse("values", "the tensor's strides are not row-major; take oar_tensor_contiguous of it first");
  return {static_cast<T*>(call(oar_tensor_data, tensor)), static_cast<std::size_t>(numel)};
}

}  // namespace oarlock

#endif
