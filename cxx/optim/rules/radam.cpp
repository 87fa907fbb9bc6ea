// Liu et al. 2020, algorithm 2; torch.optim.RAdam with foreach=True.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_reciprocal.h>
#include <ATen/ops/_foreach_sqrt.h>

#include <cmath>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double beta1 = values.numbers("betas")[0], beta2 = values.numbers("betas")[1];
  const double lr = values.number("lr"), step = bucket.step;
  const double rho_inf = 2 / (1 - beta2) - 1;
  const double rho = rho_inf - 2 * step * std::pow(beta2, step) / (1 - std::pow(beta2, step));
  at::_foreach_lerp_(bucket.state[0], bucket.gradients, 1 - beta1);
  at::_foreach_mul_(bucket.state[1], beta2);
  at::_foreach_addcmul_(bucket.state[1], bucket.gradients, bucket.gradients, 1 - beta2);

  const double rectification =
      rho > 5 ? power_half((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) : 0;
  const double plain = rectification > 0 ? 0 : 1;
  const double correction1 = bias_correction(beta1, step);
  const double scale = power_half(bias_correction(beta2, step)) * (lr * rectification / correction1) * -1;
  std::vector<at::Tensor> buffer = at::_foreach_sqrt(bucket.state[1]);
  at::_foreach_add_(buffer, values.number("eps"));
  at::_foreach_div_(buffer, scale);  // by zero before the rectification: its reciprocal is zero again
  at::_foreach_reciprocal_(buffer);
  at::_foreach_add_(buffer, (lr * plain / correction1) * -1);
  at::_foreach_addcmul_(bucket.parameters, bucket.state[0], buffer);
  return Status::ok();
}

}  // namespace

UpdateRule radam_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1e-3},
                  {"betas", std::vector{0.9, 0.999}, HyperRange::kBelowOne, OptionType::kDoubles},
                  {"eps", 1e-8},
                  {"weight_decay", 0.0},
                  {"decoupled_weight_decay", false, HyperRange::kAny, OptionType::kFlag},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"exp_avg", make_zeros}, {"exp_avg_sq", make_zeros}};
  rule.weight_decay = WeightDecay::kByOption;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
