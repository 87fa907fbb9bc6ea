#include "graph/unit_runner.h"

namespace oarlock {

Status run_segment(const UnitForward& forward, std::size_t index, Frame& frame, Regions& regions) {
  const Segment& segment = forward.plan.segments[index];
  const UnitRun run{segment.unit, forward.units[segment.unit], segment, &frame, forward.training};
  OAR_TRY(tell(forward.observers, &UnitObserver::before_forward, run, false));
  if (!forward.runners.empty() && forward.runners[index] != nullptr) {
    OAR_TRY(forward.runners[index]->run(forward.executor, frame, regions));
  } else {
    OAR_TRY(forward.executor->run(frame, regions, segment.begin, segment.end));
  }
  if (forward.backward != nullptr) forward.backward->watch(segment.unit, segment, frame);
  return tell(forward.observers, &UnitObserver::after_forward, run, true);
}

Status run_units(const UnitForward& forward, Frame& frame) {
  Regions regions;
  std::size_t next = 0;
  for (std::size_t i = 0; i < forward.plan.segments.size(); ++i) {
    const Segment& segment = forward.plan.segments[i];
    OAR_TRY(forward.executor->run(frame, regions, next, segment.begin));
    OAR_TRY(run_segment(forward, i, frame, regions));
    next = segment.end;
  }
  return forward.executor->run(frame, regions, next, forward.executor->num_steps());
}

}  // namespace oarlock
