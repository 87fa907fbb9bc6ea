// A torch::nn::Module of the program's own, trained by Oarlock:
//
//     oarlock::Model model = oarlock::torch_model(state, *module);
//     oarlock::call(oar_accelerator_prepare_model, accelerator, model);      // now all ranks hold rank 0's values
//     oarlock::backward(accelerator, loss);                                  // averages gradients over ranks meanwhile
//
// Not part of oarlock.hpp: whoever includes this has the headers of the libtorch that liboarlock.so was built for
// (CMake: Oarlock_TORCH_VERSION) and links it. Another minor version is refused with OAR_E_VERSION by the first call.
// C++17, or what those headers ask for.
#ifndef OARLOCK_TORCH_HPP
#define OARLOCK_TORCH_HPP

#include <ATen/core/Tensor.h>
#include <oarlock/oarlock.hpp>
#include <torch/nn/module.h>
#include <torch/version.h>

#include <string>

namespace oarlock {

// The same tensor, not a copy: memory, identity and autograd history.
inline Tensor from_torch(const at::Tensor& tensor) {
  return call(oar_tensor_from_torch, static_cast<const void*>(tensor.unsafeGetTensorImpl()), TORCH_VERSION);
}

inline at::Tensor to_torch(const Tensor& tensor) {
  void* impl = call(oar_tensor_to_torch, tensor, TORCH_VERSION);
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(
      static_cast<c10::TensorImpl*>(impl)));
}

// The tensor at a path of a tree: of a batch, "images".
inline at::Tensor to_torch(const Tree& tree, const std::string& path) {
  return to_torch(call(oar_tree_get_tensor, tree, path));
}

namespace detail {

// Integers are never trained: they are kept as buffers. One leaf under two names is tied.
inline void register_leaf(const Model& model, const std::string& name, at::Tensor leaf) {
  if (!leaf.is_leaf()) refuse("torch_model", "parameter '" + name + "' is no leaf: it was computed from others");
  const Tensor tensor = from_torch(leaf);
  if (!leaf.is_floating_point()) return call(oar_model_register_buffer, model, name, tensor);
  const bool is_frozen = !leaf.requires_grad();
  leaf.set_requires_grad(true);
  const oar_status status = oar_model_register_parameter(model.get(), name.c_str(), tensor.get());
  if (is_frozen) leaf.set_requires_grad(false);
  check(status);
  if (is_frozen) call(oar_model_freeze, model, name, 1);
}

}  // namespace detail

// A foreign model over the module's own leaves and buffers, under their names in the module; what does not require a
// gradient now is frozen. The forward stays the program's. Do not move the module to another device or type
// afterwards, nor replace its tensors: the model would keep the old ones.
inline Model torch_model(const State& state, const torch::nn::Module& module) {
  Model model = call(oar_model_create_foreign, state);
  for (const auto& item : module.named_parameters()) detail::register_leaf(model, item.key(), item.value());
  for (const auto& item : module.named_buffers())
    call(oar_model_register_buffer, model, item.key(), from_torch(item.value()));
  return model;
}

// oar_accelerator_backward through the program's own graph.
inline void backward(const Accelerator& accelerator, const at::Tensor& loss) {
  call(oar_accelerator_backward, accelerator, from_torch(loss));
}

}  // namespace oarlock

#endif
