#include "oarlock/out_of_memory.h"

#include "accel/accelerator.h"
#include "guard.h"
#include "handles.h"
#include "memory/batch_size.h"
#include "tensor/device_memory.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_state_next_batch_size(oar_state* state, int64_t batch_size, int32_t ran_out, int64_t reduced,
                                     int64_t* out_next) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_out(out_next, "out_next"));
    if (ran_out != 0) release_cached_memory(self.device());
    OAR_ASSIGN(*out_next, next_batch_size(*self.group(), {batch_size, ran_out != 0, reduced}, self.timeout()));
    return Status::ok();
  });
}

oar_status oar_accelerator_free_memory(oar_accelerator* accelerator) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.free_memory();
  });
}
