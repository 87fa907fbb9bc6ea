// Training and evaluation from one program.
//
// Programs are exported in training mode and hold its flags as constants (dropout's p and `train`, batch_norm's
// `training`). Evaluation rewrites the constants as module.eval() would: dropouts off, normalisations that have running
// statistics use them, and the counters of batch_norm stand still. A program exported in evaluation mode has lost its
// training constants and stays as it is in both modes. Masks that were drawn by hand: drop_mask.h.
#pragma once

#include <string>
#include <vector>

#include "graph/ir.h"

namespace oarlock {

struct EvaluationGraph {
  Graph graph;
  // Inputs that the rewritten graph still writes to (`counter += 1` in a forward). Evaluation leaves every buffer
  // bit-unchanged, so the caller gives the run copies of these.
  std::vector<SlotId> written_inputs;
  // Nodes that still draw random numbers, described: no rule knows what they would be in evaluation.
  std::vector<std::string> random_nodes;
};

EvaluationGraph evaluation_graph(const Program& program);

// Graph inputs that some node writes to, directly or through views, according to the operators' schemas.
std::vector<SlotId> written_inputs(const Graph& graph);

}  // namespace oarlock
