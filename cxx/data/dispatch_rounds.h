// Which rows of a round that one rank has read go to which rank: arithmetic only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

// Rows [begin, end) of the round, then `fill` of the epoch's first rows, by number.
struct DispatchPart {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::vector<std::int64_t> fill;
};

// One part per rank, in rank order. A round of num_rows is divided evenly: with `even` all parts have
// ceil(num_rows / world_size) rows, the last ones filled up with the epoch's first rows, of which num_first >= 1 are
// kept, over and over if need be; without, the first parts take the remainder. num_rows >= 1.
// Source: Accelerate 1.15 DataLoaderDispatcher (spec B 1.8). Differs: fewer samples than ranks give everyone a batch.
std::vector<DispatchPart> dispatch_round(std::int64_t num_rows, int world_size, bool even, std::int64_t num_first);

// The part of a batch of num_rows rows: of each tensor and of each list of texts that has so many; the rest whole.
// `first` has the structure of `batch` and the epoch's first rows. OAR_E_ARGUMENT: it has another.
Result<Tree> cut_part(const Tree& batch, const Tree& first, std::int64_t num_rows, const DispatchPart& part);

}  // namespace oarlock
