// A handle that ends with its owner in C++: what a call makes before it can still fail, and what a callback is lent.
#pragma once

#include <utility>

#include "handle.h"

namespace oarlock::capi {

template <class H>
class OwnHandle {
 public:
  explicit OwnHandle(H* handle = nullptr) noexcept : handle_(handle) {}
  OwnHandle(OwnHandle&& other) noexcept : handle_(other.take()) {}
  ~OwnHandle() { release(handle_); }
  OwnHandle(const OwnHandle&) = delete;
  OwnHandle& operator=(const OwnHandle&) = delete;
  OwnHandle& operator=(OwnHandle&&) = delete;
  H* get() const noexcept { return handle_; }
  H** out() noexcept { return &handle_; }
  // The handle is the caller's from now on.
  H* take() noexcept { return std::exchange(handle_, nullptr); }

 private:
  H* handle_;
};

}  // namespace oarlock::capi
