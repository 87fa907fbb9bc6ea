// Samples that come one after the other, nobody knows how many.
#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

class SampleStream {
 public:
  virtual ~SampleStream() = default;
  // Sample `index` of the pass `epoch`; nullopt: the pass ended before it. One call at a time. A pass is asked for 0,
  // 1, 2, ... in order, a failed one again; a seekable stream for any index at any time.
  virtual Result<std::optional<Tree>> read(std::int64_t epoch, std::int64_t index) const = 0;
  virtual bool is_seekable() const = 0;
};

}  // namespace oarlock
