// What goes into a checkpoint, and where it lies. The bytes and the commit are checkpoint/'s.
#include <ATen/ops/full.h>

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

Result<std::string> Accelerator::ask_main(const std::function<Result<std::string>()>& question) const {
  std::string answer;
  const auto ask = [&]() -> Status {
    if (!state_->is_main_process()) return Status::ok();
    OAR_ASSIGN(answer, question());
    return Status::ok();
  };
  OAR_TRY(agreed(ask));
  return state_->group()->broadcast_bytes(answer, 0, state_->timeout());
}

// In the middle of an accumulation, or between a backward and its step: whatever is there is not yet used.
NamedTensors Accelerator::unfinished_gradients() const {
  NamedTensors gradients;
  for (std::size_t i = 0; i < models_.size(); ++i) {
    for (const NamedTensor& parameter : models_[i].model->parameters()) {
      const at::Tensor& gradient = parameter.tensor.grad();
      if (gradient.defined()) gradients.push_back({fmt::format("{}.{}", i, parameter.name), gradient});
    }
  }
  return gradients;
}

NamedTensors Accelerator::comm_hook_states() const {
  NamedTensors states;
  for (std::size_t i = 0; i < models_.size(); ++i) {
    if (models_[i].data_parallel == nullptr) continue;
    for (NamedTensor& item : models_[i].data_parallel->state()) {
      states.push_back({fmt::format("{}.{}", i, item.name), std::move(item.tensor)});
    }
  }
  return states;
}

NamedTensors Accelerator::unfinished_weights() const {
  NamedTensors weights;
  for (std::size_t i = 0; i < models_.size(); ++i) {
    if (!models_[i].weight) continue;
    weights.push_back({fmt::format("{}", i), at::full({1}, models_[i].weight->value, at::kDouble)});
  }
  return weights;
}

NamedTensors Accelerator::own_buffers() const {
  NamedTensors buffers;
  for (std::size_t i = 0; i < models_.size(); ++i) {
    if (models_[i].data_parallel == nullptr || !models_[i].data_parallel->buffers_differ()) continue;
    for (const NamedTensor& buffer : models_[i].model->buffers()) {
      buffers.push_back({fmt::format("{}.{}", i, buffer.name), buffer.tensor});
    }
  }
  return buffers;
}

Result<CheckpointContents> Accelerator::collect(const std::optional<std::string>& user_json) const {
  CheckpointContents contents;
  if (user_json && state_->is_main_process()) {
    auto parsed = parse_json(*user_json);
    if (!parsed.is_ok()) return invalid_argument("user_json: {}", parsed.status().message());
    contents.user = std::move(parsed).value();
  }
  for (std::size_t i = 0; i < models_.size(); ++i) {
    contents.shared.push_back({numbered("model", i), models_[i].model->state_dict()});
  }
  JsonValue optimizers = JsonValue::array();
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    OptimizerState state = optimizers_[i]->state();
    contents.shared.push_back({fmt::format("optimizer_{}", i), std::move(state.tensors)});
    optimizers.append(std::move(state.values));
  }
  contents.per_rank.push_back({"random_state", {{"cpu", default_generator_state()}}});
  NamedTensors gradients = unfinished_gradients(), buffers = own_buffers(), weights = unfinished_weights();
  contents.values.set("has_gradients", JsonValue::boolean(!gradients.empty()));
  if (!gradients.empty()) contents.per_rank.push_back({"gradients", std::move(gradients)});
  if (!weights.empty()) contents.per_rank.push_back({"gradient_weights", std::move(weights)});
  NamedTensors hooks = comm_hook_states();
  if (!hooks.empty()) contents.per_rank.push_back({"comm_hook", std::move(hooks)});
  if (!buffers.empty()) contents.per_rank.push_back({"buffers", std::move(buffers)});

  collect_local(contents);
  contents.values.set("num_models", JsonValue::integer(static_cast<std::int64_t>(models_.size())));
  contents.values.set("optimizers", std::move(optimizers));
  contents.values.set("schedulers", json_array(schedulers_, [](const Scheduler& s) { return s.state(); }));
  contents.values.set("loaders", json_array(loaders_, [](const Loader& l) { return l.state(); }));
  contents.values.set("accumulation_counter", JsonValue::integer(accumulation_counter_));
  contents.values.set("sync_gradients", JsonValue::boolean(sync_gradients_));
  if (scaler_) contents.values.set("scaler", saved_scaler());
  contents.values.set("has_plain_share", JsonValue::boolean(has_plain_share_));
  return contents;
}

Status Accelerator::save(std::optional<std::string> directory, const std::optional<std::string>& user_json) {
  OAR_TRY(require_between_backwards());
  SaveOptions options{0, state_->timeout()};
  if (!directory) {
    auto next = ask_main([this] { return next_checkpoint_directory(real_fs(), checkpoints_folder()); });
    if (!next.is_ok()) return poison(std::move(next).status(), "save");
    directory = std::move(next).value();
    options.total_limit = total_limit_;
  }
  CheckpointContents contents;
  const auto collect_all = [&]() -> Status {
    OAR_ASSIGN(contents, collect(user_json));
    return Status::ok();
  };
  OAR_TRY(poison(agreed(collect_all), "save"));
  OAR_TRY(poison(save_checkpoint(real_fs(), *state_->group(), *directory, contents, options), "save"));
  last_checkpoint_ = std::move(directory);
  return Status::ok();
}

}  // namespace oarlock
