// Kingma and Ba 2015, algorithm 1 (adam); Loshchilov and Hutter 2019, algorithm 2 (adamw); Reddi et al. 2018 (amsgrad);
// torch.optim.Adam and AdamW with fused=True.
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros_like.h>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

at::Tensor make_max(const at::Tensor& parameter, const HyperParameters& values) {
  return values.flag("amsgrad") ? at::zeros_like(parameter) : at::Tensor();
}

template <bool is_always_decoupled>
Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const std::vector<double>& betas = values.numbers("betas");
  const bool is_decoupled = is_always_decoupled || values.flag("decoupled_weight_decay");
  const auto kernel = [&](const auto& fused) {
    fused(bucket.parameters, bucket.gradients, bucket.state[0], bucket.state[1], bucket.state[2], bucket.steps,
          values.number("lr"), betas[0], betas[1], values.number("weight_decay"), values.number("eps"),
          values.flag("amsgrad"), values.flag("maximize"));
  };
  if (is_decoupled) {
    kernel([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
  } else {
    kernel([](auto&&... arguments) { at::_fused_adam_(arguments...); });
  }
  return Status::ok();
}

UpdateRule common_rule(double weight_decay) {
  UpdateRule rule;
  rule.options = {{"lr", 1e-3},
                  {"betas", std::vector{0.9, 0.999}, HyperRange::kBelowOne, OptionType::kDoubles},
                  {"eps", 1e-8},
                  {"weight_decay", weight_decay},
                  {"amsgrad", false, HyperRange::kAny, OptionType::kFlag},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"exp_avg", make_zeros}, {"exp_avg_sq", make_zeros}, {"max_exp_avg_sq", make_max}};
  rule.weight_decay = WeightDecay::kInUpdate;
  return rule;
}

}  // namespace

UpdateRule adam_rule() {
  UpdateRule rule = common_rule(0.0);
  rule.options.push_back({"decoupled_weight_decay", false, HyperRange::kAny, OptionType::kFlag});
  rule.update = update<false>;
  return rule;
}

UpdateRule adamw_rule() {
  UpdateRule rule = common_rule(0.01);
  rule.update = update<true>;
  return rule;
}

}  // namespace oarlock
