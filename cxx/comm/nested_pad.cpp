#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "comm/nested.h"
#include "comm/nested_leaves.h"
#include "comm/nested_structure.h"
#include "comm/peers_waiting.h"
#include "tensor/dtype.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

// A padding value in one dtype: OAR_E_ARGUMENT if the dtype cannot hold it. Fractions make integers float32.
Status check_pad_value(at::ScalarType dtype, double value) {
  if (!c10::isIntegralType(dtype, true) || value != std::floor(value)) return Status::ok();
  const auto fits = [value](double lowest, double highest) { return value >= lowest && value <= highest; };
  bool holds = true;
  switch (dtype) {
    case at::kBool:
      holds = fits(0, 1);
      break;
    case at::kByte:
      holds = fits(0, 255);
      break;
    case at::kChar:
      holds = fits(-128, 127);
      break;
    case at::kShort:
      holds = fits(-32768, 32767);
      break;
    case at::kUInt16:
      holds = fits(0, 65535);
      break;
    case at::kInt:
      holds = fits(-2147483648.0, 2147483647.0);
      break;
    case at::kUInt32:
      holds = fits(0, 4294967295.0);
      break;
    case at::kUInt64:
      holds = value >= 0 && value < 18446744073709551616.0;
      break;
    default:
      holds = value >= -9223372036854775808.0 && value < 9223372036854775808.0;
      break;
  }
  if (holds) return Status::ok();
  return invalid_argument("{} cannot hold the padding value {}", dtype_name(dtype), value);
}

bool becomes_float(at::ScalarType dtype, double value) {
  return c10::isIntegralType(dtype, true) && value != std::floor(value);  // NaN is no integer, too
}

// The longest of all ranks in the dimension that the padding means for tensors of so many dimensions.
struct LeafPadding {
  std::int64_t dim = 0, size = 0;
  bool any_short = false;
};

LeafPadding plan_padding(const std::vector<at::IntArrayRef>& of_rank, std::int64_t dim) {
  LeafPadding plan{.dim = dim};
  for (const at::IntArrayRef sizes : of_rank) plan.size = std::max(plan.size, sizes[static_cast<std::size_t>(dim)]);
  plan.any_short = std::ranges::any_of(
      of_rank, [&](at::IntArrayRef sizes) { return sizes[static_cast<std::size_t>(dim)] < plan.size; });
  return plan;
}

at::Tensor padded(const at::Tensor& tensor, const LeafPadding& plan, const Padding& padding) {
  const bool to_float = plan.any_short && becomes_float(tensor.scalar_type(), padding.value);
  const at::ScalarType dtype = to_float ? at::kFloat : tensor.scalar_type();
  const std::int64_t have = tensor.size(plan.dim);
  if (have == plan.size) return to_float ? tensor.to(dtype) : tensor;
  std::vector<std::int64_t> shape = tensor.sizes().vec();
  shape[static_cast<std::size_t>(plan.dim)] = plan.size;
  const at::Scalar value = c10::isIntegralType(dtype, true) && std::abs(padding.value) < 9.2e18
                               ? at::Scalar(static_cast<std::int64_t>(padding.value))
                               : at::Scalar(padding.value);
  at::Tensor longer = at::full(shape, value, tensor.options().dtype(dtype).requires_grad(false));
  longer.narrow(plan.dim, padding.first ? plan.size - have : 0, have).copy_(tensor);
  return longer;
}

bool is_nested(const Tree& leaf) {
  return leaf.tensor() != nullptr && leaf.tensor()->defined() && leaf.tensor()->is_nested();
}

// The tree with nothing in place of nested tensors, whose sizes cannot be told.
Tree without_nested(const Tree& tree) {
  return with_leaves(tree, [](const Tree& leaf) { return is_nested(leaf) ? Tree() : leaf; });
}

// `trees`: of all ranks, with the same structure as the leaves' tree.
void pad_leaves(const std::vector<TreeLeaf>& leaves, RankTrees& trees, const Padding& padding) {
  std::vector<std::vector<TreeLeaf>> of_rank;
  for (Tree& theirs : trees) of_rank.push_back(leaves_of(theirs));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (is_nested(*leaves[i].leaf)) continue;
    const at::Tensor tensor = leaves[i].leaf->tensor()->detach();
    if (padding.dim >= tensor.dim() || padding.dim < -tensor.dim()) continue;
    std::vector<at::IntArrayRef> sizes;
    for (const std::vector<TreeLeaf>& theirs : of_rank) sizes.push_back(theirs[i].leaf->tensor()->sizes());
    const std::int64_t dim = padding.dim < 0 ? padding.dim + tensor.dim() : padding.dim;
    *leaves[i].leaf = Tree(padded(tensor, plan_padding(sizes, dim), padding));
  }
}

}  // namespace

Result<Tree> pad_tree(Group& group, const Tree& tree, const Padding& padding, Milliseconds timeout) {
  OAR_TRY(check_call(group, timeout));
  const GradModeScope no_grad(false);
  const NestedCall call{
      .operation = "pad_tree",
      .arguments = fmt::format("dim {}, value {}, {}", padding.dim, padding.value, padding.first ? "first" : "last"),
      .equal_sizes = EqualSizes::kNone};
  return while_peers_wait(group, call.operation, [&]() -> Result<Tree> {
    Tree result = tree;
    Tree structure = without_nested(tree);
    const std::vector<TreeLeaf> leaves = leaves_of(result), shown = leaves_of(structure);
    std::vector<TreeLeaf> checked;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (!is_nested(*leaves[i].leaf)) checked.push_back(shown[i]);
    }
    if (checked.size() < leaves.size()) {
      log(LogLevel::kWarning, "comm", "pad_tree: nested tensors stay as they are; they cannot be padded");
    }
    const Status mine = check_leaves(group, checked, call.operation, [&](const at::Tensor& tensor) {
      return check_pad_value(tensor.scalar_type(), padding.value);
    });
    if (group.size() == 1) {
      OAR_TRY(Status(mine));
      return result;
    }
    OAR_ASSIGN(RankTrees trees, exchange_structures(group, call, mine, structure, timeout));
    if (!trees.empty()) pad_leaves(leaves, trees, padding);
    return result;
  });
}

}  // namespace oarlock
