// The one file that looks at libtorch's version. What 2.11 and later spell differently gets one name here.
#pragma once

#include <torch/csrc/autograd/function.h>
#include <torch/version.h>

#include <memory>
#include <utility>

#if TORCH_VERSION_MAJOR != 2 || TORCH_VERSION_MINOR < 11
#error "Oarlock is built with libtorch 2.11 or a later 2.x"
#endif

namespace oarlock {

// The libtorch that this binary was compiled with; the one really loaded must have the same major and minor.
inline constexpr int kTorchMajor = TORCH_VERSION_MAJOR;
inline constexpr int kTorchMinor = TORCH_VERSION_MINOR;
inline constexpr const char* kTorchVersion = TORCH_VERSION;

// A node of the autograd graph: shared up to 2.12, intrusive from 2.13 on.
template <class Node, class... Args>
auto make_autograd_node(Args&&... args) {
#if TORCH_VERSION_MINOR >= 13
  return c10::make_intrusive<Node>(std::forward<Args>(args)...);
#else
  return std::shared_ptr<Node>(new Node(std::forward<Args>(args)...), torch::autograd::deleteNode);
#endif
}

}  // namespace oarlock
