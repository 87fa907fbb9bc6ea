#include "comm/backends/shm/regions.h"

namespace oarlock {

void SharedRegions::add(const std::shared_ptr<SharedRegion>& region) {
  std::lock_guard lock(mutex_);
  std::erase_if(regions_, [](const auto& old) { return old.expired(); });
  regions_.push_back(region);
}

std::shared_ptr<SharedRegion> SharedRegions::find(const std::byte* data, std::size_t bytes, int rank) const {
  std::lock_guard lock(mutex_);
  for (const auto& weak : regions_) {
    std::shared_ptr<SharedRegion> region = weak.lock();
    if (region == nullptr) continue;
    const std::byte* piece = region->piece_of(rank);
    if (data >= piece && data + bytes <= piece + region->piece_bytes()) return region;
  }
  return nullptr;
}

std::shared_ptr<SharedRegion> SharedRegions::find(std::uint32_t number) const {
  std::lock_guard lock(mutex_);
  for (const auto& weak : regions_) {
    std::shared_ptr<SharedRegion> region = weak.lock();
    if (region != nullptr && region->number() == number) return region;
  }
  return nullptr;
}

}  // namespace oarlock
