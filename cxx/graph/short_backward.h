// A backward without libtorch's engine, where nobody can tell the difference.
//
// The engine is made for many threads, devices and users at once: around every node it saves and restores the state of
// the thread, takes a lock and looks for hooks. On a small model that takes longer than the kernels. Here the same
// nodes run in the same order, on the caller's thread, with the same sums of gradients: the bits are the engine's.
//
// Refused (false, nothing done) is every history in which more is going on than libtorch's own formulas on the CPU:
// hooks of any kind (so every run on several ranks, and every observer of units), nodes that hosts or recomputed units
// put there, other devices, anomaly detection, a Python host's engine, a backward inside of a backward.
#pragma once

#include <ATen/core/Tensor.h>

namespace oarlock {

// Adds the gradients of `loss`, a tensor of one element with a history, to the leaves that it comes from, and gives up
// what the history had saved. Failures are libtorch's exceptions, as the engine throws them.
bool short_backward(const at::Tensor& loss);

}  // namespace oarlock
