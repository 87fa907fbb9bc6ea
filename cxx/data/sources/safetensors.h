// A data set in a safetensors file: each tensor of the file is a column, read from the mapping row by row.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "data/dataset.h"

namespace oarlock {

// names empty: every tensor, in the file's order. The file stays mapped as long as the data set lives and must not
// change. OAR_E_NOT_FOUND: no such file, or a name that it does not have (the text lists those it has). OAR_E_CORRUPT:
// a damaged file.
Result<std::shared_ptr<Dataset>> open_safetensors_dataset(const std::string& path, std::span<const std::string> names);

}  // namespace oarlock
