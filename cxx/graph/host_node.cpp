#include "graph/host_node.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <cstddef>
#include <utility>

#include "tensor/compat.h"
#include "tensor/exceptions.h"
#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

bool has_gradient(const Tree& leaf) {
  const at::Tensor* tensor = leaf.tensor();
  return tensor != nullptr && tensor->defined() && torch::autograd::isDifferentiableType(tensor->scalar_type());
}

class HostNode : public torch::autograd::Node {
 public:
  HostNode(Tree structure, HostBackward backward) : structure_(std::move(structure)), backward_(std::move(backward)) {}

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    if (std::exchange(was_used_, true))
      throw_if_failed(invalid_state("the backward of the model was asked to go through the graph a second time"));
    std::size_t next = 0;
    const Tree tree = with_leaves(structure_, [&](const Tree& leaf) {
      const bool has_one = leaf.value().index() != Tree().value().index();  // a mark that was put there below
      if (!has_one) return Tree();
      const at::Tensor& gradient = gradients[next++];
      return gradient.defined() ? Tree(gradient) : Tree();
    });
    throw_if_failed(backward_(tree));
    return {};
  }
  std::string name() const override { return "OarlockHostBackward"; }

 private:
  const Tree structure_;  // true where a gradient is due, None elsewhere
  const HostBackward backward_;
  bool was_used_ = false;
};

}  // namespace

Tree with_host_node(const Tree& outputs, HostBackward backward) {
  Tree structure =
      with_leaves(outputs, [](const Tree& leaf) { return has_gradient(leaf) ? Tree(Tree::Value(true)) : Tree(); });
  const auto node = make_autograd_node<HostNode>(std::move(structure), std::move(backward));
  return with_leaves(outputs, [&](const Tree& leaf) {
    if (!has_gradient(leaf)) return leaf;
    const at::Tensor result = leaf.tensor()->detach();
    torch::autograd::set_history(result, node);
    return Tree(result);
  });
}

}  // namespace oarlock
