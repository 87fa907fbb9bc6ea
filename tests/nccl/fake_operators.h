// libtorch's operators on the CUDA device that the CPU plays: each runs as the CPU's on the same memory, at once. For
// tests whose device work is done by streams only where libnccl is played.
#pragma once

#include <ATen/core/boxing/KernelFunction.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/from_blob.h>
#include <torch/library.h>

#include "fake_device.h"

namespace fake {

inline bool is_on_device(const at::Tensor& tensor) { return tensor.defined() && tensor.is_cuda(); }

// The same memory and strides, said to lie on the CPU.
inline at::Tensor on_host(const at::Tensor& tensor) {
  return at::from_blob(
      const_cast<void*>(tensor.const_data_ptr()), tensor.sizes(), tensor.strides(), [kept = tensor](void*) {},
      at::TensorOptions(tensor.scalar_type()));
}

inline at::Tensor& copy_on_host(at::Tensor& to, const at::Tensor& from, bool) {
  const at::Tensor source = is_on_device(from) ? on_host(from) : from;
  (is_on_device(to) ? on_host(to) : to).copy_(source);
  return to;
}

// Arguments become the CPU's, results the device's; a result that is an argument stays that argument.
inline void run_on_host(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::size_t num_arguments = op.schema().arguments().size();
  const std::size_t first = stack->size() - num_arguments;
  std::vector<std::pair<at::Tensor, at::Tensor>> swapped;  // on the device, on the CPU
  for (std::size_t i = first; i < stack->size(); ++i) {
    c10::IValue& argument = (*stack)[i];
    if (argument.isDevice()) argument = c10::Device(c10::kCPU);
    if (!argument.isTensor() || !is_on_device(argument.toTensor())) continue;
    swapped.emplace_back(argument.toTensor(), on_host(argument.toTensor()));
    argument = swapped.back().second;
  }
  op.callBoxed(stack);
  for (std::size_t i = stack->size() - op.schema().returns().size(); i < stack->size(); ++i) {
    c10::IValue& result = (*stack)[i];
    if (!result.isTensor() || !result.toTensor().defined()) continue;
    const at::Tensor tensor = result.toTensor();
    at::Tensor given;
    for (const auto& [device, host] : swapped) {
      if (tensor.is_same(host)) given = device;
    }
    result = given.defined() ? given : on_device(tensor);
  }
}

}  // namespace fake
