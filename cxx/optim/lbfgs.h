// L-BFGS: Nocedal and Wright 2006, algorithm 7.5; torch.optim.LBFGS, with its stopping rules and, by option, its strong
// Wolfe line search. One group; all parameters are one vector. Private to optim/.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "optim/optimizer.h"
#include "optim/strong_wolfe.h"

namespace oarlock {

class Lbfgs : public Optimizer {
 public:
  // OAR_E_ARGUMENT: several groups. OAR_E_UNSUPPORTED: parameters of several dtypes or devices.
  static Result<std::shared_ptr<Optimizer>> create(std::shared_ptr<const UpdateRule> rule, GroupedParameters grouped);
  Lbfgs(std::shared_ptr<const UpdateRule> rule, GroupedParameters grouped)
      : Optimizer(std::move(rule), std::move(grouped)) {}

  Status step() override;                 // OAR_E_STATE: it needs a closure
  OptimizerState state() const override;  // tensors of the first parameter's name, as torch keeps them
  Status load_state(const OptimizerState& state) override;

 private:
  // What torch keeps in state[params[0]].
  struct Memory {
    std::int64_t num_evaluations = 0;  // func_evals
    std::int64_t num_iterations = 0;   // n_iter
    at::Tensor direction;              // d
    double step = 0;                   // t
    bool step_is_from_tensor = false;  // within a step only
    std::vector<at::Tensor> old_dirs;  // differences of gradients
    std::vector<at::Tensor> old_stps;  // differences of parameters
    std::vector<at::Tensor> ro;
    at::Tensor h_diag;
    at::Tensor prev_flat_grad;
    double prev_loss = 0;
  };
  struct Move {
    Evaluation evaluation;
    double step = 0;
    std::int64_t num_evaluations = 0;
  };

  Result<double> step_by(const Closure& closure) override;
  std::vector<at::Tensor> copy_parameters() const;
  void set_parameters(const std::vector<at::Tensor>& values);
  Result<double> minimise(const Closure& closure, Memory& memory);
  at::Tensor flat_gradient() const;
  void move_along(const at::Tensor& direction, double step);
  Result<Evaluation> evaluate(const Closure& closure) const;
  void remember(Memory& memory, const at::Tensor& gradient) const;
  at::Tensor direction_of(const Memory& memory, const at::Tensor& gradient) const;
  Result<Move> search(const Closure& closure, const Memory& memory, const Evaluation& here, double slope,
                      std::int64_t evaluations_left);
  Result<bool> iterate(const Closure& closure, Memory& memory, Evaluation& here, std::int64_t iteration,
                       std::int64_t& num_evaluations);
  std::int64_t evaluations_max() const;
  Result<Memory> read_memory(const NamedTensors& tensors) const;

  Memory memory_;
};

}  // namespace oarlock
