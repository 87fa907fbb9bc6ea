// The backward of a foreign model: the host computes, and tells gradient by gradient, so that averages travel
// meanwhile.
#include <ATen/core/Tensor.h>

#include "accel/accelerator.h"
#include "graph/eager_call.h"
#include "graph/grad_ready.h"
#include "model/providers/foreign.h"

namespace oarlock {

Status Accelerator::require_no_trace() const {
  OAR_TRY(require_open());
  if (CallScope::current_recorder() == nullptr) return Status::ok();
  return invalid_state("a trace runs on this thread (oar_model_trace): a forward that is traced computes outputs only");
}

Status Accelerator::require_between_backwards() const {
  OAR_TRY(require_no_trace());
  if (is_in_backward_) {
    return invalid_state(
        "a backward is running: inside the backward callback of a model only its gradients can be handed over");
  }
  for (const PreparedModel& prepared : models_) {
    if (prepared.ready.empty()) continue;
    return invalid_state(
        "the backward of a foreign model has not ended ({} of its {} gradients were handed over); call "
        "oar_accelerator_gradients_done first",
        prepared.ready.size(), prepared.model->parameters().size());
  }
  return Status::ok();
}

Status Accelerator::gradient_ready(Model& model, std::string_view name, const at::Tensor& gradient) {
  OAR_TRY(require_no_trace());
  OAR_ASSIGN(ForeignModel * foreign, model.require_foreign("oar_accelerator_gradient_ready"));
  OAR_ASSIGN(PreparedModel * prepared, find(model));
  OAR_ASSIGN(const NamedTensor parameter, foreign->parameter(name));
  if (prepared->ready.count(parameter.tensor.unsafeGetTensorImpl()) > 0) {
    return invalid_state(
        "the gradient of '{}' was handed over already in this backward; end it by oar_accelerator_gradients_done",
        name);
  }
  OAR_TRY(foreign->check_gradient_memory(parameter, gradient));
  const bool is_scaled = foreign->is_in_backward();
  if (!is_scaled) OAR_TRY(check_window(/*is_weighted=*/false));
  // Gradients made from those of outputs carry the loss's scale already. In an accumulation the first is copied, as a
  // share of it would be: the host may use its memory for the next micro-batch.
  const bool copies = is_scaled && accumulation_steps_ != 1 && !parameter.tensor.grad().defined();
  at::Tensor given = copies ? gradient.clone() : gradient;
  if (!is_scaled) {
    OAR_ASSIGN(given, scaled(gradient));
  }
  OAR_TRY(accumulate_gradient(parameter, given, is_scaled ? 1 : accumulation_steps_));
  prepared->ready.insert(parameter.tensor.unsafeGetTensorImpl());
  DataParallel* data_parallel = prepared->data_parallel.get();
  if (data_parallel == nullptr) return Status::ok();
  data_parallel->set_requires_sync(prepared->requires_sync());
  const auto reduce = [&]() -> Status {
    OAR_TRY(data_parallel->begin_host_backward(state_->timeout()));
    announce_grad_ready(parameter.tensor);
    return Status::ok();
  };
  Status reduced = with_peers("gradient_ready", reduce);
  if (!reduced.is_ok()) give_up();
  return poison(std::move(reduced), "gradient_ready");
}

Status Accelerator::gradients_done(Model& model) {
  OAR_TRY(require_no_trace());
  OAR_ASSIGN(const ForeignModel* foreign, model.require_foreign("oar_accelerator_gradients_done"));
  OAR_ASSIGN(PreparedModel * prepared, find(model));
  if (foreign->is_in_backward()) return Status::ok();  // its end is that of the backward around it
  OAR_TRY(check_window(/*is_weighted=*/false));
  has_plain_share_ = only_adds();
  prepared->ready.clear();
  DataParallel* data_parallel = prepared->data_parallel.get();
  const bool requires_sync = prepared->requires_sync();
  prepared->is_triggered = false;
  if (data_parallel == nullptr) return check_gradients(prepared->model->parameters());
  data_parallel->set_requires_sync(requires_sync);
  const auto finish = [&]() -> Status {
    OAR_TRY(data_parallel->begin_host_backward(state_->timeout()));  // peers wait for a share of a rank without any
    return data_parallel->after_backward(state_->timeout(), /*takes_part=*/true);
  };
  return poison(with_peers("gradients_done", finish), "gradients_done");
}

// What the reducer tells where there are several ranks.
Status Accelerator::check_gradients(const NamedTensors& parameters) const {
  const bool may_leave_out = ddp_options_.flag("find_unused_parameters") || ddp_options_.flag("static_graph");
  if (!sync_gradients_ || may_leave_out) return Status::ok();
  std::vector<std::string> without;
  for (const NamedTensor& parameter : parameters) {
    if (!parameter.tensor.grad().defined()) without.push_back(parameter.name);
  }
  return without.empty() ? Status::ok() : gradients_missing(without, parameters.size());
}

}  // namespace oarlock
