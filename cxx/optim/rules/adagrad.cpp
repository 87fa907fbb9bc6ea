// Duchi, Hazan and Singer 2011; torch.optim.Adagrad with fused=True.
#include <ATen/ops/_fused_adagrad.h>
#include <ATen/ops/full_like.h>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

at::Tensor make_sum(const at::Tensor& parameter, const HyperParameters& values) {
  return at::full_like(parameter, values.number("initial_accumulator_value"));
}

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  at::_fused_adagrad_(bucket.parameters, bucket.gradients, bucket.state[0], bucket.steps, values.number("lr"),
                      values.number("lr_decay"), values.number("weight_decay"), values.number("eps"),
                      values.flag("maximize"));
  return Status::ok();
}

}  // namespace

UpdateRule adagrad_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1e-2},
                  {"lr_decay", 0.0},
                  {"eps", 1e-10},
                  {"weight_decay", 0.0},
                  {"initial_accumulator_value", 0.0},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"sum", make_sum}};
  rule.weight_decay = WeightDecay::kInUpdate;
  rule.update = update;
  return rule;
}

}  // namespace oarlock
