// Trees of any kind between ranks that need not know what they are.
#include "base/text.h"
#include "comm/nested.h"
#include "comm/nested_leaves.h"
#include "comm/nested_structure.h"
#include "comm/nested_transfer.h"
#include "comm/peers_waiting.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

Result<std::string> pack_dense(const Tree& tree, const std::string& operation, PackTensors tensors) {
  OAR_TRY(check_dense_on_cpu(tree, operation));
  return pack_tree(tree, tensors);
}

// The root's tree where its structure has come already: its own there, a new one with the root's values elsewhere.
Result<Tree> follow_structure(Group& group, const Tree* own, std::string_view structure, int root,
                              Milliseconds timeout) {
  Tree result;
  if (own != nullptr) {
    result = *own;
  } else {
    OAR_ASSIGN(result, unpack_tree(structure, UnpackTensors::kEmpty));
  }
  std::vector<at::Tensor> tensors;
  for (const TreeLeaf& leaf : leaves_of(result)) {
    if (leaf.leaf->tensor() != nullptr) tensors.push_back(*leaf.leaf->tensor());
  }
  OAR_TRY(broadcast_leaves(group, tensors, root, timeout));
  return result;
}

// The only rank whose text is not empty.
Result<int> only_holder(const std::vector<std::string>& structures, const std::string& operation) {
  std::vector<std::string> holders;
  int holder = -1;
  for (std::size_t rank = 0; rank < structures.size(); ++rank) {
    if (structures[rank].empty()) continue;
    holders.push_back(std::to_string(rank));
    holder = static_cast<int>(rank);
  }
  if (holders.size() == 1) return holder;
  return mismatch("{} takes the tree of exactly one rank; {}", operation,
                  holders.empty() ? "no rank gave one" : fmt::format("ranks {} gave one", join_text(holders, ", ")))
      .with_operation(operation);
}

}  // namespace

Result<Tree> copy_tree(Group& group, const Tree* mine, Milliseconds timeout) {
  OAR_TRY(check_call(group, timeout));
  const GradModeScope no_grad(false);
  const NestedCall call{.operation = "copy_tree"};
  return while_peers_wait(group, call.operation, [&]() -> Result<Tree> {
    Result<std::string> structure = std::string();
    if (mine != nullptr) structure = pack_dense(*mine, call.operation, PackTensors::kShapes);
    OAR_ASSIGN(const std::vector<std::string> structures, exchange_calls(group, call, structure, timeout));
    OAR_ASSIGN(const int holder, only_holder(structures, call.operation));
    return follow_structure(group, mine, structures[static_cast<std::size_t>(holder)], holder, timeout);
  });
}

Result<Tree> gather_objects(Group& group, const Tree& list, Milliseconds timeout) {
  OAR_TRY(check_call(group, timeout));
  const NestedCall call{.operation = "gather_objects"};
  return while_peers_wait(group, call.operation, [&]() -> Result<Tree> {
    Result<std::string> objects =
        list.list() != nullptr
            ? pack_dense(list, call.operation, PackTensors::kValues)
            : invalid_argument("gather_objects joins lists; this rank's tree is of kind {}", list.kind_name());
    if (group.size() == 1) {
      OAR_TRY(std::move(objects).status());
      return list;
    }
    OAR_ASSIGN(const std::vector<std::string> parts, exchange_calls(group, call, objects, timeout));
    Tree::List joined;
    for (const std::string& part : parts) {
      OAR_ASSIGN(const Tree theirs, unpack_tree(part, UnpackTensors::kValues));
      joined.insert(joined.end(), theirs.list()->begin(), theirs.list()->end());
    }
    return Tree(std::move(joined));
  });
}

Result<Tree> broadcast_object(Group& group, const Tree* object, int root, Milliseconds timeout) {
  OAR_TRY(check_call(group, root, timeout));
  const GradModeScope no_grad(false);
  const std::string operation = "broadcast_object";
  return while_peers_wait(group, operation, [&]() -> Result<Tree> {
    const Tree* own = group.rank() == root ? object : nullptr;
    Result<std::string> mine = std::string();
    if (group.rank() == root) {
      mine = own != nullptr ? pack_dense(*own, operation, PackTensors::kShapes)
                            : Result<std::string>(invalid_argument("the root of broadcast_object gave no object"));
    }
    OAR_ASSIGN(const std::string structure, agree_on_root(group, mine, root, timeout));
    return follow_structure(group, own, structure, root, timeout);
  });
}

}  // namespace oarlock
