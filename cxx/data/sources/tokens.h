// Windows of a flat file of token numbers.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "data/dataset.h"

namespace oarlock {

struct TokenFile {
  std::string path;
  at::ScalarType dtype = at::kUInt16;  // of the file: uint8, uint16, int32, uint32 or int64
  std::int64_t sequence_length = 0;
  std::int64_t stride = 0;  // tokens from one window's begin to the next one's; 0: sequence_length
  bool has_labels = false;  // "labels" too: the tokens one further
};

// Sample i is the window that begins at token i * stride, as int64 [sequence_length], column "tokens" (and "labels").
// Tokens at the end that make no whole window are left out. The file is mapped: only what is asked for is read; it must
// not change. OAR_E_NOT_FOUND: no such file. OAR_E_CORRUPT: its size is no multiple of the element's. OAR_E_ARGUMENT: a
// length or stride below 1, an element type that is no integer.
Result<std::shared_ptr<Dataset>> open_token_dataset(const TokenFile& file);

}  // namespace oarlock
