#include "graph/executor.h"

#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <exception>

#include "base/check.h"
#include "graph/call_check.h"
#include "graph/op_call.h"
#include "graph/operand_zeros.h"
#include "graph/symeval.h"
#include "tensor/exceptions.h"

namespace oarlock {

Regions::~Regions() {
  while (!saved_.empty()) leave();
}

void Regions::enter_grad_mode(bool enabled) {
  saved_.push_back({true, at::kCPU, c10::GradMode::is_enabled(), at::kFloat, false});
  c10::GradMode::set_enabled(enabled);
}

void Regions::enter_autocast(const torch::jit::Stack& arguments) {
  const auto device = static_cast<at::DeviceType>(arguments[0].toInt());
  saved_.push_back({false, device, at::autocast::is_autocast_enabled(device), at::autocast::get_autocast_dtype(device),
                    at::autocast::is_autocast_cache_enabled()});
  at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(device, arguments[2].toBool());
  if (!arguments[1].isNone())
    at::autocast::set_autocast_dtype(device, static_cast<at::ScalarType>(arguments[1].toInt()));
  if (!arguments[3].isNone()) at::autocast::set_autocast_cache_enabled(arguments[3].toBool());
}

void Regions::leave() {
  if (saved_.empty()) return;
  const Saved saved = saved_.back();
  saved_.pop_back();
  if (saved.is_grad_mode) {
    c10::GradMode::set_enabled(saved.enabled);
    return;
  }
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(saved.device, saved.enabled);
  at::autocast::set_autocast_dtype(saved.device, saved.dtype);
  at::autocast::set_autocast_cache_enabled(saved.cache_enabled);
}

namespace {

constexpr std::int32_t kKept = INT32_MAX;

// The index of the last node that reads each slot; -1: none.
std::vector<std::int32_t> last_uses(const Graph& graph, const std::vector<SlotId>& keep) {
  std::vector<std::int32_t> last(graph.slots.size(), -1);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for_each_use(graph.nodes[i], [&](SlotId slot) { last[slot] = static_cast<std::int32_t>(i); });
  }
  for (const SlotId slot : graph.outputs) last[slot] = kKept;
  for (const SlotId slot : keep) last[slot] = kKept;
  return last;
}

template <class T, class Convert>
c10::IValue run_time_list(const ArgumentItem* items, std::int32_t count, const Frame& frame, const Convert& convert) {
  c10::List<T> list;
  list.reserve(static_cast<std::size_t>(count));
  for (std::int32_t i = 0; i < count; ++i) {
    list.push_back(convert(items[i].slot == kNoSlot ? items[i].constant : frame.get(items[i].slot)));
  }
  return c10::IValue(std::move(list));
}

c10::IValue run_time_lists(const ArgumentItem* items, const Frame& frame) {
  c10::List<c10::List<at::Tensor>> lists;
  const ArgumentItem* next = items + 1;
  for (const std::int64_t length : items->constant.toIntVector()) {
    c10::List<at::Tensor> list;
    for (const ArgumentItem* end = next + length; next != end; ++next) list.push_back(frame.get(next->slot).toTensor());
    lists.push_back(std::move(list));
  }
  return c10::IValue(std::move(lists));
}

c10::IValue run_time_dictionary(const ArgumentItem* items, const Frame& frame) {
  c10::Dict<std::string, at::Tensor> dictionary;
  const ArgumentItem* next = items;
  for (const c10::IValue& key : items->constant.toListRef()) {
    dictionary.insert(key.toStringRef(), frame.get((++next)->slot).toTensor());
  }
  return c10::IValue(std::move(dictionary));
}

double to_real(const c10::IValue& value) {
  return value.isInt() ? static_cast<double>(value.toInt()) : value.toDouble();
}

// What decides a conditional.
Result<bool> truth_of(const c10::IValue& value) {
  if (value.isBool()) return value.toBool();
  if (value.isInt()) return value.toInt() != 0;
  if (!value.isTensor() || !value.toTensor().defined() || value.toTensor().numel() != 1) {
    return invalid_argument("what decides is not one element");
  }
  return value.toTensor().item().toBool();
}

void give_zeros(const std::vector<at::Tensor>& operands, torch::jit::Stack& stack) {
  std::vector<at::Tensor> outputs;
  for (const c10::IValue& value : stack) outputs.push_back(value.isTensor() ? value.toTensor() : at::Tensor());
  give_zeros_to(operands, outputs);
  for (std::size_t i = 0; i < stack.size(); ++i) {
    if (outputs[i].defined()) stack[i] = outputs[i];
  }
}

// Inside a catch block. What operators complain about is what they were given: the program was checked when it was
// read.
Status operator_failure() {
  Status status = status_of_current_exception();
  return status.code() == OAR_E_INTERNAL ? invalid_argument("{}", status.message()) : status;
}

}  // namespace

void Frame::clear() noexcept {
  for (c10::IValue& value : values_) value = c10::IValue();
  for (Frame& body : bodies_) body.clear();
  stack_.clear();
}

void Executor::compile_node(const Node& node, const std::vector<std::int32_t>& last_use, std::int32_t index) {
  Step step{node.opcode, node.symbolic, 0, {}, {}, {}, {}};
  if (node.opcode == Opcode::kOperator) {
    step.op = static_cast<std::int32_t>(operators_.size());
    operators_.push_back(*node.op);
    checks_.push_back(call_check(node.op->schema()));
    short_calls_.push_back(short_call(node.op->schema()));
  }
  std::vector<SlotId> ending;  // read here for the last time, or written and never read
  std::vector<SlotId> uses;
  for_each_use(node, [&](SlotId slot) { uses.push_back(slot); });
  step.sources.begin = static_cast<std::int32_t>(sources_.size());
  for (const Argument& argument : node.arguments) {
    Source source{argument.kind, false, argument.slot, static_cast<std::int32_t>(argument.items.size())};
    if (argument.kind == ArgumentKind::kConstant) {
      source.index = static_cast<std::int32_t>(constants_.size());
      constants_.push_back(argument.constant);
    } else if (!argument.items.empty()) {
      source.index = static_cast<std::int32_t>(items_.size());
      items_.insert(items_.end(), argument.items.begin(), argument.items.end());
    } else if (argument.kind == ArgumentKind::kSlot) {
      source.take = last_use[argument.slot] == index && std::count(uses.begin(), uses.end(), argument.slot) == 1;
    }
    sources_.push_back(source);
    if (argument.slot != kNoSlot && !source.take) ending.push_back(argument.slot);
    for (const ArgumentItem& item : argument.items) {
      if (item.slot != kNoSlot) ending.push_back(item.slot);
    }
  }
  step.sources.end = static_cast<std::int32_t>(sources_.size());
  step.outputs.begin = static_cast<std::int32_t>(outputs_.size());
  for (const NodeOutput& output : node.outputs) {
    outputs_.push_back({output.is_list, static_cast<std::int32_t>(output_slots_.size()),
                        static_cast<std::int32_t>(output.slots.size())});
    for (const SlotId slot : output.slots)
      output_slots_.push_back(slot != kNoSlot && last_use[slot] >= 0 ? slot : kNoSlot);
  }
  step.outputs.end = static_cast<std::int32_t>(outputs_.size());
  std::sort(ending.begin(), ending.end());
  ending.erase(std::unique(ending.begin(), ending.end()), ending.end());
  step.frees.begin = static_cast<std::int32_t>(frees_.size());
  for (const SlotId slot : ending) {
    if (last_use[slot] == index) frees_.push_back(slot);
  }
  step.frees.end = static_cast<std::int32_t>(frees_.size());
  step.bodies.begin = static_cast<std::int32_t>(bodies_.size());
  for (const Graph& body : node.bodies) bodies_.push_back(compile(body));
  step.bodies.end = static_cast<std::int32_t>(bodies_.size());
  stack_size_max_ = std::max({stack_size_max_, node.arguments.size(), node.outputs.size()});
  steps_.push_back(step);
  descriptions_.push_back(describe_node(node));
}

Executor Executor::compile(const Graph& graph, const std::vector<SlotId>& keep) {
  Executor executor;
  executor.num_slots_ = graph.slots.size();
  executor.inputs_ = graph.inputs;
  executor.graph_outputs_ = graph.outputs;
  const std::vector<std::int32_t> last_use = last_uses(graph, keep);
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    if (last_use[graph.inputs[i]] < 0) executor.unread_inputs_.push_back(static_cast<std::int32_t>(i));
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    executor.compile_node(graph.nodes[i], last_use, static_cast<std::int32_t>(i));
  }
  return executor;
}

Frame Executor::make_frame() const {
  Frame frame;
  frame.values_.resize(num_slots_);
  frame.stack_.reserve(stack_size_max_ + 4);
  return frame;
}

void Executor::push_arguments(const Step& step, Frame& frame) const {
  torch::jit::Stack& stack = frame.stack_;
  stack.clear();
  for (std::int32_t i = step.sources.begin; i < step.sources.end; ++i) {
    const Source& source = sources_[i];
    const ArgumentItem* items = items_.data() + source.index;
    switch (source.kind) {
      case ArgumentKind::kConstant:
        stack.push_back(constants_[source.index]);
        break;
      case ArgumentKind::kSlot:
        if (source.take) {
          stack.push_back(std::move(frame.values_[source.index]));
        } else {
          stack.push_back(frame.values_[source.index]);
        }
        break;
      case ArgumentKind::kNumberAsTensor:
        stack.emplace_back(wrapped_number_tensor(frame.values_[source.index]));
        break;
      case ArgumentKind::kNumberAsFloat:
        stack.emplace_back(to_real(frame.values_[source.index]));
        break;
      case ArgumentKind::kTensorList:
        stack.push_back(run_time_list<at::Tensor>(items, source.count, frame,
                                                  [](const c10::IValue& value) { return value.toTensor(); }));
        break;
      case ArgumentKind::kOptionalTensorList:
        stack.push_back(
            run_time_list<std::optional<at::Tensor>>(items, source.count, frame, [](const c10::IValue& value) {
              return value.isNone() ? std::optional<at::Tensor>() : std::optional<at::Tensor>(value.toTensor());
            }));
        break;
      case ArgumentKind::kIntList:
        stack.push_back(run_time_list<std::int64_t>(items, source.count, frame,
                                                    [](const c10::IValue& value) { return value.toInt(); }));
        break;
      case ArgumentKind::kFloatList:
        stack.push_back(run_time_list<double>(items, source.count, frame, to_real));
        break;
      case ArgumentKind::kBoolList:
        stack.push_back(
            run_time_list<bool>(items, source.count, frame, [](const c10::IValue& value) { return value.toBool(); }));
        break;
      case ArgumentKind::kTensorLists:
        stack.push_back(run_time_lists(items, frame));
        break;
      case ArgumentKind::kTensorDictionary:
        stack.push_back(run_time_dictionary(items, frame));
        break;
    }
  }
}

Status Executor::take_outputs(const Step& step, Frame& frame) const {
  torch::jit::Stack& stack = frame.stack_;
  const std::int32_t count = step.outputs.end - step.outputs.begin;
  if (static_cast<std::size_t>(count) > stack.size()) {
    return invalid_argument("the operator returned {} values, the program names {}", stack.size(), count);
  }
  for (std::int32_t i = 0; i < count; ++i) {
    const Output& output = outputs_[step.outputs.begin + i];
    if (!output.is_list) {
      const SlotId slot = output.count == 1 ? output_slots_[output.first] : kNoSlot;
      if (slot != kNoSlot) frame.values_[slot] = std::move(stack[i]);
      continue;
    }
    const c10::List<at::Tensor> list = stack[i].toTensorList();
    if (list.size() != static_cast<std::size_t>(output.count)) {
      return invalid_argument(
          "the operator returned a list of {}, the exported program has {}: a size that was fixed at export "
          "is another now",
          list.size(), output.count);
    }
    for (std::int32_t item = 0; item < output.count; ++item) {
      const SlotId slot = output_slots_[output.first + item];
      if (slot != kNoSlot) frame.values_[slot] = c10::IValue(list.get(static_cast<std::size_t>(item)));
    }
  }
  return Status::ok();
}

// Operands are on the stack, and then the body's outputs are.
Status Executor::run_conditional(const Step& step, Frame& frame) const {
  torch::jit::Stack& stack = frame.stack_;
  OAR_ASSIGN(const bool is_true, truth_of(stack[0]));
  const std::int32_t index = step.bodies.begin + (is_true ? 0 : 1);
  const Executor& body = bodies_[index];
  if (frame.bodies_.empty()) frame.bodies_.resize(bodies_.size());
  Frame& inner = frame.bodies_[index];
  if (inner.values_.size() != body.num_slots_) inner = body.make_frame();
  std::vector<at::Tensor> unread;  // that must have gradients all the same
  for (const std::int32_t i : body.unread_inputs_) {
    const c10::IValue& operand = stack[i + 1];
    if (operand.isTensor() && operand.toTensor().requires_grad()) unread.push_back(operand.toTensor());
  }
  for (std::size_t i = 0; i < body.inputs_.size(); ++i) inner.set(body.inputs_[i], std::move(stack[i + 1]));
  OAR_TRY(body.run(inner));
  stack.clear();
  for (const SlotId slot : body.graph_outputs_) stack.push_back(inner.get(slot));
  if (!unread.empty() && c10::GradMode::is_enabled()) give_zeros(unread, stack);
  std::fill(inner.values_.begin(), inner.values_.end(), c10::IValue());
  return take_outputs(step, frame);
}

Status Executor::run_step(const Step& step, Frame& frame, Regions& regions) const {
  push_arguments(step, frame);
  switch (step.opcode) {
    case Opcode::kOperator:
      if (const CallCheck check = checks_[step.op]) OAR_TRY(check({operators_[step.op].schema(), frame.stack_}));
      if (const ShortCall call = short_calls_[step.op]; call == nullptr || !call(frame.stack_)) {
        operators_[step.op].callBoxed(frame.stack_);
      }
      OAR_TRY(take_outputs(step, frame));
      break;
    case Opcode::kSymbolic: {
      OAR_ASSIGN(c10::IValue value, evaluate_symbolic(step.symbolic, frame.stack_));
      frame.stack_.assign(1, std::move(value));
      OAR_TRY(take_outputs(step, frame));
      break;
    }
    case Opcode::kEnterGradMode:
      regions.enter_grad_mode(frame.stack_[0].toBool());
      break;
    case Opcode::kEnterAutocast:
      regions.enter_autocast(frame.stack_);
      break;
    case Opcode::kExitGradMode:
    case Opcode::kExitAutocast:
      regions.leave();
      break;
    case Opcode::kConditional:
      OAR_TRY(run_conditional(step, frame));
      break;
  }
  for (std::int32_t i = step.frees.begin; i < step.frees.end; ++i) frame.values_[frees_[i]] = c10::IValue();
  return Status::ok();
}

Status Executor::named_failure(std::size_t step, Status status) const {
  return std::move(status).within(descriptions_[step]);
}

Status Executor::run(Frame& frame) const {
  Regions regions;
  return run(frame, regions, 0, steps_.size());
}

Status Executor::open_regions(Regions& regions, std::size_t before) const {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < before; ++i) {
    const Opcode opcode = steps_[i].opcode;
    if (opcode == Opcode::kEnterGradMode || opcode == Opcode::kEnterAutocast) open.push_back(i);
    if ((opcode == Opcode::kExitGradMode || opcode == Opcode::kExitAutocast) && !open.empty()) open.pop_back();
  }
  Frame empty = make_frame();  // a bracket reads constants only
  for (const std::size_t i : open) OAR_TRY(run(empty, regions, i, i + 1));
  return Status::ok();
}

Status Executor::run(Frame& frame, Regions& regions, std::size_t begin, std::size_t end) const {
  std::size_t current = begin;
  // The only place that knows which node was running; without its name an operator's text helps nobody.
  try {
    for (; current < end; ++current) {
      Status status = run_step(steps_[current], frame, regions);
      if (!status.is_ok()) return named_failure(current, std::move(status));
    }
  } catch (const c10::Error&) {
    return named_failure(current, operator_failure());
  } catch (const InvariantError&) {
    throw;                           // our own mistake, for the guard
  } catch (const std::exception&) {  // libraries under libtorch have their own (oneDNN)
    return named_failure(current, status_of_current_exception());
  }
  frame.stack_.clear();
  return Status::ok();
}

}  // namespace oarlock
