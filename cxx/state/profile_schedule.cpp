#include "state/profile_schedule.h"

namespace oarlock {

Result<ProfileSchedule> ProfileSchedule::from_options(const Options& options) {
  ProfileSchedule schedule;
  const struct {
    const char* key;
    std::int64_t* value;
  } numbers[] = {{"profile.wait", &schedule.wait},
                 {"profile.warmup", &schedule.warmup},
                 {"profile.active", &schedule.active},
                 {"profile.repeat", &schedule.repeat},
                 {"profile.skip_first", &schedule.skip_first}};
  for (const auto& [key, value] : numbers) {
    *value = options.integer(key);
    if (*value < 0) return invalid_argument("option {} must not be negative, got {}", key, *value);
    if (*value > 0 && options.integer("profile.active") <= 0) {
      return invalid_argument("option {} is {}, but profile.active, the steps of a cycle that are recorded, is {}", key,
                              *value, options.integer("profile.active"));
    }
  }
  return schedule;
}

ProfileAction ProfileSchedule::action(std::int64_t step) const {
  if (active == 0) return ProfileAction::kRecord;
  if (step < skip_first) return ProfileAction::kNone;
  const std::int64_t cycle = wait + warmup + active;
  const std::int64_t since = step - skip_first;
  if (repeat > 0 && since / cycle >= repeat) return ProfileAction::kNone;
  const std::int64_t place = since % cycle;
  if (place < wait) return ProfileAction::kNone;
  if (place < wait + warmup) return ProfileAction::kWarmUp;
  return place == cycle - 1 ? ProfileAction::kRecordAndSave : ProfileAction::kRecord;
}

}  // namespace oarlock
