// The leaves of a tree as nested operations take them: checked, taken out, put back.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "comm/call_checks.h"
#include "comm/collectives.h"
#include "comm/tree_bytes.h"
#include "tensor/tree_leaves.h"

namespace oarlock {

// What a caller may get wrong of these, checked before anything is sent.
inline Status check_call(const Group& group, Milliseconds timeout) {
  return make_barrier(group, timeout).status();  // its only argument
}
inline Status check_call(const Group& group, int root, Milliseconds timeout) {
  return make_broadcast_bytes(group, "", root, timeout).status();
}

// Every leaf must be a dense tensor that the group moves, with `check(tensor)` ok; the text gets operation and path.
template <class Check>
Status check_leaves(const Group& group, const std::vector<TreeLeaf>& leaves, const std::string& operation,
                    const Check& check) {
  for (const TreeLeaf& leaf : leaves) {
    const at::Tensor* tensor = leaf.leaf->tensor();
    if (tensor == nullptr) {
      return invalid_argument("{} takes tensors only; {} is of kind {}", operation, quoted_path(leaf.path),
                              leaf.leaf->kind_name())
          .with_operation(operation);
    }
    OAR_TRY(check_dense(*tensor, operation, leaf.path));
    OAR_TRY(
        check_tensor(group, *tensor, "the tensor").within(fmt::format("{}: {}", operation, quoted_path(leaf.path))));
    OAR_TRY(Status(check(*tensor)).within(fmt::format("{}: {}", operation, quoted_path(leaf.path))));
  }
  return Status::ok();
}

inline std::vector<at::Tensor> tensors_of(const std::vector<TreeLeaf>& leaves) {
  std::vector<at::Tensor> tensors;
  for (const TreeLeaf& leaf : leaves) tensors.push_back(leaf.leaf->tensor()->detach());
  return tensors;
}

inline void put_tensors(const std::vector<TreeLeaf>& leaves, std::vector<at::Tensor> tensors) {
  for (std::size_t i = 0; i < leaves.size(); ++i) *leaves[i].leaf = Tree(std::move(tensors[i]));
}

}  // namespace oarlock
