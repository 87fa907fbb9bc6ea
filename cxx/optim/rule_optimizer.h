// An optimizer by an UpdateRule: everything that rules share. Private to optim/: others know Optimizer.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "optim/optimizer.h"

namespace oarlock {

// State of one parameter. Undefined tensors: not made yet, or this parameter has none.
struct ParameterState {
  std::int64_t num_steps = 0;
  std::vector<double> scalars;      // by UpdateRule::scalars; empty before the first update
  std::vector<at::Tensor> tensors;  // by UpdateRule::tensors
};

// Invariants: 1. states_[i] belongs to parameters_[i]. 2. While buckets_are_valid_, buckets_ are made of active_ and of
// the tensors in states_, and step + 1 of a bucket is what its parameters' next update is.
class RuleOptimizer : public Optimizer {
 public:
  // The parameters have been checked.
  RuleOptimizer(std::shared_ptr<const UpdateRule> rule, GroupedParameters grouped);

  Status step() override;
  OptimizerState state() const override;
  Status load_state(const OptimizerState& state) override;
  void set_training(bool training) override;

 private:
  void make_state(std::size_t index, bool& is_first);
  void make_buckets();
  void add_to_bucket(UpdateBucket& bucket, std::size_t place);
  Status update(UpdateBucket& bucket);
  Status refuse_evaluation() const;

  std::vector<ParameterState> states_;
  std::vector<std::size_t> group_of_;  // by parameter
  std::vector<std::size_t> active_;    // indices of the parameters that had a gradient in the last step
  std::vector<UpdateBucket> buckets_;
  bool buckets_are_valid_ = false;
  bool is_training_ = true;  // only rules with set_training ever leave it
};

}  // namespace oarlock
