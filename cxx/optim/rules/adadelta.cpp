// Zeiler 2012, algorithm 1; torch.optim.Adadelta with foreach=True.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double rho = values.number("rho"), eps = values.number("eps");
  at::_foreach_mul_(bucket.state[0], rho);
  at::_foreach_addcmul_(bucket.state[0], bucket.gradients, bucket.gradients, 1 - rho);
  std::vector<at::Tensor> deviation = at::_foreach_add(bucket.state[0], eps);
  at::_foreach_sqrt_(deviation);
  std::vector<at::Tensor> deltas = at::_foreach_add(bucket.state[1], eps);
  at::_foreach_sqrt_(deltas);
  at::_foreach_div_(deltas, deviation);
  at::_foreach_mul_(deltas, bucket.gradients);
  at::_foreach_mul_(bucket.state[1], rho);
  at::_foreach_addcmul_(bucket.state[1], deltas, deltas, 1 - rho);
  at::_foreach_add_(bucket.parameters, deltas, -values.number("lr"));
  return Status::ok();
}

}  // namespace

UpdateRule adadelta_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1.0},
                  {"rho", 0.9, HyperRange::kUpToOne},
                  {"eps", 1e-6},
                  {"weight_decay", 0.0},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"square_avg", make_zeros}, {"acc_delta", make_zeros}};
  rule.update = update;
  return rule;
}

}  // namespace oarlock
