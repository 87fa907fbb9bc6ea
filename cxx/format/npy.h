// NumPy's .npy files: a tensor over the mapped file.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"

namespace oarlock {

// The array of a file of format 1.0, 2.0 or 3.0, little-endian, in row or column order; read-only, over the mapping,
// which it keeps. The file must not change meanwhile. Bytes behind the array are left alone, as NumPy does.
// OAR_E_NOT_FOUND: no such file. OAR_E_CORRUPT: no whole array; the text gives the offset. OAR_E_UNSUPPORTED: an
// element type that tensors do not have (texts, objects, records, big-endian numbers). Source: numpy/lib/format.py of
// NumPy 2.
Result<at::Tensor> open_npy(const std::string& path);

// The same of a file's bytes, which `owner` keeps.
Result<at::Tensor> read_npy(std::span<const std::byte> bytes, const std::shared_ptr<void>& owner);

}  // namespace oarlock
