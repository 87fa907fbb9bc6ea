#include "oarlock/gradients.h"

#include "accel/accelerator.h"
#include "guard.h"
#include "handles.h"

using namespace oarlock;        // NOLINT
using namespace oarlock::capi;  // NOLINT

namespace oarlock::capi {
namespace {

// NULL: all prepared models.
Result<const Model*> unwrap_optional(const oar_model* model) {
  if (model == nullptr) return static_cast<const Model*>(nullptr);
  OAR_ASSIGN(const Model& only, unwrap(model));
  return &only;
}

}  // namespace
}  // namespace oarlock::capi

oar_status oar_accelerator_backward_weighted(oar_accelerator* accelerator, oar_model* model, const oar_tensor* loss_sum,
                                             double weight) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const Model* only, unwrap_optional(model));
    OAR_ASSIGN(const at::Tensor& loss, unwrap(loss_sum));
    return self.backward_weighted(only, loss, weight);
  });
}

oar_status oar_accelerator_no_sync_begin(oar_accelerator* accelerator, oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const Model* only, unwrap_optional(model));
    return self.no_sync_begin(only);
  });
}

oar_status oar_accelerator_no_sync_end(oar_accelerator* accelerator) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.no_sync_end();
  });
}

oar_status oar_accelerator_trigger_sync(oar_accelerator* accelerator, oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const Model* only, unwrap_optional(model));
    return self.trigger_sync(only);
  });
}

oar_status oar_accelerator_set_sync_gradients(oar_accelerator* accelerator, int32_t sync) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    if (sync != 0 && sync != 1) return invalid_argument("sync must be 0 or 1, got {}", sync);
    return self.set_sync_gradients(sync == 1);
  });
}

oar_status oar_accelerator_set_accumulation_steps(oar_accelerator* accelerator, int64_t steps) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.set_accumulation_steps(steps);
  });
}

oar_status oar_accelerator_accumulation_steps(const oar_accelerator* accelerator, int64_t* out_steps) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Accelerator& self, unwrap(accelerator));
    OAR_TRY(require_out(out_steps, "out_steps"));
    *out_steps = self.accumulation_steps();
    return Status::ok();
  });
}

oar_status oar_accelerator_clip_grad_value(oar_accelerator* accelerator, oar_model* model, double clip_value) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const Model* only, unwrap_optional(model));
    return self.clip_grad_value(only, clip_value);
  });
}
