// Which micro-batch ends an accumulation. Rule: Accelerate 1.15 `_do_sync` (spec B 3.2).
#include "accel/accelerator.h"

namespace oarlock {

Status Accelerator::accumulate_begin(const Model* model) {
  OAR_TRY(require_between_backwards());
  if (is_accumulating_)
    return invalid_state("accumulate_begin was called twice; oar_accelerator_accumulate_end is missing");
  PreparedModel* only = nullptr;
  if (model != nullptr) {
    OAR_ASSIGN(only, find(*model));
  }

  const Loader* loader = active_loader();
  if (sync_with_dataloader_ && loader != nullptr && loader->at_last_batch()) {
    accumulation_counter_ = 0;
    sync_gradients_ = true;
  } else {
    ++accumulation_counter_;
    sync_gradients_ = accumulation_counter_ % accumulation_steps_ == 0;
  }
  for (PreparedModel& prepared : models_) {
    if (prepared.data_parallel == nullptr || (only != nullptr && &prepared != only)) continue;
    prepared.data_parallel->set_requires_sync(sync_gradients_ || sync_each_batch_);
  }
  is_accumulating_ = true;
  return Status::ok();
}

Status Accelerator::accumulate_end() {
  OAR_TRY(require_between_backwards());
  if (!is_accumulating_) return invalid_state("accumulate_end was called without oar_accelerator_accumulate_begin");
  for (PreparedModel& prepared : models_) {
    if (prepared.data_parallel != nullptr) prepared.data_parallel->set_requires_sync(true);
  }
  is_accumulating_ = false;
  return Status::ok();
}

}  // namespace oarlock
