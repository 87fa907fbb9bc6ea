// Some samples of a data set, as a data set of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "data/dataset.h"

namespace oarlock {

// Sample i is sample indices[i] of the other. OAR_E_ARGUMENT: it has no such sample. OAR_E_UNSUPPORTED: it is a stream.
// Source: torch.utils.data.Subset.
Result<std::shared_ptr<Dataset>> make_subset(std::shared_ptr<const Dataset> dataset, std::vector<std::int64_t> indices);

}  // namespace oarlock
