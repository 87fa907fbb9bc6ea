#include "tensor/autocast.h"

#include <ATen/autocast_mode.h>

#include <mutex>

namespace oarlock {
namespace {

thread_local int num_scopes = 0;  // of this thread
thread_local AutocastRegions::Forward* innermost_forward = nullptr;

// How many outermost scopes use the cache, by what they cast to.
struct CacheUse {
  std::mutex mutex;
  int num_half = 0, num_other = 0;
  int& count(at::ScalarType dtype) { return dtype == at::kHalf ? num_half : num_other; }
};
CacheUse cache_use;  // constant at the start and trivial to destroy: a std::mutex of libstdc++ is

bool take_cache(at::ScalarType dtype) {
  const std::lock_guard lock(cache_use.mutex);
  const int others = dtype == at::kHalf ? cache_use.num_other : cache_use.num_half;
  if (others > 0) return false;
  ++cache_use.count(dtype);
  return true;
}

void give_cache_back(at::ScalarType dtype) {
  const std::lock_guard lock(cache_use.mutex);
  --cache_use.count(dtype);
}

}  // namespace

AutocastScope::AutocastScope(const Autocast& autocast)
    : before_{autocast.device, at::autocast::get_autocast_dtype(autocast.device),
              at::autocast::is_autocast_enabled(autocast.device), at::autocast::is_autocast_cache_enabled()},
      dtype_(autocast.dtype),
      is_outermost_(num_scopes++ == 0),
      uses_cache_(is_outermost_ && autocast.cache_enabled && take_cache(autocast.dtype)) {
  at::autocast::increment_nesting();
  if (is_outermost_) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(autocast.device, autocast.enabled);
  at::autocast::set_autocast_dtype(autocast.device, autocast.dtype);
  const bool is_shared = !is_outermost_ && before_.cache_enabled && autocast.dtype == before_.dtype;
  at::autocast::set_autocast_cache_enabled(autocast.cache_enabled && (uses_cache_ || is_shared));
}

AutocastScope::~AutocastScope() {
  at::autocast::decrement_nesting();
  if (is_outermost_) at::autocast::clear_cache();
  if (uses_cache_) give_cache_back(dtype_);
  at::autocast::set_autocast_enabled(before_.device, before_.enabled);
  at::autocast::set_autocast_dtype(before_.device, before_.dtype);
  at::autocast::set_autocast_cache_enabled(before_.cache_enabled);
  --num_scopes;
}

std::size_t AutocastRegions::num_outer() const {
  return innermost_forward != nullptr && &innermost_forward->regions_ == this ? innermost_forward->num_before_ : 0;
}

Status AutocastRegions::end(const void* owner) {
  if (regions_.size() <= num_outer()) {
    return invalid_state("no autocast region is open{}",
                         regions_.empty() ? "" : " in this forward; end others where they were begun");
  }
  if (regions_.back().owner != owner)
    return invalid_state("the innermost autocast region was begun by another accelerator; end that one first");
  regions_.pop_back();
  return Status::ok();
}

void AutocastRegions::drop(const void* owner) noexcept {
  std::erase_if(regions_, [owner](const Region& region) { return region.owner == owner; });
}

const Autocast* AutocastRegions::innermost() const {
  return regions_.size() > num_outer() && regions_.back().autocast ? &*regions_.back().autocast : nullptr;
}

AutocastRegions::Forward::Forward(AutocastRegions& regions)
    : outer_(innermost_forward), regions_(regions), num_before_(regions.regions_.size()) {
  innermost_forward = this;
}

AutocastRegions::Forward::~Forward() {
  innermost_forward = outer_;
  while (has_open_region()) regions_.regions_.pop_back();
}

}  // namespace oarlock
