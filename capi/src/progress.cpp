#include "track/progress.h"

#include "guard.h"
#include "oarlock/progress.h"
#include "state/process_state.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_progress_create(oar_state* state, const char* title, int64_t total, const char* unit,
                               oar_progress** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_argument(title, "title"));
    OAR_TRY(require_argument(unit, "unit"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(std::shared_ptr<Progress> progress,
               Progress::create(title, total, unit, self.is_main_process(), self.options().text("progress")));
    *out = wrap<oar_progress>(std::move(progress));
    return Status::ok();
  });
}

oar_status oar_progress_set_callback(oar_progress* progress, oar_progress_fn fn, void* user_data,
                                     oar_release_fn release) noexcept {
  return guard_owning(user_data, release, [&](UserData& owner) -> Status {
    OAR_ASSIGN(Progress & self, unwrap(progress));
    if (fn == nullptr) {
      self.set_line_sink({});  // and the guard ends user_data
      return Status::ok();
    }
    self.set_line_sink([fn, data = owner.share()](const char* line) { return fn(line, data.get()); });
    return Status::ok();
  });
}

oar_status oar_progress_advance(oar_progress* progress, int64_t count, const char* note) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Progress & self, unwrap(progress));
    return self.advance(count, note == nullptr ? "" : note);
  });
}

oar_status oar_progress_close(oar_progress* progress) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Progress & self, unwrap(progress));
    return self.close();
  });
}

oar_status oar_progress_retain(oar_progress* progress) noexcept {
  return guard([&] { return retain_handle(progress, HandleKind::kProgress); });
}

void oar_progress_release(oar_progress* progress) noexcept { release(progress); }
