#include "oarlock/optimizer.h"

#include "base/options.h"
#include "guard.h"
#include "model/model.h"
#include "optim/optimizer.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_optimizer_create(oar_model* model, const char* name, const char* options, oar_optimizer** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & source, unwrap(model));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const Options parsed, Options::parse_section("optimizer", options));
    OAR_ASSIGN(std::shared_ptr<Optimizer> optimizer, Optimizer::create(name, source.parameters(), parsed));
    source.seal();
    *out = wrap<oar_optimizer>(std::move(optimizer));
    return Status::ok();
  });
}

oar_status oar_optimizer_step(oar_optimizer* optimizer) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Optimizer & self, unwrap(optimizer));
    return self.step();
  });
}

oar_status oar_optimizer_zero_grad(oar_optimizer* optimizer) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Optimizer & self, unwrap(optimizer));
    self.zero_grad();
    return Status::ok();
  });
}

oar_status oar_optimizer_set_training(oar_optimizer* optimizer, int32_t training) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Optimizer & self, unwrap(optimizer));
    self.set_training(training != 0);
    return Status::ok();
  });
}

oar_status oar_optimizer_num_groups(const oar_optimizer* optimizer, int64_t* out_num_groups) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Optimizer& self, unwrap(optimizer));
    OAR_TRY(require_out(out_num_groups, "out_num_groups"));
    *out_num_groups = static_cast<int64_t>(self.groups().size());
    return Status::ok();
  });
}

oar_status oar_optimizer_group_options(const oar_optimizer* optimizer, int64_t group_index, char* buf,
                                       size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Optimizer& self, unwrap(optimizer));
    OAR_ASSIGN(const JsonValue options, self.group_to_json(group_index));
    return copy_text(options.dump(), buf, len);
  });
}

oar_status oar_optimizer_set_group_options(oar_optimizer* optimizer, int64_t group_index,
                                           const char* options) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Optimizer & self, unwrap(optimizer));
    OAR_TRY(require_argument(options, "options"));
    OAR_ASSIGN(const JsonValue parsed, parse_json(options));
    return self.set_group_options(group_index, parsed);
  });
}

oar_status oar_optimizer_learning_rate(const oar_optimizer* optimizer, double* out_learning_rate) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Optimizer& self, unwrap(optimizer));
    OAR_TRY(require_out(out_learning_rate, "out_learning_rate"));
    *out_learning_rate = self.learning_rate();
    return Status::ok();
  });
}

oar_status oar_optimizer_set_learning_rate(oar_optimizer* optimizer, double learning_rate) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Optimizer & self, unwrap(optimizer));
    OAR_TRY(check_learning_rate(learning_rate));
    self.set_learning_rate(learning_rate);
    return Status::ok();
  });
}

oar_status oar_optimizer_num_steps(const oar_optimizer* optimizer, int64_t* out_num_steps) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Optimizer& self, unwrap(optimizer));
    OAR_TRY(require_out(out_num_steps, "out_num_steps"));
    *out_num_steps = self.num_steps();
    return Status::ok();
  });
}

oar_status oar_optimizer_retain(oar_optimizer* optimizer) noexcept {
  return guard([&] { return retain_handle(optimizer, HandleKind::kOptimizer); });
}

void oar_optimizer_release(oar_optimizer* optimizer) noexcept { release(optimizer); }
