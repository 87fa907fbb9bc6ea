// Kingma and Ba 2015, algorithm 2; torch.optim.Adamax with foreach=True.
#include <ATen/ops/_foreach_abs.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_maximum.h>
#include <ATen/ops/_foreach_mul.h>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double beta1 = values.numbers("betas")[0], beta2 = values.numbers("betas")[1];
  at::_foreach_lerp_(bucket.state[0], bucket.gradients, 1 - beta1);
  at::_foreach_mul_(bucket.state[1], beta2);
  std::vector<at::Tensor> sizes = at::_foreach_abs(bucket.gradients);
  at::_foreach_add_(sizes, values.number("eps"));
  at::_foreach_maximum_(bucket.state[1], sizes);
  at::_foreach_addcdiv_(bucket.parameters, bucket.state[0], bucket.state[1],
                        -(values.number("lr") / bias_correction(beta1, bucket.step)));
  return Status::ok();
}

}  // namespace

UpdateRule adamax_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 2e-3},
                  {"betas", std::vector{0.9, 0.999}, HyperRange::kBelowOne, OptionType::kDoubles},
                  {"eps", 1e-8},
                  {"weight_decay", 0.0},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"exp_avg", make_zeros}, {"exp_inf", make_zeros}};
  rule.update = update;
  return rule;
}

}  // namespace oarlock
