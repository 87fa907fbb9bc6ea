#include "parallel/ddp/reducer.h"

#include <ATen/ScalarOps.h>
#include <ATen/ops/empty.h>
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
                                                 const ReducerOptions& options) {
  OAR_ASSIGN(std::vector<Bucket> plan, plan_buckets(describe(parameters), options.first_bytes_max, options.bytes_max));
  std::unique_ptr<Reducer> reducer(new Reducer(std::move(parameters), std::move(group), options, std::move(plan)));
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
                 std::vector<Bucket> plan)
    : parameters_(std::move(parameters)),
      group_(std::move(group)),
      options_(options),
      plan_(std::move(plan)),
      factor_(at::native::wrapped_scalar_tensor(1.0 / group_->size())),
      flats_(plan_.size()),
      places_(parameters_.size()) {
  const GradModeScope no_grad(false);
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
  failure_.reset();
  next_ = 0;
  timeout_ = timeout;
  phase_ = Phase::kCollecting;
  return Status::ok();
}

void Reducer::on_gradient(std::size_t index, const at::Tensor& parameter) {
  if (phase_ != Phase::kCollecting || failure_) return;
  const NamedTensor& named = parameters_[index];
  if (contributed_[index]) {
    failure_ = invalid_state(
        "the gradient of {} became ready twice in one backward; a parameter that is used by several "
        "parts of a recomputed model must belong to their common unit",
        named.name);
    return;
  }
  const at::Tensor& gradient = parameter.grad();
  if (gradient.is_sparse()) {
    failure_ = unsupported("the gradient of {} is sparse; data parallelism averages dense gradients only", named.name);
    return;
  }
  contribute(index, gradient);
  launch_full_buckets();
}

void Reducer::contribute(std::size_t index, const at::Tensor& gradient) {
  const GradModeScope no_grad(false);
  const Place place = places_[index];
  at::Tensor& view = flats_[place.bucket].views[place.slot];
  if (gradient.defined()) {
    at::mul_out(view, gradient, factor_);
  } else {
    view.zero_();
  }
  contributed_[index] = true;
  --flats_[place.bucket].num_missing;
}

void Reducer::launch_full_buckets() {
  for (; next_ < flats_.size() && flats_[next_].num_missing == 0 && !failure_; ++next_) {
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
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (contributed_[i]) continue;
    // A gradient may still be there from an earlier micro-batch of the same accumulation.
    const at::Tensor& gradient = parameters_[i].tensor.grad();
    if (!gradient.defined()) without.push_back(parameters_[i].name);
    contribute(i, gradient);
  }
  return without;
}

Status Reducer::finish(Milliseconds timeout, bool takes_part) {
  OAR_CHECK(phase_ == Phase::kCollecting);
  const GradModeScope no_grad(false);
  const bool touched = std::find(contributed_.begin(), contributed_.end(), true) != contributed_.end();
  phase_ = Phase::kIdle;
  if (!touched && !failure_ && !takes_part) return Status::ok();

  std::vector<std::string> without;
  if (!failure_) without = contribute_missing();
  if (!failure_) launch_full_buckets();
  Status outcome = failure_ ? *failure_ : wait_for_buckets();
  if (outcome.is_ok() && options_.find_unused) outcome = sum_of_uses(timeout);
  if (!outcome.is_ok()) {
    phase_ = Phase::kBroken;
    return outcome;
  }
  write_averages();
  if (without.empty() || options_.find_unused) return Status::ok();
  return gradients_missing(without, parameters_.size());
}

// Until the operations' own time-outs, whose errors name the rank that did not come: a wait as long as they are may be
// over first, and names nobody.
Status Reducer::wait_for_buckets() {
  for (std::size_t b = 0; b < flats_.size(); ++b) {
    Status status = flats_[b].work->wait(Milliseconds(0));
    if (status.is_ok()) continue;
    const std::string where = fmt::format("gradient bucket {} of {} (from {})", b, flats_.size(),
                                          parameters_[plan_[b].slots.front().parameter].name);
    return std::move(status).within(where);
  }
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

void Reducer::write_averages() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Place place = places_[i];
    const at::Tensor& average = flats_[place.bucket].views[place.slot];
    at::Tensor parameter = parameters_[i].tensor;
    if (parameter.grad().defined()) {
      parameter.mutable_grad().copy_(average);
    } else if (options_.find_unused && uses_.data_ptr<std::int32_t>()[i] > 0) {
      parameter.mutable_grad() = average.clone();
    }
  }
}

void Reducer::give_up() { phase_ = Phase::kBroken; }

}  // namespace oarlock
