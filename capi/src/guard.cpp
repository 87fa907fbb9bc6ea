#include "guard.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

#include "base/check.h"
#include "error_slot.h"

namespace oarlock::capi {
namespace {

Status status_of_current_exception() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Status(OAR_E_OUT_OF_MEMORY, "memory ran out");
  } catch (const InvariantError& error) {
    return Status(OAR_E_INTERNAL, error.what());
  } catch (const c10::Error& error) {
    return Status(OAR_E_INTERNAL, fmt::format("libtorch: {}", error.what_without_backtrace()));
  } catch (const std::exception& error) {
    return Status(OAR_E_INTERNAL, error.what());
  } catch (...) {
    return Status(OAR_E_INTERNAL, "an exception of unknown type");
  }
}

}  // namespace

oar_status run_guarded(Status (*body)(void*), void* context) noexcept {
  clear_error();
  try {
    Status status = Status::ok();
    try {
      status = body(context);
    } catch (...) {
      status = status_of_current_exception();
    }
    const oar_status code = status.code();
    if (code != OAR_OK) store_error(std::move(status));
    if (Reaper::instance().has_work()) Reaper::instance().drain();
    return code;
  } catch (...) {
    return OAR_E_OUT_OF_MEMORY;
  }
}

Status copy_text(std::string_view text, char* buf, std::size_t* len) {
  OAR_TRY(require_out(len, "len"));
  const std::size_t need = text.size() + 1;
  if (buf != nullptr && *len < need) {
    const std::size_t room = *len;
    *len = need;
    return invalid_argument("the buffer has room for {} bytes, {} are needed", room, need);
  }
  if (buf != nullptr) {
    std::memcpy(buf, text.data(), text.size());
    buf[text.size()] = '\0';
  }
  *len = need;
  return Status::ok();
}

}  // namespace oarlock::capi
