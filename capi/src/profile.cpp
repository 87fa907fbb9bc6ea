#include "oarlock/profile.h"

#include "guard.h"
#include "handles.h"
#include "state/by_rank.h"
#include "state/process_state.h"
#include "wrap_text.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_profile_begin(oar_state* state, const char* options) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    OAR_ASSIGN(const Options parsed, self.options().section_with("profile", options));
    OAR_ASSIGN(self.profile(), Profile::begin(parsed, self.rank()));
    return Status::ok();
  });
}

oar_status oar_profile_step(oar_state* state, oar_bytes** out_report) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    OAR_TRY(require_out(out_report, "out_report"));
    if (self.profile() == nullptr) return invalid_state("no profile runs; begin one (oar_profile_begin)");
    OAR_ASSIGN(const std::optional<JsonValue> report, self.profile()->step());
    *out_report = report ? wrap_json(*report) : nullptr;
    return Status::ok();
  });
}

oar_status oar_profile_end(oar_state* state, oar_bytes** out_report) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    OAR_TRY(require_out(out_report, "out_report"));
    OAR_ASSIGN(const std::optional<JsonValue> report, end_profile(self));
    *out_report = report ? wrap_json(*report) : nullptr;
    return Status::ok();
  });
}
