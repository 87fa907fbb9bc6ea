// Which pieces of which documents make the rows of a packed data set: arithmetic only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace oarlock {

// Tokens [begin, begin + length) of a document.
struct PackedPiece {
  std::int64_t document = 0;
  std::int64_t begin = 0;
  std::int64_t length = 0;
};
using PackedRow = std::vector<PackedPiece>;

// Greedy, in the documents' order: a document goes into the row that is being filled if it fits, else a new row begins.
// One longer than a row begins a new row and is cut at the rows' ends; what follows joins its last piece. Every token
// lies in exactly one row; documents without tokens are in none. row_length >= 1.
std::vector<PackedRow> pack_documents(std::span<const std::int64_t> lengths, std::int64_t row_length);

}  // namespace oarlock
