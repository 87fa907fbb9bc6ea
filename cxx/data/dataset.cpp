#include "data/dataset.h"

#include "tensor/tree_leaves.h"

namespace oarlock {

Result<Tree> Dataset::sample(std::int64_t index) const {
  OAR_ASSIGN(const Tree batch, fetch({&index, 1}));
  return with_leaves(batch, [](const Tree& leaf) {
    const at::Tensor* rows = leaf.tensor();
    return rows != nullptr ? Tree(rows->select(0, 0)) : leaf;
  });
}

Status Dataset::check_index(std::int64_t index) const {
  if (index >= 0 && index < size()) return Status::ok();
  return invalid_argument("sample index out of range: the data set has {} samples, so [0, {}) is valid, got {}", size(),
                          size(), index);
}

}  // namespace oarlock
