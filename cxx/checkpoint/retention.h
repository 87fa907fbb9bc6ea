// What may be removed from a checkpoint's parent: what dead writers left, and complete checkpoints beyond the limit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fs.h"

namespace oarlock {

// Removes temporaries whose writer is gone; those of live writers, and those of which nothing can be known, stay. What
// cannot be removed is a warning: it must not stop a save.
void remove_abandoned_temporaries(Fs& fs, const std::string& parent);

// The numbers to remove so that `limit` stay, `current` always among them. Smallest numbers go first. limit 0: none.
std::vector<std::int64_t> plan_retention(std::vector<std::int64_t> numbers, std::int64_t current, int limit);

// Prunes complete checkpoint_<n> beside `current_name`, which was just committed. Each is renamed away before it is
// removed, so that none is ever seen half. Does nothing when `current_name` is not such a name. Failures are warnings.
void prune_checkpoints(Fs& fs, const std::string& parent, const std::string& current_name, int limit);

}  // namespace oarlock
