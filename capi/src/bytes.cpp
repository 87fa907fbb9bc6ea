#include "oarlock/bytes.h"

#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_bytes_create(const void* data, size_t size, oar_bytes** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_out(out, "out"));
    if (size > 0) OAR_TRY(require_argument(data, "data"));
    *out = wrap<oar_bytes>(std::make_shared<std::string>(static_cast<const char*>(data), size));
    return Status::ok();
  });
}

oar_status oar_bytes_view(const oar_bytes* bytes, const void** out_data, size_t* out_size) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const std::string& self, unwrap(bytes));
    OAR_TRY(require_out(out_data, "out_data"));
    OAR_TRY(require_out(out_size, "out_size"));
    *out_data = self.c_str();
    *out_size = self.size();
    return Status::ok();
  });
}

oar_status oar_bytes_retain(oar_bytes* bytes) noexcept {
  return guard([&] { return retain_handle(bytes, HandleKind::kBytes); });
}
void oar_bytes_release(oar_bytes* bytes) noexcept { release(bytes); }
