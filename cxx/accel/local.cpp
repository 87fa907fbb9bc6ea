// Local training: which model is trained apart, and what of it a checkpoint holds.
#include "accel/saved_tensors.h"
#include "base/log.h"
#include "tensor/scopes.h"

namespace oarlock {

Status Accelerator::local_begin(const Model& model, std::int64_t num_steps, const std::optional<OuterOptions>& outer) {
  OAR_TRY(require_between_backwards());
  OAR_ASSIGN(PreparedModel * prepared, find(model));
  if (local_ != nullptr)
    return invalid_state("a local training has begun already; end it by oar_accelerator_local_end");
  OAR_ASSIGN(local_, LocalTraining::create(prepared->model, state_->group(), num_steps, outer));
  prepared->is_local = true;
  return Status::ok();
}

Result<bool> Accelerator::local_step() {
  OAR_TRY(require_between_backwards());
  if (local_ == nullptr) return invalid_state("no local training has begun; see oar_accelerator_local_sgd_begin");
  if (!sync_gradients_ && !follows_reference_) return false;
  auto met = with_peers("local_step", [&] { return local_->step(state_->timeout()); });
  if (!met.is_ok()) return poison(std::move(met).status(), "local_step");
  return met;
}

Status Accelerator::local_end() {
  OAR_TRY(require_between_backwards());
  if (local_ == nullptr) return invalid_state("no local training has begun; see oar_accelerator_local_sgd_begin");
  OAR_TRY(poison(with_peers("local_end", [&] { return local_->average(state_->timeout()); }), "local_end"));
  for (PreparedModel& prepared : models_) prepared.is_local = false;
  local_.reset();
  return Status::ok();
}

// Every rank's parameters of the model and states of all optimizers; what is equal on all ranks once.
void Accelerator::collect_local(CheckpointContents& contents) const {
  if (local_ == nullptr) return;
  contents.values.set("local_steps", JsonValue::integer(local_->num_done()));
  NamedTensors own;
  for (const NamedTensor& parameter : local_->model().parameters()) {
    own.push_back({"model." + parameter.name, parameter.tensor.detach()});
  }
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    for (const NamedTensor& item : optimizers_[i]->state().tensors) {
      own.push_back({fmt::format("optimizer_{}.{}", i, item.name), item.tensor});
    }
  }
  contents.per_rank.push_back({"local", std::move(own)});
  NamedTensors outer = local_->outer_state();
  if (!outer.empty()) contents.shared.push_back({"local_outer", std::move(outer)});
}

Status Accelerator::check_local(const Checkpoint& checkpoint) const {
  const bool was_local = checkpoint.values().find("local_steps") != nullptr;
  if (was_local == (local_ != nullptr)) return Status::ok();
  return invalid_state("the checkpoint was saved {} a local training; {} before it is loaded",
                       was_local ? "inside of" : "outside of", was_local ? "begin it" : "end the one that has begun");
}

Status Accelerator::restore_local(const Checkpoint& checkpoint, const SavedTensors& saved) {
  if (local_ == nullptr) return Status::ok();
  OAR_ASSIGN(const std::int64_t num_done, checkpoint.values().find("local_steps")->as_int64());
  OAR_TRY(local_->load_state(num_done, saved.local_outer));
  if (saved.local.empty()) {
    log(LogLevel::kWarning, "accel",
        "the checkpoint was saved by {} ranks inside of a local training and is loaded by {}: all go on with rank 0's "
        "parameters and states of optimizers",
        checkpoint.world_size(), state_->world_size());
    return Status::ok();
  }
  const GradModeScope no_grad(false);
  for (const NamedTensor& parameter : local_->model().parameters()) {
    OAR_ASSIGN(const at::Tensor* own, find_tensor(saved.local, "model." + parameter.name));
    parameter.tensor.detach().copy_(*own);
  }
  const std::vector<JsonValue>& values = checkpoint.values().find("optimizers")->items();
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    const std::string prefix = fmt::format("optimizer_{}.", i);
    NamedTensors own;
    for (const NamedTensor& item : saved.local) {
      if (item.name.rfind(prefix, 0) == 0) own.push_back({item.name.substr(prefix.size()), item.tensor});
    }
    OAR_TRY(optimizers_[i]->load_state({own, values[i]}));
  }
  return Status::ok();
}

}  // namespace oarlock
