// torch.optim.SGD with fused=True.
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

at::Tensor make_momentum(const at::Tensor& parameter, const HyperParameters& values) {
  return values.number("momentum") == 0 ? at::Tensor() : at::empty_like(parameter);  // the first step fills it
}

Status check(const HyperParameters& values) {
  const double momentum = values.number("momentum"), dampening = values.number("dampening");
  if (!values.flag("nesterov") || (momentum > 0 && dampening == 0)) return Status::ok();
  return invalid_argument("optimizer.nesterov needs momentum > 0 and dampening 0; momentum is {}, dampening {}",
                          momentum, dampening);
}

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  at::_fused_sgd_(bucket.parameters, bucket.gradients, bucket.state[0], values.number("weight_decay"),
                  values.number("momentum"), values.number("lr"), values.number("dampening"), values.flag("nesterov"),
                  values.flag("maximize"), bucket.is_first);
  return Status::ok();
}

}  // namespace

UpdateRule sgd_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1e-3},
                  {"momentum", 0.0},
                  {"dampening", 0.0, HyperRange::kAny},
                  {"weight_decay", 0.0},
                  {"nesterov", false, HyperRange::kAny, OptionType::kFlag},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.counts_steps = false;
  rule.tensors = {{"momentum_buffer", make_momentum}};
  rule.weight_decay = WeightDecay::kInUpdate;
  rule.check = check;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
