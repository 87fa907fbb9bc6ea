#include "oarlock/accelerator.h"

#include "accel/accelerator.h"
#include "base/option_reach.h"
#include "guard.h"
#include "handles.h"

namespace oarlock::capi {
namespace {

std::optional<std::string> optional_text(const char* text) {
  return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

}  // namespace
}  // namespace oarlock::capi

using namespace oarlock;        // NOLINT
using namespace oarlock::capi;  // NOLINT

oar_status oar_accelerator_create(oar_state* state, const oar_config* config, oar_accelerator** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(std::shared_ptr<State> shared, unwrap_shared(state));
    OAR_TRY(require_out(out, "out"));
    const Options* options = &shared->options();
    if (config != nullptr) {
      OAR_ASSIGN(const Options& own, unwrap(config));
      OAR_TRY(check_reach_of_accelerator(own, *options));
      options = &own;
    }
    OAR_ASSIGN(std::shared_ptr<Accelerator> accelerator, Accelerator::create(shared, *options));
    *out = wrap<oar_accelerator>(std::move(accelerator));
    return Status::ok();
  });
}

oar_status oar_accelerator_prepare_model(oar_accelerator* accelerator, oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(std::shared_ptr<Model> shared, unwrap_shared(model));
    return self.prepare_model(std::move(shared));
  });
}

oar_status oar_accelerator_prepare_optimizer(oar_accelerator* accelerator, oar_optimizer* optimizer) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(std::shared_ptr<Optimizer> shared, unwrap_shared(optimizer));
    return self.prepare_optimizer(std::move(shared));
  });
}

oar_status oar_accelerator_prepare_scheduler(oar_accelerator* accelerator, oar_scheduler* scheduler) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(std::shared_ptr<Scheduler> shared, unwrap_shared(scheduler));
    return self.prepare_scheduler(std::move(shared));
  });
}

oar_status oar_accelerator_prepare_loader(oar_accelerator* accelerator, oar_loader* loader) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(std::shared_ptr<Loader> shared, unwrap_shared(loader));
    return self.prepare_loader(std::move(shared));
  });
}

oar_status oar_accelerator_accumulate_begin(oar_accelerator* accelerator, oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    if (model == nullptr) return self.accumulate_begin(nullptr);
    OAR_ASSIGN(const Model& only, unwrap(model));
    return self.accumulate_begin(&only);
  });
}

oar_status oar_accelerator_accumulate_end(oar_accelerator* accelerator) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.accumulate_end();
  });
}

oar_status oar_accelerator_sync_gradients(const oar_accelerator* accelerator, int32_t* out_sync) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Accelerator& self, unwrap(accelerator));
    OAR_TRY(require_out(out_sync, "out_sync"));
    *out_sync = self.sync_gradients() ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_accelerator_backward(oar_accelerator* accelerator, const oar_tensor* loss) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const at::Tensor& tensor, unwrap(loss));
    return self.backward(tensor);
  });
}

oar_status oar_accelerator_gradient_ready(oar_accelerator* accelerator, oar_model* model, const char* name,
                                          oar_tensor* gradient) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(Model & trained, unwrap(model));
    OAR_TRY(require_argument(name, "name"));
    OAR_ASSIGN(const at::Tensor& given, unwrap(gradient));
    return self.gradient_ready(trained, name, given);
  });
}

oar_status oar_accelerator_gradients_done(oar_accelerator* accelerator, oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(Model & trained, unwrap(model));
    return self.gradients_done(trained);
  });
}

oar_status oar_accelerator_clip_grad_norm(oar_accelerator* accelerator, oar_model* model, double max_norm,
                                          double norm_type, double* out_norm) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    const Model* only = nullptr;
    if (model != nullptr) {
      OAR_ASSIGN(const Model& of, unwrap(model));
      only = &of;
    }
    OAR_ASSIGN(const double norm, self.clip_grad_norm(only, max_norm, norm_type));
    if (out_norm != nullptr) *out_norm = norm;
    return Status::ok();
  });
}

oar_status oar_accelerator_step(oar_accelerator* accelerator, oar_optimizer* optimizer,
                                oar_scheduler* scheduler) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(Optimizer & stepped, unwrap(optimizer));
    if (scheduler == nullptr) return self.step(stepped, nullptr);
    OAR_ASSIGN(Scheduler & schedule, unwrap(scheduler));
    return self.step(stepped, &schedule);
  });
}

oar_status oar_accelerator_save(oar_accelerator* accelerator, const char* directory, const char* user_json) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.save(optional_text(directory), optional_text(user_json));
  });
}

oar_status oar_accelerator_load(oar_accelerator* accelerator, const char* directory) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.load(optional_text(directory));
  });
}

oar_status oar_accelerator_last_checkpoint(const oar_accelerator* accelerator, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Accelerator& self, unwrap(accelerator));
    OAR_TRY(require_out(len, "len"));
    if (!self.last_checkpoint()) return not_found("this accelerator has neither saved nor loaded a checkpoint yet");
    return copy_text(*self.last_checkpoint(), buf, len);
  });
}

oar_status oar_accelerator_close(oar_accelerator* accelerator) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.close();
  });
}

oar_status oar_accelerator_retain(oar_accelerator* accelerator) noexcept {
  return guard([&] { return retain_handle(accelerator, HandleKind::kAccelerator); });
}

void oar_accelerator_release(oar_accelerator* accelerator) noexcept { release(accelerator); }
