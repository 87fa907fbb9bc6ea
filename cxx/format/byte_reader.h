// Little-endian integers out of bytes that may end anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace oarlock {

// The caller has checked that `offset + sizeof(T)` lies within `bytes`.
template <class T>
T load_little_endian(std::span<const std::byte> bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value |
                           static_cast<T>(static_cast<T>(std::to_integer<std::uint8_t>(bytes[offset + i])) << (8 * i)));
  }
  return value;
}

// [offset, offset + size) lies within `total` bytes; no overflow.
constexpr bool fits(std::uint64_t offset, std::uint64_t size, std::uint64_t total) {
  return offset <= total && size <= total - offset;
}

}  // namespace oarlock
