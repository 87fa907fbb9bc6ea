#include "data/collation.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>

#include "data/collate.h"
#include "tensor/describe.h"

namespace oarlock {
namespace {

Result<std::int64_t> length_of(const Tree& sample, const ColumnPadding& padding, std::size_t place) {
  Result<const Tree*> leaf = sample.at_path(padding.column);
  if (!leaf.is_ok()) return invalid_argument("padding: sample {} of the batch: {}", place, leaf.status().message());
  const at::Tensor* tensor = leaf.value()->tensor();
  if (tensor == nullptr) {
    return invalid_argument("padding: '{}' of sample {} of the batch is no tensor, but {}", padding.column, place,
                            leaf.value()->kind_name());
  }
  if (tensor->dim() == 0)
    return invalid_argument("padding: '{}' of sample {} of the batch has no dimensions", padding.column, place);
  return tensor->size(0);
}

bool can_hold(at::ScalarType dtype, double value) {
  if (!c10::isIntegralType(dtype, /*includeBool=*/true)) return true;
  return at::full({}, value, at::TensorOptions(at::kDouble)).to(dtype).item<double>() == value;
}

Result<at::Tensor> padded(const at::Tensor& tensor, std::int64_t length, const ColumnPadding& padding) {
  if (tensor.size(0) == length) return tensor;
  if (!can_hold(tensor.scalar_type(), padding.value)) {
    return invalid_argument("padding: '{}' is {}, which cannot hold {}", padding.column, describe_tensor(tensor),
                            padding.value);
  }
  std::vector<std::int64_t> shape = tensor.sizes().vec();
  shape[0] = length;
  at::Tensor wide = at::full(shape, padding.value, tensor.options());
  const std::int64_t begin = padding.first ? length - tensor.size(0) : 0;
  wide.narrow(0, begin, tensor.size(0)).copy_(tensor.detach());
  return wide;
}

at::Tensor mask_of(std::int64_t size, std::int64_t length, const ColumnPadding& padding) {
  at::Tensor mask = at::zeros({length}, at::TensorOptions(at::kLong));
  mask.narrow(0, padding.first ? length - size : 0, size).fill_(1);
  return mask;
}

Status add_mask(Tree& sample, std::int64_t size, std::int64_t length, const ColumnPadding& padding) {
  if (sample.map() == nullptr) {
    return invalid_argument("padding: the mask '{}' needs samples that are maps, not {}", padding.mask,
                            sample.kind_name());
  }
  if (sample.find(padding.mask) != nullptr)
    return invalid_argument("padding: the samples have a column '{}' already; choose another key for the mask",
                            padding.mask);
  sample.set(padding.mask, Tree(mask_of(size, length, padding)));
  return Status::ok();
}

Status pad(const ColumnPadding& padding, std::vector<Tree>& samples) {
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    OAR_ASSIGN(const std::int64_t size, length_of(samples[i], padding, i));
    sizes.push_back(size);
  }
  const std::int64_t longest = sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end());
  const std::int64_t length = (longest + padding.multiple - 1) / padding.multiple * padding.multiple;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    OAR_ASSIGN(const Tree* leaf, samples[i].at_path(padding.column));
    OAR_ASSIGN(at::Tensor wide, padded(*leaf->tensor(), length, padding));
    const_cast<Tree*>(leaf)->value() = std::move(wide);  // of a sample that is ours
    if (!padding.mask.empty()) OAR_TRY(add_mask(samples[i], sizes[i], length, padding));
  }
  return Status::ok();
}

}  // namespace

Status check_padding(const ColumnPadding& padding) {
  if (padding.column.empty()) return invalid_argument("the column to pad has no name");
  constexpr std::int64_t kMultipleMax = std::int64_t{1} << 40;
  if (padding.multiple < 1 || padding.multiple > kMultipleMax)
    return invalid_argument("multiple must lie in [1, {}], got {}", kMultipleMax, padding.multiple);
  return Status::ok();
}

Result<Tree> join_samples(const Collation& collation, std::vector<Tree> samples) {
  for (const ColumnPadding& padding : collation.paddings) {
    OAR_TRY(pad(padding, samples));
  }
  if (collation.host) return collation.host->join(Tree(Tree::List(std::move(samples))));
  return collate(samples);
}

}  // namespace oarlock
