// A data set whose columns are tensors in memory, or in a mapped file: row r of every column makes sample r.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"
#include "data/dataset.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// Keeps the tensors and copies none; what is written into them later shows in later batches. Any strides and devices.
// OAR_E_ARGUMENT names the column: no columns, a name twice or empty, no leading dimension, sparse, or unequal row
// counts.
Result<std::shared_ptr<Dataset>> make_tensor_dataset(NamedTensors columns);

// These rows of a column, each of [0, column.size(0)), as a tensor of their own.
at::Tensor gather_rows(const at::Tensor& column, std::span<const std::int64_t> indices);

}  // namespace oarlock
