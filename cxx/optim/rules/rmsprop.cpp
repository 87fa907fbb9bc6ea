// Hinton 2012, lecture 6e; centered: Graves 2013, section 4.2; torch.optim.RMSprop with foreach=True.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/zeros_like.h>

#include "optim/rules/rules.h"

namespace oarlock {
namespace {

at::Tensor make_momentum(const at::Tensor& parameter, const HyperParameters& values) {
  return values.number("momentum") > 0 ? at::zeros_like(parameter) : at::Tensor();
}

at::Tensor make_average(const at::Tensor& parameter, const HyperParameters& values) {
  return values.flag("centered") ? at::zeros_like(parameter) : at::Tensor();
}

Status update(UpdateBucket& bucket, const HyperParameters& values, const std::vector<double>& /*group_scalars*/) {
  const double alpha = values.number("alpha"), lr = values.number("lr"), momentum = values.number("momentum");
  const auto& squares = bucket.state[0];
  at::_foreach_mul_(squares, alpha);
  at::_foreach_addcmul_(squares, bucket.gradients, bucket.gradients, 1 - alpha);
  std::vector<at::Tensor> average;
  if (values.flag("centered")) {
    at::_foreach_lerp_(bucket.state[2], bucket.gradients, 1 - alpha);
    average = at::_foreach_addcmul(squares, bucket.state[2], bucket.state[2], -1);
    at::_foreach_sqrt_(average);
  } else {
    average = at::_foreach_sqrt(squares);
  }
  at::_foreach_add_(average, values.number("eps"));
  if (momentum == 0) {
    at::_foreach_addcdiv_(bucket.parameters, bucket.gradients, average, -lr);
    return Status::ok();
  }
  at::_foreach_mul_(bucket.state[1], momentum);
  at::_foreach_addcdiv_(bucket.state[1], bucket.gradients, average);
  at::_foreach_add_(bucket.parameters, bucket.state[1], -lr);
  return Status::ok();
}

}  // namespace

UpdateRule rmsprop_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1e-2},
                  {"momentum", 0.0},
                  {"alpha", 0.99},
                  {"eps", 1e-8},
                  {"centered", false, HyperRange::kAny, OptionType::kFlag},
                  {"weight_decay", 0.0},
                  {"maximize", false, HyperRange::kAny, OptionType::kFlag}};
  rule.tensors = {{"square_avg", make_zeros}, {"momentum_buffer", make_momentum}, {"grad_avg", make_average}};
  rule.update = update;
  return rule;
}

}  // namespace oarlock
