// Results that a host computed with mathematics of its own, as part of the autograd graph.
#pragma once

#include <functional>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

// Gets a tree of the outputs' structure: a gradient where there was a floating-point tensor that one reached, None
// elsewhere.
using HostBackward = std::function<Status(const Tree& output_gradients)>;

// The outputs, each floating-point tensor a new one over the same memory whose history is one node. A backward that
// reaches it calls `backward` once, on the thread that runs the backward on the CPU; a failure ends the backward with
// it, and a second backward through the node is refused as libtorch refuses it. Nothing flows on from the node.
Tree with_host_node(const Tree& outputs, HostBackward backward);

}  // namespace oarlock
