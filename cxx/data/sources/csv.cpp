#include "data/sources/csv.h"

#include <ATen/ops/tensor.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "base/fs.h"
#include "base/text.h"
#include "data/sources/memory.h"
#include "format/csv.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

struct TextCell {
  std::string_view text;
  bool has_doubled_quotes = false;
};

// One column as it is read. Of a column whose type is found out all three are tried, the failed ones dropped.
struct Column {
  std::string name;
  std::size_t place = 0;  // in a record
  at::ScalarType dtype = at::kLong;
  bool may_be_integer = true;
  bool may_be_number = true;
  bool may_be_text = true;
  std::vector<std::int64_t> integers;
  std::vector<double> numbers;
  std::vector<TextCell> texts;
  at::Tensor tensor;  // at the end, of a column of numbers
};

template <class T>
bool fits(std::int64_t value) {
  return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
}

bool fits(std::int64_t value, at::ScalarType dtype) {
  switch (dtype) {
    case at::kBool:
      return value == 0 || value == 1;
    case at::kByte:
      return fits<std::uint8_t>(value);
    case at::kChar:
      return fits<std::int8_t>(value);
    case at::kShort:
      return fits<std::int16_t>(value);
    case at::kInt:
      return fits<std::int32_t>(value);
    default:
      return true;
  }
}

Result<Column> column_of(const CsvColumn& wanted, std::size_t place) {
  Column column;
  column.name = wanted.name;
  column.place = place;
  if (wanted.is_text) {
    column.may_be_integer = column.may_be_number = false;
  } else if (wanted.dtype) {
    column.dtype = *wanted.dtype;
    column.may_be_text = false;
    column.may_be_integer = c10::isIntegralType(column.dtype, /*includeBool=*/true) && column.dtype != at::kUInt16 &&
                            column.dtype != at::kUInt32 && column.dtype != at::kUInt64;
    column.may_be_number = c10::isFloatingType(column.dtype);
    if (!column.may_be_integer && !column.may_be_number) {
      return invalid_argument(
          "column '{}' cannot be read as {}; bool, uint8, int8, int16, int32, int64 and floating-point types can",
          column.name, dtype_name(column.dtype));
    }
  }
  return column;
}

// Takes a field in; false: it is nothing that the column can hold.
bool take_in(Column& column, const CsvField& field) {
  if (column.may_be_integer) {
    const std::optional<std::int64_t> value = parse_number<std::int64_t>(field.text);
    column.may_be_integer = value && fits(*value, column.dtype);
    if (column.may_be_integer) {
      column.integers.push_back(*value);
    } else {
      column.integers = {};
    }
  }
  if (column.may_be_number) {
    const std::optional<double> value = parse_number<double>(field.text);
    column.may_be_number = value.has_value();
    if (column.may_be_number) {
      column.numbers.push_back(*value);
    } else {
      column.numbers = {};
    }
  }
  if (column.may_be_text) column.texts.push_back({field.text, field.has_doubled_quotes});
  return column.may_be_integer || column.may_be_number || column.may_be_text;
}

void settle(Column& column, std::size_t num_rows) {
  const bool is_found_out = column.may_be_text && (column.may_be_integer || column.may_be_number);
  if (is_found_out && num_rows == 0) return;  // texts: nothing says that they are numbers
  if (column.may_be_integer) {
    column.tensor = at::tensor(at::ArrayRef<std::int64_t>(column.integers)).to(column.dtype);
  } else if (column.may_be_number) {
    const at::ScalarType dtype = is_found_out ? at::kDouble : column.dtype;
    column.tensor = at::tensor(at::ArrayRef<double>(column.numbers)).to(dtype);
  }
  column.integers = {};
  column.numbers = {};
  if (column.tensor.defined()) column.texts = {};
}

class CsvDataset : public Dataset {
 public:
  CsvDataset(std::shared_ptr<MappedFile> file, std::vector<Column> columns, std::int64_t size)
      : file_(std::move(file)), columns_(std::move(columns)), size_(size) {}

  std::int64_t size() const override { return size_; }

  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    for (const std::int64_t index : indices) {
      OAR_TRY(check_index(index));
    }
    Tree::Map batch;
    for (const Column& column : columns_) {
      batch.emplace_back(column.name,
                         column.tensor.defined() ? Tree(gather_rows(column.tensor, indices)) : texts(column, indices));
    }
    return Tree(std::move(batch));
  }

  Result<Tree> sample(std::int64_t index) const override {
    OAR_TRY(check_index(index));
    Tree::Map sample;
    for (const Column& column : columns_) {
      sample.emplace_back(column.name,
                          column.tensor.defined() ? Tree(column.tensor.select(0, index)) : text(column, index));
    }
    return Tree(std::move(sample));
  }

 private:
  static Tree text(const Column& column, std::int64_t index) {
    const TextCell& cell = column.texts[static_cast<std::size_t>(index)];
    return Tree(Tree::Value(csv_value(cell.text, cell.has_doubled_quotes)));
  }
  static Tree texts(const Column& column, std::span<const std::int64_t> indices) {
    Tree::List list;
    for (const std::int64_t index : indices) list.push_back(text(column, index));
    return Tree(std::move(list));
  }

  const std::shared_ptr<MappedFile> file_;  // what the texts are in
  const std::vector<Column> columns_;
  const std::int64_t size_;
};

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

Status check_utf8(std::string_view bytes) {
  const std::size_t valid = utf8_valid_prefix(bytes);
  if (valid == bytes.size()) return Status::ok();
  const std::string_view before = bytes.substr(0, valid);
  const std::size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return corrupt("line {}, column {}: no UTF-8", 1 + std::count(before.begin(), before.end(), '\n'),
                 valid - line_begin + 1);
}

Status check_names(const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (name.empty()) return corrupt("a column has no name");
    if (!seen.insert(name).second) return corrupt("two columns have the name '{}'", name);
  }
  return Status::ok();
}

// The columns to read, of a file whose columns have these names.
Result<std::vector<Column>> choose(const CsvFile& file, const std::vector<std::string>& names) {
  std::vector<CsvColumn> wanted = file.columns;
  if (wanted.empty()) {
    for (const std::string& name : names) wanted.push_back({name, std::nullopt, false});
  }
  std::vector<Column> columns;
  for (const CsvColumn& one : wanted) {
    const auto found = std::find(names.begin(), names.end(), one.name);
    if (found == names.end()) return not_found("no column '{}'; there are {}", one.name, fmt::join(names, ", "));
    OAR_ASSIGN(Column column, column_of(one, static_cast<std::size_t>(found - names.begin())));
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::vector<std::string>> names_of(const CsvFile& file, CsvRecords& records) {
  std::vector<std::string> names;
  if (file.has_header) {
    std::vector<CsvField> fields;
    OAR_ASSIGN(const bool has_line, records.next(fields));
    if (!has_line) return corrupt("the file is empty; its first line has the columns' names");
    for (const CsvField& field : fields) names.push_back(csv_value(field.text, field.has_doubled_quotes));
  } else {
    for (const CsvColumn& column : file.columns) names.push_back(column.name);
  }
  OAR_TRY(check_names(names));
  return names;
}

Status read_rows(CsvRecords& records, std::size_t num_fields, std::vector<Column>& columns, std::int64_t& num_rows) {
  std::vector<CsvField> fields;
  while (true) {
    OAR_ASSIGN(const bool has_row, records.next(fields));
    if (!has_row) return Status::ok();
    if (fields.size() != num_fields)
      return corrupt("line {}: {} fields where {} are needed", fields.front().line, fields.size(), num_fields);
    for (Column& column : columns) {
      const CsvField& field = fields[column.place];
      if (take_in(column, field)) continue;
      return corrupt("line {}, column {}: '{}' is no {}, which column '{}' is to hold", field.line, field.column,
                     field.text.substr(0, 50), dtype_name(column.dtype), column.name);
    }
    ++num_rows;
  }
}

Result<std::shared_ptr<Dataset>> read(const CsvFile& layout, std::shared_ptr<MappedFile> file) {
  OAR_TRY(check_utf8(text_of(*file)));
  CsvRecords records(text_of(*file), layout.delimiter);
  OAR_ASSIGN(const std::vector<std::string> names, names_of(layout, records));
  OAR_ASSIGN(std::vector<Column> columns, choose(layout, names));
  std::int64_t num_rows = 0;
  OAR_TRY(read_rows(records, names.size(), columns, num_rows));
  for (Column& column : columns) settle(column, static_cast<std::size_t>(num_rows));
  return std::shared_ptr<Dataset>(std::make_shared<CsvDataset>(std::move(file), std::move(columns), num_rows));
}

}  // namespace

Result<std::shared_ptr<Dataset>> open_csv_dataset(const CsvFile& layout) {
  if (!layout.has_header && layout.columns.empty())
    return invalid_argument("a file without a header needs the names of its columns");
  if (layout.delimiter == '"' || layout.delimiter == '\r' || layout.delimiter == '\n' || layout.delimiter == '\0')
    return invalid_argument("the delimiter is a character other than a quote or a line end");
  OAR_ASSIGN(std::shared_ptr<MappedFile> file, MappedFile::open(layout.path));
  Result<std::shared_ptr<Dataset>> dataset = read(layout, std::move(file));
  if (dataset.is_ok()) return dataset;
  return std::move(dataset).status().within(layout.path);
}

}  // namespace oarlock
