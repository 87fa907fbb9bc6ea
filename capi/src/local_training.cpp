#include "oarlock/local_training.h"

#include "accel/accelerator.h"
#include "guard.h"
#include "handles.h"

using namespace oarlock;        // NOLINT
using namespace oarlock::capi;  // NOLINT

oar_status oar_accelerator_local_sgd_begin(oar_accelerator* accelerator, oar_model* model, int64_t num_steps) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const Model& trained, unwrap(model));
    return self.local_begin(trained, num_steps, std::nullopt);
  });
}

oar_status oar_accelerator_diloco_begin(oar_accelerator* accelerator, oar_model* model, int64_t num_steps,
                                        double learning_rate, double momentum, int32_t nesterov) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const Model& trained, unwrap(model));
    if (nesterov != 0 && nesterov != 1) return invalid_argument("nesterov must be 0 or 1, got {}", nesterov);
    return self.local_begin(trained, num_steps, OuterOptions{learning_rate, momentum, nesterov == 1});
  });
}

oar_status oar_accelerator_local_step(oar_accelerator* accelerator, int32_t* out_met) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const bool met, self.local_step());
    if (out_met != nullptr) *out_met = met ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_accelerator_local_end(oar_accelerator* accelerator) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.local_end();
  });
}
