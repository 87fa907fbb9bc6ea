// Polyak and Juditsky 1992 (averaging) with the rates of Bottou's svmasgd; torch.optim.ASGD with foreach=True.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_sub.h>

#include <algorithm>
#include <cmath>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

enum Scalar { kEta, kMu };

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double lr = values.number("lr"), lambd = values.number("lambd");
  std::vector<at::Tensor> direction = at::_foreach_add(bucket.gradients, bucket.parameters, lambd);
  at::_foreach_add_(bucket.parameters, direction, -bucket.scalars[kEta]);
  direction = at::_foreach_sub(bucket.parameters, bucket.state[0]);
  at::_foreach_add_(bucket.state[0], direction, bucket.scalars[kMu]);
  // The next rates, in float32 as torch's tensors are.
  const float base = 1.0F + static_cast<float>(lambd * lr) * static_cast<float>(bucket.step);
  const float power = std::pow(base, static_cast<float>(values.number("alpha")));
  bucket.scalars[kEta] = 1.0F / power * static_cast<float>(lr);
  bucket.scalars[kMu] = 1 / std::max(1.0, bucket.step - values.number("t0"));
  return Status::ok();
}

}  // namespace

UpdateRule asgd_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1e-2},
                  {"lambd", 1e-4, HyperRange::kAny},
                  {"alpha", 0.75, HyperRange::kAny},
                  {"t0", 1e6, HyperRange::kAny},
                  {"weight_decay", 0.0},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.scalars = {{"eta", [](const HyperParameters& values) { return values.number("lr"); }},
                  {"mu", [](const HyperParameters&) { return 1.0; }}};
  rule.tensors = {{"ax", make_zeros}};
  rule.update = update;
  return rule;
}

}  // namespace oarlock
