// Token sequences of any lengths, packed into rows of one length.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "data/dataset.h"

namespace oarlock {

struct PackedLayout {
  std::string column;  // a path in each sample: a tensor of one dimension, the same dtype in all
  std::int64_t row_length = 0;
  double pad_value = 0;
};

// Sample r is row r of pack_documents: the tokens under the column's name, padded at the row's end; "positions", int64:
// each token's place in its document; "documents", int64: 0, 1, ... of the documents in the row, -1 where it is padded.
// Every sample of `dataset` is read once now, for its length, on the thread that calls. OAR_E_ARGUMENT: a length below
// 1, a sample without such a tensor, or of another dtype. OAR_E_UNSUPPORTED: a stream.
Result<std::shared_ptr<Dataset>> make_packed_dataset(std::shared_ptr<const Dataset> dataset,
                                                     const PackedLayout& layout);

}  // namespace oarlock
