// Which steps of a run a profile records (torch.profiler.schedule).
#pragma once

#include <cstdint>

#include "base/options.h"
#include "base/status.h"

namespace oarlock {

enum class ProfileAction { kNone, kWarmUp, kRecord, kRecordAndSave };

struct ProfileSchedule {
  std::int64_t wait = 0;        // steps without, at the start of each cycle
  std::int64_t warmup = 0;      // steps with the profiler on whose records are dropped
  std::int64_t active = 0;      // steps recorded; 0: there are no cycles, all is one record
  std::int64_t repeat = 0;      // cycles; 0: as long as the run
  std::int64_t skip_first = 0;  // steps without, before the first cycle

  // Section "profile". OAR_E_ARGUMENT: a number is negative, or cycles are asked for without active steps.
  static Result<ProfileSchedule> from_options(const Options& options);
  ProfileAction action(std::int64_t step) const;
};

}  // namespace oarlock
