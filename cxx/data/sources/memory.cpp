#include "data/sources/memory.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include <cstring>
#include <set>

namespace oarlock {
namespace {

// Rows of a contiguous column in host memory. Neighbours that stay neighbours are copied in one piece.
at::Tensor gather_host_rows(const at::Tensor& column, std::span<const std::int64_t> indices) {
  std::vector<std::int64_t> shape = column.sizes().vec();
  shape[0] = static_cast<std::int64_t>(indices.size());
  at::Tensor rows = at::empty(shape, column.options());
  const std::size_t row_bytes = column.size(0) == 0 ? 0 : column.nbytes() / static_cast<std::size_t>(column.size(0));
  if (row_bytes == 0) return rows;
  const auto* source = static_cast<const std::byte*>(column.const_data_ptr());
  auto* target = static_cast<std::byte*>(rows.mutable_data_ptr());
  for (std::size_t i = 0; i < indices.size();) {
    std::size_t run = 1;
    while (i + run < indices.size() && indices[i + run] == indices[i] + static_cast<std::int64_t>(run)) ++run;
    std::memcpy(target + i * row_bytes, source + static_cast<std::size_t>(indices[i]) * row_bytes, run * row_bytes);
    i += run;
  }
  return rows;
}

class TensorDataset : public Dataset {
 public:
  TensorDataset(NamedTensors columns, std::int64_t size) : columns_(std::move(columns)), size_(size) {}

  std::int64_t size() const override { return size_; }

  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    for (const std::int64_t index : indices) {
      OAR_TRY(check_index(index));
    }
    Tree::Map batch;
    batch.reserve(columns_.size());
    for (const NamedTensor& column : columns_) batch.emplace_back(column.name, gather_rows(column.tensor, indices));
    return Tree(std::move(batch));
  }

 private:
  const NamedTensors columns_;
  const std::int64_t size_;
};

}  // namespace

at::Tensor gather_rows(const at::Tensor& column, std::span<const std::int64_t> indices) {
  if (column.is_cpu() && column.is_contiguous()) return gather_host_rows(column, indices);
  const at::Tensor index = at::tensor(at::IntArrayRef(indices.data(), indices.size()), at::kLong);
  return at::index_select(column, 0, index.to(column.device()));
}

Result<std::shared_ptr<Dataset>> make_tensor_dataset(NamedTensors columns) {
  if (columns.empty()) return invalid_argument("a data set needs at least one column, got none");
  std::set<std::string_view> names;
  for (NamedTensor& column : columns) {
    const at::Tensor& tensor = column.tensor;
    if (column.name.empty()) return invalid_argument("a column of the data set has an empty name");
    if (!names.insert(column.name).second) return invalid_argument("two columns have the same name: '{}'", column.name);
    if (!tensor.defined()) return invalid_argument("column '{}' has no tensor", column.name);
    if (tensor.layout() != at::kStrided) return invalid_argument("column '{}' is not a dense tensor", column.name);
    if (tensor.dim() == 0) {
      return invalid_argument("column '{}' has no dimensions; the first one must count the samples", column.name);
    }
    if (tensor.size(0) != columns.front().tensor.size(0)) {
      return invalid_argument("columns have different numbers of rows: '{}' has {}, '{}' has {}", columns.front().name,
                              columns.front().tensor.size(0), column.name, tensor.size(0));
    }
    column.tensor = tensor.detach();
  }
  const std::int64_t size = columns.front().tensor.size(0);
  return std::shared_ptr<Dataset>(std::make_shared<TensorDataset>(std::move(columns), size));
}

}  // namespace oarlock
