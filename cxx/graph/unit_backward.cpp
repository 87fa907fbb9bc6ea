#include "graph/unit_backward.h"

#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/graph_task.h>

#include <utility>

#include "tensor/exceptions.h"

namespace oarlock {

Result<std::shared_ptr<UnitBackward>> UnitBackward::create(const Program& program, std::shared_ptr<const Units> units) {
  std::shared_ptr<UnitBackward> self(new UnitBackward(std::move(units)));
  for (std::size_t unit = 0; unit < self->units_->size(); ++unit) {
    self->num_trained_.push_back(0);
    for (const std::size_t index : (*self->units_)[unit].parameters) {
      const ProgramTensor& parameter = program.tensors[index];
      if (!parameter.tensor.requires_grad() || !parameter.tensor.is_leaf()) continue;
      ++self->num_trained_.back();
      const auto ready = [weak = std::weak_ptr<UnitBackward>(self), unit](const at::Tensor&) {
        if (const auto alive = weak.lock()) alive->on_parameter(unit);
      };
      OAR_ASSIGN(auto subscription, subscribe_grad_ready(parameter.tensor, parameter.name, ready));
      self->subscriptions_.push_back(std::move(subscription));
    }
  }
  return self;
}

void UnitBackward::set_observers(std::vector<std::weak_ptr<UnitObserver>> observers) {
  const std::lock_guard lock(mutex_);
  observers_ = std::move(observers);
}

UnitObservers UnitBackward::live_observers() {
  const std::lock_guard lock(mutex_);
  UnitObservers live;
  for (const auto& observer : observers_) {
    auto held = observer.lock();
    if (held != nullptr && held->watches_backward()) live.push_back(std::move(held));
  }
  return live;
}

void UnitBackward::watch(std::size_t unit, const Segment& segment, const Frame& frame) {
  std::shared_ptr<const Segment> copy;
  for (const SlotId slot : segment.live_out) {
    const c10::IValue& value = frame.get(slot);
    if (!value.isTensor() || !value.toTensor().defined()) continue;
    // A leaf's hooks would outlive this forward; no gradient passes through it into the unit anyway.
    if (value.toTensor().grad_fn() == nullptr) continue;
    if (copy == nullptr) copy = std::make_shared<const Segment>(segment);
    value.toTensor().register_hook([weak = weak_from_this(), unit, copy](const at::Tensor&) {
      if (const auto alive = weak.lock()) alive->begin(unit, copy);
    });
  }
}

// nullptr outside of a backward: a gradient that a host announced.
std::shared_ptr<UnitBackward::Run> UnitBackward::run_of_this_backward() {
  const int task = torch::autograd::get_current_graph_task_id();
  if (task < 0) return nullptr;
  const std::lock_guard lock(mutex_);
  if (auto running = runs_[task].lock()) return running;
  std::erase_if(runs_, [](const auto& entry) { return entry.second.expired(); });
  auto run = std::make_shared<Run>();
  run->units.resize(units_->size());
  runs_[task] = run;
  torch::autograd::Engine::get_default_engine().queue_callback([weak = weak_from_this(), run] {
    if (const auto alive = weak.lock()) alive->end_all(*run);
  });
  return run;
}

void UnitBackward::begin(std::size_t unit, const std::shared_ptr<const Segment>& segment) {
  const std::shared_ptr<Run> run = run_of_this_backward();
  if (run == nullptr) return;
  {
    const std::lock_guard lock(run->mutex);
    Progress& progress = run->units[unit];
    if (std::exchange(progress.has_begun, true)) return;
    progress.segment = segment;
  }
  throw_if_failed(
      tell(live_observers(), &UnitObserver::before_backward, {unit, (*units_)[unit], *segment, nullptr, true}, false));
}

void UnitBackward::on_parameter(std::size_t unit) {
  const std::shared_ptr<Run> run = run_of_this_backward();
  if (run == nullptr) return;
  std::shared_ptr<const Segment> segment;
  {
    const std::lock_guard lock(run->mutex);
    Progress& progress = run->units[unit];
    // Nothing begun: the parameter's gradient came past the unit (it is used outside of this forward too).
    if (++progress.num_ready < num_trained_[unit] || !progress.has_begun || progress.has_ended) return;
    progress.has_ended = true;
    segment = progress.segment;
  }
  end(unit, *segment);
}

void UnitBackward::end(std::size_t unit, const Segment& segment) {
  throw_if_failed(
      tell(live_observers(), &UnitObserver::after_backward, {unit, (*units_)[unit], segment, nullptr, true}, true));
}

// Units from the last to the first, the root at the end.
void UnitBackward::end_all(Run& run) {
  for (std::size_t i = 0; i < run.units.size(); ++i) {
    const std::size_t unit = run.units.size() - 1 - i;
    {
      const std::lock_guard lock(run.mutex);
      Progress& progress = run.units[unit];
      if (!progress.has_begun || std::exchange(progress.has_ended, true)) continue;
    }
    end(unit, *run.units[unit].segment);
  }
}

}  // namespace oarlock
