#include "oarlock/state_dict.h"

#include "guard.h"
#include "optim/state_dict.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_optimizer_state_dict(const oar_optimizer* optimizer, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Optimizer& self, unwrap(optimizer));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Tree state, optimizer_state_dict(self));
    *out = wrap<oar_tree>(std::make_shared<Tree>(std::move(state)));
    return Status::ok();
  });
}

oar_status oar_optimizer_load_state_dict(oar_optimizer* optimizer, const oar_tree* state_dict) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Optimizer & self, unwrap(optimizer));
    OAR_ASSIGN(const Tree& given, unwrap(state_dict));
    OAR_ASSIGN(const OptimizerState state, optimizer_state_from(self, given));
    return self.load_state(state);
  });
}

oar_status oar_scheduler_state_dict(const oar_scheduler* scheduler, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Scheduler& self, unwrap(scheduler));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Tree state, scheduler_state_dict(self));
    *out = wrap<oar_tree>(std::make_shared<Tree>(std::move(state)));
    return Status::ok();
  });
}

oar_status oar_scheduler_load_state_dict(oar_scheduler* scheduler, const oar_tree* state_dict) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Scheduler & self, unwrap(scheduler));
    OAR_ASSIGN(const Tree& given, unwrap(state_dict));
    OAR_ASSIGN(const JsonValue state, scheduler_state_from(self, given));
    return self.load_state(state);
  });
}
