#include "optim/grad_scaler.h"

#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/full.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "tensor/scopes.h"

namespace oarlock {
namespace {

at::Tensor number(double value, at::ScalarType dtype, at::Device device) {
  return at::full({}, value, at::TensorOptions(dtype).device(device));
}

// What holds a gradient's numbers; undefined: no gradient.
at::Tensor values_of(const at::Tensor& gradient) {
  if (!gradient.defined() || !gradient.is_sparse()) return gradient;
  return gradient._values();
}

// The kernels take lists of one device and dtype; in order of first appearance.
std::vector<std::vector<at::Tensor>> group_values(const NamedTensors& parameters) {
  std::vector<std::vector<at::Tensor>> groups;
  for (const NamedTensor& parameter : parameters) {
    const at::Tensor values = values_of(parameter.tensor.grad());
    if (!values.defined()) continue;
    std::vector<at::Tensor>* fitting = nullptr;
    for (auto& group : groups) {
      if (group[0].device() == values.device() && group[0].scalar_type() == values.scalar_type()) fitting = &group;
    }
    if (fitting == nullptr) fitting = &groups.emplace_back();
    fitting->push_back(values);
  }
  return groups;
}

Result<double> number_at(const JsonValue& state, std::string_view key) {
  OAR_ASSIGN(const JsonValue* value, state.at(key));
  return value->as_double();
}

}  // namespace

Status GradScaler::check(const Values& values, double scale) {
  if (!(values.growth_factor > 1) || !std::isfinite(values.growth_factor))
    return invalid_argument("scaler.growth_factor must be > 1, got {}", values.growth_factor);
  if (!(values.backoff_factor > 0 && values.backoff_factor < 1))
    return invalid_argument("scaler.backoff_factor must lie between 0 and 1, got {}", values.backoff_factor);
  const std::int64_t interval_max = std::numeric_limits<std::int32_t>::max();
  if (values.growth_interval < 1 || values.growth_interval > interval_max) {
    return invalid_argument("scaler.growth_interval must lie in [1, {}], got {}", interval_max, values.growth_interval);
  }
  if (!(scale >= 0) || !std::isfinite(static_cast<float>(scale)))
    return invalid_argument("the loss scale must be >= 0 and finite in float32, got {}", scale);
  return Status::ok();
}

Result<GradScaler> GradScaler::create(const Options& options, at::Device device) {
  const Values values{options.number("growth_factor"), options.number("backoff_factor"),
                      options.integer("growth_interval")};
  const double scale = options.number("init_scale");
  OAR_TRY(check(values, scale));
  if (scale == 0) return invalid_argument("scaler.init_scale must be > 0, got 0");
  return GradScaler(values, scale, device);
}

GradScaler::GradScaler(const Values& values, double scale, at::Device device)
    : values_(values), scale_(number(scale, at::kFloat, device)), growth_tracker_(number(0, at::kInt, device)) {}

at::Tensor GradScaler::scale(const at::Tensor& loss) const { return loss * scale_.to(loss.device()); }

double GradScaler::scale() const { return static_cast<double>(scale_.item<float>()); }

GradScaler::Stage GradScaler::stage(const Optimizer& optimizer) const {
  const auto found = progress_.find(&optimizer);
  return found == progress_.end() ? Stage::kReady : found->second.stage;
}

Status GradScaler::unscale(const Optimizer& optimizer) {
  const Stage now = stage(optimizer);
  if (now == Stage::kUnscaled)
    return invalid_state("the gradients of this optimizer were unscaled already in this iteration");
  if (now == Stage::kStepped)
    return invalid_state("this optimizer has stepped already in this iteration; unscale its gradients before");
  for (const NamedTensor& parameter : optimizer.parameters()) {
    const at::Tensor& gradient = parameter.tensor.grad();
    if (!gradient.defined() || gradient.scalar_type() != at::kHalf) continue;
    return invalid_argument(
        "the gradient of '{}' is float16; gradients that are unscaled must have a wider range: keep the parameters in "
        "float32 and let autocast compute in fp16",
        parameter.name);
  }
  const GradModeScope no_grad(false);
  const at::Tensor inverse = scale_.to(at::kDouble).reciprocal().to(at::kFloat);
  at::Tensor found_inf = number(0, at::kFloat, scale_.device());
  const std::vector<std::vector<at::Tensor>> groups = group_values(optimizer.parameters());
  for (const std::vector<at::Tensor>& group : groups) {
    at::Tensor found = number(0, at::kFloat, group[0].device());
    at::_amp_foreach_non_finite_check_and_unscale_(group, found, inverse.to(group[0].device()));
    found_inf.copy_(at::maximum(found_inf, found.to(found_inf.device())));
  }
  progress_[&optimizer] = {Stage::kUnscaled, !groups.empty(), found_inf};
  return Status::ok();
}

Result<at::Tensor> GradScaler::found_inf(const Optimizer& optimizer) const {
  const auto found = progress_.find(&optimizer);
  if (found == progress_.end()) return invalid_state("the gradients of this optimizer were not unscaled");
  return found->second.found_inf;
}

Result<bool> GradScaler::may_step(const Optimizer& optimizer) const {
  const auto found = progress_.find(&optimizer);
  if (found == progress_.end()) return invalid_state("the gradients of this optimizer were not unscaled");
  if (found->second.stage == Stage::kStepped)
    return invalid_state("this optimizer has stepped already since the last backward");
  if (!found->second.has_gradients)
    return invalid_state("none of the optimizer's parameters has a gradient; call oar_accelerator_backward before");
  return found->second.found_inf.item<float>() == 0;
}

void GradScaler::note_step(const Optimizer& optimizer) { progress_.at(&optimizer).stage = Stage::kStepped; }

bool GradScaler::has_stepped() const {
  for (const auto& [optimizer, progress] : progress_) {
    if (progress.stage == Stage::kStepped) return true;
  }
  return false;
}

Result<GradScaler::Update> GradScaler::update() {
  if (progress_.empty()) return invalid_state("no optimizer's gradients were unscaled since the last update");
  const GradModeScope no_grad(false);
  at::Tensor found_inf = number(0, at::kFloat, scale_.device());
  for (const auto& [optimizer, progress] : progress_) found_inf.add_(progress.found_inf);
  Update update;
  update.found_inf = found_inf.item<float>() > 0;
  update.scale_before = scale();
  at::_amp_update_scale_(scale_, growth_tracker_, found_inf, values_.growth_factor, values_.backoff_factor,
                         values_.growth_interval);
  update.scale = scale();
  forget();
  return update;
}

void GradScaler::forget() { progress_.clear(); }

JsonValue GradScaler::state() const {
  JsonValue state = JsonValue::object();
  state.set("scale", JsonValue::number(scale()));
  state.set("growth_factor", JsonValue::number(values_.growth_factor));
  state.set("backoff_factor", JsonValue::number(values_.backoff_factor));
  state.set("growth_interval", JsonValue::integer(values_.growth_interval));
  state.set("_growth_tracker", JsonValue::integer(growth_tracker_.item<std::int32_t>()));
  return state;
}

Status GradScaler::load_state(const JsonValue& state) {
  if (!state.is_object() || state.members().empty()) {
    return invalid_argument(
        "the scaler's state is empty: it was saved without a scaler (accelerator.mixed_precision other than fp16, or "
        "scaler.enabled false)");
  }
  Values values;
  OAR_ASSIGN(const double scale, number_at(state, "scale"));
  OAR_ASSIGN(values.growth_factor, number_at(state, "growth_factor"));
  OAR_ASSIGN(values.backoff_factor, number_at(state, "backoff_factor"));
  OAR_ASSIGN(const JsonValue* interval, state.at("growth_interval"));
  OAR_ASSIGN(values.growth_interval, interval->as_int64());
  OAR_ASSIGN(const JsonValue* tracker_value, state.at("_growth_tracker"));
  OAR_ASSIGN(const std::int64_t tracker, tracker_value->as_int64());
  OAR_TRY(check(values, scale));
  if (tracker < 0 || tracker >= values.growth_interval) {
    return invalid_argument("_growth_tracker must lie in [0, growth_interval {}), got {}", values.growth_interval,
                            tracker);
  }
  values_ = values;
  scale_.fill_(scale);
  growth_tracker_.fill_(tracker);
  forget();
  return Status::ok();
}

JsonValue GradScaler::progress(const Optimizer& optimizer) const {
  JsonValue json = JsonValue::object();
  const auto found = progress_.find(&optimizer);
  const Stage now = stage(optimizer);
  const char* const name = now == Stage::kReady ? "ready" : now == Stage::kUnscaled ? "unscaled" : "stepped";
  json.set("stage", JsonValue::string(name));
  if (found == progress_.end()) return json;
  json.set("has_gradients", JsonValue::boolean(found->second.has_gradients));
  json.set("found_inf", JsonValue::boolean(found->second.found_inf.item<float>() > 0));
  return json;
}

Status GradScaler::load_progress(const Optimizer& optimizer, const JsonValue& progress) {
  OAR_ASSIGN(const JsonValue* stage_value, progress.at("stage"));
  OAR_ASSIGN(const std::string name, stage_value->as_string());
  progress_.erase(&optimizer);
  if (name == "ready") return Status::ok();
  if (name != "unscaled" && name != "stepped") return corrupt("'{}' is no stage of an optimizer", name);
  OAR_ASSIGN(const JsonValue* has_value, progress.at("has_gradients"));
  OAR_ASSIGN(const JsonValue* found_value, progress.at("found_inf"));
  OAR_ASSIGN(const bool has_gradients, has_value->as_bool());
  OAR_ASSIGN(const bool found_inf, found_value->as_bool());
  progress_[&optimizer] = {name == "stepped" ? Stage::kStepped : Stage::kUnscaled, has_gradients,
                           number(found_inf ? 1 : 0, at::kFloat, scale_.device())};
  return Status::ok();
}

}  // namespace oarlock
