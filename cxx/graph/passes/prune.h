// A graph that computes only what is asked for.
#pragma once

#include <vector>

#include "graph/ir.h"

namespace oarlock {

// Makes `outputs` the graph's outputs and drops the nodes that none of them needs. Kept whoever reads what they give:
// nodes that write into a value, draws of random numbers (later draws would be others), regions and conditionals.
void prune(Graph& graph, std::vector<SlotId> outputs);

}  // namespace oarlock
