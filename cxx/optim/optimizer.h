// Updates of parameters on libtorch's fused kernels, with torch.optim's names, defaults and state layout.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// What a checkpoint keeps of an optimizer: tensors named "<parameter>.<state>" ("fc.weight.exp_avg", ".step", ...) and the rest.
struct OptimizerState {
  NamedTensors tensors;
  JsonValue values;  // {"name":"adamw","learning_rate":...,"num_steps":...,"options":{...}}
};

class Optimizer {
 public:
  // options: section "optimizer". Parameters are kept, shared with the model.
  static Result<std::shared_ptr<Optimizer>> create(std::string_view name, NamedTensors parameters, const Options& options);
  virtual ~Optimizer() = default;
  virtual Status step() = 0;                      // parameters without a gradient are left alone
  virtual void zero_grad() = 0;                   // gradients become undefined
  virtual double learning_rate() const = 0;
  virtual double initial_learning_rate() const = 0;
  virtual void set_learning_rate(double learning_rate) = 0;
  virtual std::int64_t num_steps() const = 0;
  virtual const NamedTensors& parameters() const = 0;
  virtual OptimizerState state() const = 0;       // tensors share memory with the optimizer
  virtual Status load_state(const OptimizerState& state) = 0;  // strict; unchanged on failure
};

}  // namespace oarlock
