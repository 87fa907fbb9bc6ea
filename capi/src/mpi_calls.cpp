#include "mpi_calls.h"

#include <oarlock/mpi_calls.h>

#include "comm/backends/mpi/mpi_link.h"
#include "guard.h"
#include "options_of.h"
#include "state/process_state.h"

namespace oarlock::capi {
namespace {

Status check_calls(const oar_mpi_calls* calls) {
  OAR_TRY(require_argument(calls, "calls"));
  if (calls->struct_size < sizeof(oar_mpi_calls)) {
    return invalid_argument("calls has {} bytes, this release's has {}; compile liboarlock_mpi.so against its headers",
                            calls->struct_size, sizeof(oar_mpi_calls));
  }
  OAR_TRY(require_argument(calls->refusal, "calls->refusal"));
  OAR_TRY(require_argument(calls->send, "calls->send"));
  OAR_TRY(require_argument(calls->receive, "calls->receive"));
  OAR_TRY(require_argument(calls->test, "calls->test"));
  OAR_TRY(require_argument(calls->cancel, "calls->cancel"));
  OAR_TRY(require_argument(calls->explain, "calls->explain"));
  OAR_TRY(require_argument(calls->release, "calls->release"));
  if (calls->bytes_max == 0) return invalid_argument("calls->bytes_max must be at least 1, got 0");
  if (calls->tag_max < 0) return invalid_argument("calls->tag_max must not be negative, got {}", calls->tag_max);
  return Status::ok();
}

}  // namespace

oar_status create_with_mpi_calls(const oar_config* config, int32_t rank, int32_t world_size, oar_exchange_fn fn,
                                 void* user_data, const oar_mpi_calls* calls, oar_state** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(check_calls(calls));
    auto link = std::make_shared<MpiLink>(*calls, rank, world_size > 0 ? world_size : 1);
    OAR_TRY(require_argument(fn, "fn"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Options options, options_of(config));
    const auto exchange = [&](const void* mine, std::size_t size, void* all) -> int {
      return fn(mine, size, all, user_data);
    };
    OAR_ASSIGN(std::shared_ptr<State> state,
               State::create_with_exchange(std::move(options), rank, world_size, exchange, std::move(link)));
    *out = wrap<oar_state>(std::move(state));
    return Status::ok();
  });
}

}  // namespace oarlock::capi
