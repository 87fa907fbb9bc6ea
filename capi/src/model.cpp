#include "model/model.h"

#include <oarlock/model.h>

#include "guard.h"
#include "model/state_dict.h"
#include "state/process_state.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_model_load(oar_state* state, const char* path, const char* options, oar_model** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_argument(path, "path"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const Options parsed, self.options().section_with("model", options));
    OAR_ASSIGN(std::shared_ptr<Model> model, Model::load(path, self.device(), parsed));
    *out = wrap<oar_model>(std::move(model));
    return Status::ok();
  });
}

oar_status oar_model_set_training(oar_model* model, int32_t training) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    self.set_training(training != 0);
    return Status::ok();
  });
}

oar_status oar_model_is_training(const oar_model* model, int32_t* out_is_training) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_out(out_is_training, "out_is_training"));
    *out_is_training = self.is_training() ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_model_forward(oar_model* model, const oar_tree* inputs, oar_tree** out_outputs) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_ASSIGN(const Tree& given, unwrap(inputs));
    OAR_TRY(require_out(out_outputs, "out_outputs"));
    OAR_ASSIGN(Tree outputs, self.forward(given));
    *out_outputs = wrap<oar_tree>(std::make_shared<Tree>(std::move(outputs)));
    return Status::ok();
  });
}

oar_status oar_model_num_inputs(const oar_model* model, int64_t* out_num_inputs) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_out(out_num_inputs, "out_num_inputs"));
    *out_num_inputs = static_cast<int64_t>(self.input_names().size());
    return Status::ok();
  });
}

oar_status oar_model_input_name(const oar_model* model, int64_t index, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_ASSIGN(const std::string name, self.input_name(index));
    return copy_text(name, buf, len);
  });
}

oar_status oar_model_num_outputs(const oar_model* model, int64_t* out_num_outputs) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_out(out_num_outputs, "out_num_outputs"));
    *out_num_outputs = static_cast<int64_t>(self.output_names().size());
    return Status::ok();
  });
}

oar_status oar_model_output_name(const oar_model* model, int64_t index, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_ASSIGN(const std::string name, self.output_name(index));
    return copy_text(name, buf, len);
  });
}

oar_status oar_model_num_parameters(const oar_model* model, int64_t* out_num_parameters) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_out(out_num_parameters, "out_num_parameters"));
    *out_num_parameters = static_cast<int64_t>(self.parameters().size());
    return Status::ok();
  });
}

oar_status oar_model_parameter_name(const oar_model* model, int64_t index, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_ASSIGN(const std::string name, self.parameter_name(index));
    return copy_text(name, buf, len);
  });
}

oar_status oar_model_tensor(const oar_model* model, const char* name, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(at::Tensor tensor, self.tensor(name));
    *out = wrap<oar_tensor>(std::make_shared<at::Tensor>(std::move(tensor)));
    return Status::ok();
  });
}

oar_status oar_model_gradient(const oar_model* model, const char* name, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(at::Tensor gradient, self.gradient(name));
    *out = gradient.defined() ? wrap<oar_tensor>(std::make_shared<at::Tensor>(std::move(gradient))) : nullptr;
    return Status::ok();
  });
}

oar_status oar_model_save_weights(const oar_model* model, const char* path) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Model& self, unwrap(model));
    OAR_TRY(require_argument(path, "path"));
    return save_state_dict(real_fs(), self.state_dict(), path);
  });
}

oar_status oar_model_load_weights(oar_model* model, const char* path) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(path, "path"));
    return load_weights(self, path);
  });
}

oar_status oar_model_retain(oar_model* model) noexcept {
  return guard([&] { return retain_handle(model, HandleKind::kModel); });
}

void oar_model_release(oar_model* model) noexcept { release(model); }
