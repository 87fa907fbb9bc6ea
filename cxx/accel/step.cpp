#include <algorithm>

#include "accel/accelerator.h"

namespace oarlock {

// On several ranks a parameter that no prepared model holds gets gradients of its own rank only: ranks would drift
// apart without a word.
Status Accelerator::check_is_prepared(const Optimizer& optimizer) {
  if (state_->world_size() == 1 || trained_.count(&optimizer) > 0) return Status::ok();
  std::set<const at::TensorImpl*> held;
  for (const PreparedModel& prepared : models_) {
    for (const NamedTensor& parameter : prepared.model->parameters())
      held.insert(parameter.tensor.unsafeGetTensorImpl());
  }
  for (const NamedTensor& parameter : optimizer.parameters()) {
    if (held.count(parameter.tensor.unsafeGetTensorImpl()) > 0) continue;
    return invalid_state(
        "no prepared model holds parameter {} of the optimizer, so its gradients are not averaged over the {} ranks; "
        "call oar_accelerator_prepare_model before the backward",
        parameter.name, state_->world_size());
  }
  trained_.insert(&optimizer);
  return Status::ok();
}

Status Accelerator::check_step(const Optimizer& optimizer, const Scheduler* scheduler) {
  OAR_TRY(require_between_backwards());
  if (!is_among(optimizers_, &optimizer)) {
    return invalid_state("the optimizer is not prepared; call oar_accelerator_prepare_optimizer first");
  }
  OAR_TRY(check_is_prepared(optimizer));
  if (scheduler != nullptr && !is_among(schedulers_, scheduler)) {
    return invalid_state("the scheduler is not prepared; call oar_accelerator_prepare_scheduler first");
  }
  return Status::ok();
}

Status Accelerator::step(Optimizer& optimizer, Scheduler* scheduler) {
  OAR_TRY(check_step(optimizer, scheduler));
  // Differs: the reference goes on telling of the step before while it accumulates.
  skipped_.erase(&optimizer);
  if (!sync_gradients_) return adjust_scheduler_ ? step_schedule(scheduler) : Status::ok();
  divide_by_weights(/*also_held=*/true);
  OAR_ASSIGN(const bool may, may_step(optimizer));
  if (may) OAR_TRY(optimizer.step());
  if (!may) skipped_.insert(&optimizer);
  return end_step(optimizer, may ? scheduler : nullptr);
}

Status Accelerator::end_step(Optimizer& optimizer, Scheduler* scheduler) {
  has_plain_share_ = false;
  OAR_TRY(step_schedule(scheduler));
  optimizer.zero_grad();
  if (!scaler_) return Status::ok();
  scaler_->note_step(optimizer);
  return end_iteration(/*is_over=*/false);
}

Status Accelerator::step_schedule(Scheduler* scheduler) {
  if (scheduler != nullptr) {
    // Differs: the reference steps once per rank, as if every rank's batch had been a step of its own (spec B 3.7).
    const bool splits =
        std::any_of(loaders_.begin(), loaders_.end(), [](const auto& l) { return l->splits_batches(); });
    const int num_steps = follows_reference_ && !splits ? state_->world_size() : 1;
    for (int i = 0; i < num_steps && scheduler->num_steps() < scheduler->num_steps_max(); ++i)
      OAR_TRY(scheduler->step());
  }
  return Status::ok();
}

Result<bool> Accelerator::step_was_skipped(const Optimizer* optimizer) const {
  if (optimizer == nullptr) return !skipped_.empty();
  if (is_among(optimizers_, optimizer)) return skipped_.count(optimizer) > 0;
  return invalid_state("the optimizer is not prepared; call oar_accelerator_prepare_optimizer first");
}

}  // namespace oarlock
