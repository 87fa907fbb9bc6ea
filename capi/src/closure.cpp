#include "oarlock/closure.h"

#include <limits>

#include "accel/accelerator.h"
#include "callback_outcome.h"
#include "guard.h"
#include "optim/optimizer.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

Optimizer::Closure make_closure(oar_closure_fn fn, void* user_data) {
  return [fn, user_data]() -> Result<double> {
    double loss = std::numeric_limits<double>::quiet_NaN();
    clear_error();
    OAR_TRY(callback_outcome("the closure", fn(&loss, user_data)));
    return loss;
  };
}

}  // namespace

oar_status oar_optimizer_step_closure(oar_optimizer* optimizer, oar_closure_fn fn, void* user_data,
                                      oar_release_fn release_fn, double* out_loss) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData&) -> Status {
    OAR_ASSIGN(Optimizer & self, unwrap(optimizer));
    OAR_TRY(require_argument(fn, "fn"));
    OAR_ASSIGN(const double loss, self.step_with(make_closure(fn, user_data)));
    if (out_loss != nullptr) *out_loss = loss;
    return Status::ok();
  });
}

oar_status oar_accelerator_step_closure(oar_accelerator* accelerator, oar_optimizer* optimizer,
                                        oar_scheduler* scheduler, oar_closure_fn fn, void* user_data,
                                        oar_release_fn release_fn, double* out_loss) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData&) -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(Optimizer & stepped, unwrap(optimizer));
    Scheduler* scheduled = nullptr;
    if (scheduler != nullptr) {
      OAR_ASSIGN(Scheduler & given, unwrap(scheduler));
      scheduled = &given;
    }
    OAR_TRY(require_argument(fn, "fn"));
    OAR_ASSIGN(const double loss, self.step_with(stepped, scheduled, make_closure(fn, user_data)));
    if (out_loss != nullptr) *out_loss = loss;
    return Status::ok();
  });
}
