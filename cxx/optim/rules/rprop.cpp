// Riedmiller and Braun 1993; torch.optim.Rprop with foreach=True.
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sign.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

at::Tensor make_step_size(const at::Tensor& parameter, const HyperParameters& values) {
  return at::full_like(parameter, values.number("lr"));
}

Status check(const HyperParameters& values) {
  const std::vector<double>& etas = values.numbers("etas");
  if (etas[0] > 0 && etas[0] < 1 && etas[1] > 1) return Status::ok();
  return invalid_argument("optimizer.etas must be a factor in (0, 1) and one above 1, got [{}, {}]", etas[0], etas[1]);
}

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double shrink = values.numbers("etas")[0], grow = values.numbers("etas")[1];
  const double smallest = values.numbers("step_sizes")[0], largest = values.numbers("step_sizes")[1];
  const std::vector<at::Tensor>& previous = bucket.state[0];
  const std::vector<at::Tensor> agreement = at::_foreach_mul(bucket.gradients, previous);
  at::_foreach_copy_(previous, bucket.gradients);
  for (std::size_t i = 0; i < previous.size(); ++i) {
    const at::Tensor turned = agreement[i].lt(0);
    at::Tensor factors = at::full_like(agreement[i], 1.0);
    factors.masked_fill_(agreement[i].gt(0), grow).masked_fill_(turned, shrink);
    bucket.state[1][i].mul_(factors).clamp_(smallest, largest);
    previous[i].masked_fill_(turned, 0.0);
  }
  at::_foreach_addcmul_(bucket.parameters, at::_foreach_sign(previous), bucket.state[1], -1);
  return Status::ok();
}

}  // namespace

UpdateRule rprop_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1e-2},
                  {"etas", std::vector{0.5, 1.2}, HyperRange::kPositive, OptionType::kDoubles},
                  {"step_sizes", std::vector{1e-6, 50.0}, HyperRange::kPositive, OptionType::kDoubles},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"prev", make_zeros}, {"step_size", make_step_size}};
  rule.check = check;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
