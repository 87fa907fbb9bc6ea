// Units of a program, and what is had from parts of a run.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "graph/input_check.h"
#include "graph/module_path.h"
#include "graph/passes/mode.h"
#include "graph/unit_runner.h"
#include "model/leaf_value.h"
#include "model/providers/graph.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

// The only segment of a unit.
Result<std::size_t> only_segment(const UnitPlan& plan, std::size_t unit, std::string_view path) {
  std::size_t found = 0, count = 0;
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    if (plan.segments[i].unit != unit) continue;
    ++count;
    found = i;
  }
  if (count == 1) return found;
  if (count == 0) return unsupported("unit '{}' computes nothing in this mode", path);
  return unsupported(
      "unit '{}' cannot run alone: it runs in {} separate parts of a forward (called more than once, or "
      "with other nodes between its own)",
      path, count);
}

}  // namespace

Status GraphModel::set_units(const UnitPolicy& policy) {
  if (sealed_) return invalid_state("units cannot be chosen any more: the model is prepared");
  OAR_ASSIGN(Units units, choose_units(program_, policy));
  policy_ = policy;
  units_ = std::make_shared<const Units>(std::move(units));
  is_recomputed_.clear();
  compile();
  return Status::ok();
}

Result<std::string> GraphModel::unit_name(std::int64_t index) const {
  const auto count = static_cast<std::int64_t>(units_->size());
  if (index < 0 || index >= count) return invalid_argument("index must lie in [0, {}), got {}", count, index);
  return (*units_)[static_cast<std::size_t>(index)].path;
}

Status GraphModel::set_recompute(std::string_view pattern, bool enabled) {
  OAR_ASSIGN(const std::vector<std::size_t> found, find_units(*units_, pattern));
  is_recomputed_.resize(units_->size(), false);
  for (const std::size_t unit : found) is_recomputed_[unit] = enabled;
  const Recomputed plans = plan_recomputed(training_plan_);
  kept_plan_.reset();
  for (std::size_t i = 0; enabled && i < plans.size(); ++i) {
    const std::size_t unit = training_plan_.units.segments[i].unit;
    if (plans[i] == nullptr || plans[i]->refusal.empty() || std::count(found.begin(), found.end(), unit) == 0) continue;
    log(LogLevel::kWarning, "model", "unit '{}' keeps its activations: {}", (*units_)[unit].path, plans[i]->refusal);
  }
  return Status::ok();
}

GraphModel::Recomputed GraphModel::plan_recomputed(Plan& plan) const {
  plan.runners.clear();
  if (std::find(is_recomputed_.begin(), is_recomputed_.end(), true) == is_recomputed_.end()) return {};
  Recomputed plans = plan_recompute(program_, program_.graph, plan.units);
  plan.runners.resize(plans.size());
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!is_recomputed_[plan.units.segments[i].unit]) plans[i] = nullptr;
    if (plans[i] != nullptr && plans[i]->refusal.empty()) {
      plan.runners[i] = std::make_shared<const RecomputeRunner>(plans[i]);
    }
  }
  return plans;
}

// Subscribes for the observers' sake, once; gives the slots back when the last of them has gone.
Result<UnitBackward*> GraphModel::watch_backward(const UnitObservers& observers) {
  const bool is_watched = std::any_of(observers.begin(), observers.end(),
                                      [](const auto& observer) { return observer->watches_backward(); });
  if (!is_watched) backward_.reset();
  if (!is_watched || !training_) return nullptr;
  if (backward_ == nullptr) {
    OAR_ASSIGN(backward_, UnitBackward::create(program_, units_));
  }
  backward_->set_observers(observers_);
  return backward_.get();
}

void GraphModel::start_profile() {
  stop_profile();
  profiler_ = std::make_shared<Profiler>(units_, steady_clock());
  add_observer(profiler_);
  is_profiling_ = true;
}

void GraphModel::stop_profile() {
  std::erase_if(observers_, [&](const auto& observer) { return observer.lock() == profiler_; });
  is_profiling_ = false;
}

Result<const Profiler*> GraphModel::profile() const {
  if (profiler_ == nullptr) return invalid_state("nothing was measured; call oar_model_profile_start first");
  return profiler_.get();
}

std::unique_ptr<Profiler::MemoryScope> GraphModel::count_memory() {
  return is_profiling_ ? profiler_->count_memory() : nullptr;
}

Result<Tree> GraphModel::forward_unit(std::string_view path, const Tree& inputs) {
  return in_precision(Outputs::kAsTheyAre, [&] { return run_unit(path, inputs); });
}

Result<Tree> GraphModel::run_unit(std::string_view path, const Tree& inputs) {
  OAR_ASSIGN(const std::vector<std::size_t> found, find_units(*units_, path));
  if (found.size() != 1) return invalid_argument("'{}' fits {} units; give the path of one", path, found.size());
  OAR_ASSIGN(const std::size_t index, only_segment(plan().units, found[0], path));
  const Segment* segment = &plan().units.segments[index];
  Frame frame = plan().executor->make_frame();
  bind_tensors(plan(), frame);
  std::vector<std::string> names;
  for (const SlotId slot : segment->live_in) names.push_back(program_.graph.slots[slot].name);
  for (const auto& [name, value] : inputs.map() != nullptr ? *inputs.map() : Tree::Map()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return invalid_argument("unit '{}' has no input {}; it takes {}", path, name, join_text(names, ", "));
  }
  InputCheck check(program_.graph, device_);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Tree* given = inputs.find(names[i]);
    if (given == nullptr) {
      return invalid_argument("input {} of unit '{}' is missing; it takes {}", names[i], path, join_text(names, ", "));
    }
    c10::IValue value = value_of_leaf(*given);
    OAR_TRY(check.check({names[i], segment->live_in[i]}, value));
    const bool is_written =
        std::find(segment->written.begin(), segment->written.end(), segment->live_in[i]) != segment->written.end();
    if (is_written && value.isTensor()) value = value.toTensor().clone();  // it is the caller's
    frame.set(segment->live_in[i], std::move(value));
  }
  const auto counted = count_memory();
  const UnitObservers observers = live_observers();
  OAR_ASSIGN(UnitBackward * backward, watch_backward(observers));
  const GradModeScope grad(training_);
  Regions regions;
  OAR_TRY(plan().executor->open_regions(regions, segment->begin));
  OAR_TRY(run_segment({plan().executor, plan().units, *units_, observers, backward, training_, plan().runners}, index,
                      frame, regions));
  Tree::Map outputs;
  for (const SlotId slot : segment->live_out) {
    outputs.emplace_back(program_.graph.slots[slot].name, leaf_of_value(frame.get(slot)));
  }
  return Tree(std::move(outputs));
}

// A value of that name, else the last tensor that the module of that path computes.
Result<SlotId> GraphModel::find_value(std::string_view name) const {
  std::vector<std::string_view> names;
  SlotId last = kNoSlot;
  for (const Node& node : program_.graph.nodes) {
    if (!node.module_path.empty()) names.push_back(node.module_path);
    const bool is_in_module = !name.empty() && is_inside(node.module_path, name);
    for (const NodeOutput& output : node.outputs) {
      for (const SlotId slot : output.slots) {
        if (slot == kNoSlot) continue;
        const Slot& value = program_.graph.slots[slot];
        if (value.name == name) return slot;
        names.push_back(value.name);
        if (is_in_module && value.kind == SlotKind::kTensor) last = slot;
      }
    }
  }
  if (last != kNoSlot) return last;
  const std::optional<std::string_view> nearest = nearest_text(name, names);
  return not_found("the program computes no value, and has no module, named '{}'{}", name,
                   nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
}

GraphModel::Plan GraphModel::make_kept_plan(const std::vector<SlotId>& kept) const {
  if (training_) {
    Plan plan = make_plan(program_.graph, written_inputs(program_.graph), kept);
    (void)plan_recomputed(plan);
    return plan;
  }
  const EvaluationGraph evaluation = evaluation_graph(program_);
  Plan plan = make_plan(evaluation.graph, evaluation.written_inputs, kept);
  plan.copied_tensors = evaluation_plan_.copied_tensors;
  return plan;
}

Result<GraphModel::Forward> GraphModel::forward_with_values(const Tree& inputs, const std::vector<std::string>& names) {
  if (!kept_plan_ || kept_names_ != names || kept_training_ != training_) {
    std::vector<SlotId> kept;
    for (const std::string& name : names) {
      OAR_ASSIGN(const SlotId slot, find_value(name));
      kept.push_back(slot);
    }
    kept_plan_ = make_kept_plan(kept);
    kept_names_ = names;
    kept_slots_ = std::move(kept);
    kept_training_ = training_;
  }
  Frame frame = kept_plan_->executor->make_frame();
  OAR_ASSIGN(Tree outputs, forward(*kept_plan_, inputs, frame));
  Forward result{std::move(outputs), Tree(Tree::Map())};
  for (std::size_t i = 0; i < names.size(); ++i) result.values.set(names[i], leaf_of_value(frame.get(kept_slots_[i])));
  return result;
}

}  // namespace oarlock
