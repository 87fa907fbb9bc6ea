// A model whose forward and backward are the host's: it registers its parameters and buffers, in its own memory, and
// hands over the gradients that it computes; or gives a forward of operators (op_call.h), which autograd
// differentiates.
//
// Note: whose memory a gradient is. The first gradient of a parameter since the last step becomes parameter.grad() as
// it is, without a copy, if it lies in memory as the parameter does; averages are then written into the host's array.
// Whatever else comes (a share of an accumulation, another layout, read-only memory) goes into memory of our own.
//
// Note: leaves of the host's. A registered leaf that requires a gradient (a parameter of a torch::nn::Module) stays the
// parameter itself: what the host computes from it is differentiated into it. The same leaf under another name is a
// tied name. Everything else is registered as a leaf of our own over the same memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/host_node.h"
#include "graph/module_scope.h"
#include "model/model.h"

namespace oarlock {

class ForeignModel : public Model {
 public:
  explicit ForeignModel(at::Device device) : device_(device) {}

  // Shares the tensor's memory; a leaf that requires a gradient stays itself. OAR_E_STATE once sealed.
  Status register_parameter(const std::string& name, const at::Tensor& tensor);
  Status register_buffer(const std::string& name, const at::Tensor& tensor);
  Result<NamedTensor> parameter(std::string_view name) const;  // OAR_E_ARGUMENT if it is frozen
  NamedTensors all_parameters() const;  // the leaves by all their names: frozen and tied ones too
  // A parameter or buffer as operators take it. `name` is relative to the open scopes, as where they are registered.
  Result<at::Tensor> registered(std::string_view name) const;

  // What forward() runs; nullptr: nothing. OAR_E_STATE while it runs.
  using Forward = std::function<Result<Tree>(const Tree& inputs)>;
  Status set_forward(Forward forward);

  // For a forward of mathematics of its own: with one, the outputs of training forwards lead to a node of autograd that
  // calls it with their gradients. Only the last of them can be gone back through: the host keeps what it needs for
  // one. A forward keeps the function that was set when it ran.
  Status set_backward(HostBackward backward);
  bool is_in_backward() const { return backward_->is_running; }
  bool take_host_backward() override { return std::exchange(backward_->has_run, false); }
  bool is_run_unseen() const override { return forward_ == nullptr && has_own_leaves_; }

  Status enter_scope(const std::string& name, const std::string& class_name);
  Status exit_scope();
  const std::vector<ModuleScope>& scopes() const { return scopes_; }  // open, from the outermost
  at::Device device() const { return device_; }

  // Refuses memory of another parameter, or of its gradient: averages and steps would spoil both.
  Status check_gradient_memory(const NamedTensor& parameter, const at::Tensor& gradient) const;

  const NamedTensors& parameters() const override { return parameters_; }
  const NamedTensors& buffers() const override { return buffers_; }
  NamedTensors state_dict() const override;
  Status load_state_dict(const NamedTensors& tensors) override;
  Result<at::Tensor> tensor(std::string_view name) const override;
  Result<at::Tensor> gradient(std::string_view name) const override;
  const std::vector<std::string>& input_names() const override { return input_names_; }
  void set_training(bool training) override { training_ = training; }
  bool is_training() const override { return training_; }
  Result<Tree> forward(const Tree& inputs) override;
  void add_observer(std::weak_ptr<UnitObserver> observer) override;
  void seal() override { sealed_ = true; }
  Result<std::int64_t> freeze(std::string_view pattern, bool frozen) override;

 private:
  ForeignModel* as_foreign() override { return this; }
  // Shared with the nodes of forwards, which may outlive the model and the function that was set when they ran.
  struct Backward {
    std::uint64_t last_forward = 0;
    bool is_running = false, has_run = false;
  };
  static Status run_backward(Backward& backward, const HostBackward& run, std::uint64_t forward,
                             const Tree& output_gradients);
  Result<Tree> observed_forward(const Tree& inputs);
  Result<Tree> run_forward(const Tree& inputs);
  // Frozen or not. A tied name has the leaf of its first name.
  struct Entry {
    NamedTensor item;
    bool is_tied = false;
  };
  Status check_new(const std::string& name, const at::Tensor& tensor) const;
  const at::Tensor* find_parameter(std::string_view name) const;
  Status not_registered(std::string_view name) const;
  std::string qualified(std::string_view name) const;

  const at::Device device_;
  std::vector<Entry> entries_;         // all parameters
  NamedTensors parameters_, buffers_;  // parameters_: those that are trained
  const std::vector<std::string> input_names_;
  std::shared_ptr<const Forward> forward_;             // shared with the run of it, so that it may be replaced
  std::shared_ptr<const HostBackward> host_backward_;  // shared with the nodes that call it
  const std::shared_ptr<Backward> backward_ = std::make_shared<Backward>();
  std::vector<std::weak_ptr<UnitObserver>> observers_;
  bool has_own_leaves_ = false;       // leaves of the host's are among the parameters
  std::vector<ModuleScope> scopes_;   // open, from the outermost
  std::size_t num_outer_scopes_ = 0;  // that were open when the running forward began: not its own to leave
  std::map<std::string, std::int32_t> scope_calls_;  // by path, of this forward
  bool in_forward_ = false;
  bool training_ = true;
  bool sealed_ = false;
};

// Adds gradient / num_micro_batches to the parameter's own. Nothing is changed on failure.
Status accumulate_gradient(const NamedTensor& parameter, const at::Tensor& gradient, std::int64_t num_micro_batches);

}  // namespace oarlock
