// Records of comma-separated values, strictly: RFC 4180 with any delimiter, lines ended by LF or CR LF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace oarlock {

struct CsvField {
  std::string_view text;  // without the quotes around it; doubled quotes are still doubled
  bool has_doubled_quotes = false;
  std::int64_t line = 0;    // of its first byte, from 1
  std::int64_t column = 0;  // likewise, in bytes
};

// The field's value.
std::string csv_value(std::string_view text, bool has_doubled_quotes);

// Reads one record after the other. A quoted field may hold delimiters, line ends and doubled quotes. A byte order mark
// in front is skipped. A line end at the file's end begins no record.
class CsvRecords {
 public:
  // Borrows the bytes. `delimiter` is none of quote, CR and LF.
  CsvRecords(std::string_view bytes, char delimiter);
  // The next record's fields, at least one; false at the end. OAR_E_CORRUPT with line and column: a quote inside a
  // field that is not quoted, text behind a closing quote, a quote that is never closed, CR without LF.
  Result<bool> next(std::vector<CsvField>& fields);

 private:
  Result<CsvField> quoted_field();
  Result<CsvField> plain_field();
  Result<bool> end_field();  // true: more fields follow
  CsvField here() const;
  void end_line();

  const std::string_view bytes_;
  const char delimiter_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace oarlock
