#include "data/dispatch_rounds.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "tensor/row_split.h"

namespace oarlock {
namespace {

bool is_column_of_texts(const Tree& tree, std::int64_t num_rows) {
  if (tree.list() == nullptr || tree.size() != num_rows) return false;
  return std::all_of(tree.list()->begin(), tree.list()->end(), [](const Tree& item) {
    return std::holds_alternative<std::string>(item.value()) || std::holds_alternative<std::monostate>(item.value());
  });
}

Status misfit() {
  return invalid_argument(
      "the last round is filled up with rows of the first one, whose batch has another structure; let all batches have "
      "one, or set loader.even_batches to false");
}

Result<Tree> cut_tensor(const at::Tensor& rows, const at::Tensor* first, const DispatchPart& part) {
  const at::Tensor own = rows.narrow(0, part.begin, part.end - part.begin);
  if (part.fill.empty()) return Tree(own.contiguous());
  if (first == nullptr || first->dim() != rows.dim() || first->dtype() != rows.dtype()) return misfit();
  const at::Tensor numbers = at::tensor(at::ArrayRef<std::int64_t>(part.fill));
  return Tree(at::cat({own, at::index_select(*first, 0, numbers)}));
}

}  // namespace

std::vector<DispatchPart> dispatch_round(std::int64_t num_rows, int world_size, bool even, std::int64_t num_first) {
  OAR_CHECK(num_rows >= 1 && world_size >= 1 && num_first >= 1);
  std::vector<DispatchPart> parts(static_cast<std::size_t>(world_size));
  const std::int64_t part_size = (num_rows + world_size - 1) / world_size;
  for (int rank = 0; rank < world_size; ++rank) {
    DispatchPart& part = parts[static_cast<std::size_t>(rank)];
    if (!even) {
      const RowRange range = split_rows(num_rows, rank, world_size).value();
      part = {range.begin, range.end, {}};
      continue;
    }
    part.begin = std::min(rank * part_size, num_rows);
    part.end = std::min(part.begin + part_size, num_rows);
    for (std::int64_t place = std::max(rank * part_size, num_rows); place < (rank + 1) * part_size; ++place)
      part.fill.push_back((place - num_rows) % num_first);
  }
  return parts;
}

Result<Tree> cut_part(const Tree& batch, const Tree& first, std::int64_t num_rows, const DispatchPart& part) {
  if (const at::Tensor* rows = batch.tensor()) {
    if (rows->dim() == 0 || rows->size(0) != num_rows) return batch;
    return cut_tensor(*rows, first.tensor(), part);
  }
  if (is_column_of_texts(batch, num_rows)) {
    Tree::List texts(batch.list()->begin() + part.begin, batch.list()->begin() + part.end);
    for (const std::int64_t row : part.fill) {
      if (first.list() == nullptr || row >= first.size()) return misfit();
      texts.push_back((*first.list())[static_cast<std::size_t>(row)]);
    }
    return Tree(std::move(texts));
  }
  if (const Tree::List* list = batch.list()) {
    if (!part.fill.empty() && (first.list() == nullptr || first.size() != batch.size())) return misfit();
    Tree::List items;
    for (std::size_t i = 0; i < list->size(); ++i) {
      OAR_ASSIGN(Tree item, cut_part((*list)[i], part.fill.empty() ? Tree() : (*first.list())[i], num_rows, part));
      items.push_back(std::move(item));
    }
    return Tree(std::move(items));
  }
  if (const Tree::Map* map = batch.map()) {
    Tree::Map items;
    for (const auto& [key, value] : *map) {
      const Tree* theirs = first.find(key);
      if (theirs == nullptr && !part.fill.empty()) return misfit();
      OAR_ASSIGN(Tree item, cut_part(value, theirs != nullptr ? *theirs : Tree(), num_rows, part));
      items.emplace_back(key, std::move(item));
    }
    return Tree(std::move(items));
  }
  return batch;
}

}  // namespace oarlock
