// How a segment is run: beside observers (of units) and passes (over the graph) the third place where capabilities
// attach. One that needs more than events around a segment, because it runs it in another way, is a runner of it.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "graph/executor.h"

namespace oarlock {

class SegmentRunner {
 public:
  virtual ~SegmentRunner() = default;
  // Instead of executor->run(frame, regions, begin, end) of the segment that it was made for, with the same values in
  // the frame afterwards. Called once per forward, by one thread at a time.
  virtual Status run(const std::shared_ptr<const Executor>& executor, Frame& frame, Regions& regions) const = 0;
};

// Per segment of a plan; nullptr: the executor's own run, as for all where there is no entry.
using SegmentRunners = std::vector<std::shared_ptr<const SegmentRunner>>;

}  // namespace oarlock
