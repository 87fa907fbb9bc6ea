#include "track/tracker.h"

#include "guard.h"
#include "oarlock/tracker.h"
#include "state/process_state.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_tracker_create(oar_state* state, const char* name, const char* options, oar_tracker** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const Options parsed, self.options().section_with("tracker", options));
    OAR_ASSIGN(std::shared_ptr<Tracker> tracker, Tracker::create(name, parsed, self.is_main_process()));
    *out = wrap<oar_tracker>(std::move(tracker));
    return Status::ok();
  });
}

oar_status oar_tracker_log(oar_tracker* tracker, int64_t step, const char* const* names, const double* values,
                           size_t count) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Tracker & self, unwrap(tracker));
    if (count > 0) OAR_TRY(require_argument(names, "names"));
    if (count > 0) OAR_TRY(require_argument(values, "values"));
    OAR_ASSIGN(const JsonValue object, metrics_object({names, count}, {values, count}));
    return self.log(step, object);
  });
}

oar_status oar_tracker_log_json(oar_tracker* tracker, int64_t step, const char* json) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Tracker & self, unwrap(tracker));
    OAR_TRY(require_argument(json, "json"));
    OAR_ASSIGN(const JsonValue object, parse_json(json));
    return self.log(step, object);
  });
}

oar_status oar_tracker_close(oar_tracker* tracker) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Tracker & self, unwrap(tracker));
    return self.close();
  });
}

oar_status oar_tracker_retain(oar_tracker* tracker) noexcept {
  return guard([&] { return retain_handle(tracker, HandleKind::kTracker); });
}

void oar_tracker_release(oar_tracker* tracker) noexcept { release(tracker); }
