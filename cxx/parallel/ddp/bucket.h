// Which gradients travel together: the bucket table, planned from sizes alone so that it is tested without ranks.
//
// Note: bucket order. Bucket 0 is expected to be ready first, so parameters are taken from the last to the first:
// backward produces gradients roughly in the reverse of the program's order. Every rank plans from the same list and
// launches in this order, whatever order its own gradients come in; that is what keeps the ranks' collectives in step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace oarlock {

// What the planner needs to know of a parameter. Gradients of another dtype or device never share a bucket.
struct BucketItem {
  std::int64_t numel = 0;
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
};

struct BucketSlot {
  std::size_t parameter = 0;  // index into the planner's list
  std::int64_t offset = 0;    // elements from the start of the bucket
  std::int64_t numel = 0;
};

struct Bucket {
  std::vector<BucketSlot> slots;
  std::int64_t numel = 0;
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
};

// The rule of torch's compute_bucket_assignment_by_size over the reversed list: a bucket is closed as soon as it holds
// at least its limit; the first one of each dtype and device has `first_bytes_max`, all later ones `bytes_max`; the
// buckets are then ordered by their earliest member. Both limits > 0, else OAR_E_ARGUMENT.
Result<std::vector<Bucket>> plan_buckets(std::span<const BucketItem> parameters, std::int64_t first_bytes_max,
                                         std::int64_t bytes_max);

}  // namespace oarlock
