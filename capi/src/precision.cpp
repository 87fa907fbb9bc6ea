#include "oarlock/precision.h"

#include "accel/accelerator.h"
#include "guard.h"
#include "handles.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_accelerator_mixed_precision(const oar_accelerator* accelerator, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Accelerator& self, unwrap(accelerator));
    return copy_text(mixed_precision_name(self.mixed_precision()), buf, len);
  });
}

oar_status oar_accelerator_autocast_begin(oar_accelerator* accelerator, int32_t enabled) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.autocast_begin(enabled != 0);
  });
}

oar_status oar_accelerator_autocast_end(oar_accelerator* accelerator) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.autocast_end();
  });
}

oar_status oar_accelerator_unscale_gradients(oar_accelerator* accelerator, oar_optimizer* optimizer) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    if (optimizer == nullptr) return self.unscale_gradients(nullptr);
    OAR_ASSIGN(const Optimizer& only, unwrap(optimizer));
    return self.unscale_gradients(&only);
  });
}

oar_status oar_accelerator_step_was_skipped(const oar_accelerator* accelerator, const oar_optimizer* optimizer,
                                            int32_t* out_skipped) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Accelerator& self, unwrap(accelerator));
    const Optimizer* only = nullptr;
    if (optimizer != nullptr) {
      OAR_ASSIGN(const Optimizer& given, unwrap(optimizer));
      only = &given;
    }
    OAR_TRY(require_out(out_skipped, "out_skipped"));
    OAR_ASSIGN(const bool skipped, self.step_was_skipped(only));
    *out_skipped = skipped ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_accelerator_loss_scale(const oar_accelerator* accelerator, double* out_scale) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Accelerator& self, unwrap(accelerator));
    OAR_TRY(require_out(out_scale, "out_scale"));
    *out_scale = self.loss_scale();
    return Status::ok();
  });
}

oar_status oar_accelerator_scaler_state(const oar_accelerator* accelerator, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Accelerator& self, unwrap(accelerator));
    return copy_text(self.scaler_state().dump(), buf, len);
  });
}

oar_status oar_accelerator_load_scaler_state(oar_accelerator* accelerator, const char* state_json) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_TRY(require_argument(state_json, "state_json"));
    auto state = parse_json(state_json);
    if (!state.is_ok()) return invalid_argument("state_json: {}", state.status().message());
    return self.load_scaler_state(state.value());
  });
}
