// Bytes that go piece by piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace oarlock {

// What is left of `size` bytes behind `done`, at most `bound`.
inline std::size_t piece_of(std::size_t size, std::size_t done, std::size_t bound) {
  return done < size ? std::min(size - done, bound) : 0;
}

// Both may be null if there is nothing to copy.
inline void copy_bytes(std::byte* to, const std::byte* from, std::size_t size) {
  if (size > 0) std::memcpy(to, from, size);
}

}  // namespace oarlock
