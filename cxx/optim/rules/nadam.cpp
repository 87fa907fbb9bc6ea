// Dozat 2016; torch.optim.NAdam with foreach=True.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>

#include <cmath>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double beta1 = values.numbers("betas")[0], beta2 = values.numbers("betas")[1];
  const double lr = values.number("lr"), decay = values.number("momentum_decay");
  at::_foreach_lerp_(bucket.state[0], bucket.gradients, 1 - beta1);
  at::_foreach_mul_(bucket.state[1], beta2);
  at::_foreach_addcmul_(bucket.state[1], bucket.gradients, bucket.gradients, 1 - beta2);
  const double mu = beta1 * (1.0 - 0.5 * std::pow(0.96, bucket.step * decay));
  const double next_mu = beta1 * (1.0 - 0.5 * std::pow(0.96, (bucket.step + 1) * decay));
  // As torch's float32 tensor does it.
  const double product = static_cast<float>(bucket.scalars[0]) * static_cast<float>(mu);
  bucket.scalars[0] = product;

  std::vector<at::Tensor> denominator = at::_foreach_sqrt(bucket.state[1]);
  at::_foreach_div_(denominator, power_half(bias_correction(beta2, bucket.step)));
  at::_foreach_add_(denominator, values.number("eps"));
  at::_foreach_addcdiv_(bucket.parameters, bucket.gradients, denominator, -(lr * (1.0 - mu) / (1.0 - product)));
  at::_foreach_addcdiv_(bucket.parameters, bucket.state[0], denominator, -(lr * next_mu / (1.0 - product * next_mu)));
  return Status::ok();
}

}  // namespace

UpdateRule nadam_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 2e-3},
                  {"betas", std::vector{0.9, 0.999}, HyperRange::kBelowOne, OptionType::kDoubles},
                  {"eps", 1e-8},
                  {"weight_decay", 0.0},
                  {"momentum_decay", 4e-3},
                  {"decoupled_weight_decay", false, HyperRange::kAny, OptionType::kFlag},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.scalars = {{"mu_product", [](const HyperParameters&) { return 1.0; }}};
  rule.tensors = {{"exp_avg", make_zeros}, {"exp_avg_sq", make_zeros}};
  rule.weight_decay = WeightDecay::kByOption;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
