#include "oarlock/foreign_optimizer.h"

#include "base/json.h"
#include "callback_outcome.h"
#include "guard.h"
#include "model/model.h"
#include "optim/host_optimizer.h"
#include "own_handle.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

Status run_update(oar_update_fn fn, void* data, const HostUpdate& update) {
  const auto lend = [](at::Tensor tensor) {
    return OwnHandle<oar_tensor>(wrap<oar_tensor>(std::make_shared<at::Tensor>(std::move(tensor))));
  };
  const OwnHandle<oar_tensor> parameter = lend(update.parameter.tensor.detach()), gradient = lend(update.gradient);
  const OwnHandle<oar_tree> state(wrap<oar_tree>(update.state)), options(wrap<oar_tree>(update.options));
  clear_error();
  return callback_outcome("the optimizer's function", fn(update.parameter.name.c_str(), parameter.get(), gradient.get(),
                                                         state.get(), options.get(), data));
}

}  // namespace

oar_status oar_optimizer_create_foreign(oar_model* model, const char* name, const char* options, oar_update_fn fn,
                                        void* user_data, oar_release_fn release_fn, oar_optimizer** out) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    OAR_ASSIGN(Model & source, unwrap(model));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_argument(fn, "fn"));
    OAR_TRY(require_out(out, "out"));
    JsonValue parsed;
    if (options != nullptr) {
      OAR_ASSIGN(parsed, parse_json(options));
    }
    const auto update = [fn, data = owner.share()](const HostUpdate& update) {
      return run_update(fn, data.get(), update);
    };
    OAR_ASSIGN(std::shared_ptr<Optimizer> optimizer, HostOptimizer::create(name, source.parameters(), parsed, update));
    source.seal();
    *out = wrap<oar_optimizer>(std::move(optimizer));
    return Status::ok();
  });
}
