// Events of units. Capabilities attach here, never as cases in the executor.
//
// Forward: before_forward and after_forward around every segment of a unit (unit.h), and for the root around the whole
// forward. Backward: before_backward when the first gradient of any output of the unit is there, before it goes into
// the unit; after_backward when the gradient of the last parameter that the unit holds was accumulated, or, where that
// does not happen (frozen or unused parameters, none at all), when the backward ends. Each at most once per backward
// and unit, however often the unit ran, on the thread that runs the backward; units that no gradient reaches get
// neither.
//
// Observers are called in the order in which they were added, for after_* in the reverse order. The first failure ends
// the forward, or the backward, with its code and text; no later observer is called for that event.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/status.h"
#include "graph/executor.h"
#include "graph/unit.h"

namespace oarlock {

// What an event is about; borrowed for the call.
struct UnitRun {
  std::size_t index;  // of the unit; 0: the root
  const Unit& unit;
  const Segment& segment;  // the one that runs; of a backward event the one whose gradient came first
  // Values by slot: before_forward may read and replace what stands in segment.live_in, after_forward what stands in
  // live_out. nullptr in the backward, and for models that are no programs.
  Frame* frame;
  bool training;
};

class UnitObserver {
 public:
  virtual ~UnitObserver() = default;
  // Which events it wants besides the root's forward; the same for its whole life. What nobody wants costs nothing.
  virtual bool watches_units() const { return false; }     // the forward of units
  virtual bool watches_backward() const { return false; }  // of the root, and of units if it watches them

  virtual Status before_forward(const UnitRun& run) {
    (void)run;
    return Status::ok();
  }
  virtual Status after_forward(const UnitRun& run) {
    (void)run;
    return Status::ok();
  }
  virtual Status before_backward(const UnitRun& run) {
    (void)run;
    return Status::ok();
  }
  virtual Status after_backward(const UnitRun& run) {
    (void)run;
    return Status::ok();
  }
};

using UnitObservers = std::vector<std::shared_ptr<UnitObserver>>;

// Calls `event` of each observer in turn; `backwards`: from the last to the first.
Status tell(const UnitObservers& observers, Status (UnitObserver::*event)(const UnitRun&), const UnitRun& run,
            bool backwards);

}  // namespace oarlock
