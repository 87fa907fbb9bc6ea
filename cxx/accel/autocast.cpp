#include "accel/accelerator.h"

namespace oarlock {

Status Accelerator::autocast_begin(bool enabled) {
  OAR_TRY(require_no_trace());
  std::optional<Autocast> region;
  if (mixed_precision_ != MixedPrecision::kNo) {
    region = autocast_;
    region->enabled = enabled;
  }
  state_->autocast_regions().begin(this, region);
  return Status::ok();
}

Status Accelerator::autocast_end() {
  OAR_TRY(require_no_trace());
  return state_->autocast_regions().end(this);
}

}  // namespace oarlock
