// Shazeer and Stern 2018, section 8; transformers.optimization.Adafactor: rates that follow the step and the size of
// the parameter, and an optional first moment.
//
// lr 0 stands for its None: the rate is relative. eps1 and eps2 are the two numbers of its `eps`.
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

enum State { kMoment, kRows, kColumns, kSquares };

// The reference keeps its state in float32 for parameters of half precision.
at::TensorOptions state_options(const at::Tensor& parameter) {
  const bool is_half = parameter.scalar_type() == at::kHalf || parameter.scalar_type() == at::kBFloat16;
  return parameter.options().dtype(is_half ? at::kFloat : parameter.scalar_type());
}

at::Tensor make_moment(const at::Tensor& parameter, const HyperParameters& values) {
  return values.is_set("beta1") ? at::zeros_like(parameter, state_options(parameter)) : at::Tensor();
}

at::Tensor make_rows(const at::Tensor& parameter, const HyperParameters& /*values*/) {
  if (parameter.dim() < 2) return {};
  return at::zeros(parameter.sizes().slice(0, static_cast<std::size_t>(parameter.dim() - 1)), state_options(parameter));
}

at::Tensor make_columns(const at::Tensor& parameter, const HyperParameters& /*values*/) {
  if (parameter.dim() < 2) return {};
  std::vector<std::int64_t> shape = parameter.sizes().vec();
  shape.erase(shape.end() - 2);
  return at::zeros(shape, state_options(parameter));
}

at::Tensor make_squares(const at::Tensor& parameter, const HyperParameters& /*values*/) {
  return parameter.dim() < 2 ? at::zeros_like(parameter, state_options(parameter)) : at::Tensor();
}

at::Tensor root_mean_square(const at::Tensor& tensor) {
  return at::norm(tensor, 2) / power_half(static_cast<double>(tensor.numel()));
}

double rate_of(const at::Tensor& parameter, const HyperParameters& values, double step) {
  double rate = values.number("lr");
  if (values.flag("relative_step")) {
    const double first = values.flag("warmup_init") ? 1e-6 * step : 1e-2;
    rate = std::min(first, 1.0 / std::sqrt(step));
  }
  if (!values.flag("scale_parameter")) return rate;
  return std::max(values.number("eps2"), root_mean_square(parameter).item<double>()) * rate;
}

// The gradient over the root of its running mean square, which this moves on.
at::Tensor normalize(const UpdateBucket& bucket, std::size_t i, const at::Tensor& gradient, double beta2, double eps1) {
  const at::Tensor squares = gradient * gradient + eps1;
  if (bucket.state[kRows].empty()) {
    const at::Tensor& running = bucket.state[kSquares][i];
    running.mul_(beta2).add_(squares, 1.0 - beta2);
    return at::rsqrt(running).mul_(gradient);
  }
  const at::Tensor &rows = bucket.state[kRows][i], &columns = bucket.state[kColumns][i];
  rows.mul_(beta2).add_(at::mean(squares, -1), 1.0 - beta2);
  columns.mul_(beta2).add_(at::mean(squares, -2), 1.0 - beta2);
  const at::Tensor row_factor = (rows / at::mean(rows, -1, true)).rsqrt_().unsqueeze(-1);
  return at::mul(row_factor, at::rsqrt(columns.unsqueeze(-2))).mul_(gradient);
}

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double beta2 = 1.0 - std::pow(bucket.step, values.number("decay_rate"));
  for (std::size_t i = 0; i < bucket.parameters.size(); ++i) {
    const at::Tensor parameter = bucket.parameters[i].to(state_options(bucket.parameters[i]).dtype());
    at::Tensor gradient = bucket.gradients[i].to(parameter.scalar_type());
    if (values.flag("maximize")) gradient = at::neg(gradient);
    const double rate = rate_of(parameter, values, bucket.step);
    at::Tensor change = normalize(bucket, i, gradient, beta2, values.number("eps1"));
    change.div_((root_mean_square(change) / values.number("clip_threshold")).clamp_min_(1.0)).mul_(rate);
    if (values.is_set("beta1")) {
      const at::Tensor& moment = bucket.state[kMoment][i];
      moment.mul_(values.number("beta1")).add_(change, 1 - values.number("beta1"));
      change = moment;
    }
    const double decay = values.number("weight_decay");
    if (decay != 0) parameter.add_(parameter, -decay * rate);
    parameter.sub_(change);
    if (!parameter.is_same(bucket.parameters[i])) bucket.parameters[i].copy_(parameter);
  }
  return Status::ok();
}

Status check(const HyperParameters& values) {
  if (values.number("lr") != 0 && values.flag("relative_step")) {
    return invalid_argument(
        "optimizer.lr ({}) has no use while optimizer.relative_step is true; set relative_step to false, or leave lr "
        "out",
        values.number("lr"));
  }
  if (!values.flag("warmup_init") || values.flag("relative_step")) return Status::ok();
  return invalid_argument("optimizer.warmup_init needs optimizer.relative_step true, which is false");
}

}  // namespace

UpdateRule adafactor_transformers_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 0.0},
                  {"eps1", 1e-30},
                  {"eps2", 1e-3},
                  {"clip_threshold", 1.0, HyperRange::kPositive},
                  {"decay_rate", -0.8, HyperRange::kAny},
                  {"beta1", std::monostate(), HyperRange::kBelowOne},
                  {"weight_decay", 0.0},
                  {"scale_parameter", true, HyperRange::kAny, OptionType::kFlag},
                  {"relative_step", true, HyperRange::kAny, OptionType::kFlag},
                  {"warmup_init", false, HyperRange::kAny, OptionType::kFlag},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"exp_avg", make_moment},
                  {"exp_avg_sq_row", make_rows},
                  {"exp_avg_sq_col", make_columns},
                  {"exp_avg_sq", make_squares}};
  rule.weight_decay = WeightDecay::kInUpdate;
  rule.check = check;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
