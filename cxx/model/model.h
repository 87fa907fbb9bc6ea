// Parameters, buffers, and how to run and differentiate them.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/status.h"
#include "graph/unit_observer.h"
#include "tensor/named_tensor.h"
#include "tensor/tree.h"

namespace oarlock {

class Model {
 public:
  // A .pt2 file on `device`. options: section "model".
  static Result<std::shared_ptr<Model>> load(const std::string& path, at::Device device, const Options& options);
  virtual ~Model() = default;

  // Trainable leaves, each once (tied names collapse to the first), in the program's order; and mutable buffers.
  virtual const NamedTensors& parameters() const = 0;
  virtual const NamedTensors& buffers() const = 0;
  // Every persistent name, tied ones too; sharing memory with the model.
  virtual NamedTensors state_dict() const = 0;
  // Copies in place. Strict: every name, shape and dtype must fit; nothing is changed on failure, which lists what differs.
  virtual Status load_state_dict(const NamedTensors& tensors) = 0;

  virtual const std::vector<std::string>& input_names() const = 0;
  virtual void set_training(bool training) = 0;
  virtual bool is_training() const = 0;
  // Training: autograd recorded. Evaluation: not, and every buffer bit-unchanged.
  virtual Result<Tree> forward(const Tree& inputs) = 0;
  virtual void add_observer(std::weak_ptr<UnitObserver> observer) = 0;  // of the root unit
};

}  // namespace oarlock
