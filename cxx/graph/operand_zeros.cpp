#include "graph/operand_zeros.h"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <memory>
#include <utility>

namespace oarlock {
namespace {

using torch::autograd::variable_list;

// Takes the gradients of the outputs; gives them to what the outputs were, then zeros to the operands.
struct OperandZeros : torch::autograd::Node {
  struct Shape {
    std::vector<std::int64_t> sizes;
    at::TensorOptions options;
  };
  std::vector<Shape> operands;

  variable_list apply(variable_list&& gradients) override {
    const std::size_t num_outputs = gradients.size();
    variable_list result = std::move(gradients);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const bool is_needed = task_should_compute_output(num_outputs + i);
      result.push_back(is_needed ? at::zeros(operands[i].sizes, operands[i].options) : at::Tensor());
    }
    return result;
  }
};

}  // namespace

void give_zeros_to(const std::vector<at::Tensor>& operands, std::vector<at::Tensor>& outputs) {
  std::vector<at::Tensor*> differentiable;
  for (at::Tensor& output : outputs) {
    if (output.defined() && torch::autograd::isDifferentiableType(output.scalar_type()))
      differentiable.push_back(&output);
  }
  if (operands.empty() || differentiable.empty()) return;
  const auto node = std::make_shared<OperandZeros>();
  for (const at::Tensor* output : differentiable) node->add_next_edge(torch::autograd::impl::gradient_edge(*output));
  for (const at::Tensor& operand : operands) {
    node->add_next_edge(torch::autograd::impl::gradient_edge(operand));
    node->operands.push_back({operand.sizes().vec(), operand.options()});
  }
  for (at::Tensor* output : differentiable) {
    // The same memory and version counter without the history, so that writing in place is still noticed.
    at::Tensor same = output->tensor_data();
    torch::autograd::set_history(same, node);
    *output = std::move(same);
  }
}

}  // namespace oarlock
