// The handles that exist right now: what armor mode asks, so that a stale pointer is rejected for certain, without
// reading the memory it points to.
#pragma once

#include <cstddef>

namespace oarlock {

// Any thread may call anything.
class LiveHandles {
 public:
  static LiveHandles& instance();
  void insert(const void* handle);          // may throw std::bad_alloc
  bool erase(const void* handle) noexcept;  // false: it was not there
  bool contains(const void* handle) const noexcept;
  std::size_t count() const noexcept;
};

}  // namespace oarlock
