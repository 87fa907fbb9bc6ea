#include "format/csv.h"

namespace oarlock {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Status bad(const CsvField& place, std::string_view what) {
  return corrupt("line {}, column {}: {}", place.line, place.column, what);
}

}  // namespace

std::string csv_value(std::string_view text, bool has_doubled_quotes) {
  std::string value(text);
  if (!has_doubled_quotes) return value;
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    value[length++] = text[i];
    if (text[i] == '"') ++i;
  }
  value.resize(length);
  return value;
}

CsvRecords::CsvRecords(std::string_view bytes, char delimiter) : bytes_(bytes), delimiter_(delimiter) {
  if (bytes_.starts_with(kByteOrderMark)) at_ = line_begin_ = kByteOrderMark.size();
}

CsvField CsvRecords::here() const {
  CsvField field;
  field.line = line_;
  field.column = static_cast<std::int64_t>(at_ - line_begin_) + 1;
  return field;
}

// At the byte behind a line feed.
void CsvRecords::end_line() {
  ++line_;
  line_begin_ = at_;
}

Result<CsvField> CsvRecords::quoted_field() {
  CsvField field = here();
  const std::size_t begin = ++at_;
  while (at_ < bytes_.size()) {
    const char byte = bytes_[at_++];
    if (byte == '\n') end_line();
    if (byte != '"') continue;
    if (at_ < bytes_.size() && bytes_[at_] == '"') {
      field.has_doubled_quotes = true;
      ++at_;
      continue;
    }
    field.text = bytes_.substr(begin, at_ - 1 - begin);
    const bool is_ended =
        at_ == bytes_.size() || bytes_[at_] == delimiter_ || bytes_[at_] == '\n' || bytes_[at_] == '\r';
    if (!is_ended) return bad(here(), "text behind a closing quote; a quote inside a field is written twice");
    return field;
  }
  return bad(field, "a quoted field begins here and is never closed");
}

Result<CsvField> CsvRecords::plain_field() {
  CsvField field = here();
  const std::size_t begin = at_;
  for (; at_ < bytes_.size(); ++at_) {
    const char byte = bytes_[at_];
    if (byte == delimiter_ || byte == '\n' || byte == '\r') break;
    if (byte == '"') return bad(here(), "a quote inside a field that is not quoted");
  }
  field.text = bytes_.substr(begin, at_ - begin);
  return field;
}

Result<bool> CsvRecords::end_field() {
  if (at_ == bytes_.size()) return false;
  if (bytes_[at_] == delimiter_) {
    ++at_;
    return true;
  }
  if (bytes_[at_] == '\r') {
    if (at_ + 1 == bytes_.size() || bytes_[at_ + 1] != '\n')
      return bad(here(), "a carriage return without a line feed");
    ++at_;
  }
  ++at_;
  end_line();
  return false;
}

Result<bool> CsvRecords::next(std::vector<CsvField>& fields) {
  fields.clear();
  if (at_ == bytes_.size()) return false;
  for (bool more = true; more;) {
    const bool is_quoted = at_ < bytes_.size() && bytes_[at_] == '"';
    OAR_ASSIGN(CsvField field, is_quoted ? quoted_field() : plain_field());
    fields.push_back(field);
    OAR_ASSIGN(more, end_field());
  }
  return true;
}

}  // namespace oarlock
