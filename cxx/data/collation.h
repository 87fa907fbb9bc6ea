// How the samples of a batch become the batch: columns made equally long first, then joined, by collate() or the host.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

// Tensors at `column` (a path in each sample) get new elements in their first dimension, up to the longest of the batch
// or the next multiple of it.
struct ColumnPadding {
  std::string column;
  double value = 0;
  std::int64_t multiple = 1;
  bool first = false;  // new elements before the old ones
  std::string mask;    // a key of the sample for a tensor int64 [length], 1 where elements are old; empty: none
};

struct HostCollate {
  std::function<Result<Tree>(const Tree& samples)> join;  // a list of samples
  bool any_thread = false;                                // loader workers may call it, several at once
};

// Immutable once a loader has it; shared with the workers.
struct Collation {
  std::vector<ColumnPadding> paddings;
  std::optional<HostCollate> host;

  bool is_plain() const { return paddings.empty() && !host; }
  bool runs_on_any_thread() const { return !host || host->any_thread; }
};

// OAR_E_ARGUMENT: no column, a multiple below 1.
Status check_padding(const ColumnPadding& padding);

// OAR_E_ARGUMENT names column and the sample's place in the batch: no tensor there, one without dimensions, a dtype
// that cannot hold the value, a mask whose key is taken; and what collate() refuses.
Result<Tree> join_samples(const Collation& collation, std::vector<Tree> samples);

}  // namespace oarlock
