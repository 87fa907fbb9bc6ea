// SGD and AdamW as lists for libtorch's fused kernels. Private to optim/: others know Optimizer.
#pragma once

#include <cstddef>
#include <vector>

#include "optim/hyper_parameters.h"
#include "optim/optimizer.h"

namespace oarlock {

// State of one parameter. Undefined tensors: not made yet, or not of this kind.
struct ParameterState {
  std::int64_t num_steps = 0;
  at::Tensor exp_avg;
  at::Tensor exp_avg_sq;
  at::Tensor max_exp_avg_sq;
  at::Tensor momentum_buffer;
};

// One kernel call: parameters of one device and dtype, and for sgd all with or all without a momentum buffer yet.
struct KernelGroup {
  std::vector<std::size_t> places;  // of its parameters among those that have a gradient
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> gradients;  // only during a step
  std::vector<at::Tensor> exp_avgs;
  std::vector<at::Tensor> exp_avg_sqs;
  std::vector<at::Tensor> max_exp_avg_sqs;
  std::vector<at::Tensor> momentum_buffers;
  std::vector<at::Tensor> steps;           // for each parameter one of distinct_steps
  std::vector<at::Tensor> distinct_steps;  // parameters that made equally many steps share one counter
  bool starts_momentum = false;
};

// Invariants: 1. states_[i] belongs to parameters_[i]. 2. While groups_are_valid_, groups_ are made of active_ and of
// the tensors in states_, and every counter in them equals the num_steps of the parameters that it stands for.
class FusedOptimizer : public Optimizer {
 public:
  // The parameters have been checked.
  FusedOptimizer(OptimizerKind kind, NamedTensors parameters, const HyperParameters& values)
      : kind_(kind),
        parameters_(std::move(parameters)),
        states_(parameters_.size()),
        values_(values),
        initial_lr_(values.lr) {}

  Status step() override;
  void zero_grad() override;
  double learning_rate() const override { return values_.lr; }
  double fix_initial_learning_rate() override {
    initial_lr_is_fixed_ = true;
    return initial_lr_;
  }
  void set_learning_rate(double learning_rate) override {
    values_.lr = learning_rate;
    if (!initial_lr_is_fixed_) initial_lr_ = learning_rate;
  }
  std::int64_t num_steps() const override { return num_steps_; }
  const NamedTensors& parameters() const override { return parameters_; }
  OptimizerState state() const override;
  Status load_state(const OptimizerState& state) override;

 private:
  bool has_state(std::size_t index) const;
  void make_state(std::size_t index);
  void make_groups();
  void add_to_group(KernelGroup& group, std::size_t place);
  void run_kernel(KernelGroup& group);

  OptimizerKind kind_;
  NamedTensors parameters_;
  std::vector<ParameterState> states_;
  HyperParameters values_;  // lr: the current one
  double initial_lr_;
  bool initial_lr_is_fixed_ = false;
  std::int64_t num_steps_ = 0;
  std::vector<std::size_t> active_;  // indices of the parameters that had a gradient in the last step
  std::vector<KernelGroup> groups_;
  bool groups_are_valid_ = false;
};

}  // namespace oarlock
