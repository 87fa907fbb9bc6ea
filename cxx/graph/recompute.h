// Activation checkpointing: a segment's activations are dropped after its forward and computed again in the backward
// (Chen et al. 2016, arXiv:1604.06174).
//
// In the forward the segment runs without a history, as one autograd node whose inputs are what it reads: its
// parameters and what flows in. In the backward the node runs the segment once more, with the random and autocast state
// of the forward and with copies of the buffers as they were, and returns the gradients; leaves accumulate them as
// ever, so that hooks on parameters fire once and tied weights add up. Random state, autocast state and buffers are
// afterwards as if nothing had been run again.
//
// Gradients are bitwise those without it, but for values that flow into a segment and are used outside of it too
// (the order of a sum of three and more), and weights that several segments use under autocast.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/executor.h"
#include "graph/ir.h"
#include "graph/segment_runner.h"
#include "graph/unit.h"

namespace oarlock {

// How one segment is run again; made once per graph and segment.
struct RecomputePlan {
  struct Flow {  // of one node: a result has a history if an operand has
    std::vector<SlotId> operands, results;
  };
  Segment segment;
  std::string refusal;  // "" or why it must keep its activations
  // Of the program's tensors that it reads.
  std::vector<SlotId> trained;  // parameters
  std::vector<SlotId> copied;   // buffers that some node of the graph writes to, also as values that flow in
  std::vector<SlotId> shared;   // the rest
  // Of segment.live_in and live_out what is not the memory of a buffer.
  std::vector<SlotId> inputs, outputs;
  std::vector<Flow> flows;
};

// Refused, with the reason: in-place writes over the segment's border, which would make the second run another one.
std::vector<std::shared_ptr<const RecomputePlan>> plan_recompute(const Program& program, const Graph& graph,
                                                                 const UnitPlan& plan);

// Runs a segment that is not refused; plainly where no history is recorded. Kept until the backward is over: the
// executor, the plan, and what flows in.
class RecomputeRunner final : public SegmentRunner {
 public:
  explicit RecomputeRunner(std::shared_ptr<const RecomputePlan> plan) : plan_(std::move(plan)) {}
  Status run(const std::shared_ptr<const Executor>& executor, Frame& frame, Regions& regions) const override;

 private:
  const std::shared_ptr<const RecomputePlan> plan_;
};

}  // namespace oarlock
