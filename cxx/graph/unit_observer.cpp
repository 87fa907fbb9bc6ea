#include "graph/unit_observer.h"

namespace oarlock {

Status tell(const UnitObservers& observers, Status (UnitObserver::*event)(const UnitRun&), const UnitRun& run,
            bool backwards) {
  for (std::size_t i = 0; i < observers.size(); ++i) {
    UnitObserver& observer = *observers[backwards ? observers.size() - 1 - i : i];
    if (run.index != 0 && !observer.watches_units()) continue;
    OAR_TRY((observer.*event)(run));
  }
  return Status::ok();
}

}  // namespace oarlock
