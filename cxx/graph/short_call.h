// Shorter ways to what an operator computes, taken by the executor where nobody can tell the difference.
//
// libtorch runs aten::linear as four operators (view, t, addmm, view), each through every layer of the dispatcher and
// with an autograd node of its own. On a small model such layers take longer than the kernels: here it is one kernel
// and one node. The kernels are the same with the same operands, so outputs and gradients have libtorch's own bits.
//
// A short way refuses (false, the stack as it was) whatever could make a difference: other devices and element types,
// views with strides, subclasses, autocast, modes and whatever else the dispatcher has switched on for the thread. The
// caller then calls the operator.
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/stack.h>
#include <torch/csrc/autograd/function.h>

namespace oarlock {

// Takes the arguments from the stack and puts the results there.
using ShortCall = bool (*)(torch::jit::Stack& stack);

// nullptr: the operator has none.
ShortCall short_call(const c10::FunctionSchema& schema);

// Whether a short call made the node of a history.
bool is_of_short_call(const torch::autograd::Node& node);

}  // namespace oarlock
