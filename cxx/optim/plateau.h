// A schedule that follows a metric: torch.optim.lr_scheduler.ReduceLROnPlateau. Private to optim/.
#pragma once

#include <memory>

#include "optim/schedule.h"

namespace oarlock {

Result<std::shared_ptr<Scheduler>> create_plateau(std::shared_ptr<Optimizer> optimizer, const JsonValue& options);

}  // namespace oarlock
