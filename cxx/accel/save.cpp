// What goes into a checkpoint, and where it lies. The bytes and the commit are checkpoint/'s.
#include "accel/accelerator.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

std::string numbered(std::string_view name, std::size_t index) {
  return index == 0 ? std::string(name) : fmt::format("{}_{}", name, index);
}

template <class T, class ToJson>
JsonValue json_array(const std::vector<std::shared_ptr<T>>& items, const ToJson& to_json) {
  JsonValue array = JsonValue::array();
  for (const auto& item : items) array.append(to_json(*item));
  return array;
}

}  // namespace

std::string Accelerator::checkpoints_folder() const {
  return project_dir_.empty() ? "checkpoints" : project_dir_ + "/checkpoints";
}

Result<std::string> Accelerator::ask_main(const Result<std::string>& mine) const {
  const bool is_main = state_->is_main_process();
  OAR_TRY(agree(*state_->group(), is_main ? mine.status() : Status::ok(), state_->timeout()));
  return state_->group()->broadcast_bytes(is_main ? mine.value() : "", 0, state_->timeout());
}

bool Accelerator::has_pending_gradients() const {
  return accumulation_counter_ % accumulation_steps_ != 0 && !sync_gradients_;
}

CheckpointContents Accelerator::collect(JsonValue user) const {
  CheckpointContents contents;
  NamedTensors gradients;
  for (std::size_t i = 0; i < models_.size(); ++i) {
    contents.shared.push_back({numbered("model", i), models_[i].model->state_dict()});
    for (const NamedTensor& parameter : models_[i].model->parameters()) {
      const at::Tensor& gradient = parameter.tensor.grad();
      if (gradient.defined()) gradients.push_back({fmt::format("{}.{}", i, parameter.name), gradient});
    }
  }
  JsonValue optimizers = JsonValue::array();
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    OptimizerState state = optimizers_[i]->state();
    contents.shared.push_back({fmt::format("optimizer_{}", i), std::move(state.tensors)});
    optimizers.append(std::move(state.values));
  }
  contents.per_rank.push_back({"random_state", {{"cpu", default_generator_state()}}});
  if (has_pending_gradients()) contents.per_rank.push_back({"gradients", std::move(gradients)});

  contents.values.set("num_models", JsonValue::integer(static_cast<std::int64_t>(models_.size())));
  contents.values.set("optimizers", std::move(optimizers));
  contents.values.set("schedulers", json_array(schedulers_, [](const Scheduler& s) { return s.state(); }));
  contents.values.set("loaders", json_array(loaders_, [](const Loader& l) { return l.state(); }));
  contents.values.set("accumulation_counter", JsonValue::integer(accumulation_counter_));
  contents.values.set("sync_gradients", JsonValue::boolean(sync_gradients_));
  contents.values.set("has_gradients", JsonValue::boolean(has_pending_gradients()));
  contents.user = std::move(user);
  return contents;
}

Status Accelerator::save(std::optional<std::string> directory, JsonValue user) {
  OAR_TRY(require_open());
  SaveOptions options{0, state_->timeout()};
  if (!directory) {
    auto next = ask_main(state_->is_main_process() ? next_checkpoint_directory(real_fs(), checkpoints_folder())
                                                   : std::string());
    if (!next.is_ok()) return poison(std::move(next).status(), "save");
    directory = std::move(next).value();
    options.total_limit = total_limit_;
  }
  return poison(save_checkpoint(real_fs(), *state_->group(), *directory, collect(std::move(user)), options), "save");
}

}  // namespace oarlock
