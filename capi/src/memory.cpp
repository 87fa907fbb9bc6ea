#include "oarlock/memory.h"

#include "base/process_memory.h"
#include "guard.h"
#include "wrap_text.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_memory_report(oar_bytes** out_json) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_out(out_json, "out_json"));
    OAR_ASSIGN(const ProcessMemory memory, process_memory());
    *out_json = wrap_json(JsonValue::object({{"rss", JsonValue::integer(memory.rss)},
                                             {"rss_anonymous", JsonValue::integer(memory.rss_anonymous)},
                                             {"rss_file", JsonValue::integer(memory.rss_file)},
                                             {"rss_shared", JsonValue::integer(memory.rss_shared)},
                                             {"rss_peak", JsonValue::integer(memory.rss_peak)}}));
    return Status::ok();
  });
}
