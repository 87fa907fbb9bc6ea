#include "base/live_handles.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_set>

#include "base/no_destructor.h"

namespace oarlock {
namespace {

// Sharded, so that threads with different handles rarely meet at one lock.
struct Shard {
  std::mutex mutex;
  std::unordered_set<const void*> handles;
};

using Shards = std::array<Shard, 16>;

Shards& shards() {
  static NoDestructor<Shards> instance;
  return *instance;
}

Shard& shard_of(const void* handle) {
  const auto address = reinterpret_cast<std::uintptr_t>(handle);
  return shards()[(address >> 6) % std::tuple_size_v<Shards>];  // handles lie in slots of 64 bytes
}

}  // namespace

LiveHandles& LiveHandles::instance() {
  static NoDestructor<LiveHandles> instance;
  return *instance;
}

void LiveHandles::insert(const void* handle) {
  Shard& shard = shard_of(handle);
  std::lock_guard lock(shard.mutex);
  shard.handles.insert(handle);
}

bool LiveHandles::erase(const void* handle) noexcept {
  Shard& shard = shard_of(handle);
  std::lock_guard lock(shard.mutex);
  return shard.handles.erase(handle) != 0;
}

bool LiveHandles::contains(const void* handle) const noexcept {
  Shard& shard = shard_of(handle);
  std::lock_guard lock(shard.mutex);
  return shard.handles.contains(handle);
}

std::size_t LiveHandles::count() const noexcept {
  std::size_t count = 0;
  for (Shard& shard : shards()) {
    std::lock_guard lock(shard.mutex);
    count += shard.handles.size();
  }
  return count;
}

}  // namespace oarlock
