#include "graph/recompute.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/alias.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/custom_class.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <mutex>
#include <utility>

#include "tensor/exceptions.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The default generators of the CPU and of the devices in use.
class RandomState {
 public:
  static RandomState of_now(const std::vector<at::Device>& devices) {
    RandomState state;
    for (const at::Device& device : devices) {
      at::Generator generator = at::globalContext().defaultGenerator(device);
      const std::lock_guard lock(generator.mutex());
      state.states_.emplace_back(device, generator.get_state());
    }
    return state;
  }
  void restore() const {
    for (const auto& [device, value] : states_) {
      at::Generator generator = at::globalContext().defaultGenerator(device);
      const std::lock_guard lock(generator.mutex());
      generator.set_state(value);
    }
  }
  std::vector<at::Device> devices() const {
    std::vector<at::Device> devices;
    for (const auto& [device, value] : states_) devices.push_back(device);
    return devices;
  }

 private:
  std::vector<std::pair<at::Device, at::Tensor>> states_;
};

class RandomStateScope {
 public:
  explicit RandomStateScope(const RandomState& state) : before_(RandomState::of_now(state.devices())) {
    state.restore();
  }
  RandomStateScope(const RandomStateScope&) = delete;
  RandomStateScope& operator=(const RandomStateScope&) = delete;
  ~RandomStateScope() {
    try {
      before_.restore();
    } catch (const std::exception&) {  // the generators gave these states themselves; a destructor must not throw
    }
  }

 private:
  const RandomState before_;
};

// Autocast of the CPU and of one more device, as a thread has it.
struct AutocastState {
  struct One {
    at::DeviceType device;
    bool enabled;
    at::ScalarType dtype;
  };
  std::vector<One> devices;
  bool cache_enabled = true;

  static AutocastState of_now(const std::vector<at::Device>& used) {
    AutocastState state;
    for (const at::Device& device : used) {
      state.devices.push_back({device.type(), at::autocast::is_autocast_enabled(device.type()),
                               at::autocast::get_autocast_dtype(device.type())});
    }
    state.cache_enabled = at::autocast::is_autocast_cache_enabled();
    return state;
  }
  void restore() const {
    for (const One& one : devices) {
      at::autocast::set_autocast_enabled(one.device, one.enabled);
      at::autocast::set_autocast_dtype(one.device, one.dtype);
    }
    at::autocast::set_autocast_cache_enabled(cache_enabled);
  }
};

class AutocastScope {
 public:
  AutocastScope(const AutocastState& state, const std::vector<at::Device>& devices)
      : before_(AutocastState::of_now(devices)) {
    at::autocast::increment_nesting();
    state.restore();
  }
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;
  ~AutocastScope() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    before_.restore();
  }

 private:
  const AutocastState before_;
};

// One forward of a segment: all that its second run needs besides the tensors that autograd saves.
struct Call : torch::CustomClassHolder {
  std::shared_ptr<const Executor> executor;
  std::shared_ptr<const RecomputePlan> plan;
  std::vector<SlotId> input_slots;                        // of the node's inputs: parameters, then what flows in
  std::size_t num_parameters = 0;                         // of these
  std::vector<std::pair<SlotId, c10::IValue>> constants;  // sizes that flow in, buffers that nobody writes to
  std::vector<std::pair<SlotId, at::Tensor>> buffers;     // copies of the others, as they were
  std::vector<std::uint32_t> versions;                    // of the constants that are tensors, in order
  std::vector<SlotId> output_slots;                       // of the node's outputs
  RandomState random;
  AutocastState autocast;
  std::vector<at::Device> devices;
  // For the time of the first run only.
  Frame* frame = nullptr;
  Regions* regions = nullptr;
  std::vector<bool> has_history;  // by slot
};

// By constant that is a tensor. Autograd compares those of what it saves itself.
std::vector<std::uint32_t> versions_of(const Call& call) {
  std::vector<std::uint32_t> versions;
  for (const auto& [slot, value] : call.constants) {
    if (value.isTensor() && value.toTensor().defined()) versions.push_back(value.toTensor()._version());
  }
  return versions;
}

// Runs the segment again on leaves of its own and goes back through it.
variable_list second_run(const Call& call, const variable_list& inputs, variable_list gradients) {
  if (versions_of(call) != call.versions) {
    throw StatusError(
        invalid_state("a buffer that a recomputed unit reads was changed before the backward; run the forward again"));
  }
  const GradModeScope grad(true);
  const Segment& segment = call.plan->segment;
  Frame frame = call.executor->make_frame();
  for (const auto& [slot, value] : call.constants) frame.set(slot, value);
  variable_list leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    at::Tensor leaf = inputs[i].detach();
    if (inputs[i].requires_grad()) leaf.set_requires_grad(true);
    leaves.push_back(leaf);
    // Autocast keeps the cast of a leaf for its next use. What flows in was none in the first run.
    frame.set(call.input_slots[i], i < call.num_parameters ? leaf : at::alias(leaf));
  }
  {
    const RandomStateScope random(call.random);
    const AutocastScope autocast(call.autocast, call.devices);
    for (const auto& [slot, buffer] : call.buffers) frame.set(slot, buffer.clone());  // a retained graph runs again
    Regions regions;
    throw_if_failed(call.executor->run(frame, regions, segment.begin, segment.end));
  }
  // Edges, not tensors: what the unit gave is not held while its backward runs.
  torch::autograd::edge_list from, to;
  variable_list output_gradients, result(leaves.size());
  for (std::size_t i = 0; i < call.output_slots.size(); ++i) {
    const at::Tensor& output = frame.get(call.output_slots[i]).toTensor();
    if (!gradients[i].defined() || !output.requires_grad()) continue;
    from.push_back(torch::autograd::impl::gradient_edge(output));
    output_gradients.push_back(std::move(gradients[i]));
  }
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!leaves[i].requires_grad()) continue;
    to.push_back(torch::autograd::impl::gradient_edge(leaves[i]));
    wanted.push_back(i);
  }
  if (from.empty() || to.empty()) return result;
  frame = Frame();  // what is not needed for the backward goes before it
  variable_list found = torch::autograd::Engine::get_default_engine().execute(
      from, output_gradients, /*keep_graph=*/false, /*create_graph=*/false, /*accumulate_grad=*/false, to);
  for (std::size_t i = 0; i < found.size(); ++i) result[wanted[i]] = std::move(found[i]);
  return result;
}

// Note: at::TensorList, because a std::vector of tensors would silently not be differentiated.
class RecomputeNode : public torch::autograd::Function<RecomputeNode> {
 public:
  static variable_list forward(AutogradContext* context, at::TensorList inputs, const c10::intrusive_ptr<Call>& call) {
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->save_for_backward(inputs.vec());
    context->set_materialize_grads(false);
    Frame& frame = *call->frame;
    // Leaves that require gradients would put casts without a history into autocast's cache.
    for (std::size_t i = 0; i < call->num_parameters; ++i) frame.set(call->input_slots[i], inputs[i].detach());
    const Segment& segment = call->plan->segment;
    throw_if_failed(call->executor->run(frame, *call->regions, segment.begin, segment.end));
    for (std::size_t i = 0; i < call->num_parameters; ++i) frame.set(call->input_slots[i], inputs[i]);
    variable_list outputs, without_history;
    for (const SlotId slot : call->plan->outputs) {
      const c10::IValue& value = frame.get(slot);
      if (!value.isTensor() || !value.toTensor().defined()) continue;
      outputs.push_back(value.toTensor());
      if (!call->has_history[slot]) without_history.push_back(value.toTensor());
      call->output_slots.push_back(slot);
    }
    context->mark_non_differentiable(without_history);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    if (c10::GradMode::is_enabled()) {
      throw StatusError(unsupported(
          "gradients of gradients do not go through recomputed units; turn recomputing off (oar_model_set_recompute)"));
    }
    const auto call = c10::static_intrusive_pointer_cast<Call>(context->saved_data["call"].toCapsule());
    variable_list result = second_run(*call, context->get_saved_variables(), std::move(gradients));
    result.emplace_back();  // of the pointer
    return result;
  }
};

// Which values of the segment have a history, given which of its inputs have one.
std::vector<bool> histories(const Call& call, const variable_list& inputs) {
  std::vector<bool> has(call.executor->num_slots(), false);
  for (std::size_t i = 0; i < inputs.size(); ++i) has[call.input_slots[i]] = inputs[i].requires_grad();
  for (const RecomputePlan::Flow& flow : call.plan->flows) {
    const bool any =
        std::any_of(flow.operands.begin(), flow.operands.end(), [&](SlotId slot) -> bool { return has[slot]; });
    for (const SlotId slot : flow.results) has[slot] = has[slot] || any;
  }
  return has;
}

// The node's inputs; the rest goes into the call.
variable_list take_inputs(Call& call, const Frame& frame) {
  variable_list inputs;
  const auto add = [&](SlotId slot) {
    const c10::IValue& value = frame.get(slot);
    if (!value.isTensor() || !value.toTensor().defined()) {
      call.constants.emplace_back(slot, value);
      return;
    }
    inputs.push_back(value.toTensor());
    call.input_slots.push_back(slot);
  };
  for (const SlotId slot : call.plan->trained) add(slot);
  call.num_parameters = inputs.size();
  for (const SlotId slot : call.plan->inputs) add(slot);
  for (const SlotId slot : call.plan->shared) call.constants.emplace_back(slot, frame.get(slot));
  for (const SlotId slot : call.plan->copied) call.buffers.emplace_back(slot, frame.get(slot).toTensor().clone());
  return inputs;
}

std::vector<at::Device> devices_of(const variable_list& tensors) {
  std::vector<at::Device> devices{at::Device(at::kCPU)};
  for (const at::Tensor& tensor : tensors) {
    if (std::find(devices.begin(), devices.end(), tensor.device()) == devices.end()) devices.push_back(tensor.device());
  }
  return devices;
}

}  // namespace

Status RecomputeRunner::run(const std::shared_ptr<const Executor>& executor, Frame& frame, Regions& regions) const {
  const Segment& segment = plan_->segment;
  const auto run_plainly = [&] { return executor->run(frame, regions, segment.begin, segment.end); };
  if (!c10::GradMode::is_enabled()) return run_plainly();
  const GradModeScope grad(true);
  auto call = c10::make_intrusive<Call>();
  call->executor = executor;
  call->plan = plan_;
  const variable_list inputs = take_inputs(*call, frame);
  call->has_history = histories(*call, inputs);
  const bool any = std::any_of(plan_->outputs.begin(), plan_->outputs.end(),
                               [&](SlotId slot) -> bool { return call->has_history[slot]; });
  if (!any) return run_plainly();
  call->versions = versions_of(*call);
  call->devices = devices_of(inputs);
  call->random = RandomState::of_now(call->devices);
  call->autocast = AutocastState::of_now(call->devices);
  call->frame = &frame;
  call->regions = &regions;
  return caught([&]() -> Status {
    const variable_list outputs = RecomputeNode::apply(at::TensorList(inputs), call);
    for (std::size_t i = 0; i < outputs.size(); ++i) frame.set(call->output_slots[i], outputs[i]);
    call->frame = nullptr;
    call->regions = nullptr;
    call->has_history.clear();
    return Status::ok();
  });
}

}  // namespace oarlock
