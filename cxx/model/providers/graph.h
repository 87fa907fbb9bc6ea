// A model over a program: one plan for training, one for evaluation, made once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/executor.h"
#include "graph/ir.h"
#include "model/model.h"

namespace oarlock {

class GraphModel : public Model {
 public:
  GraphModel(Program program, at::Device device);

  const NamedTensors& parameters() const override { return parameters_; }
  const NamedTensors& buffers() const override { return buffers_; }
  NamedTensors state_dict() const override;
  Status load_state_dict(const NamedTensors& tensors) override;
  Result<at::Tensor> tensor(std::string_view name) const override;
  Result<at::Tensor> gradient(std::string_view name) const override;
  const std::vector<std::string>& input_names() const override { return input_names_; }
  void set_training(bool training) override;
  bool is_training() const override { return training_; }
  Result<Tree> forward(const Tree& inputs) override;
  void add_observer(std::weak_ptr<UnitObserver> observer) override { observers_.push_back(std::move(observer)); }

 private:
  struct Plan {
    Executor executor;
    std::vector<std::size_t> copied_tensors;  // program tensors that the run writes to and must not change
    std::vector<SlotId> copied_inputs;        // inputs that the run writes to: they are the caller's
  };

  Result<const ProgramTensor*> find(std::string_view name) const;
  Status set_inputs(const Tree& inputs, Frame& frame) const;
  Status run(Frame& frame);
  void rebind_buffers(const Frame& frame);
  std::vector<std::shared_ptr<UnitObserver>> live_observers();

  Program program_;
  at::Device device_;
  Plan training_plan_, evaluation_plan_;
  std::vector<std::size_t> buffer_index_;  // program tensor -> entry of buffers_, or npos
  NamedTensors parameters_, buffers_;
  std::vector<std::string> input_names_;
  std::vector<std::weak_ptr<UnitObserver>> observers_;
  std::vector<std::string> random_nodes_;  // that evaluation leaves random; empty when that was said
  bool training_ = true;
};

}  // namespace oarlock
