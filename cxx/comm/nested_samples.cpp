// What an evaluation wants of all ranks: rows of tensors and items of lists, without repetitions.
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>

#include <algorithm>

#include "comm/nested.h"
#include "comm/nested_leaves.h"
#include "comm/nested_structure.h"
#include "comm/nested_transfer.h"
#include "comm/peers_waiting.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

bool equally_many(const std::vector<std::int64_t>& of_rank) {
  return std::ranges::all_of(of_rank, [&](std::int64_t count) { return count == of_rank.front(); });
}

// Rows of one tensor per rank, by leaf and rank. What has no dimensions is one row.
std::vector<std::vector<std::int64_t>> rows_of(const std::vector<at::Tensor>& tensors, RankTrees& trees,
                                               int num_ranks) {
  std::vector<std::vector<std::int64_t>> rows;
  for (const at::Tensor& tensor : tensors) rows.emplace_back(static_cast<std::size_t>(num_ranks), tensor.size(0));
  for (std::size_t rank = 0; rank < trees.size(); ++rank) {
    const std::vector<TreeLeaf> theirs = leaves_of(trees[rank]);
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      const at::Tensor& tensor = *theirs[i].leaf->tensor();
      rows[i][rank] = tensor.dim() == 0 ? 1 : tensor.size(0);
    }
  }
  return rows;
}

Result<Tree> gather_tensors(Group& group, const NestedCall& call, const Tree& tree, const RowsKept& rows_kept,
                            Milliseconds timeout) {
  Tree result = tree;
  const std::vector<TreeLeaf> leaves = leaves_of(result);
  const Status mine = check_leaves(group, leaves, call.operation, [](const at::Tensor&) { return Status::ok(); });
  RankTrees trees;
  if (group.size() == 1) {
    OAR_TRY(Status(mine));
  } else {
    OAR_ASSIGN(trees, exchange_structures(group, call, mine, tree, timeout));
  }
  std::vector<at::Tensor> tensors = tensors_of(leaves);
  std::vector<bool> is_one_value;
  for (at::Tensor& tensor : tensors) {
    is_one_value.push_back(tensor.dim() == 0);
    if (tensor.dim() == 0) tensor = tensor.view({1});
  }
  const std::vector<std::vector<std::int64_t>> rows = rows_of(tensors, trees, group.size());
  std::vector<at::Tensor> gathered = tensors;
  if (group.size() > 1) {
    OAR_ASSIGN(gathered, gather_leaves(group, tensors, rows, timeout));
  }
  for (std::size_t i = 0; i < gathered.size(); ++i) {
    if (!is_one_value[i] && equally_many(rows[i]))
      gathered[i] = gathered[i].narrow(0, 0, rows_kept(gathered[i].size(0)));
  }
  put_tensors(leaves, std::move(gathered));
  return result;
}

// Trees of all ranks into one.
class Joining {
 public:
  Joining(const NestedCall& call, const RowsKept& rows_kept) : call_(call), rows_kept_(rows_kept) {}

  Result<Tree> join(const std::vector<const Tree*>& of_rank, const std::string& path) const {
    const Tree& first = *of_rank.front();
    const bool has_parts = std::ranges::any_of(of_rank, [](const Tree* tree) {
      return tree->list() != nullptr || tree->map() != nullptr || tree->tensor() != nullptr;
    });
    if (!has_parts) return values(of_rank);
    for (const Tree* tree : of_rank) {
      if (tree->value().index() != first.value().index()) return differs(of_rank, path);
    }
    if (first.list() != nullptr) return lists(of_rank);
    if (first.map() != nullptr) return maps(of_rank, path);
    return tensors(of_rank, path);
  }

 private:
  static Result<Tree> values(const std::vector<const Tree*>& of_rank) {
    Tree::List values;
    for (const Tree* tree : of_rank) values.push_back(*tree);
    return Tree(std::move(values));
  }

  Result<Tree> lists(const std::vector<const Tree*>& of_rank) const {
    Tree::List joined;
    std::vector<std::int64_t> sizes;
    for (const Tree* tree : of_rank) {
      sizes.push_back(tree->size());
      joined.insert(joined.end(), tree->list()->begin(), tree->list()->end());
    }
    if (equally_many(sizes)) {
      joined.resize(static_cast<std::size_t>(rows_kept_(static_cast<std::int64_t>(joined.size()))));
    }
    return Tree(std::move(joined));
  }

  Result<Tree> maps(const std::vector<const Tree*>& of_rank, const std::string& path) const {
    Tree::Map joined;
    for (const auto& entry : *of_rank.front()->map()) {
      std::vector<const Tree*> entries;
      for (const Tree* tree : of_rank) {
        const Tree* theirs = tree->size() == of_rank.front()->size() ? tree->find(entry.first) : nullptr;
        if (theirs == nullptr) return differs(of_rank, path);
        entries.push_back(theirs);
      }
      OAR_ASSIGN(Tree item, join(entries, path_below(path, entry.first)));
      joined.emplace_back(entry.first, std::move(item));
    }
    return Tree(std::move(joined));
  }

  Result<Tree> tensors(const std::vector<const Tree*>& of_rank, const std::string& path) const {
    std::vector<at::Tensor> parts;
    std::vector<std::int64_t> rows;
    const at::Tensor& first = *of_rank.front()->tensor();
    const auto behind_first = [](const at::Tensor& tensor) {
      return tensor.dim() == 0 ? tensor.sizes() : tensor.sizes().slice(1);
    };
    for (const Tree* tree : of_rank) {
      const at::Tensor& part = *tree->tensor();
      if (part.scalar_type() != first.scalar_type() || part.dim() != first.dim() ||
          behind_first(part) != behind_first(first)) {
        return differs(of_rank, path);
      }
      parts.push_back(part);
      rows.push_back(part.dim() == 0 ? 1 : part.size(0));
    }
    if (first.dim() == 0) return Tree(at::stack(parts));
    at::Tensor joined = at::cat(parts);
    if (equally_many(rows)) joined = joined.narrow(0, 0, rows_kept_(joined.size(0)));
    return Tree(std::move(joined));
  }

  Status differs(const std::vector<const Tree*>& of_rank, const std::string& path) const {
    RankTrees trees;
    for (const Tree* tree : of_rank) trees.push_back(*tree);
    OAR_TRY(compare_structures(call_, trees, path));
    return mismatch("{}: {} differs between ranks", call_.operation, quoted_path(path));
  }

  const NestedCall& call_;
  const RowsKept& rows_kept_;
};

Result<Tree> gather_values(Group& group, const NestedCall& call, const Tree& tree, const RowsKept& rows_kept,
                           Milliseconds timeout) {
  const Status can_travel = check_dense_on_cpu(tree, call.operation);
  const Result<std::string> mine =
      can_travel.is_ok() ? Result<std::string>(pack_tree(tree, PackTensors::kValues)) : Result<std::string>(can_travel);
  OAR_ASSIGN(const std::vector<std::string> parts, exchange_calls(group, call, mine, timeout));
  std::vector<Tree> trees;
  for (const std::string& part : parts) {
    OAR_ASSIGN(Tree theirs, unpack_tree(part, UnpackTensors::kValues));
    trees.push_back(std::move(theirs));
  }
  std::vector<const Tree*> of_rank;
  for (const Tree& theirs : trees) of_rank.push_back(&theirs);
  return Joining(call, rows_kept).join(of_rank, "");
}

bool has_tensors_only(const Tree& tree) {
  Tree copy = tree;
  return std::ranges::all_of(leaves_of(copy), [](const TreeLeaf& leaf) { return leaf.leaf->tensor() != nullptr; });
}

}  // namespace

Result<Tree> gather_samples(Group& group, const Tree& tree, bool use_objects, const RowsKept& rows_kept,
                            Milliseconds timeout) {
  const GradModeScope no_grad(false);
  const bool by_value = use_objects || !has_tensors_only(tree);
  const NestedCall call{.operation = "gather_for_metrics",
                        .arguments = by_value ? "objects" : "tensors",
                        .equal_sizes = EqualSizes::kBehindFirst};
  return while_peers_wait(group, call.operation, [&] {
    return by_value ? gather_values(group, call, tree, rows_kept, timeout)
                    : gather_tensors(group, call, tree, rows_kept, timeout);
  });
}

}  // namespace oarlock
