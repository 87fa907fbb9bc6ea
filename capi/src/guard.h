// guard(): what every exported function is made of. noexcept; clears the thread's error, saves the caller's floating-point
// environment and runs with traps masked and IEEE denormals, maps every exception to a status, drains the reaper.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/status.h"
#include "handles.h"

namespace oarlock::capi {

oar_status run_guarded(Status (*body)(void*), void* context) noexcept;

template <class Body>
oar_status guard(Body&& body) noexcept {
  using Plain = std::remove_reference_t<Body>;
  return run_guarded([](void* context) -> Status { return (*static_cast<Plain*>(context))(); }, &body);
}

inline Status require_out(const void* pointer, const char* name) {
  if (pointer != nullptr) return Status::ok();
  return invalid_argument("{} is NULL; it must point to where the result goes", name);
}

inline Status require_argument(const void* pointer, const char* name) {
  if (pointer != nullptr) return Status::ok();
  return invalid_argument("{} is NULL", name);
}

// The two-call rule of oarlock.h: *len in: room, out: length with NUL.
Status copy_text(std::string_view text, char* buf, std::size_t* len);
// The same for arrays: *count in: room, out: number of elements. A NULL array asks for the number only.
template <class T, class Range>
Status copy_array(const Range& values, T* array, std::size_t* count) {
  OAR_TRY(require_out(count, "count"));
  const std::size_t room = *count;
  const std::size_t need = static_cast<std::size_t>(values.size());
  if (array != nullptr && room < need) {
    return invalid_argument("the array has room for {} elements, {} are needed", room, need);
  }
  std::size_t i = 0;
  if (array != nullptr) for (const auto& value : values) array[i++] = static_cast<T>(value);
  *count = need;
  return Status::ok();
}

}  // namespace oarlock::capi
