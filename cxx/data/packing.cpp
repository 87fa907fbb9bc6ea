#include "data/packing.h"

#include <algorithm>

#include "base/check.h"

namespace oarlock {

std::vector<PackedRow> pack_documents(std::span<const std::int64_t> lengths, std::int64_t row_length) {
  OAR_CHECK(row_length >= 1);
  std::vector<PackedRow> rows;
  std::int64_t room = 0;  // in the last row
  for (std::size_t document = 0; document < lengths.size(); ++document) {
    if (lengths[document] > room) room = 0;
    for (std::int64_t begin = 0; begin < lengths[document];) {
      if (room == 0) {
        rows.emplace_back();
        room = row_length;
      }
      const std::int64_t length = std::min(room, lengths[document] - begin);
      rows.back().push_back({static_cast<std::int64_t>(document), begin, length});
      begin += length;
      room -= length;
    }
  }
  return rows;
}

}  // namespace oarlock
