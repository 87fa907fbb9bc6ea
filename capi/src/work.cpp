#include "oarlock/work.h"

#include "comm/work.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_work_wait(oar_work* work, int64_t timeout_ms) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Work & self, unwrap(work));
    return self.wait(Milliseconds(timeout_ms));
  });
}

oar_status oar_work_is_done(const oar_work* work, int32_t* out_is_done) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const Work& self, unwrap(work));
    OAR_TRY(require_out(out_is_done, "out_is_done"));
    *out_is_done = self.is_done() ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_work_error(const oar_work* work, oar_error** out_error) noexcept {
  return guard_with({.keep_error = true, .any_thread = true}, [&]() -> Status {
    OAR_ASSIGN(const Work& self, unwrap(work));
    OAR_TRY(require_out(out_error, "out_error"));
    Status status = self.error();
    if (status.is_ok()) {
      *out_error = nullptr;
      return Status::ok();
    }
    auto info = std::make_shared<ErrorInfo>(status.info());
    if (info->component.empty()) info->component = "work";  // as oar_work_wait would say
    *out_error = wrap<oar_error>(std::move(info));
    return Status::ok();
  });
}

oar_status oar_work_retain(oar_work* work) noexcept {
  return guard_any_thread([&] { return retain_handle(work, HandleKind::kWork); });
}

void oar_work_release(oar_work* work) noexcept { release(work); }
