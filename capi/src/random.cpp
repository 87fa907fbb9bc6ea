#include "oarlock/random.h"

#include <ATen/Context.h>

#include "guard.h"
#include "handles.h"
#include "state/by_rank.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_state_synchronize_rng(oar_state* state) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    return synchronize_rng(self);
  });
}

oar_status oar_state_set_deterministic(oar_state* state, int32_t on, int32_t warn_only) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(unwrap(state).status());
    at::globalContext().setDeterministicAlgorithms(on != 0, warn_only != 0);
    return Status::ok();
  });
}
