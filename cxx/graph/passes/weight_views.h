// What a plan that is run again and again need not compute each time: views of weights.
//
// A view shows its weight's memory whatever is written there, so weights may be trained or loaded in place in between.
// linear of two dimensions becomes what it is made of, addmm or mm with the weight's transpose
// (ATen/native/Linear.cpp), so that the transpose is one of these views. Not under autocast, which casts the arguments
// of operators it knows, and only where input and weight have two dimensions in every run (ranks.h).
#pragma once

#include <utility>
#include <vector>

#include "graph/ir.h"

namespace oarlock {

struct WeightViews {
  Graph graph;                // the nodes that make them, from `weights`; the slots are those of the graph they are of
  std::vector<SlotId> slots;  // what it gives, the graph's outputs
};

// Takes them out of `graph`, which then expects their slots to be set. `weights`: what no node writes to, and whose
// tensors are the same in every run. `ranks`: of inputs, those of weights included, as certain_ranks takes them.
WeightViews take_weight_views(Graph& graph, const std::vector<SlotId>& weights,
                              const std::vector<std::pair<SlotId, int>>& ranks);

}  // namespace oarlock
