// Ranks that train by themselves for some steps and then bring their parameters together: LocalSGD, and DiLoCo
// (https://arxiv.org/abs/2311.08105), whose outer optimizer takes the way that the ranks went as a gradient.
//
// Buffers and the states of optimizers stay each rank's own.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/group.h"
#include "model/model.h"

namespace oarlock {

// SGD with momentum over outer gradients, as torch.optim.SGD computes it.
struct OuterOptions {
  double learning_rate = 0.7;
  double momentum = 0.9;
  bool nesterov = true;
};

class LocalTraining {
 public:
  // outer nullopt: LocalSGD. OAR_E_ARGUMENT: num_steps < 1, a rate that is not > 0, a momentum outside of [0, 1).
  static Result<std::unique_ptr<LocalTraining>> create(std::shared_ptr<Model> model, std::shared_ptr<Group> group,
                                                       std::int64_t num_steps, std::optional<OuterOptions> outer);

  const Model& model() const { return *model_; }
  // Counts a step; true: it was the last of its round, and the ranks' parameters were brought together. Collective
  // then.
  Result<bool> step(Milliseconds timeout);
  // Brings them together now; of DiLoCo only if a step was made since the last time. Collective.
  Status average(Milliseconds timeout);

  std::int64_t num_done() const { return num_done_; }
  // DiLoCo's parameters and momentum, equal on all ranks; empty for LocalSGD. Sharing memory with this.
  NamedTensors outer_state() const;
  // num_done steps of the present round's count are done. OAR_E_CORRUPT: names or shapes differ.
  Status load_state(std::int64_t num_done, const NamedTensors& outer);

 private:
  LocalTraining(std::shared_ptr<Model> model, std::shared_ptr<Group> group, std::int64_t num_steps,
                std::optional<OuterOptions> outer);
  void outer_step(const std::vector<at::Tensor>& means);

  const std::shared_ptr<Model> model_;
  const std::shared_ptr<Group> group_;
  const std::int64_t num_steps_;
  const std::optional<OuterOptions> outer_;
  std::vector<at::Tensor> parameters_, origins_,
      momenta_;                // origins_: where the round began; momenta_: none before the first
  std::int64_t num_done_ = 0;  // steps so far
  bool is_apart_ = false;      // a step since the last average
};

}  // namespace oarlock
