// Loss scaling (optim/grad_scaler.h) in the order of the training loop: scale at the backward, unscale before a clip or
// a step, one update per iteration.
//
// Note: where an iteration ends. With several optimizers the scale must not change between their steps, or gradients of
// one scale are divided by another (the reference updates after every step: spec B 3.6). It changes when no prepared
// optimizer has gradients left that it did not step with, at the latest at the next backward.
#include <algorithm>

#include "accel/accelerator.h"
#include "base/log.h"

namespace oarlock {
namespace {

bool has_gradients(const Optimizer& optimizer) {
  return std::any_of(optimizer.parameters().begin(), optimizer.parameters().end(),
                     [](const NamedTensor& parameter) { return parameter.tensor.grad().defined(); });
}

}  // namespace

Result<at::Tensor> Accelerator::scaled(const at::Tensor& loss) {
  if (!scaler_) return loss;
  OAR_TRY(end_iteration(/*is_over=*/true));
  return scaler_->scale(loss);
}

// Ranks whose gradients differ (a hook's rounding, parameters of one rank) still decide as one.
Status Accelerator::unscale(const Optimizer& optimizer) {
  OAR_TRY(scaler_->unscale(optimizer));
  if (state_->world_size() == 1) return Status::ok();
  OAR_ASSIGN(const at::Tensor found_inf, scaler_->found_inf(optimizer));
  auto work = state_->group()->all_reduce(found_inf, ReduceOp::kMax, state_->timeout());
  return poison(work.is_ok() ? work.value()->wait(Milliseconds(0)) : std::move(work).status(), "unscale_gradients");
}

Status Accelerator::unscale_gradients(const Optimizer* optimizer) {
  OAR_TRY(require_between_backwards());
  if (optimizer != nullptr && !is_among(optimizers_, optimizer))
    return invalid_state("the optimizer is not prepared; call oar_accelerator_prepare_optimizer first");
  if (!scaler_ || !sync_gradients_) return Status::ok();
  if (optimizer != nullptr) return unscale(*optimizer);
  for (const auto& prepared : optimizers_) OAR_TRY(unscale(*prepared));
  return Status::ok();
}

// Differs: the reference unscales the gradients of all optimizers, and fails when models are clipped one by one.
Status Accelerator::unscale_for(const Model& model) {
  if (!scaler_) return Status::ok();
  std::set<const at::TensorImpl*> left;
  for (const NamedTensor& parameter : model.parameters()) {
    if (parameter.tensor.grad().defined()) left.insert(parameter.tensor.unsafeGetTensorImpl());
  }
  std::vector<const Optimizer*> holders;
  for (const auto& optimizer : optimizers_) {
    const auto& parameters = optimizer->parameters();
    const auto num_held = std::count_if(parameters.begin(), parameters.end(), [&](const NamedTensor& parameter) {
      return left.erase(parameter.tensor.unsafeGetTensorImpl()) > 0;
    });
    if (num_held > 0 && scaler_->stage(*optimizer) == GradScaler::Stage::kReady) holders.push_back(optimizer.get());
  }
  for (const NamedTensor& parameter : model.parameters()) {
    if (left.count(parameter.tensor.unsafeGetTensorImpl()) == 0) continue;
    return invalid_state(
        "no prepared optimizer holds parameter {}, so its gradient still has the loss scale and the norm would be "
        "wrong; "
        "prepare its optimizer, or freeze it (oar_model_freeze)",
        parameter.name);
  }
  for (const Optimizer* optimizer : holders) OAR_TRY(unscale(*optimizer));
  return Status::ok();
}

Result<bool> Accelerator::may_step(const Optimizer& optimizer) {
  if (!scaler_) return true;
  if (scaler_->stage(optimizer) == GradScaler::Stage::kReady) OAR_TRY(unscale(optimizer));
  return scaler_->may_step(optimizer);
}

Status Accelerator::end_iteration(bool is_over) {
  if (!scaler_ || !scaler_->has_stepped()) return Status::ok();
  const bool is_waiting = std::any_of(optimizers_.begin(), optimizers_.end(), [&](const auto& optimizer) {
    return scaler_->stage(*optimizer) != GradScaler::Stage::kStepped && has_gradients(*optimizer);
  });
  if (is_waiting && !is_over && !follows_reference_) return Status::ok();
  OAR_ASSIGN(const GradScaler::Update update, scaler_->update());
  if (update.found_inf && state_->is_main_process()) report(update);
  return Status::ok();
}

void Accelerator::report(const GradScaler::Update& update) const {
  log(LogLevel::kInfo, "accel",
      "a step was skipped: gradients were not finite (inf or NaN); the loss scale goes from {} to {}",
      update.scale_before, update.scale);
  if (update.scale >= 1 || update.scale_before < 1) return;
  log(LogLevel::kWarning, "accel",
      "the loss scale fell to {}: gradients keep being infinite or NaN, so that hardly a step is made. Look for a "
      "learning rate that is too high or an operation without a finite gradient (a division by 0, a logarithm of 0), "
      "or "
      "train in bf16 (accelerator.mixed_precision)",
      update.scale);
}

JsonValue Accelerator::scaler_state() const { return scaler_ ? scaler_->state() : JsonValue::object(); }

Status Accelerator::load_scaler_state(const JsonValue& state) {
  OAR_TRY(require_between_backwards());
  if (scaler_) return scaler_->load_state(state);
  if (state.is_object() && state.members().empty()) return Status::ok();
  return invalid_state(
      "this accelerator has no scaler; that needs accelerator.mixed_precision \"fp16\" and scaler.enabled");
}

JsonValue Accelerator::saved_scaler() const {
  JsonValue saved = JsonValue::object(), progress = JsonValue::array();
  for (const auto& optimizer : optimizers_) progress.append(scaler_->progress(*optimizer));
  saved.set("state", scaler_->state());
  saved.set("optimizers", std::move(progress));
  return saved;
}

// What says how far each optimizer is belongs to gradients that no step has used, which another number of ranks drops.
Status Accelerator::restore_scaler(const Checkpoint& checkpoint) {
  skipped_.clear();
  const JsonValue* saved = checkpoint.values().find("scaler");
  if (saved == nullptr || !scaler_) {
    if (scaler_) scaler_->forget();
    if (scaler_ && state_->is_main_process())
      log(LogLevel::kWarning, "accel", "the checkpoint has no gradient scaler; the loss scale stays at {}",
          loss_scale());
    return Status::ok();
  }
  OAR_ASSIGN(const JsonValue* state, saved->at("state"));
  OAR_TRY(scaler_->load_state(*state));
  OAR_ASSIGN(const JsonValue* progress, saved->at("optimizers"));
  if (checkpoint.world_size() != state_->world_size() || progress->items().size() != optimizers_.size())
    return Status::ok();
  for (std::size_t i = 0; i < optimizers_.size(); ++i)
    OAR_TRY(scaler_->load_progress(*optimizers_[i], progress->items()[i]));
  return Status::ok();
}

}  // namespace oarlock
