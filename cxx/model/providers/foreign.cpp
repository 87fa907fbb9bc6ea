#include "model/providers/foreign.h"

#include <ATen/ops/div.h>
#include <ATen/ops/empty_like.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "graph/eager_call.h"
#include "model/state_dict.h"
#include "tensor/describe.h"
#include "tensor/memory.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

constexpr std::size_t kScopesMax = 256;

const at::Tensor* find(const NamedTensors& among, std::string_view name) {
  for (const NamedTensor& item : among) {
    if (item.name == name) return &item.tensor;
  }
  return nullptr;
}

// Exact for tensors that fill their memory; others may share bytes without beginning together.
bool shares_memory(const at::Tensor& a, const at::Tensor& b) {
  if (a.numel() == 0 || b.numel() == 0) return false;
  const auto* a_begin = static_cast<const char*>(a.const_data_ptr());
  const auto* b_begin = static_cast<const char*>(b.const_data_ptr());
  if (!a.is_non_overlapping_and_dense() || !b.is_non_overlapping_and_dense()) return a_begin == b_begin;
  return a_begin < b_begin + b.nbytes() && b_begin < a_begin + a.nbytes();
}

}  // namespace

Status ForeignModel::check_new(const std::string& name, const at::Tensor& tensor) const {
  if (sealed_) {
    return invalid_state(
        "'{}' comes too late: an optimizer was made of the model or it was prepared; register everything before", name);
  }
  if (in_forward_ && CallScope::current_recorder() != nullptr) {
    return invalid_state("'{}' comes too late: the forward is being traced; register everything before the trace",
                         name);
  }
  if (name.empty()) return invalid_argument("name must not be empty");
  if (find_parameter(name) != nullptr || find(buffers_, name) != nullptr) {
    return invalid_argument("the model has a tensor '{}' already", name);
  }
  if (tensor.device() != device_) {
    return invalid_argument("'{}' is on {}, the model on {}", name, tensor.device().str(), device_.str());
  }
  if (is_read_only(tensor)) return invalid_argument("'{}' is read-only memory; a model writes to its tensors", name);
  if (!tensor.is_non_overlapping_and_dense()) {
    return invalid_argument("'{}' does not fill its memory without gaps or overlaps; its sizes are [{}], strides [{}]",
                            name, fmt::join(tensor.sizes(), ", "), fmt::join(tensor.strides(), ", "));
  }
  return Status::ok();
}

Status ForeignModel::register_parameter(const std::string& given_name, const at::Tensor& tensor) {
  const std::string name = given_name.empty() ? "" : qualified(given_name);
  OAR_TRY(check_new(name, tensor));
  if (!tensor.is_floating_point()) {
    return invalid_argument("parameter '{}' is {}; only floating-point tensors are trained", name,
                            describe_tensor(tensor));
  }
  const bool is_own_leaf = tensor.is_leaf() && tensor.requires_grad();
  for (const auto& [known, known_is_tied] : entries_) {
    if (known.tensor.is_same(tensor) && is_own_leaf) {
      entries_.push_back({{name, tensor}, true});
      return Status::ok();
    }
    if (shares_memory(known.tensor, tensor)) {
      return invalid_argument(
          "parameter '{}' lies in the memory of '{}': register a tied parameter once, and hand over "
          "the sum of its gradients",
          name, known.name);
    }
  }
  has_own_leaves_ = has_own_leaves_ || is_own_leaf;
  const at::Tensor leaf = is_own_leaf ? tensor : tensor.detach().set_requires_grad(true);
  entries_.push_back({{name, leaf}, false});
  parameters_.push_back({name, leaf});
  return Status::ok();
}

Status ForeignModel::register_buffer(const std::string& given_name, const at::Tensor& tensor) {
  const std::string name = given_name.empty() ? "" : qualified(given_name);
  OAR_TRY(check_new(name, tensor));
  buffers_.push_back({name, tensor.detach()});
  return Status::ok();
}

const at::Tensor* ForeignModel::find_parameter(std::string_view name) const {
  for (const auto& [known, is_tied] : entries_) {
    if (known.name == name) return &known.tensor;
  }
  return nullptr;
}

Result<NamedTensor> ForeignModel::parameter(std::string_view name) const {
  const at::Tensor* found = find_parameter(name);
  if (found != nullptr && found->requires_grad()) return NamedTensor{std::string(name), *found};
  if (found != nullptr) return invalid_argument("'{}' is frozen (oar_model_freeze), so it takes no gradient", name);
  if (find(buffers_, name) == nullptr) return not_registered(name);
  return invalid_argument("'{}' is a buffer; only parameters have gradients", name);
}

NamedTensors ForeignModel::all_parameters() const {
  NamedTensors all;
  for (const auto& [item, is_tied] : entries_) all.push_back(item);
  return all;
}

Result<std::int64_t> ForeignModel::freeze(std::string_view pattern, bool frozen) {
  if (sealed_) return frozen_too_late(pattern);
  std::int64_t num_fitting = 0;
  for (const auto& [item, is_tied] : entries_) {
    if (!text_fits(item.name, pattern)) continue;
    ++num_fitting;
    at::Tensor leaf = item.tensor;
    leaf.set_requires_grad(!frozen);
    if (frozen) leaf.mutable_grad() = at::Tensor();
  }
  parameters_.clear();
  for (const auto& [item, is_tied] : entries_) {
    if (!is_tied && item.tensor.requires_grad()) parameters_.push_back(item);
  }
  return num_fitting;
}

NamedTensors ForeignModel::state_dict() const {
  NamedTensors all;
  for (const auto& [item, is_tied] : entries_) all.push_back({item.name, item.tensor.detach()});
  for (const NamedTensor& item : buffers_) all.push_back({item.name, item.tensor.detach()});
  return all;
}

Status ForeignModel::load_state_dict(const NamedTensors& tensors) { return copy_state_dict(tensors, state_dict()); }

Status ForeignModel::not_registered(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const auto& [item, is_tied] : entries_) names.emplace_back(item.name);
  for (const NamedTensor& item : buffers_) names.emplace_back(item.name);
  return no_tensor_named(name, names);
}

Result<at::Tensor> ForeignModel::tensor(std::string_view name) const {
  if (const at::Tensor* parameter = find_parameter(name)) return parameter->detach();
  if (const at::Tensor* buffer = find(buffers_, name)) return buffer->detach();
  return not_registered(name);
}

Result<at::Tensor> ForeignModel::gradient(std::string_view name) const {
  if (const at::Tensor* found = find_parameter(name)) return found->grad();
  return parameter(name).status();
}

Result<at::Tensor> ForeignModel::registered(std::string_view name) const {
  const std::string full = qualified(name);
  if (const at::Tensor* parameter = find_parameter(full)) return *parameter;
  if (const at::Tensor* buffer = find(buffers_, full)) return *buffer;
  return not_registered(full);
}

std::string ForeignModel::qualified(std::string_view name) const {
  return scopes_.empty() ? std::string(name) : scopes_.back().path + "." + std::string(name);
}

Status ForeignModel::enter_scope(const std::string& name, const std::string& class_name) {
  for (const std::string& part : split_text(name, '.')) {
    if (part.empty())
      return invalid_argument("'{}' is no name of a scope: its parts between dots must not be empty", name);
  }
  if (scopes_.size() >= kScopesMax) return invalid_state("{} scopes are open already; was one never left?", kScopesMax);
  const std::string path = qualified(name);
  scopes_.push_back({path, class_name, in_forward_ ? scope_calls_[path]++ : 0});
  return Status::ok();
}

Status ForeignModel::exit_scope() {
  if (scopes_.size() > num_outer_scopes_) {
    scopes_.pop_back();
    return Status::ok();
  }
  if (scopes_.empty()) return invalid_state("no scope is open");
  return invalid_state("scope '{}' was entered outside of the forward and is left there", scopes_.back().path);
}

Status ForeignModel::set_forward(Forward forward) {
  if (in_forward_) return invalid_state("the forward of the model is running; it cannot be replaced meanwhile");
  forward_ = forward ? std::make_shared<const Forward>(std::move(forward)) : nullptr;
  return Status::ok();
}

Status ForeignModel::set_backward(HostBackward backward) {
  if (is_in_backward()) return invalid_state("the backward of the model is running; it cannot be replaced meanwhile");
  host_backward_ = backward ? std::make_shared<const HostBackward>(std::move(backward)) : nullptr;
  return Status::ok();
}

Status ForeignModel::run_backward(Backward& backward, const HostBackward& run, std::uint64_t forward,
                                  const Tree& output_gradients) {
  if (forward != backward.last_forward) {
    return invalid_state(
        "the model ran forward again since this loss was computed, and its backward goes back through the last forward "
        "only; call oar_accelerator_backward after each forward in training");
  }
  struct Running {
    Backward& backward;
    explicit Running(Backward& of) : backward(of) { backward.is_running = backward.has_run = true; }
    ~Running() { backward.is_running = false; }
  } const running(backward);
  return run(output_gradients);
}

Result<Tree> ForeignModel::forward(const Tree& inputs) {
  return in_precision(Outputs::kFinished, [&] { return observed_forward(inputs); });
}

Result<Tree> ForeignModel::observed_forward(const Tree& inputs) {
  const Unit root;
  const Segment whole;
  UnitObservers observers;
  for (const auto& observer : observers_) {
    if (auto held = observer.lock()) observers.push_back(std::move(held));
  }
  const UnitRun run{0, root, whole, nullptr, training_};
  OAR_TRY(tell(observers, &UnitObserver::before_forward, run, false));
  OAR_ASSIGN(Tree outputs, run_forward(inputs));
  OAR_TRY(tell(observers, &UnitObserver::after_forward, run, true));
  if (!run.training || host_backward_ == nullptr) return outputs;
  const std::uint64_t forward = ++backward_->last_forward;
  return with_host_node(outputs,
                        [backward = backward_, host_backward = host_backward_, forward](const Tree& output_gradients) {
                          return run_backward(*backward, *host_backward, forward, output_gradients);
                        });
}

Result<Tree> ForeignModel::run_forward(const Tree& inputs) {
  if (forward_ == nullptr) {
    return unsupported(
        "a foreign model has no program that Oarlock could run: give it a forward (oar_model_set_forward), or run "
        "your own (oar_accelerator_gradient_ready takes what its backward gives)");
  }
  if (in_forward_) return invalid_state("the forward of the model is running already: it called itself");
  in_forward_ = true;
  scope_calls_.clear();
  const std::size_t before = std::exchange(num_outer_scopes_, scopes_.size());
  struct Ended {
    ForeignModel& model;
    std::size_t before;
    ~Ended() {
      model.in_forward_ = false;
      model.scopes_.resize(std::min(model.scopes_.size(), model.num_outer_scopes_));
      model.num_outer_scopes_ = before;
    }
  } ended{*this, before};
  const std::shared_ptr<const Forward> forward = forward_;
  const CallScope calls(training_, CallScope::current_recorder());
  Result<Tree> outputs = (*forward)(inputs);
  if (outputs.is_ok() && scopes_.size() > num_outer_scopes_) {
    return invalid_state(
        "the forward of the model left scope '{}' open; each oar_model_enter_scope needs its "
        "oar_model_exit_scope",
        scopes_.back().path);
  }
  return outputs;
}

Status ForeignModel::check_gradient_memory(const NamedTensor& parameter, const at::Tensor& gradient) const {
  for (const auto& [item, is_tied] : entries_) {
    const auto& [other, tensor] = item;
    if (tensor.is_same(parameter.tensor)) continue;
    if (shares_memory(gradient, tensor)) {
      return invalid_argument("the gradient of '{}' lies in the memory of parameter '{}'", parameter.name, other);
    }
    if (tensor.grad().defined() && shares_memory(gradient, tensor.grad())) {
      return invalid_state(
          "the gradient of '{}' lies in memory that holds the one of '{}', which no step has used yet; hand over other "
          "memory",
          parameter.name, other);
    }
  }
  return Status::ok();
}

void ForeignModel::add_observer(std::weak_ptr<UnitObserver> observer) { observers_.push_back(std::move(observer)); }

Status accumulate_gradient(const NamedTensor& parameter, const at::Tensor& gradient, std::int64_t num_micro_batches) {
  const auto& [name, leaf] = parameter;
  if (gradient.sizes() != leaf.sizes() || gradient.scalar_type() != leaf.scalar_type() ||
      gradient.device() != leaf.device()) {
    return invalid_argument("the gradient of '{}' is {}, the parameter {}", name, describe_tensor(gradient),
                            describe_tensor(leaf));
  }
  if (shares_memory(gradient, leaf)) {
    return invalid_argument("the gradient of '{}' lies in the parameter's own memory", name);
  }
  const GradModeScope no_grad(false);
  at::Tensor& own = leaf.mutable_grad();
  if (own.defined() && shares_memory(gradient, own)) {
    return invalid_state(
        "the gradient of '{}' lies in memory that holds one which no step has used yet; step first, hand over other "
        "memory, or set accelerator.gradient_accumulation_steps",
        name);
  }
  const at::Tensor share = num_micro_batches == 1 ? gradient.detach() : at::div(gradient, num_micro_batches);
  if (own.defined()) {
    own.add_(share);
  } else if (share.strides() == leaf.strides() && !is_read_only(share)) {
    own = share;
  } else {
    own = at::empty_like(leaf).copy_(share);
  }
  return Status::ok();
}

}  // namespace oarlock
