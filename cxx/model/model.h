// Parameters, buffers, and how to run and differentiate them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/options.h"
#include "base/status.h"
#include "graph/profiler.h"
#include "graph/unit_observer.h"
#include "model/run_precision.h"
#include "tensor/named_tensor.h"
#include "tensor/tree.h"

namespace oarlock {

class ForeignModel;
class GraphModel;
class InSituRun;

class Model {
 public:
  // A .pt2 file on `device`. options: section "model".
  static Result<std::shared_ptr<Model>> load(const std::string& path, at::Device device, const Options& options);
  // No program: the host runs forward and backward itself and registers what is trained.
  static std::shared_ptr<Model> create_foreign(at::Device device);
  virtual ~Model() = default;

  // Trainable leaves, each once (tied names collapse to the first), in the program's order; and buffers. A training
  // forward of a program that was made functional puts new tensors into buffers(): read the list again instead of
  // keeping its tensors.
  virtual const NamedTensors& parameters() const = 0;
  virtual const NamedTensors& buffers() const = 0;
  // Every persistent name, tied ones too; sharing memory with the model.
  virtual NamedTensors state_dict() const = 0;
  // Copies in place. Strict: every name (one of tied ones), shape and dtype must fit; nothing is changed on failure,
  // which lists what differs.
  virtual Status load_state_dict(const NamedTensors& tensors) = 0;

  // By name: a parameter (tied and frozen ones too) or a buffer, sharing memory and detached from autograd.
  virtual Result<at::Tensor> tensor(std::string_view name) const = 0;
  // The gradient of a parameter, sharing memory; undefined: none yet, or frozen.
  virtual Result<at::Tensor> gradient(std::string_view name) const = 0;

  virtual const std::vector<std::string>& input_names() const = 0;
  Result<std::string> input_name(std::int64_t index) const;
  Result<std::string> parameter_name(std::int64_t index) const;
  virtual void set_training(bool training) = 0;
  virtual bool is_training() const = 0;
  // Training: autograd recorded. Evaluation: not, and every buffer bit-unchanged.
  virtual Result<Tree> forward(const Tree& inputs) = 0;
  // What forwards and forwards of units compute in, as long as it lives; not runs on arrays of the caller, nor forwards
  // that are traced.
  void set_precision(std::weak_ptr<const RunPrecision> precision) { precision_ = std::move(precision); }
  // A foreign model has no units and tells nobody of its forwards.
  virtual void add_observer(std::weak_ptr<UnitObserver> observer) = 0;
  // Paths of the outputs' leaves, in order: "loss", "hidden.1". Of a foreign model none.
  virtual std::span<const std::string> output_names() const { return {}; }
  Result<std::string> output_name(std::int64_t index) const;
  // A run of this model on arrays of the caller; the model must outlive it. OAR_E_UNSUPPORTED if there is no program.
  virtual Result<std::unique_ptr<InSituRun>> make_in_situ() const;
  // One of the model's own, made at the first call. OAR_E_UNSUPPORTED as above.
  virtual Result<InSituRun*> own_in_situ();

  // Held by whoever runs a backward, for its length: a profile of the model counts what it allocates. nullptr: none
  // runs.
  virtual std::unique_ptr<Profiler::MemoryScope> count_memory() { return nullptr; }

  // OAR_E_UNSUPPORTED, naming `call`, if the model is a program.
  Result<ForeignModel*> require_foreign(std::string_view call);
  // OAR_E_UNSUPPORTED, naming `call`, if the model is foreign.
  Result<GraphModel*> require_program(std::string_view call);
  Result<const GraphModel*> require_program(std::string_view call) const;
  // Takes the parameters whose names fit the pattern (text_fits; tied names too) out of training, or puts them back:
  // frozen ones have no gradient and are not in parameters(), but in state_dict(). Gives how many names fitted.
  // OAR_E_STATE once sealed.
  virtual Result<std::int64_t> freeze(std::string_view pattern, bool frozen) = 0;
  // Of foreign models, for whoever runs backwards. Whether the host's own backward (HostNode) ran since this was asked
  // last; and whether its forward goes through autograd without the model seeing it.
  virtual bool take_host_backward() { return false; }
  virtual bool is_run_unseen() const { return false; }
  // Called by what is made over the list of parameters (optimizers, data parallelism): it changes no more.
  virtual void seal() {}

 protected:
  enum class Outputs { kAsTheyAre, kFinished };
  // Calls `forward` in the precision that is set, and makes of the outputs what it says.
  Result<Tree> in_precision(Outputs outputs, const std::function<Result<Tree>()>& forward) const;

 private:
  virtual ForeignModel* as_foreign() { return nullptr; }
  virtual GraphModel* as_graph() { return nullptr; }

  std::weak_ptr<const RunPrecision> precision_;
};

// OAR_E_NOT_FOUND with the nearest of the names that there are.
Status no_tensor_named(std::string_view name, std::span<const std::string_view> names);

// OAR_E_STATE: the list of parameters is settled.
Status frozen_too_late(std::string_view pattern);

// Replaces every persistent tensor by that of a safetensors file; strict, as load_state_dict.
Status load_weights(Model& model, const std::string& path);

}  // namespace oarlock
