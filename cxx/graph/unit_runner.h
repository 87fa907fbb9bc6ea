// One forward of a program, unit by unit.
#pragma once

#include <memory>

#include "base/status.h"
#include "graph/executor.h"
#include "graph/segment_runner.h"
#include "graph/unit.h"
#include "graph/unit_backward.h"
#include "graph/unit_observer.h"

namespace oarlock {

struct UnitForward {
  const std::shared_ptr<const Executor>& executor;
  const UnitPlan& plan;
  const Units& units;
  const UnitObservers& observers;  // alive for the run
  UnitBackward* backward;          // nullptr: nobody watches the backward
  bool training;
  const SegmentRunners& runners;
};

// Runs all of the graph with the events of its units but the root. The frame holds inputs and tensors. A failing
// operator's text names it; the thread's grad mode and autocast state are as before whatever happens.
Status run_units(const UnitForward& forward, Frame& frame);

// Runs one segment of the plan with its events. `regions`: what is open around it.
Status run_segment(const UnitForward& forward, std::size_t index, Frame& frame, Regions& regions);

}  // namespace oarlock
