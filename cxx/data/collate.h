// One batch of many samples.
#pragma once

#include <span>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

// Samples of one structure become a tree of that structure: tensors are stacked along a new first dimension, integers,
// numbers and truth values become tensors of int64, float64 and bool, texts and nothing become lists. Lists and maps
// are joined item by item, maps by key in the first sample's order. A tensor that carries no gradient comes out.
// OAR_E_ARGUMENT names the path and the sample's place in the batch: no samples, another structure, shape or dtype.
// Source: torch.utils.data.default_collate.
// Differs: an integer among floating-point numbers is taken for one of them, instead of cutting the others to integers.
Result<Tree> collate(std::span<const Tree> samples);

}  // namespace oarlock
