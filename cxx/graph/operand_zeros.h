// Gradients of what a conditional was given and its branch did not read: zeros, not nothing.
//
// As torch.cond has it (torch/_higher_order_ops/cond.py, CondAutogradOp). Without them an optimizer would leave the
// weights of the other branch out of its step, moments and weight decay included, and ranks that take different
// branches would wait for each other's gradients.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace oarlock {

// `outputs` of a differentiable type become the same values with a history that, when their gradients pass, also gives
// zeros to each of `operands`. Operands require gradients; grad mode is on.
void give_zeros_to(const std::vector<at::Tensor>& operands, std::vector<at::Tensor>& outputs);

}  // namespace oarlock
