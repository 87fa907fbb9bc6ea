#include "oarlock/scheduler.h"

#include <limits>

#include "base/options.h"
#include "callback_outcome.h"
#include "guard.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_scheduler_create(oar_optimizer* optimizer, const char* name, const char* options,
                                oar_scheduler** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(std::shared_ptr<Optimizer> target, unwrap_shared(optimizer));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const Options parsed, Options::parse_section("scheduler", options));
    OAR_ASSIGN(std::shared_ptr<Scheduler> scheduler, Scheduler::create(name, std::move(target), parsed));
    *out = wrap<oar_scheduler>(std::move(scheduler));
    return Status::ok();
  });
}

oar_status oar_scheduler_from_factors(oar_optimizer* optimizer, const char* name, oar_factor_fn fn, void* user_data,
                                      oar_release_fn release_fn, oar_scheduler** out) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    OAR_ASSIGN(std::shared_ptr<Optimizer> target, unwrap_shared(optimizer));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_argument(fn, "fn"));
    OAR_TRY(require_out(out, "out"));
    const auto factor = [fn, data = owner.share()](std::int64_t step, std::size_t group) -> Result<double> {
      double value = std::numeric_limits<double>::quiet_NaN();
      clear_error();
      OAR_TRY(
          callback_outcome("the function of the schedule", fn(step, static_cast<int64_t>(group), &value, data.get())));
      return value;
    };
    OAR_ASSIGN(std::shared_ptr<Scheduler> scheduler, Scheduler::create(name, std::move(target), factor));
    *out = wrap<oar_scheduler>(std::move(scheduler));
    return Status::ok();
  });
}

oar_status oar_scheduler_step(oar_scheduler* scheduler) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Scheduler & self, unwrap(scheduler));
    return self.step();
  });
}

oar_status oar_scheduler_step_metric(oar_scheduler* scheduler, double metric) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Scheduler & self, unwrap(scheduler));
    return self.step_with_metric(metric);
  });
}

oar_status oar_scheduler_num_steps(const oar_scheduler* scheduler, int64_t* out_num_steps) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Scheduler& self, unwrap(scheduler));
    OAR_TRY(require_out(out_num_steps, "out_num_steps"));
    *out_num_steps = self.num_steps();
    return Status::ok();
  });
}

oar_status oar_scheduler_retain(oar_scheduler* scheduler) noexcept {
  return guard([&] { return retain_handle(scheduler, HandleKind::kScheduler); });
}

void oar_scheduler_release(oar_scheduler* scheduler) noexcept { release(scheduler); }
