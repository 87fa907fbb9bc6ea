// Turns the gradients of a backward into the backward events of units (unit_observer.h).
//
// Hooks on the outputs of units give before_backward, the gradient-ready slot of parameters (grad_ready.h) gives
// after_backward, and a callback at the end of the backward ends the units that no last gradient has ended. A hook's
// failure leaves through the autograd engine as StatusError.
//
// Note: whose backward. State is kept per graph task, the engine's name for one backward; the task itself owns it
// (through its final callback), so that it goes when a backward ends, well or not. Two backwards of one model may run
// at the same time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "graph/grad_ready.h"
#include "graph/unit_observer.h"

namespace oarlock {

class UnitBackward : public std::enable_shared_from_this<UnitBackward> {
 public:
  // Takes the gradient-ready slot of every trained parameter; OAR_E_STATE names one that is taken.
  static Result<std::shared_ptr<UnitBackward>> create(const Program& program, std::shared_ptr<const Units> units);

  // From now on these are told; those that are gone are not.
  void set_observers(std::vector<std::weak_ptr<UnitObserver>> observers);

  // After the forward of a segment: hooks on those of its outputs that have a history. The frame is not kept.
  void watch(std::size_t unit, const Segment& segment, const Frame& frame);

 private:
  struct Progress {
    bool has_begun = false, has_ended = false;
    std::size_t num_ready = 0;  // of the unit's trained parameters
    std::shared_ptr<const Segment> segment;
  };
  struct Run {
    std::mutex mutex;  // device threads
    std::vector<Progress> units;
  };

  explicit UnitBackward(std::shared_ptr<const Units> units) : units_(std::move(units)) {}
  std::shared_ptr<Run> run_of_this_backward();
  void begin(std::size_t unit, const std::shared_ptr<const Segment>& segment);
  void on_parameter(std::size_t unit);
  void end(std::size_t unit, const Segment& segment);
  void end_all(Run& run);
  UnitObservers live_observers();

  const std::shared_ptr<const Units> units_;
  std::vector<std::size_t> num_trained_;  // parameters, per unit
  std::mutex mutex_;                      // of what follows
  std::vector<std::weak_ptr<UnitObserver>> observers_;
  std::map<int, std::weak_ptr<Run>> runs_;                             // by graph task
  std::vector<std::unique_ptr<GradReadySubscription>> subscriptions_;  // last: ends first
};

}  // namespace oarlock
