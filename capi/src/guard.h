// guard(): what every exported function is made of. noexcept; clears the thread's error, puts the caller's
// floating-point environment aside and runs with traps masked and IEEE denormals, maps every exception to a status,
// leaves libtorch's thread-locals as they were, drains the reaper, delivers queued messages of the log.
//
//   guard([&]() -> Status { ... })  the usual form
//   guard_any_thread(...)           for *_abort and what else may run beside a call in the same handle
//   guard_owning(user_data, release, [&](UserData& owner) ...)
//                                   takes a callback's user_data: released exactly once on every path
#pragma once

#include <cstring>
#include <source_location>
#include <string_view>
#include <type_traits>

#include "base/status.h"
#include "handles.h"
#include "user_data.h"

namespace oarlock::capi {

struct GuardOptions {
  bool keep_error = false;  // neither clears the thread's error on entry nor on success: oar_error_take
  bool any_thread = false;  // enters handles in which another thread is
  bool any_torch = false;   // runs with another libtorch than the right one too: does not touch it
  UserData* user_data =
      nullptr;  // ended before the error is stored, so that a call made by `release` cannot wipe it out
};

// `where` names the C function: the component and operation of errors that have none.
oar_status run_guarded(Status (*body)(void*), void* context, const std::source_location& where,
                       GuardOptions options) noexcept;

template <class Body>
oar_status guard_with(GuardOptions options, Body&& body,
                      std::source_location where = std::source_location::current()) noexcept {
  using Plain = std::remove_reference_t<Body>;
  return run_guarded([](void* context) -> Status { return (*static_cast<Plain*>(context))(); }, &body, where, options);
}

template <class Body>
oar_status guard(Body&& body, std::source_location where = std::source_location::current()) noexcept {
  return guard_with({}, body, where);
}

template <class Body>
oar_status guard_any_thread(Body&& body, std::source_location where = std::source_location::current()) noexcept {
  return guard_with({.any_thread = true}, body, where);
}

template <class Body>
oar_status guard_owning(void* user_data, oar_release_fn release, Body&& body,
                        std::source_location where = std::source_location::current()) noexcept {
  UserData owner(user_data, release);
  return guard_with(
      {.user_data = &owner}, [&]() -> Status { return body(owner); }, where);
}

inline Status require_out(const void* pointer, const char* name) {
  if (pointer != nullptr) return Status::ok();
  return invalid_argument("{} is NULL; it must point to where the result goes", name);
}

inline Status require_argument(const void* pointer, const char* name) {
  if (pointer != nullptr) return Status::ok();
  return invalid_argument("{} is NULL", name);
}

// Callbacks: a function pointer is no void pointer in C++.
template <class R, class... Args>
Status require_argument(R (*function)(Args...), const char* name) {
  if (function != nullptr) return Status::ok();
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
    *count = need;
    return invalid_argument("the array has room for {} elements, {} are needed", room, need);
  }
  std::size_t i = 0;
  if (array != nullptr) {
    for (const auto& value : values) array[i++] = static_cast<T>(value);
  }
  *count = need;
  return Status::ok();
}

}  // namespace oarlock::capi
