// How the leaves of trees travel: small ones packed into buckets, large ones as they are, all started before the first
// is waited for. Callers have compared the structures: leaves, their order, dtypes and sizes are the same on all ranks.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "comm/group.h"

namespace oarlock {

inline constexpr std::int64_t kPackedLeafBytesMax = 64 << 10;  // a larger leaf travels alone, without a copy
inline constexpr std::int64_t kBucketBytesMax = 4 << 20;

struct LeafLoad {
  std::int64_t bytes = 0;
  int kind = 0;  // only leaves of one kind share a bucket
};

// Buckets of indices into `leaves`; those without bytes are in none. A pure function: all ranks make the same plan.
std::vector<std::vector<std::size_t>> plan_buckets(const std::vector<LeafLoad>& leaves);

// Combines in place. The leaves are row-major, this rank's own.
Status reduce_leaves(Group& group, std::vector<at::Tensor>& leaves, ReduceOp op, Milliseconds timeout);

// Each leaf of all ranks joined along dim 0; leaves have at least one dimension. rows[leaf][rank]: the first sizes.
Result<std::vector<at::Tensor>> gather_leaves(Group& group, const std::vector<at::Tensor>& leaves,
                                              const std::vector<std::vector<std::int64_t>>& rows, Milliseconds timeout);

// The root's values into all ranks' leaves, of any strides.
Status broadcast_leaves(Group& group, std::vector<at::Tensor>& leaves, int root, Milliseconds timeout);

}  // namespace oarlock
