// An optimizer whose update is a function of the host's; groups, options and saved states are as with the others.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "optim/optimizer.h"
#include "tensor/tree.h"

namespace oarlock {

struct HostUpdate {
  const NamedTensor& parameter;
  const at::Tensor& gradient;
  const std::shared_ptr<Tree>& state;    // a map that stays from step to step; the host's to fill
  const std::shared_ptr<Tree>& options;  // of the group
};
using UpdateFn = std::function<Status(const HostUpdate&)>;

class HostOptimizer : public Optimizer {
 public:
  // options: JSON as oar_optimizer_create_foreign takes it; null: none.
  static Result<std::shared_ptr<Optimizer>> create(std::string_view name, NamedTensors parameters,
                                                   const JsonValue& options, UpdateFn update);
  HostOptimizer(std::shared_ptr<const UpdateRule> rule, GroupedParameters grouped, UpdateFn update);

  Status step() override;
  OptimizerState state() const override;  // what is no tensor lies in values, as "state"
  Status load_state(const OptimizerState& state) override;

 private:
  Status update_group(const ParameterGroup& group);
  Result<std::vector<Tree::Map>> read_states(const OptimizerState& state) const;

  UpdateFn update_;
  std::vector<std::shared_ptr<Tree>> states_;  // by parameter
};

}  // namespace oarlock
