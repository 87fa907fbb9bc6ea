#include "parallel/ddp/bucket.h"

#include <c10/core/ScalarType.h>

#include <algorithm>
#include <map>
#include <utility>

namespace oarlock {
namespace {

// The open bucket of one dtype and device.
struct OpenBucket {
  Bucket bucket;
  std::int64_t bytes_max = 0;

  std::int64_t bytes() const { return bucket.numel * static_cast<std::int64_t>(c10::elementSize(bucket.dtype)); }
};

// Slots hold parameters in descending index, so the first slot is the member that is expected first.
bool expected_earlier(const Bucket& a, const Bucket& b) {
  return a.slots.front().parameter > b.slots.front().parameter;
}

}  // namespace

Result<std::vector<Bucket>> plan_buckets(std::span<const BucketItem> parameters, std::int64_t first_bytes_max,
                                         std::int64_t bytes_max) {
  if (first_bytes_max <= 0 || bytes_max <= 0) {
    return invalid_argument("bucket limits must be > 0 bytes, got {} for the first bucket and {} for the others",
                            first_bytes_max, bytes_max);
  }
  std::vector<Bucket> plan;
  std::map<std::pair<at::ScalarType, std::string>, OpenBucket> open;
  for (std::size_t i = parameters.size(); i-- > 0;) {
    const BucketItem& item = parameters[i];
    auto [entry, is_new] = open.try_emplace({item.dtype, item.device.str()});
    OpenBucket& current = entry->second;
    if (is_new) current.bytes_max = first_bytes_max;
    current.bucket.dtype = item.dtype;
    current.bucket.device = item.device;
    current.bucket.slots.push_back({i, current.bucket.numel, item.numel});
    current.bucket.numel += item.numel;
    if (current.bytes() < current.bytes_max) continue;
    plan.push_back(std::exchange(current.bucket, Bucket{}));
    current.bytes_max = bytes_max;
  }
  for (auto& [key, last] : open) {
    if (!last.bucket.slots.empty()) plan.push_back(std::move(last.bucket));
  }
  std::sort(plan.begin(), plan.end(), expected_earlier);
  return plan;
}

}  // namespace oarlock
