// Any bytes: refused with a place, or records whose fields lie in the bytes one after the other.
#include "base/check.h"
#include "format/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  oarlock::CsvRecords records(bytes, ',');
  std::vector<oarlock::CsvField> fields;
  const char* behind = bytes.data();
  std::int64_t line = 1;
  while (true) {
    const auto more = records.next(fields);
    if (!more.is_ok()) {
      OAR_CHECK(more.status().code() == OAR_E_CORRUPT && more.status().message().starts_with("line "));
      return 0;
    }
    if (!more.value()) return 0;
    OAR_CHECK(!fields.empty());
    for (const oarlock::CsvField& field : fields) {
      OAR_CHECK(field.text.data() >= behind && field.text.data() + field.text.size() <= bytes.data() + size);
      OAR_CHECK(field.line >= line && field.column >= 1);
      OAR_CHECK(oarlock::csv_value(field.text, field.has_doubled_quotes).size() <= field.text.size());
      behind = field.text.data() + field.text.size();
      line = field.line;
    }
  }
}
