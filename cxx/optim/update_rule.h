// What an optimizer is: its numbers, what it keeps for each parameter, and its update as operators on lists.
//
// A rule is data and one function. Groups, step counters, creation of state, maximize, weight decay, refusal of
// sparse gradients and saved states are written once, in RuleOptimizer. To add an optimizer: a file in rules/ that
// returns its UpdateRule, a line in rules/rules.cpp, and a row in base/option_keys for each option that no other has.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "optim/hyper_parameters.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// Parameters that one call updates: of one group, device, dtype, and with equal counters and the same kinds of state.
struct UpdateBucket {
  std::size_t group = 0;
  std::vector<std::size_t> places;  // of its parameters among those that have a gradient
  std::vector<at::Tensor> parameters;
  // Only during a step. The parameters' own unless owns_gradients: then the update may write them.
  std::vector<at::Tensor> gradients;
  bool owns_gradients = false;
  std::vector<std::vector<at::Tensor>> state;  // by UpdateRule::tensors; an empty list: they have none
  double step = 0;                             // of the update: 1 for the first
  std::vector<double> scalars;                 // by UpdateRule::scalars; the update may change them
  bool is_first = false;                       // some tensor of `state` was made for this update
  std::vector<at::Tensor> steps;               // `step` as the fused kernels take it: one tensor, once per parameter
};

// A tensor that a rule keeps for each parameter.
struct StateTensor {
  const char* name;  // torch.optim's
  // Its first value. An undefined one: this parameter has none (amsgrad off, no rows of a vector).
  std::function<at::Tensor(const at::Tensor& parameter, const HyperParameters& values)> make;
};

// A number that a rule keeps for each parameter, a float32 without dimensions in saved states, and rounded to that.
struct StateScalar {
  const char* name;
  std::function<double(const HyperParameters& values)> initial;
};

// A number of a whole group, by rule and not by option.
struct GroupScalar {
  const char* name;
  double initial;
};

enum class WeightDecay {
  kIntoGradient,  // gradient + weight_decay * parameter, before the update (L2)
  kDecoupled,     // parameter * (1 - lr * weight_decay), before the update
  kByOption,      // the one or the other by decoupled_weight_decay
  kInUpdate,      // the update does it, and maximize too: it gets the gradients as they are
};

struct UpdateRule {
  std::string name;
  std::vector<HyperParameterRule> options;
  std::shared_ptr<const std::vector<std::string>> option_names;  // of a host's: what the options' names point to
  bool counts_steps = true;                                      // saved states have a "step" per parameter
  std::vector<StateScalar> scalars;
  std::vector<StateTensor> tensors;
  std::vector<GroupScalar> group_scalars;
  WeightDecay weight_decay = WeightDecay::kIntoGradient;
  std::function<Status(const HyperParameters&)> check;        // what concerns two options; may be empty
  std::function<Status(const NamedTensor&)> check_parameter;  // may be empty
  std::function<void(const HyperParameters&, std::vector<double>&)> begin_group;  // before its buckets; may be empty
  // Runs without autograd. group_scalars: of the bucket's group.
  std::function<Status(UpdateBucket&, const HyperParameters&, const std::vector<double>& group_scalars)> update;
  // Schedule-free rules: makes the parameters those of evaluation, or of training again. May be empty.
  std::function<void(at::Tensor& parameter, const std::vector<at::Tensor>& state, const HyperParameters&,
                     bool training)>
      set_training;
};

// What most rules start with.
at::Tensor make_zeros(const at::Tensor& parameter, const HyperParameters& values);
// torch's `x ** 0.5` and `1 - beta ** step`, bit for bit.
double power_half(double value);
double bias_correction(double beta, double step);

}  // namespace oarlock
