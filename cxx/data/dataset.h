// Samples that can be had by number.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "tensor/named_tensor.h"
#include "tensor/tree.h"

namespace oarlock {

// Thread-safe: loader workers call fetch from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  // The batch of these samples: a map by column name, each tensor with a leading dimension indices.size().
  virtual Result<Tree> fetch(std::span<const std::int64_t> indices) const = 0;
};

}  // namespace oarlock
