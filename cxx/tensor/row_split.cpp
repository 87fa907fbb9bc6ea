#include "tensor/row_split.h"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

struct Length {
  std::string path;
  std::int64_t size = 0;
};

// Of the first list or tensor; the others must agree.
Status find_length(const Tree& tree, const std::string& path, std::optional<Length>& found) {
  if (const Tree::Map* map = tree.map()) {
    for (const auto& [key, value] : *map) {
      OAR_TRY(find_length(value, path_below(path, key), found));
    }
    return Status::ok();
  }
  const bool has_rows = tree.list() != nullptr || (tree.tensor() != nullptr && tree.tensor()->dim() > 0);
  if (!has_rows) return Status::ok();
  const Length here{path, tree.list() != nullptr ? tree.size() : tree.tensor()->size(0)};
  if (!found) found = here;
  if (found->size == here.size) return Status::ok();
  return invalid_argument("what is split must have one length: {} has {}, {} has {}", quoted_path(found->path),
                          found->size, quoted_path(here.path), here.size);
}

// Rows [begin, end), then the last row of all `num_added` times.
struct Cut {
  RowRange rows;
  std::int64_t num_added = 0;
};

at::Tensor cut_tensor(const at::Tensor& tensor, const Cut& cut) {
  const at::Tensor part = tensor.detach().narrow(0, cut.rows.begin, cut.rows.end - cut.rows.begin);
  if (cut.num_added == 0) return part;
  std::vector<at::Tensor> pieces(static_cast<std::size_t>(cut.num_added),
                                 tensor.detach().narrow(0, tensor.size(0) - 1, 1));
  pieces.insert(pieces.begin(), part);
  return at::cat(pieces);
}

Tree cut_tree(const Tree& tree, const Cut& cut) {
  if (const Tree::Map* map = tree.map()) {
    Tree::Map parts;
    for (const auto& [key, value] : *map) parts.emplace_back(key, cut_tree(value, cut));
    return Tree(std::move(parts));
  }
  if (const Tree::List* list = tree.list()) {
    Tree::List part(list->begin() + cut.rows.begin, list->begin() + cut.rows.end);
    part.insert(part.end(), static_cast<std::size_t>(cut.num_added), cut.num_added > 0 ? list->back() : Tree());
    return Tree(std::move(part));
  }
  const at::Tensor* tensor = tree.tensor();
  return tensor != nullptr && tensor->dim() > 0 ? Tree(cut_tensor(*tensor, cut)) : tree;
}

}  // namespace

Result<RowRange> split_rows(std::int64_t num_rows, int part, int num_parts) {
  if (num_rows < 0) return invalid_argument("num_rows must be >= 0, got {}", num_rows);
  if (part < 0 || part >= num_parts) return invalid_argument("part must lie in [0, {}), got {}", num_parts, part);
  const std::int64_t quotient = num_rows / num_parts;
  const std::int64_t remainder = num_rows % num_parts;
  const std::int64_t begin = part * quotient + std::min<std::int64_t>(part, remainder);
  return RowRange{begin, begin + quotient + (part < remainder ? 1 : 0)};
}

Result<Tree> split_tree(const Tree& tree, int part, int num_parts, bool pad) {
  std::optional<Length> length;
  OAR_TRY(find_length(tree, "", length));
  const std::int64_t num_rows = length ? length->size : 0;
  Cut cut;
  OAR_ASSIGN(cut.rows, split_rows(num_rows, part, num_parts));
  const std::int64_t longest = num_rows / num_parts + (num_rows % num_parts > 0 ? 1 : 0);
  if (pad) cut.num_added = longest - (cut.rows.end - cut.rows.begin);
  return cut_tree(tree, cut);
}

}  // namespace oarlock
