// Tables of comma-separated values: columns of numbers, and of texts.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/dataset.h"

namespace oarlock {

// What a column holds. Neither: what its fields allow, int64 before float64 before texts.
struct CsvColumn {
  std::string name;
  std::optional<at::ScalarType> dtype;
  bool is_text = false;
};

struct CsvFile {
  std::string path;
  std::vector<CsvColumn> columns;  // empty: every column of the header, types found out
  bool has_header = true;          // else `columns` are those of the file, in its order
  char delimiter = ',';
};

// Row r is sample r: a number of each numeric column, a text of each other. Numbers are read when the file is opened,
// texts stay in the file, which is mapped and must not change. OAR_E_CORRUPT names file, line and column: no table, a
// row with another number of fields than the header, a field that is no number of the column's type, no UTF-8.
// OAR_E_NOT_FOUND: no such file, or no such column (the text lists those there are).
Result<std::shared_ptr<Dataset>> open_csv_dataset(const CsvFile& file);

}  // namespace oarlock
