#include "oarlock/timer.h"

#include <cstring>

#include "base/text.h"
#include "guard.h"
#include "handles.h"
#include "state/process_state.h"
#include "wrap_text.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

Status check_name(const char* name) {
  OAR_TRY(require_argument(name, "name"));
  if (*name == '\0') return invalid_argument("a timer needs a name, got \"\"");
  if (utf8_valid_prefix(name) != std::strlen(name)) return invalid_argument("the name of the timer is not UTF-8");
  return Status::ok();
}

}  // namespace

oar_status oar_timer_begin(oar_state* state, const char* name) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    OAR_TRY(check_name(name));
    return self.timers().begin(name);
  });
}

oar_status oar_timer_end(oar_state* state, const char* name) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    OAR_TRY(check_name(name));
    return self.timers().end(name);
  });
}

oar_status oar_timer_report(const oar_state* state, oar_bytes** out_json) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_out(out_json, "out_json"));
    *out_json = wrap_json(self.timers().report());
    return Status::ok();
  });
}

oar_status oar_timer_report_all_ranks(oar_state* state, oar_bytes** out_json) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_out(out_json, "out_json"));
    OAR_ASSIGN(const JsonValue report, report_of_all_ranks(self.timers(), *self.group(), self.timeout()));
    *out_json = wrap_json(report);
    return Status::ok();
  });
}

oar_status oar_timer_reset(oar_state* state) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    self.timers().reset();
    return Status::ok();
  });
}
