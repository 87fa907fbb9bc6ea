#include "parallel/ddp/reducer.h"

#include <ATen/ScalarOps.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

std::vector<BucketItem> describe(const NamedTensors& parameters) {
  std::vector<BucketItem> items;
  items.reserve(parameters.size());
  for (const NamedTensor& parameter : parameters) {
    items.push_back({parameter.tensor.numel(), parameter.tensor.scalar_type(), parameter.tensor.device()});
  }
  return items;
}

constexpr std::size_t kNamesMax = 10;  // as many as an error text shows

std::string list_names(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kNamesMax);
  const std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  return names.size() == shown ? text : fmt::format("{} and {} more", text, names.size() - shown);
}

}  // namespace

Status gradients_missing(const std::vector<std::string>& names, std::size_t num_parameters) {
  return invalid_state(
      "{} of {} parameters got no gradient in this backward: {}. Leave them out of the model, or set "
      "ddp.find_unused_parameters",
      names.size(), num_parameters, list_names(names));
}

Result<std::unique_ptr<Reducer>> Reducer::create(NamedTensors parameters, std::shared_ptr<Group> group,
                                                 const ReducerOptions& options, std::unique_ptr<CommHook> hook) {
  OAR_ASSIGN(std::vector<Bucket> plan, plan_buckets(describe(parameters), options.first_bytes_max, options.bytes_max));
  std::unique_ptr<Reducer> reducer(
      new Reducer(std::move(parameters), std::move(group), options, std::move(hook), std::move(plan)));
  for (std::size_t i = 0; i < reducer->parameters_.size(); ++i) {
    const NamedTensor& parameter = reducer->parameters_[i];
    Reducer* self = reducer.get();
    OAR_ASSIGN(auto subscription, subscribe_grad_ready(parameter.tensor, parameter.name,
                                                       [self, i](const at::Tensor& t) { self->on_gradient(i, t); }));
    reducer->subscriptions_.push_back(std::move(subscription));
  }
  return reducer;
}

Reducer::Reducer(NamedTensors parameters, std::shared_ptr<Group> group, const ReducerOptions& options,
                 std::unique_ptr<CommHook> hook, std::vector<Bucket> plan)
    : parameters_(std::move(parameters)),
      group_(std::move(group)),
      options_(options),
      hook_(std::move(hook)),
      plan_(std::move(plan)),
      factor_(at::native::wrapped_scalar_tensor(1.0 / group_->size())),
      times_(parameters_.size(), 1),
      used_(parameters_.size(), true) {
  allocate();
}

void Reducer::allocate() {
  const GradModeScope no_grad(false);
  flats_.assign(plan_.size(), Flat{});
  places_.assign(parameters_.size(), Place{});
  for (std::size_t b = 0; b < plan_.size(); ++b) {
    const Bucket& bucket = plan_[b];
    flats_[b].buffer = at::empty({bucket.numel}, at::TensorOptions().dtype(bucket.dtype).device(bucket.device));
    for (std::size_t s = 0; s < bucket.slots.size(); ++s) {
      const BucketSlot& slot = bucket.slots[s];
      places_[slot.parameter] = {b, s};
      flats_[b].views.push_back(
          flats_[b].buffer.narrow(0, slot.offset, slot.numel).view(parameters_[slot.parameter].tensor.sizes()));
    }
  }
}

GradBucket Reducer::bucket_of(std::size_t index) const {
  return {index, index + 1 == flats_.size(), flats_[index].buffer, flats_[index].views};
}

Status Reducer::prepare(Milliseconds timeout) {
  if (phase_ == Phase::kBroken) {
    return invalid_state(
        "gradients cannot be averaged: an earlier reduction failed; create the state and prepare again");
  }
  for (std::size_t b = 0; b < plan_.size(); ++b) {
    flats_[b].num_missing = plan_[b].slots.size();
    flats_[b].work.reset();
  }
  contributed_.assign(parameters_.size(), false);
  arrived_.assign(parameters_.size(), 0);
  arrivals_.clear();
  failure_.reset();
  next_ = 0;
  timeout_ = timeout;
  phase_ = Phase::kCollecting;
  return Status::ok();
}

void Reducer::on_gradient(std::size_t index, const at::Tensor& parameter) {
  if (phase_ != Phase::kCollecting || failure_) return;
  const NamedTensor& named = parameters_[index];
  ++arrived_[index];
  if (contributed_[index]) {
    failure_ = is_learned_
                   ? not_static(index)
                   : invalid_state(
                         "the gradient of {} became ready twice in one backward; a parameter that is used by several "
                         "parts of a recomputed model must belong to their common unit, or set ddp.static_graph",
                         named.name);
    return;
  }
  const at::Tensor& gradient = parameter.grad();
  if (gradient.is_sparse()) {
    failure_ = unsupported("the gradient of {} is sparse; data parallelism averages dense gradients only", named.name);
    return;
  }
  if (options_.is_static && (!is_learned_ || arrived_[index] < times_[index])) {
    if (!is_learned_) arrivals_.push_back(static_cast<std::int64_t>(index));
    return;
  }
  if (arrivals_.empty()) contribute_unused();
  arrivals_.push_back(static_cast<std::int64_t>(index));
  contribute(index, gradient);
  launch_full_buckets();
}

Status Reducer::not_static(std::size_t index) const {
  return invalid_state(
      "the gradient of {} became ready {} times in this backward, {} in the first: the graph is not static; leave "
      "ddp.static_graph off",
      parameters_[index].name, arrived_[index], times_[index]);
}

// What a static graph has no gradients for, so that no bucket waits for it.
void Reducer::contribute_unused() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (times_[i] == 0) contribute(i, parameters_[i].tensor.grad());
  }
}

void Reducer::contribute(std::size_t index, const at::Tensor& gradient) {
  const GradModeScope no_grad(false);
  const Place place = places_[index];
  at::Tensor& view = flats_[place.bucket].views[place.slot];
  const bool is_there = gradient.defined() && gradient.is_alias_of(view);
  if (!gradient.defined()) {
    view.zero_();
  } else if (hook_ == nullptr) {
    at::mul_out(view, gradient, factor_);
  } else if (!is_there) {
    view.copy_(gradient);
  }
  if (options_.gradients_are_views && gradient.defined() && !is_there) {
    at::Tensor parameter = parameters_[index].tensor;
    parameter.mutable_grad() = view.detach();
  }
  contributed_[index] = true;
  --flats_[place.bucket].num_missing;
}

void Reducer::launch_full_buckets() {
  for (; next_ < flats_.size() && flats_[next_].num_missing == 0 && !failure_; ++next_) {
    if (hook_ != nullptr) {
      if (Status started = hook_->start(bucket_of(next_), timeout_); !started.is_ok()) failure_ = std::move(started);
      continue;
    }
    auto work = group_->all_reduce(flats_[next_].buffer, ReduceOp::kSum, timeout_);
    if (!work.is_ok()) {
      failure_ = std::move(work).status();
      return;
    }
    flats_[next_].work = std::move(work).value();
  }
}

// Names of the parameters that had nothing to contribute.
std::vector<std::string> Reducer::contribute_missing() {
  std::vector<std::string> without;
  for (const bool of_arrivals : {true, false}) {
    // Of a first backward of a static graph: what came last, last.
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (contributed_[i] || of_arrivals != (arrived_[i] > 0)) continue;
      // A gradient may still be there from an earlier micro-batch of the same accumulation.
      const at::Tensor gradient = parameters_[i].tensor.grad();
      if (!gradient.defined() && times_[i] > 0) without.push_back(parameters_[i].name);
      contribute(i, gradient);
      if (!of_arrivals) arrivals_.push_back(static_cast<std::int64_t>(i));
    }
  }
  return without;
}

Status Reducer::finish(Milliseconds timeout, bool takes_part, WindowWeight* weight) {
  OAR_CHECK(phase_ == Phase::kCollecting);
  const GradModeScope no_grad(false);
  phase_ = Phase::kIdle;
  if (arrivals_.empty() && !failure_ && !takes_part) return Status::ok();

  const bool may_leave_out = finds_unused();
  std::vector<std::string> without;
  if (!failure_) without = contribute_missing();
  if (!failure_) launch_full_buckets();
  if (!failure_ && weight != nullptr) launch_weight(weight->value);
  Status outcome = failure_ ? *failure_ : wait_for_buckets();
  if (outcome.is_ok() && weight != nullptr) outcome = receive_weight(*weight);
  if (outcome.is_ok() && may_leave_out) outcome = sum_of_uses(timeout);
  if (outcome.is_ok()) write_averages(may_leave_out);
  if (outcome.is_ok() && rebuilds() && order_.empty()) outcome = rebuild(timeout);
  if (!outcome.is_ok()) {
    phase_ = Phase::kBroken;
    return outcome;
  }
  if (options_.is_static && !is_learned_) return learn();
  if (without.empty() || may_leave_out) return Status::ok();
  return gradients_missing(without, parameters_.size());
}

// Until the operations' own time-outs, whose errors name the rank that did not come: a wait as long as they are may be
// over first, and names nobody.
Status Reducer::wait_for_buckets() {
  for (std::size_t b = 0; b < flats_.size(); ++b) {
    Status status = hook_ != nullptr ? hook_->finish(bucket_of(b)) : flats_[b].work->wait(Milliseconds(0));
    if (status.is_ok()) continue;
    const std::string where = fmt::format("gradient bucket {} of {} (from {})", b, flats_.size(),
                                          parameters_[plan_[b].slots.front().parameter].name);
    return std::move(status).within(where);
  }
  return Status::ok();
}

void Reducer::launch_weight(double weight) {
  weight_ = at::full({1}, weight / group_->size(), at::kDouble);
  auto work = group_->all_reduce(weight_, ReduceOp::kSum, timeout_);
  if (work.is_ok()) {
    weight_work_ = std::move(work).value();
  } else {
    failure_ = std::move(work).status();
  }
}

Status Reducer::receive_weight(WindowWeight& weight) {
  OAR_TRY(std::exchange(weight_work_, nullptr)->wait(Milliseconds(0)).within("the sum of weights"));
  weight = {weight_.item<double>(), true};
  return Status::ok();
}

// How many ranks had a gradient, per parameter.
Status Reducer::sum_of_uses(Milliseconds timeout) {
  uses_ = at::ones({static_cast<std::int64_t>(parameters_.size())}, at::kInt);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].tensor.grad().defined()) uses_.data_ptr<std::int32_t>()[i] = 0;
  }
  OAR_ASSIGN(const std::shared_ptr<Work> work, group_->all_reduce(uses_, ReduceOp::kSum, timeout));
  return work->wait(Milliseconds(0));
}

void Reducer::write_averages(bool may_leave_out) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Place place = places_[i];
    const at::Tensor& average = flats_[place.bucket].views[place.slot];
    at::Tensor parameter = parameters_[i].tensor;
    if (parameter.grad().defined()) {
      if (!parameter.grad().is_alias_of(average)) parameter.mutable_grad().copy_(average);
    } else if (may_leave_out ? uses_.data_ptr<std::int32_t>()[i] > 0 : options_.is_static && used_[i]) {
      parameter.mutable_grad() = options_.gradients_are_views ? average.detach() : average.clone();
    }
  }
}

// What the first backward was like: which parameters some rank has a gradient for, and how often each became ready
// here.
Status Reducer::learn() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    used_[i] = uses_.data_ptr<std::int32_t>()[i] > 0;
    times_[i] = arrived_[i];
  }
  is_learned_ = true;
  return Status::ok();
}

Status Reducer::rebuild(Milliseconds timeout) {
  // The last time that a parameter became ready is what counts.
  std::vector<std::int64_t> order;
  std::vector<bool> seen(parameters_.size(), false);
  for (std::size_t i = arrivals_.size(); i-- > 0;) {
    const auto index = static_cast<std::size_t>(arrivals_[i]);
    if (!seen[index]) order.push_back(arrivals_[i]);
    seen[index] = true;
  }
  std::reverse(order.begin(), order.end());
  at::Tensor sent = at::empty({static_cast<std::int64_t>(order.size())}, at::kLong);
  std::copy(order.begin(), order.end(), sent.data_ptr<std::int64_t>());
  OAR_ASSIGN(const std::shared_ptr<Work> work, group_->broadcast(sent, 0, timeout));
  OAR_TRY(work->wait(Milliseconds(0)).within("the order of gradients"));
  order.assign(sent.data_ptr<std::int64_t>(), sent.data_ptr<std::int64_t>() + order.size());
  return plan_by(order);
}

// Gradients that are views of buckets that go keep their memory until the step.
Status Reducer::plan_by(const std::vector<std::int64_t>& order) {
  const std::vector<BucketItem> all = describe(parameters_);
  std::vector<BucketItem> items;  // the planner takes them from the last to the first
  std::vector<bool> seen(all.size(), false);
  for (std::size_t i = order.size(); i-- > 0;) {
    if (order[i] < 0 || static_cast<std::size_t>(order[i]) >= all.size() || seen[static_cast<std::size_t>(order[i])]) {
      return corrupt("{} is no index of the {} parameters, or is there twice", order[i], all.size());
    }
    seen[static_cast<std::size_t>(order[i])] = true;
    items.push_back(all[static_cast<std::size_t>(order[i])]);
  }
  if (items.size() != all.size()) return corrupt("{} parameters of {} have an order", items.size(), all.size());
  OAR_ASSIGN(std::vector<Bucket> plan, plan_buckets(items, options_.first_bytes_max, options_.bytes_max));
  for (Bucket& bucket : plan) {
    for (BucketSlot& slot : bucket.slots)
      slot.parameter = static_cast<std::size_t>(order[order.size() - 1 - slot.parameter]);
  }
  plan_ = std::move(plan);
  order_ = order;
  allocate();
  return Status::ok();
}

NamedTensors Reducer::state() const {
  if (hook_ == nullptr || !hook_->keeps_buckets()) return {};
  NamedTensors tensors = hook_->state();
  at::Tensor order = at::empty({static_cast<std::int64_t>(order_.size())}, at::kLong);
  std::copy(order_.begin(), order_.end(), order.data_ptr<std::int64_t>());
  tensors.push_back({"order", order});
  return tensors;
}

Status Reducer::load_state(const NamedTensors& tensors) {
  if (hook_ == nullptr || !hook_->keeps_buckets()) return Status::ok();
  NamedTensors of_hook;
  std::vector<std::int64_t> order;
  for (const NamedTensor& item : tensors) {
    if (item.name != "order") {
      of_hook.push_back(item);
      continue;
    }
    const at::Tensor values = item.tensor.contiguous();
    order.assign(values.data_ptr<std::int64_t>(), values.data_ptr<std::int64_t>() + values.numel());
  }
  if (!order.empty()) OAR_TRY(plan_by(order));
  return hook_->load_state(of_hook);
}

void Reducer::give_up() { phase_ = Phase::kBroken; }

}  // namespace oarlock
