#include "model/providers/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "graph/passes/mode.h"
#include "graph/unit_runner.h"
#include "model/in_situ.h"
#include "model/leaf_value.h"
#include "model/providers/input_match.h"
#include "model/state_dict.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

Tree build_output(const OutputTree& shape, const std::vector<ArgumentItem>& outputs, const Frame& frame,
                  std::size_t& next) {
  if (shape.kind == OutputTree::Kind::kLeaf) {
    const ArgumentItem& item = outputs[next++];
    return leaf_of_value(item.slot == kNoSlot ? item.constant : frame.get(item.slot));
  }
  if (shape.kind == OutputTree::Kind::kList) {
    Tree::List list;
    for (const OutputTree& child : shape.children) list.push_back(build_output(child, outputs, frame, next));
    return Tree(std::move(list));
  }
  Tree::Map map;
  for (std::size_t i = 0; i < shape.children.size(); ++i) {
    map.emplace_back(shape.keys[i], build_output(shape.children[i], outputs, frame, next));
  }
  return Tree(std::move(map));
}

// Those of the program's own inputs that stand in `written`.
std::vector<SlotId> inputs_among(const std::vector<SlotId>& written, const Program& program) {
  std::vector<SlotId> slots;
  for (const ProgramInput& input : program.inputs) {
    if (std::count(written.begin(), written.end(), input.slot) > 0) slots.push_back(input.slot);
  }
  return slots;
}

// The same of its tensors, as their indices.
std::vector<std::size_t> tensors_among(const std::vector<SlotId>& written, const Program& program) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < program.tensors.size(); ++i) {
    if (std::count(written.begin(), written.end(), program.tensors[i].slot) > 0) indices.push_back(i);
  }
  return indices;
}

constexpr std::size_t kRandomNodesListedMax = 8;

bool needs_units(const UnitObservers& observers) {
  return std::any_of(observers.begin(), observers.end(),
                     [](const auto& observer) { return observer->watches_units() || observer->watches_backward(); });
}

// What of the policy still fits something.
UnitPolicy fitting(const UnitPolicy& policy, const Program& program) {
  UnitPolicy rest = policy;
  const auto fits = [&](const UnitPolicy& one) { return choose_units(program, one).is_ok(); };
  std::erase_if(rest.classes, [&](const std::string& name) { return !fits({{name}, {}, 0}); });
  std::erase_if(rest.paths, [&](const std::string& pattern) { return !fits({{}, {pattern}, 0}); });
  return rest;
}

}  // namespace

GraphModel::GraphModel(Program program, at::Device device) : program_(std::move(program)), device_(device) {
  // The policy is empty: it cannot name what there is not.
  units_ = std::make_shared<const Units>(choose_units(program_, {}).value());
  compile();
}

GraphModel::~GraphModel() = default;

GraphModel::Plan GraphModel::make_plan(const Graph& graph, const std::vector<SlotId>& written,
                                       const std::vector<SlotId>& kept) const {
  return {std::make_shared<const Executor>(Executor::compile(graph, kept)),
          plan_units(program_, graph, *units_, kept),
          {},
          {},
          inputs_among(written, program_),
          tensors_among(written, program_)};
}

// All that follows from program and units.
void GraphModel::compile() {
  training_plan_ = make_plan(program_.graph, written_inputs(program_.graph), {});
  EvaluationGraph evaluation = evaluation_graph(program_);
  evaluation_plan_ = make_plan(evaluation.graph, evaluation.written_inputs, {});
  for (std::size_t i = 0; i < program_.tensors.size(); ++i) {
    if (std::count(evaluation.written_inputs.begin(), evaluation.written_inputs.end(), program_.tensors[i].slot) > 0) {
      evaluation_plan_.copied_tensors.push_back(i);
    }
  }
  random_nodes_ = std::move(evaluation.random_nodes);
  input_check_.emplace(program_.graph, device_);
  backward_.reset();
  kept_plan_.reset();
  stop_profile();
  profiler_.reset();
  (void)plan_recomputed(training_plan_);
  list_tensors();
}

void GraphModel::list_tensors() {
  buffer_index_.clear();
  parameters_.clear();
  buffers_.clear();
  input_names_.clear();
  std::set<const at::TensorImpl*> seen;
  for (std::size_t i = 0; i < program_.tensors.size(); ++i) {
    const ProgramTensor& entry = program_.tensors[i];
    buffer_index_.push_back(kNone);
    if (entry.role == TensorRole::kConstant) continue;
    if (entry.role == TensorRole::kParameter && !entry.tensor.requires_grad()) continue;
    if (!seen.insert(entry.tensor.unsafeGetTensorImpl()).second) continue;
    if (entry.role == TensorRole::kBuffer) buffer_index_[i] = buffers_.size();
    (entry.role == TensorRole::kParameter ? parameters_ : buffers_).push_back({entry.name, entry.tensor});
  }
  for (const ProgramInput& input : program_.inputs) input_names_.push_back(input.name);
  output_names_ = oarlock::output_names(program_.output_tree);
}

Result<std::unique_ptr<InSituRun>> GraphModel::make_in_situ() const {
  return std::make_unique<InSituRun>(program_, device_);
}

Result<InSituRun*> GraphModel::own_in_situ() {
  if (in_situ_ == nullptr) in_situ_ = std::make_unique<InSituRun>(program_, device_);
  return in_situ_.get();
}

Result<std::int64_t> GraphModel::freeze(std::string_view pattern, bool frozen) {
  if (sealed_) return frozen_too_late(pattern);
  std::int64_t num_fitting = 0;
  for (const ProgramTensor& entry : program_.tensors) {
    const bool can_be_trained = entry.tensor.is_floating_point() || entry.tensor.is_complex();
    if (entry.role != TensorRole::kParameter || !can_be_trained) continue;
    if (!text_fits(entry.name, pattern)) continue;
    ++num_fitting;
    at::Tensor leaf = entry.tensor;
    leaf.set_requires_grad(!frozen);
    if (frozen) leaf.mutable_grad() = at::Tensor();
  }
  backward_.reset();  // its units count the parameters that get gradients
  list_tensors();
  return num_fitting;
}

Status GraphModel::apply(GraphPass& pass) {
  if (sealed_) return invalid_state("the program cannot be rewritten any more: the model is prepared");
  return rewrite(pass, false);
}

Status GraphModel::apply_any_time(GraphPass& pass) { return rewrite(pass, true); }

Status GraphModel::rewrite(GraphPass& pass, bool units_may_go) {
  Program rewritten = program_;
  OAR_TRY(pass.run(rewritten).within(pass.name()));
  OAR_TRY(verify_program(rewritten).within(fmt::format("after the pass {}", pass.name())));
  rewritten.revision = program_.revision + 1;
  const UnitPolicy policy = units_may_go ? fitting(policy_, rewritten) : policy_;
  OAR_ASSIGN(Units units, choose_units(rewritten, policy));
  std::vector<bool> is_recomputed;  // units keep it by their names: a policy by size may choose others now
  for (const Unit& unit : units) {
    const auto before =
        std::find_if(units_->begin(), units_->end(), [&](const Unit& other) { return other.path == unit.path; });
    const auto index = static_cast<std::size_t>(before - units_->begin());
    is_recomputed.push_back(index < is_recomputed_.size() && is_recomputed_[index]);
  }
  program_ = std::move(rewritten);
  policy_ = policy;
  units_ = std::make_shared<const Units>(std::move(units));
  is_recomputed_ = std::move(is_recomputed);
  compile();
  return Status::ok();
}

NamedTensors GraphModel::state_dict() const {
  NamedTensors tensors;
  for (const ProgramTensor& entry : program_.tensors) {
    if (entry.persistent) tensors.push_back({entry.name, entry.tensor.detach()});
  }
  return tensors;
}

Status GraphModel::load_state_dict(const NamedTensors& tensors) { return copy_state_dict(tensors, state_dict()); }

Result<const ProgramTensor*> GraphModel::find(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const ProgramTensor& entry : program_.tensors) {
    if (entry.role == TensorRole::kConstant) continue;
    if (entry.name == name) return &entry;
    names.emplace_back(entry.name);
  }
  return no_tensor_named(name, names);
}

Result<at::Tensor> GraphModel::tensor(std::string_view name) const {
  OAR_ASSIGN(const ProgramTensor* entry, find(name));
  return entry->tensor.detach();
}

Result<at::Tensor> GraphModel::gradient(std::string_view name) const {
  OAR_ASSIGN(const ProgramTensor* entry, find(name));
  if (entry->role != TensorRole::kParameter)
    return invalid_argument("{} is a buffer; only parameters have gradients", name);
  return entry->tensor.grad();
}

void GraphModel::set_training(bool training) {
  training_ = training;
  if (training || random_nodes_.empty()) return;
  const std::size_t listed = std::min(random_nodes_.size(), kRandomNodesListedMax);
  log(LogLevel::kWarning, "model",
      "evaluation of this program still draws random numbers, at {} of its nodes: {}{}; no rule says what they "
      "would be there (a program exported in evaluation mode has what eval() leaves of them)",
      random_nodes_.size(), join_text(std::span(random_nodes_).first(listed), ", "),
      listed < random_nodes_.size() ? ", ..." : "");
  random_nodes_.clear();
}

Status GraphModel::set_inputs(const Tree& inputs, Frame& frame) {
  OAR_TRY(match_inputs(program_, inputs, given_));
  input_check_->restart();
  for (std::size_t i = 0; i < program_.inputs.size(); ++i) {
    const ProgramInput& input = program_.inputs[i];
    c10::IValue value = value_of_leaf(*given_[i]);
    OAR_TRY(input_check_->check(input, value));
    frame.set(input.slot, std::move(value));
  }
  return Status::ok();
}

void GraphModel::bind_tensors(const Plan& plan, Frame& frame) const {
  for (const ProgramTensor& entry : program_.tensors) frame.set(entry.slot, entry.tensor);
  for (const std::size_t i : plan.copied_tensors) {
    frame.set(program_.tensors[i].slot, program_.tensors[i].tensor.clone());
  }
}

// A forward that fails (of too large a batch, say) leaves running statistics as they were: it may be tried again.
Status GraphModel::run(const Plan& plan, const UnitObservers& observers, Frame& frame) {
  const GradModeScope grad(training_);
  bind_tensors(plan, frame);
  for (const SlotId slot : plan.copied_inputs) {
    if (frame.get(slot).isTensor()) frame.set(slot, frame.get(slot).toTensor().clone());
  }
  if (!training_ || plan.written_tensors.empty()) return run_nodes(plan, observers, frame);
  std::vector<at::Tensor> before;
  for (const std::size_t i : plan.written_tensors) before.push_back(program_.tensors[i].tensor.detach().clone());
  Status status = run_nodes(plan, observers, frame);
  if (status.is_ok()) return status;
  const GradModeScope no_grad(false);
  for (std::size_t i = 0; i < before.size(); ++i)
    program_.tensors[plan.written_tensors[i]].tensor.detach().copy_(before[i]);
  return status;
}

Status GraphModel::run_nodes(const Plan& plan, const UnitObservers& observers, Frame& frame) {
  if (plan.runners.empty() && !needs_units(observers)) return plan.executor->run(frame);
  OAR_ASSIGN(UnitBackward * backward, watch_backward(observers));
  OAR_TRY(run_units({plan.executor, plan.units, *units_, observers, backward, training_, plan.runners}, frame));
  if (backward != nullptr) backward->watch(0, plan.units.whole, frame);
  return Status::ok();
}

// A functional program returns its buffers' new values. The old tensors may be saved for the backward, so they are
// replaced, never written. Autocast may have computed them in another dtype; a buffer keeps its own.
void GraphModel::rebind_buffers(const Frame& frame) {
  for (const BufferUpdate& update : program_.buffer_updates) {
    const at::ScalarType dtype = program_.tensors[update.tensor].tensor.scalar_type();
    const at::Tensor value = frame.get(update.slot).toTensor().detach().to(dtype);
    program_.tensors[update.tensor].tensor = value;
    if (buffer_index_[update.tensor] != kNone) buffers_[buffer_index_[update.tensor]].tensor = value;
  }
}

UnitObservers GraphModel::live_observers() {
  UnitObservers live;
  std::erase_if(observers_, [&](const std::weak_ptr<UnitObserver>& observer) {
    if (auto held = observer.lock()) live.push_back(std::move(held));
    return observer.expired();
  });
  return live;
}

Result<Tree> GraphModel::forward(const Tree& inputs) {
  Frame frame = plan().executor->make_frame();
  return forward(plan(), inputs, frame);
}

Result<Tree> GraphModel::forward(const Plan& plan, const Tree& inputs, Frame& frame) {
  return in_precision(Outputs::kFinished, [&] { return run_forward(plan, inputs, frame); });
}

Result<Tree> GraphModel::run_forward(const Plan& plan, const Tree& inputs, Frame& frame) {
  OAR_TRY(set_inputs(inputs, frame));
  const auto counted = count_memory();
  const UnitObservers observers = live_observers();
  const UnitRun root{0, units_->front(), plan.units.whole, &frame, training_};
  OAR_TRY(tell(observers, &UnitObserver::before_forward, root, false));
  OAR_TRY(run(plan, observers, frame));
  if (training_) rebind_buffers(frame);
  std::size_t next = 0;
  Tree outputs = build_output(program_.output_tree, program_.outputs, frame, next);
  OAR_TRY(tell(observers, &UnitObserver::after_forward, root, true));
  return outputs;
}

}  // namespace oarlock
