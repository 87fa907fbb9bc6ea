#include "oarlock/foreign.h"

#include "callback_outcome.h"
#include "guard.h"
#include "model/providers/foreign.h"
#include "model/trace.h"
#include "own_handle.h"
#include "state/process_state.h"
#include "tensor/tree.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

Result<Tree> run_forward(oar_forward_fn fn, void* data, std::shared_ptr<Model> model, const Tree& inputs) {
  const OwnHandle<oar_model> model_handle(wrap<oar_model>(std::move(model)));
  const OwnHandle<oar_tree> input_handle(wrap<oar_tree>(std::make_shared<Tree>(inputs)));
  OwnHandle<oar_tree> outputs;
  clear_error();
  const std::int32_t value = fn(model_handle.get(), input_handle.get(), outputs.out(), data);
  OAR_TRY(callback_outcome("the forward of the model", value));
  if (outputs.get() == nullptr) return callback_failed("the forward of the model returned 0 and gave no outputs");
  OAR_ASSIGN(const Tree& given, unwrap(outputs.get()));
  return given;
}

Status run_backward(oar_backward_fn fn, void* data, std::shared_ptr<Model> model, const Tree& output_gradients) {
  if (model == nullptr) return invalid_state("the model that the loss came from has been released");
  const OwnHandle<oar_model> model_handle(wrap<oar_model>(std::move(model)));
  const OwnHandle<oar_tree> gradients(wrap<oar_tree>(std::make_shared<Tree>(output_gradients)));
  clear_error();
  return callback_outcome("the backward of the model", fn(model_handle.get(), gradients.get(), data));
}

}  // namespace

oar_status oar_model_create_foreign(oar_state* state, oar_model** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_out(out, "out"));
    *out = wrap<oar_model>(Model::create_foreign(self.device()));
    return Status::ok();
  });
}

oar_status oar_model_register_parameter(oar_model* model, const char* name, oar_tensor* tensor) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(name, "name"));
    OAR_ASSIGN(const at::Tensor& given, unwrap(tensor));
    OAR_ASSIGN(ForeignModel * foreign, self.require_foreign("oar_model_register_parameter"));
    return foreign->register_parameter(name, given);
  });
}

oar_status oar_model_register_buffer(oar_model* model, const char* name, oar_tensor* tensor) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(name, "name"));
    OAR_ASSIGN(const at::Tensor& given, unwrap(tensor));
    OAR_ASSIGN(ForeignModel * foreign, self.require_foreign("oar_model_register_buffer"));
    return foreign->register_buffer(name, given);
  });
}

oar_status oar_model_set_forward(oar_model* model, oar_forward_fn fn, void* user_data,
                                 oar_release_fn release_fn) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    OAR_ASSIGN(std::shared_ptr<Model> self, unwrap_shared(model));
    OAR_ASSIGN(ForeignModel * foreign, self->require_foreign("oar_model_set_forward"));
    if (fn == nullptr) return foreign->set_forward(nullptr);
    return foreign->set_forward(
        [fn, data = owner.share(), weak = std::weak_ptr<Model>(self)](const Tree& inputs) -> Result<Tree> {
          return run_forward(fn, data.get(), weak.lock(), inputs);
        });
  });
}

oar_status oar_model_set_backward(oar_model* model, oar_backward_fn fn, void* user_data,
                                  oar_release_fn release_fn) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    OAR_ASSIGN(std::shared_ptr<Model> self, unwrap_shared(model));
    OAR_ASSIGN(ForeignModel * foreign, self->require_foreign("oar_model_set_backward"));
    if (fn == nullptr) return foreign->set_backward(nullptr);
    return foreign->set_backward(
        [fn, data = owner.share(), weak = std::weak_ptr<Model>(self)](const Tree& output_gradients) {
          return run_backward(fn, data.get(), weak.lock(), output_gradients);
        });
  });
}

oar_status oar_model_parameter(const oar_model* model, const char* name, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(const_cast<oar_model*>(model)));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(ForeignModel * foreign, self.require_foreign("oar_model_parameter"));
    OAR_ASSIGN(at::Tensor tensor, foreign->registered(name));
    *out = wrap<oar_tensor>(std::make_shared<at::Tensor>(std::move(tensor)));
    return Status::ok();
  });
}

oar_status oar_model_enter_scope(oar_model* model, const char* name, const char* class_name) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(name, "name"));
    OAR_ASSIGN(ForeignModel * foreign, self.require_foreign("oar_model_enter_scope"));
    return foreign->enter_scope(name, class_name != nullptr ? class_name : "");
  });
}

oar_status oar_model_exit_scope(oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_ASSIGN(ForeignModel * foreign, self.require_foreign("oar_model_exit_scope"));
    return foreign->exit_scope();
  });
}

oar_status oar_model_trace(oar_model* model, const oar_tree* inputs, const char* dynamic_dims,
                           oar_model** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_ASSIGN(const Tree& given, unwrap(inputs));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(ForeignModel * foreign, self.require_foreign("oar_model_trace"));
    OAR_ASSIGN(std::shared_ptr<Model> traced,
               trace_model(*foreign, given, dynamic_dims != nullptr ? dynamic_dims : ""));
    *out = wrap<oar_model>(std::move(traced));
    return Status::ok();
  });
}
