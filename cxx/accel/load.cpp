// Puts a checkpoint back into what is prepared. At the world size that saved it, the run goes on bit for bit.
#include "accel/saved_tensors.h"
#include "base/log.h"
#include "tensor/rng.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

Result<const std::vector<JsonValue>*> array_at(const JsonValue& values, std::string_view key) {
  OAR_ASSIGN(const JsonValue* array, values.at(key));
  if (!array->is_array()) return corrupt("{} in the manifest is not an array", key);
  return &array->items();
}

Status check_count(std::string_view what, std::size_t saved, std::size_t prepared) {
  if (saved == prepared) return Status::ok();
  return invalid_state(
      "the checkpoint has {} {}, the accelerator has {}; prepare the same objects in the same order as "
      "the run that saved it",
      saved, what, prepared);
}

std::string model_file(std::size_t index) { return index == 0 ? "model" : fmt::format("model_{}", index); }

// Rank's generator as it was, if as many ranks saved; else a new stream per rank that follows from the saved ones.
Status restore_random_state(const Checkpoint& checkpoint, const NamedTensors& saved, int rank, int world_size) {
  OAR_ASSIGN(const at::Tensor* state, find_tensor(saved, "cpu"));
  OAR_TRY(set_default_generator_state(*state));
  if (checkpoint.world_size() == world_size) return Status::ok();
  seed_default_generator(static_cast<std::uint64_t>(draw_from_default_generator()) + static_cast<std::uint64_t>(rank));
  if (rank == 0) {
    log(LogLevel::kWarning, "accel",
        "the checkpoint was saved by {} ranks and is loaded by {}: random states were seeded anew from it, so dropout "
        "masks differ from a run that was not stopped",
        checkpoint.world_size(), world_size);
  }
  return Status::ok();
}

// "2.fc.weight": the third model's.
std::string name_of(std::size_t model, const NamedTensor& item) { return fmt::format("{}.{}", model, item.name); }

}  // namespace

Status Accelerator::check_counts(const Checkpoint& checkpoint) const {
  const JsonValue& values = checkpoint.values();
  OAR_ASSIGN(const JsonValue* num_models, values.at("num_models"));
  OAR_ASSIGN(const std::int64_t models, num_models->as_int64());
  OAR_ASSIGN(const std::vector<JsonValue>* optimizers, array_at(values, "optimizers"));
  OAR_ASSIGN(const std::vector<JsonValue>* schedulers, array_at(values, "schedulers"));
  OAR_ASSIGN(const std::vector<JsonValue>* loaders, array_at(values, "loaders"));
  OAR_TRY(check_count("models", static_cast<std::size_t>(models), models_.size()));
  OAR_TRY(check_count("optimizers", optimizers->size(), optimizers_.size()));
  OAR_TRY(check_count("schedulers", schedulers->size(), schedulers_.size()));
  OAR_TRY(check_count("loaders", loaders->size(), loaders_.size()));
  // Gradients that no step has used yet have the loss scale of the run that saved them.
  const bool has_scaler = values.find("scaler") != nullptr;
  OAR_ASSIGN(const JsonValue* has_gradients, values.at("has_gradients"));
  OAR_ASSIGN(const bool has_scaled, has_gradients->as_bool());
  if (has_scaler == scaler_.has_value() || !has_scaled || checkpoint.world_size() != state_->world_size())
    return Status::ok();
  return invalid_state(
      "the checkpoint was saved {} a gradient scaler in the middle of an accumulation, and this accelerator is {} one; "
      "load it with the same accelerator.mixed_precision and scaler.enabled",
      has_scaler ? "with" : "without", has_scaler ? "without" : "with");
}

Result<const at::Tensor*> find_tensor(const NamedTensors& tensors, std::string_view name) {
  for (const NamedTensor& item : tensors) {
    if (item.name == name) return &item.tensor;
  }
  return corrupt("the checkpoint has no tensor {}", name);
}

// Everything that the checkpoint has for this rank, before the first object is changed.
Result<Accelerator::SavedTensors> Accelerator::read(const Checkpoint& checkpoint) const {
  const int rank = state_->rank();
  SavedTensors saved;
  for (std::size_t i = 0; i < models_.size(); ++i) {
    OAR_ASSIGN(NamedTensors tensors, checkpoint.tensors(model_file(i)));
    saved.models.push_back(std::move(tensors));
  }
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    OAR_ASSIGN(NamedTensors tensors, checkpoint.tensors(fmt::format("optimizer_{}", i)));
    saved.optimizers.push_back(std::move(tensors));
  }
  OAR_ASSIGN(saved.random_state, checkpoint.tensors("random_state", rank % checkpoint.world_size()));
  if (local_ != nullptr && !local_->outer_state().empty()) {
    OAR_ASSIGN(saved.local_outer, checkpoint.tensors("local_outer"));
  }
  if (checkpoint.world_size() != state_->world_size()) return saved;
  if (checkpoint.has("gradients", rank)) {
    OAR_ASSIGN(saved.gradients, checkpoint.tensors("gradients", rank));
  }
  if (checkpoint.has("gradient_weights", rank)) {
    OAR_ASSIGN(saved.weights, checkpoint.tensors("gradient_weights", rank));
  }
  if (checkpoint.has("local", rank)) {
    OAR_ASSIGN(saved.local, checkpoint.tensors("local", rank));
  }
  if (checkpoint.has("comm_hook", rank)) {
    OAR_ASSIGN(saved.comm_hooks, checkpoint.tensors("comm_hook", rank));
  }
  if (checkpoint.has("buffers", rank)) {
    OAR_ASSIGN(saved.buffers, checkpoint.tensors("buffers", rank));
  }
  return saved;
}

Status Accelerator::restore(const Checkpoint& checkpoint, const SavedTensors& saved) {
  const JsonValue& values = checkpoint.values();
  for (std::size_t i = 0; i < models_.size(); ++i) OAR_TRY(models_[i].model->load_state_dict(saved.models[i]));
  const std::vector<JsonValue>& optimizers = values.find("optimizers")->items();
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    OAR_TRY(optimizers_[i]->load_state({saved.optimizers[i], optimizers[i]}));
  }
  const std::vector<JsonValue>& schedulers = values.find("schedulers")->items();
  for (std::size_t i = 0; i < schedulers_.size(); ++i) OAR_TRY(schedulers_[i]->load_state(schedulers[i]));
  const std::vector<JsonValue>& loaders = values.find("loaders")->items();
  for (std::size_t i = 0; i < loaders_.size(); ++i) OAR_TRY(loaders_[i]->load_state(loaders[i]));
  return restore_this_rank(checkpoint, saved);
}

// Counters, own buffers, gradients that no step has used, random state.
Status Accelerator::restore_this_rank(const Checkpoint& checkpoint, const SavedTensors& saved) {
  const JsonValue& values = checkpoint.values();
  OAR_ASSIGN(const JsonValue* counter_value, values.at("accumulation_counter"));
  OAR_ASSIGN(const std::int64_t counter, counter_value->as_int64());
  OAR_ASSIGN(const JsonValue* sync_value, values.at("sync_gradients"));
  OAR_ASSIGN(const bool sync, sync_value->as_bool());
  OAR_ASSIGN(const JsonValue* has_gradients_value, values.at("has_gradients"));
  OAR_ASSIGN(const bool has_gradients, has_gradients_value->as_bool());
  OAR_TRY(restore_random_state(checkpoint, saved.random_state, state_->rank(), state_->world_size()));

  for (const PreparedModel& prepared : models_) {
    for (const NamedTensor& parameter : prepared.model->parameters()) parameter.tensor.mutable_grad() = at::Tensor();
  }
  accumulation_counter_ = counter;
  sync_gradients_ = sync;
  is_accumulating_ = false;
  OAR_TRY(restore_scaler(checkpoint));
  const JsonValue* plain_share = values.find("has_plain_share");  // none in checkpoints of 0.1
  has_plain_share_ = plain_share != nullptr && plain_share->as_bool().is_ok() && plain_share->as_bool().value();
  for (std::size_t i = 0; i < models_.size(); ++i) {
    const auto weight = find_tensor(saved.weights, fmt::format("{}", i));
    models_[i].weight.reset();
    if (weight.is_ok()) models_[i].weight = WindowWeight{weight.value()->item<double>()};
  }
  OAR_TRY(restore_buffers(saved.buffers));
  OAR_TRY(restore_comm_hooks(saved.comm_hooks));
  OAR_TRY(restore_local(checkpoint, saved));
  OAR_TRY(restore_gradients(saved.gradients));
  if (!has_gradients || checkpoint.world_size() == state_->world_size()) return Status::ok();
  accumulation_counter_ = 0;
  sync_gradients_ = true;
  has_plain_share_ = false;
  if (state_->is_main_process()) {
    log(LogLevel::kWarning, "accel",
        "the checkpoint was saved by {} ranks in the middle of a gradient accumulation and is loaded by {}: that "
        "accumulation starts anew",
        checkpoint.world_size(), state_->world_size());
  }
  return Status::ok();
}

Status Accelerator::restore_gradients(const NamedTensors& saved) {
  const GradModeScope no_grad(false);
  for (std::size_t i = 0; i < models_.size(); ++i) {
    for (const NamedTensor& parameter : models_[i].model->parameters()) {
      const std::string name = name_of(i, parameter);
      const auto gradient = find_tensor(saved, name);
      if (!gradient.is_ok()) continue;  // a parameter that had none
      if (gradient.value()->sizes() != parameter.tensor.sizes()) return corrupt("gradient {} has another shape", name);
      parameter.tensor.mutable_grad() = gradient.value()->clone();
    }
  }
  return Status::ok();
}

// The models' own files hold rank 0's.
Status Accelerator::restore_buffers(const NamedTensors& saved) {
  const GradModeScope no_grad(false);
  for (std::size_t i = 0; i < models_.size(); ++i) {
    bool differ = false;
    for (const NamedTensor& buffer : models_[i].model->buffers()) {
      const std::string name = name_of(i, buffer);
      const auto own = find_tensor(saved, name);
      if (!own.is_ok()) continue;
      if (own.value()->sizes() != buffer.tensor.sizes()) return corrupt("buffer {} has another shape", name);
      buffer.tensor.copy_(*own.value());
      differ = true;
    }
    if (models_[i].data_parallel != nullptr) models_[i].data_parallel->set_buffers_differ(differ);
  }
  return Status::ok();
}

// Saved by another number of ranks, or without one: hooks begin anew.
Status Accelerator::restore_comm_hooks(const NamedTensors& saved) {
  for (std::size_t i = 0; i < models_.size(); ++i) {
    if (models_[i].data_parallel == nullptr) continue;
    const std::string prefix = fmt::format("{}.", i);
    NamedTensors own;
    for (const NamedTensor& item : saved) {
      if (item.name.rfind(prefix, 0) == 0) own.push_back({item.name.substr(prefix.size()), item.tensor});
    }
    if (!own.empty()) OAR_TRY(models_[i].data_parallel->load_state(own));
  }
  return Status::ok();
}

Status Accelerator::load(std::optional<std::string> directory) {
  OAR_TRY(require_between_backwards());
  if (!directory) {
    auto latest = ask_main([this] { return find_latest_checkpoint(real_fs(), checkpoints_folder()); });
    if (!latest.is_ok()) return poison(std::move(latest).status(), "load");
    directory = std::move(latest).value();
  }
  std::shared_ptr<Checkpoint> checkpoint;
  SavedTensors saved;
  const auto open_and_read = [&]() -> Status {
    OAR_ASSIGN(checkpoint, Checkpoint::open(*directory));
    OAR_TRY(check_counts(*checkpoint).within(*directory));
    OAR_TRY(check_local(*checkpoint).within(*directory));
    OAR_ASSIGN(saved, read(*checkpoint));
    return Status::ok();
  };
  OAR_TRY(poison(agreed(open_and_read), "load"));
  const auto restore_all = [&] { return Status(restore(*checkpoint, saved).within(*directory)); };
  OAR_TRY(poison(agreed(restore_all), "load"));
  last_checkpoint_ = std::move(directory);
  return Status::ok();
}

}  // namespace oarlock
