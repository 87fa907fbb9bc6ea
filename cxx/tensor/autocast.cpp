#include "tensor/autocast.h"

#include <ATen/autocast_mode.h>

namespace oarlock {
namespace {

thread_local int num_scopes = 0;  // of this thread
thread_local AutocastRegions::Forward* innermost_forward = nullptr;

}  // namespace

AutocastScope::AutocastScope(const Autocast& autocast)
    : before_{autocast.device, at::autocast::get_autocast_dtype(autocast.device),
              at::autocast::is_autocast_enabled(autocast.device), at::autocast::is_autocast_cache_enabled()},
      is_outermost_(num_scopes++ == 0) {
  at::autocast::increment_nesting();
  if (is_outermost_) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(autocast.device, autocast.enabled);
  at::autocast::set_autocast_dtype(autocast.device, autocast.dtype);
  const bool is_of_another = !is_outermost_ && autocast.dtype != before_.dtype;
  at::autocast::set_autocast_cache_enabled(autocast.cache_enabled && !is_of_another);
}

AutocastScope::~AutocastScope() {
  at::autocast::decrement_nesting();
  if (is_outermost_) at::autocast::clear_cache();
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
