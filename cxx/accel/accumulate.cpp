// Which micro-batch ends an accumulation. Rule: Accelerate 1.15 `_do_sync` (spec B 3.2).
#include "accel/accelerator.h"

namespace oarlock {

Status Accelerator::accumulate_begin(const Model* model) {
  OAR_TRY(require_between_backwards());
  if (is_accumulating_)
    return invalid_state("accumulate_begin was called twice; oar_accelerator_accumulate_end is missing");
  OAR_ASSIGN(const std::vector<PreparedModel*> selected, select(model));

  const Loader* loader = active_loader();
  if (sync_with_dataloader_ && loader != nullptr && loader->at_last_batch()) {
    accumulation_counter_ = 0;
    sync_gradients_ = true;
  } else {
    ++accumulation_counter_;
    sync_gradients_ = accumulation_counter_ % accumulation_steps_ == 0;
  }
  for (PreparedModel* prepared : selected) prepared->accumulates = !sync_gradients_ && !sync_each_batch_;
  is_accumulating_ = true;
  return Status::ok();
}

Status Accelerator::accumulate_end() {
  OAR_TRY(require_between_backwards());
  if (!is_accumulating_) return invalid_state("accumulate_end was called without oar_accelerator_accumulate_begin");
  for (PreparedModel& prepared : models_) prepared.accumulates = false;
  is_accumulating_ = false;
  return Status::ok();
}

Status Accelerator::set_sync_gradients(bool sync) {
  OAR_TRY(require_between_backwards());
  sync_gradients_ = sync;
  return Status::ok();
}

Status Accelerator::set_accumulation_steps(std::int64_t steps) {
  OAR_TRY(require_between_backwards());
  if (steps < 1) return invalid_argument("the number of micro-batches per step must be >= 1, got {}", steps);
  accumulation_steps_ = steps;
  return Status::ok();
}

Status Accelerator::no_sync_begin(const Model* model) {
  OAR_TRY(require_between_backwards());
  OAR_ASSIGN(const std::vector<PreparedModel*> selected, select(model));
  for (const PreparedModel& prepared : models_) {
    if (prepared.is_held)
      return invalid_state("no_sync_begin was called twice; oar_accelerator_no_sync_end is missing");
  }
  for (PreparedModel* prepared : selected) prepared->is_held = true;
  return Status::ok();
}

Status Accelerator::no_sync_end() {
  OAR_TRY(require_between_backwards());
  bool was_held = false;
  for (PreparedModel& prepared : models_) was_held = std::exchange(prepared.is_held, false) || was_held;
  return was_held ? Status::ok() : invalid_state("no_sync_end was called without oar_accelerator_no_sync_begin");
}

Status Accelerator::trigger_sync(const Model* model) {
  OAR_TRY(require_between_backwards());
  OAR_ASSIGN(const std::vector<PreparedModel*> selected, select(model));
  for (PreparedModel* prepared : selected) prepared->is_triggered = true;
  return Status::ok();
}

}  // namespace oarlock
