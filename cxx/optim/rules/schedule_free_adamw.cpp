// Defazio et al. 2024, "The road less scheduled", algorithm 1; names and defaults of AdamWScheduleFree of the package
// schedulefree. While training the parameters are y, for evaluation x; z is state.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_foreach_sub.h>

#include <algorithm>
#include <cmath>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

enum GroupNumber { kSteps, kLargestLr, kWeightSum, kScheduledLr, kAverageWeight };

// The rate after warm-up, and what this step weighs in the average.
void begin_group(const HyperParameters& values, std::vector<double>& numbers) {
  const double step = numbers[kSteps] + 1;
  const auto warmup = static_cast<double>(values.integer("warmup_steps"));
  const double lr = values.number("lr") * (numbers[kSteps] < warmup ? step / warmup : 1.0);
  numbers[kScheduledLr] = lr;
  numbers[kLargestLr] = std::max(lr, numbers[kLargestLr]);
  const double weight =
      std::pow(step, values.number("r")) * std::pow(numbers[kLargestLr], values.number("weight_lr_power"));
  numbers[kWeightSum] += weight;
  numbers[kAverageWeight] = numbers[kWeightSum] == 0 ? 0 : weight / numbers[kWeightSum];
  numbers[kSteps] = step;
}

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& numbers) {
  const double beta1 = values.numbers("betas")[0], beta2 = values.numbers("betas")[1];
  const double lr = numbers[kScheduledLr], average_weight = numbers[kAverageWeight];
  const auto &z = bucket.state[0], &squares = bucket.state[1];
  at::_foreach_mul_(squares, beta2);
  at::_foreach_addcmul_(squares, bucket.gradients, bucket.gradients, 1 - beta2);
  std::vector<at::Tensor> denominator = at::_foreach_div(squares, bias_correction(beta2, numbers[kSteps]));
  at::_foreach_sqrt_(denominator);
  at::_foreach_add_(denominator, values.number("eps"));
  const std::vector<at::Tensor> direction = at::_foreach_div(bucket.gradients, denominator);
  if (values.number("weight_decay") != 0)
    at::_foreach_add_(direction, bucket.parameters, values.number("weight_decay"));
  at::_foreach_lerp_(bucket.parameters, z, average_weight);
  at::_foreach_add_(bucket.parameters, direction, lr * (beta1 * (1 - average_weight) - 1));
  at::_foreach_sub_(z, direction, lr);
  return Status::ok();
}

void set_training(at::Tensor& parameter, const std::vector<at::Tensor>& state, const HyperParameters& values,
                  bool training) {
  const double beta1 = values.numbers("betas")[0];
  parameter.lerp_(state[0], training ? 1 - beta1 : 1 - 1 / beta1);
}

}  // namespace

UpdateRule schedule_free_adamw_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 0.0025},
                  {"betas", std::vector{0.9, 0.999}, HyperRange::kBelowOne, OptionType::kDoubles},
                  {"eps", 1e-8},
                  {"weight_decay", 0.0},
                  {"warmup_steps", std::int64_t{0}, HyperRange::kAtLeastZero, OptionType::kInt},
                  {"r", 0.0, HyperRange::kAny},
                  {"weight_lr_power", 2.0, HyperRange::kAny}};
  rule.counts_steps = false;
  rule.tensors = {{"z", [](const at::Tensor& parameter, const HyperParameters&) { return parameter.clone(); }},
                  {"exp_avg_sq", make_zeros}};
  rule.group_scalars = {{"k", 0}, {"lr_max", -1}, {"weight_sum", 0}, {"scheduled_lr", 0}, {"average_weight", 0}};
  rule.weight_decay = WeightDecay::kInUpdate;
  rule.check = [](const HyperParameters& values) {
    if (values.numbers("betas")[0] > 0) return Status::ok();
    return invalid_argument("optimizer.betas[0] must be > 0 for this optimizer, got 0");
  };
  rule.begin_group = begin_group;
  rule.update = update;
  rule.set_training = set_training;
  return rule;
}

}  // namespace oarlock
