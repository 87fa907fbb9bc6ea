#include "graph/short_call.h"

#include <ATen/ExpandUtils.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <mutex>
#include <optional>
#include <typeinfo>
#include <utility>

#include "tensor/compat.h"

namespace oarlock {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

// An ordinary CPU tensor: no subclass, no pending conjugation or negation, no inference tensor, no forward gradient.
bool is_plain(const at::Tensor& tensor) {
  constexpr c10::DispatchKeySet kPlain({c10::DispatchKey::CPU, c10::DispatchKey::ADInplaceOrView,
                                        c10::DispatchKey::AutogradCPU, c10::DispatchKey::AutocastCPU});
  return tensor.defined() && tensor.key_set() == kPlain && !tensor._fw_grad(/*level=*/0).defined();
}

// The thread has no autocast, no functorch, no mode, no tracer.
bool is_thread_plain() {
  const c10::impl::LocalDispatchKeySet keys = c10::impl::tls_local_dispatch_key_set();
  return keys.included_ == c10::default_included_set && keys.excluded_ == c10::default_excluded_set;
}

// input [..., in] as [rows, in]
struct LinearSizes {
  std::int64_t rows, in, out;
};

// Row-major operands, told by their strides even where a size is 1: which of its two products libtorch's backward takes
// depends on the strides.
std::optional<LinearSizes> linear_sizes(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  const at::ScalarType dtype = input.scalar_type();
  if (dtype != at::kFloat && dtype != at::kDouble) return std::nullopt;
  if (weight.scalar_type() != dtype || (bias.defined() && bias.scalar_type() != dtype)) return std::nullopt;
  if (input.dim() < 2 || weight.dim() != 2 || input.numel() == 0 || weight.numel() == 0) return std::nullopt;
  const std::int64_t in = input.size(-1), out = weight.size(0);
  if (in < 2 || weight.size(1) != in || weight.stride(0) != in || weight.stride(1) != 1) return std::nullopt;
  if (!input.is_contiguous() || input.stride(-2) != in || input.stride(-1) != 1) return std::nullopt;
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != out || bias.stride(0) != 1)) return std::nullopt;
  return LinearSizes{input.numel() / in, in, out};
}

// Gradients of input, weight and bias. What is saved, and which products are taken, is as in libtorch's AddmmBackward0
// and its mm_mat1_backward, mm_mat2_backward (torch/csrc/autograd/FunctionsManual.cpp).
class LinearNode : public torch::autograd::Node {
 public:
  LinearNode(const at::Tensor& input, const at::Tensor& weight, const LinearSizes& sizes)
      : shape_(input.sizes()), sizes_(sizes) {
    if (weight.requires_grad()) input_ = SavedVariable(input, /*is_output=*/false);
    if (input.requires_grad()) weight_ = SavedVariable(weight, /*is_output=*/false);
  }

  variable_list apply(variable_list&& gradients) override {
    const std::lock_guard lock(mutex_);
    variable_list results(num_outputs());
    const at::Tensor& gradient = gradients[0];
    if (!gradient.defined()) return results;
    std::optional<at::AutoDispatchBelowADInplaceOrView> without_history;
    if (!c10::GradMode::is_enabled() && is_plain(gradient)) without_history.emplace();
    const at::Tensor flat = gradient.dim() == 2 ? gradient : gradient.reshape({sizes_.rows, sizes_.out});
    if (task_should_compute_output(0)) {
      results[0] = at::mm(flat, weight_.unpack());
      if (shape_.size() != 2) results[0] = results[0].view(shape_);
    }
    if (task_should_compute_output(1)) {
      results[1] = at::mm(flat.t(), input_.unpack().view({sizes_.rows, sizes_.in}));
    }
    if (num_outputs() > 2 && task_should_compute_output(2)) results[2] = at::sum_to(flat, at::IntArrayRef(sizes_.out));
    return results;
  }

  void release_variables() override {
    const std::lock_guard lock(mutex_);
    input_.reset_data();
    weight_.reset_data();
  }

  std::string name() const override { return "OarlockLinearBackward"; }

 private:
  SavedVariable input_, weight_;
  const c10::SmallVector<std::int64_t, 5> shape_;  // of the input
  const LinearSizes sizes_;
};

at::Tensor linear_kernel(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                         const LinearSizes& sizes) {
  const at::AutoDispatchBelowADInplaceOrView without_history;
  const at::Tensor flat = input.dim() == 2 ? input : input.view({sizes.rows, sizes.in});
  at::Tensor result = bias.defined() ? at::addmm(bias, flat, weight.t()) : at::mm(flat, weight.t());
  c10::SmallVector<std::int64_t, 5> shape(input.sizes());
  shape.back() = sizes.out;
  return input.dim() == 2 ? result : result.view(shape);
}

bool call_linear(torch::jit::Stack& stack) {
  if (stack.size() != 3 || !stack[0].isTensor() || !stack[1].isTensor()) return false;
  const at::Tensor &input = stack[0].toTensor(), &weight = stack[1].toTensor();
  const at::Tensor bias = stack[2].isTensor() ? stack[2].toTensor() : at::Tensor();
  if (!is_thread_plain() || !is_plain(input) || !is_plain(weight) || (bias.defined() && !is_plain(bias))) return false;
  const std::optional<LinearSizes> sizes = linear_sizes(input, weight, bias);
  if (!sizes) return false;
  at::Tensor result = linear_kernel(input, weight, bias, *sizes);
  if (torch::autograd::compute_requires_grad(input, weight, bias)) {
    const auto node = make_autograd_node<LinearNode>(input, weight, *sizes);
    node->set_next_edges(bias.defined() ? torch::autograd::collect_next_edges(input, weight, bias)
                                        : torch::autograd::collect_next_edges(input, weight));
    torch::autograd::set_history(result, node);
  }
  stack.resize(1);
  stack[0] = std::move(result);
  return true;
}

}  // namespace

ShortCall short_call(const c10::FunctionSchema& schema) {
  return schema.name() == "aten::linear" && schema.overload_name().empty() ? call_linear : nullptr;
}

bool is_of_short_call(const torch::autograd::Node& node) { return typeid(node) == typeid(LinearNode); }

}  // namespace oarlock
