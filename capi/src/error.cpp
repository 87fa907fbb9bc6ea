#include "oarlock/error.h"

#include "error_slot.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// The five getters differ in one member only. Any thread: an error never changes.
template <class T, class Get>
oar_status get(const oar_error* error, T* out, const char* name, Get&& member,
               std::source_location where = std::source_location::current()) noexcept {
  return guard_with(
      {.any_thread = true, .any_torch = true},
      [&]() -> Status {
        OAR_ASSIGN(const ErrorInfo& self, unwrap(error));
        OAR_TRY(require_out(out, name));
        *out = member(self);
        return Status::ok();
      },
      where);
}

}  // namespace

const char* oar_last_error(void) noexcept {
  const ErrorInfo* error = current_error();
  return error == nullptr ? "" : error->message.c_str();
}

const char* oar_status_name(oar_status status) noexcept {
  static constexpr const char* kNames[] = {
      "OAR_OK",          "OAR_E_ARGUMENT",    "OAR_E_HANDLE",    "OAR_E_STATE",
      "OAR_E_NOT_FOUND", "OAR_E_EXISTS",      "OAR_E_IO",        "OAR_E_NO_SPACE",
      "OAR_E_CORRUPT",   "OAR_E_UNSUPPORTED", "OAR_E_VERSION",   "OAR_E_OUT_OF_MEMORY",
      "OAR_E_TIMEOUT",   "OAR_E_ABORTED",     "OAR_E_PEER_LOST", "OAR_E_MISMATCH",
      "OAR_E_CALLBACK",  "OAR_E_ENVIRONMENT", "OAR_E_FORKED",    "OAR_E_INTERNAL"};
  static_assert(std::size(kNames) == OAR_E_INTERNAL + 1, "one name per code");
  return status >= 0 && status <= OAR_E_INTERNAL ? kNames[status] : "an unknown status";
}

oar_status oar_error_take(oar_error** out) noexcept {
  return guard_with({.keep_error = true, .any_torch = true}, [&]() -> Status {
    OAR_TRY(require_out(out, "out"));
    if (current_error() == nullptr) {
      *out = nullptr;
      return Status::ok();
    }
    *out = wrap<oar_error>(std::shared_ptr<ErrorInfo>(take_error()));
    return Status::ok();
  });
}

oar_status oar_error_set(oar_status code, const char* component, const char* operation, const char* message,
                         int32_t rank, int64_t vendor_code) noexcept {
  return guard_with({.any_thread = true, .any_torch = true}, [&]() -> Status {
    if (code <= OAR_OK || code > OAR_E_INTERNAL) {
      return invalid_argument("code must be one of a failure, {} to {}, got {}", OAR_E_ARGUMENT, OAR_E_INTERNAL, code);
    }
    OAR_TRY(require_argument(component, "component"));
    OAR_TRY(require_argument(operation, "operation"));
    OAR_TRY(require_argument(message, "message"));
    return Status(ErrorInfo{code, message, component, operation, rank, vendor_code});
  });
}

oar_status oar_error_code(const oar_error* error, oar_status* out_code) noexcept {
  return get(error, out_code, "out_code", [](const ErrorInfo& self) { return self.code; });
}
oar_status oar_error_message(const oar_error* error, const char** out_message) noexcept {
  return get(error, out_message, "out_message", [](const ErrorInfo& self) { return self.message.c_str(); });
}
oar_status oar_error_component(const oar_error* error, const char** out_component) noexcept {
  return get(error, out_component, "out_component", [](const ErrorInfo& self) { return self.component.c_str(); });
}
oar_status oar_error_operation(const oar_error* error, const char** out_operation) noexcept {
  return get(error, out_operation, "out_operation", [](const ErrorInfo& self) { return self.operation.c_str(); });
}
oar_status oar_error_rank(const oar_error* error, int32_t* out_rank) noexcept {
  return get(error, out_rank, "out_rank", [](const ErrorInfo& self) { return static_cast<int32_t>(self.rank); });
}
oar_status oar_error_vendor_code(const oar_error* error, int64_t* out_vendor_code) noexcept {
  return get(error, out_vendor_code, "out_vendor_code", [](const ErrorInfo& self) { return self.vendor_code; });
}

oar_status oar_error_retain(oar_error* error) noexcept {
  return guard_with({.any_torch = true}, [&] { return retain_handle(error, HandleKind::kError); });
}
void oar_error_release(oar_error* error) noexcept { release(error); }
