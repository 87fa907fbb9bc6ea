// The one file that looks at libtorch's version. Everything that 2.11 and later spell differently has one name here.
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

// How autograd nodes are held: since 2.13 by intrusive pointer.
#if TORCH_VERSION_MINOR < 13
using AutogradNodePointer = std::shared_ptr<torch::autograd::Node>;

template <class Node, class... Args>
std::shared_ptr<Node> make_autograd_node(Args&&... args) {
  return std::shared_ptr<Node>(new Node(std::forward<Args>(args)...), torch::autograd::deleteNode);
}
#else
using AutogradNodePointer = c10::intrusive_ptr<torch::autograd::Node>;

template <class Node, class... Args>
c10::intrusive_ptr<Node> make_autograd_node(Args&&... args) {
  return c10::make_intrusive<Node>(std::forward<Args>(args)...);
}
#endif

}  // namespace oarlock
