#include "memory/batch_size.h"

#include <ATen/ops/tensor.h>

#include <limits>

namespace oarlock {

std::int64_t reduced_batch_size(std::int64_t batch_size) {
  return static_cast<std::int64_t>(static_cast<double>(batch_size) * 0.9);
}

Result<std::int64_t> next_batch_size(Group& group, const BatchAttempt& attempt, Milliseconds timeout) {
  const auto [batch_size, ran_out, reduced] = attempt;
  if (batch_size <= 0) return invalid_argument("batch_size must be > 0, got {}", batch_size);
  if (reduced < 0 || reduced >= batch_size)
    return invalid_argument("reduced must lie in [0, batch_size {}), got {}", batch_size, reduced);
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  const std::int64_t proposed = !ran_out ? kNone : reduced > 0 ? reduced : reduced_batch_size(batch_size);
  // The largest of each: minima by their negatives.
  const at::Tensor largest = at::tensor({batch_size, -batch_size, -proposed}, at::kLong);
  OAR_ASSIGN(const std::shared_ptr<Work> work, group.all_reduce(largest, ReduceOp::kMax, timeout));
  OAR_TRY(work->wait(Milliseconds(0)));
  const std::int64_t* const found = largest.const_data_ptr<std::int64_t>();
  if (found[0] != -found[1])
    return mismatch("ranks tried different batch sizes: {} and {}; this rank tried {}", -found[1], found[0],
                    batch_size);
  const std::int64_t next = -found[2];
  if (next == kNone) return batch_size;
  if (next > 0) return next;
  return out_of_memory("no executable batch size was found: an attempt with {} ran out of memory", batch_size);
}

}  // namespace oarlock
