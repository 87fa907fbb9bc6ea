// Updates of parameters by torch.optim's rules, names, defaults and state layout. docs/optimizers.md lists them.
//
// 1. A step equals torch.optim's with fused=True where torch has a fused kernel, else with foreach=True, bit for bit
//    (tests/parity/test_optim*.py).
// 2. A parameter without a gradient is left alone: value, state and step count. State is made at its first gradient.
// 3. The kernels' lists are kept from step to step and made anew only when other parameters have gradients.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "optim/parameter_groups.h"
#include "optim/update_rule.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// What a checkpoint keeps of an optimizer: tensors named "<parameter>.<state>" ("fc.weight.exp_avg", ".step", ...) and
// the rest. States: those of the rule, by torch's names; "step" is float32 without dimensions. Parameters that never
// had a gradient have none.
struct OptimizerState {
  NamedTensors tensors;
  // {"name":"adamw","learning_rate":...,"initial_learning_rate":...,"num_steps":...,"options":{...}}; with several
  // groups also "groups":[{"parameters":[...],"learning_rate":...,"initial_learning_rate":...,"options":{...}}], and
  // the outer ones are the first group's. A group of a rule with numbers of its own (schedule-free) has "scalars".
  JsonValue values;
};

class Optimizer {
 public:
  // Makes gradients of the current parameters and gives their loss; runs with autograd as the caller had it.
  using Closure = std::function<Result<double>()>;

  // options: section "optimizer". Parameters are kept, shared with the model.
  // OAR_E_ARGUMENT: an unknown name (the text lists the known ones, the nearest first), an option out of range or of
  // other optimizers, groups that do not fit (group_parameters), the same parameter twice.
  // OAR_E_UNSUPPORTED: a parameter that is not of a real floating dtype, whose memory has gaps or overlaps, or whose
  // shape the rule does not take.
  static Result<std::shared_ptr<Optimizer>> create(std::string_view name, NamedTensors parameters,
                                                   const Options& options);
  // The same by a rule of the caller's.
  static Result<std::shared_ptr<Optimizer>> create(UpdateRule rule, NamedTensors parameters, const Options& options);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  virtual Status step() = 0;  // parameters without a gradient are left alone
  // Gives the closure's first loss. Gradients are dropped before each call of it. Rules that look at the loss (lbfgs)
  // call it often; the others once, then step. When it fails, parameters and state are as they were before.
  Result<double> step_with(const Closure& closure);
  virtual OptimizerState state() const = 0;  // tensors but numbers share memory with the optimizer
  // Strict; unchanged on failure. Hyper-parameters become the saved ones, as torch's load_state_dict has it.
  virtual Status load_state(const OptimizerState& state) = 0;
  // schedule-free rules: parameters become those to evaluate with, or to train with. Others: nothing.
  virtual void set_training(bool training);

  void zero_grad();  // gradients become undefined
  const std::string& name() const { return rule_->name; }
  const UpdateRule& rule() const { return *rule_; }
  const NamedTensors& parameters() const { return parameters_; }
  const std::vector<ParameterGroup>& groups() const { return groups_; }
  std::int64_t num_steps() const { return num_steps_; }

  double learning_rate() const { return groups_.front().values.number("lr"); }  // the first group's
  std::vector<double> learning_rates() const;                                   // by group
  void set_learning_rate(double learning_rate);                                 // every group's; check_learning_rate
  // Of one group, by schedules; unchecked. The name is one of the rule's.
  void set_learning_rate(std::size_t group, double learning_rate);
  void set_number(std::size_t group, std::string_view name, double value);
  void set_numbers(std::size_t group, std::string_view name, std::vector<double> values);
  // What schedules multiply, by group (torch's initial_lr), fixed from now on; fixing twice is fine.
  std::vector<double> fix_initial_learning_rates();
  void set_notes(std::size_t group, ScheduleNotes notes) { groups_[group].notes = std::move(notes); }
  bool has_fixed_initial_rates() const { return initial_lr_is_fixed_; }

  // {"params":[names], "lr":..., ...}. OAR_E_ARGUMENT: no such group.
  Result<JsonValue> group_to_json(std::int64_t group) const;
  // An object of options without "params". All of them or, with OAR_E_ARGUMENT, none.
  Status set_group_options(std::int64_t group, const JsonValue& options);

 private:
  Status check_group(std::int64_t group) const;
  virtual Result<double> step_by(const Closure& closure);

 protected:
  Optimizer(std::shared_ptr<const UpdateRule> rule, GroupedParameters grouped)
      : rule_(std::move(rule)), parameters_(std::move(grouped.parameters)), groups_(std::move(grouped.groups)) {}

  // The JSON part of state() and its reading, the same for every rule. `check` only reads.
  struct SavedValues {
    std::vector<ParameterGroup> groups;
    std::int64_t num_steps = 0;
    bool initial_lr_is_fixed = false;
  };
  JsonValue values_to_json() const;
  Result<SavedValues> read_values(const JsonValue& json) const;
  void take_values(SavedValues saved);

  std::shared_ptr<const UpdateRule> rule_;
  NamedTensors parameters_;
  std::vector<ParameterGroup> groups_;
  std::int64_t num_steps_ = 0;
  bool initial_lr_is_fixed_ = false;
  bool state_may_differ_ = false;  // a hyper-parameter changed that says which state there is
};

Status check_learning_rate(double learning_rate);  // OAR_E_ARGUMENT unless finite and >= 0

}  // namespace oarlock
