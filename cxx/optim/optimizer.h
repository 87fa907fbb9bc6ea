// Updates of parameters on libtorch's fused kernels, with torch.optim's names, defaults and state layout.
//
// 1. A step equals torch.optim.SGD / AdamW with fused=True, bit for bit (tests/parity/test_optim.py).
// 2. A parameter without a gradient is left alone: value, state and step count. State is made at its first gradient.
// 3. The kernels' lists are kept from step to step and made anew only when other parameters have gradients.
// 4. Parameters are grouped by device and dtype; each group is one kernel call.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// What a checkpoint keeps of an optimizer: tensors named "<parameter>.<state>" ("fc.weight.exp_avg", ".step", ...) and
// the rest. States: adamw step (float32, no dimensions), exp_avg, exp_avg_sq, max_exp_avg_sq with amsgrad; sgd
// momentum_buffer with momentum. Parameters that never had a gradient have none.
struct OptimizerState {
  NamedTensors tensors;
  JsonValue values;  // {"name":"adamw","learning_rate":...,"initial_learning_rate":...,"num_steps":...,"options":{...}}
};

class Optimizer {
 public:
  // name: "sgd" or "adamw". options: section "optimizer". Parameters are kept, shared with the model.
  // OAR_E_ARGUMENT: an option out of range, or of the other optimizer; the same parameter twice.
  // OAR_E_UNSUPPORTED: a parameter that is not of a real floating dtype, or whose memory has gaps or overlaps.
  static Result<std::shared_ptr<Optimizer>> create(std::string_view name, NamedTensors parameters,
                                                   const Options& options);
  virtual ~Optimizer() = default;
  virtual Status step() = 0;     // parameters without a gradient are left alone
  virtual void zero_grad() = 0;  // gradients become undefined
  virtual double learning_rate() const = 0;
  // What schedules multiply: the last rate that was set before the first schedule fixed it (torch's initial_lr).
  // Gives it, fixed from now on; fixing twice is fine.
  virtual double fix_initial_learning_rate() = 0;
  virtual void set_learning_rate(double learning_rate) = 0;  // finite, >= 0: check_learning_rate
  virtual std::int64_t num_steps() const = 0;
  virtual const NamedTensors& parameters() const = 0;
  virtual OptimizerState state() const = 0;  // tensors but .step share memory with the optimizer
  // Strict; unchanged on failure. Hyper-parameters become the saved ones, as torch's load_state_dict has it.
  virtual Status load_state(const OptimizerState& state) = 0;
};

Status check_learning_rate(double learning_rate);  // OAR_E_ARGUMENT unless finite and >= 0

}  // namespace oarlock
