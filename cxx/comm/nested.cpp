#include "comm/nested.h"

#include <ATen/MemoryOverlap.h>

#include "comm/nested_leaves.h"
#include "comm/nested_structure.h"
#include "comm/nested_transfer.h"
#include "comm/peers_waiting.h"
#include "comm/reduction.h"
#include "comm/signature.h"
#include "tensor/memory.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

Status any_tensor(const at::Tensor&) { return Status::ok(); }

Status check_written(const at::Tensor& tensor) {
  OAR_TRY(require_writable(tensor, "the tensor"));
  if (at::has_internal_overlap(tensor) != at::MemOverlap::Yes) return Status::ok();
  return invalid_argument("it is written, but several of its elements share memory (an expanded tensor)");
}

}  // namespace

Result<Tree> gather_tree(Group& group, const Tree& tree, Milliseconds timeout) {
  OAR_TRY(check_call(group, timeout));
  if (group.size() == 1) return tree;
  const GradModeScope no_grad(false);
  const NestedCall call{.operation = "gather_tree"};
  return while_peers_wait(group, call.operation, [&]() -> Result<Tree> {
    Tree result = tree;
    std::vector<TreeLeaf> leaves = leaves_of(result);
    const Status mine = check_leaves(group, leaves, call.operation, any_tensor);
    OAR_TRY(exchange_structures(group, call, mine, tree, timeout).status());
    std::vector<at::Tensor> tensors = tensors_of(leaves);
    std::vector<std::vector<std::int64_t>> rows;
    for (at::Tensor& tensor : tensors) {
      if (tensor.dim() == 0) tensor = tensor.view({1});
      rows.emplace_back(static_cast<std::size_t>(group.size()), tensor.size(0));
    }
    OAR_ASSIGN(std::vector<at::Tensor> gathered, gather_leaves(group, tensors, rows, timeout));
    put_tensors(leaves, std::move(gathered));
    return result;
  });
}

Result<Tree> reduce_tree(Group& group, const Tree& tree, ReduceOp op, Milliseconds timeout) {
  OAR_TRY(check_call(group, timeout));
  OAR_TRY(check_reduction(at::kFloat, op));  // whether there is such a reduction at all
  const GradModeScope no_grad(false);
  const NestedCall call{.operation = "reduce_tree", .arguments = reduce_op_name(static_cast<std::uint8_t>(op))};
  return while_peers_wait(group, call.operation, [&]() -> Result<Tree> {
    Tree result = tree;
    std::vector<TreeLeaf> leaves = leaves_of(result);
    const Status mine = check_leaves(group, leaves, call.operation, [op](const at::Tensor& tensor) {
      return check_reduction(tensor.scalar_type(), op);
    });
    if (group.size() == 1) OAR_TRY(Status(mine));
    if (group.size() > 1) OAR_TRY(exchange_structures(group, call, mine, tree, timeout).status());
    std::vector<at::Tensor> tensors = tensors_of(leaves);
    for (at::Tensor& tensor : tensors) tensor = tensor.clone(at::MemoryFormat::Contiguous);
    if (group.size() > 1) OAR_TRY(reduce_leaves(group, tensors, op, timeout));
    put_tensors(leaves, std::move(tensors));
    return result;
  });
}

Status broadcast_tree(Group& group, const Tree& tree, int root, Milliseconds timeout) {
  OAR_TRY(check_call(group, root, timeout));
  if (group.size() == 1) return Status::ok();
  const GradModeScope no_grad(false);
  const NestedCall call{.operation = "broadcast_tree", .arguments = fmt::format("root {}", root)};
  return while_peers_wait(group, call.operation, [&]() -> Status {
    Tree copy = tree;  // of the structure: its tensors are those of `tree`
    std::vector<TreeLeaf> leaves = leaves_of(copy);
    const Status mine = check_leaves(group, leaves, call.operation, [&](const at::Tensor& tensor) {
      return group.rank() == root ? Status::ok() : check_written(tensor);
    });
    OAR_TRY(exchange_structures(group, call, mine, tree, timeout).status());
    std::vector<at::Tensor> tensors = tensors_of(leaves);
    return broadcast_leaves(group, tensors, root, timeout);
  });
}

}  // namespace oarlock
