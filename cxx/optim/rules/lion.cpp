// Chen et al. 2023, "Symbolic discovery of optimization algorithms", program 1; names and defaults of the package
// lion-pytorch.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sign.h>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double beta1 = values.numbers("betas")[0], beta2 = values.numbers("betas")[1];
  std::vector<at::Tensor> direction = at::_foreach_mul(bucket.state[0], beta1);
  at::_foreach_add_(direction, bucket.gradients, 1 - beta1);
  at::_foreach_sign_(direction);
  at::_foreach_add_(bucket.parameters, direction, -values.number("lr"));
  at::_foreach_mul_(bucket.state[0], beta2);
  at::_foreach_add_(bucket.state[0], bucket.gradients, 1 - beta2);
  return Status::ok();
}

}  // namespace

UpdateRule lion_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1e-4},
                  {"betas", std::vector{0.9, 0.99}, HyperRange::kUpToOne, OptionType::kDoubles},
                  {"weight_decay", 0.0},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.counts_steps = false;
  rule.tensors = {{"exp_avg", make_zeros}};
  rule.weight_decay = WeightDecay::kDecoupled;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
