// How many dimensions values have, where nothing that a run is given can change it.
//
// What a program says of a value (Slot::exported) holds at the sizes that it was exported or traced for. At others some
// operators give another number of dimensions: squeeze() drops a dynamic dimension that is 1, too.
#pragma once

#include <utility>
#include <vector>

#include "graph/ir.h"

namespace oarlock {

inline constexpr int kRankUnknown = -1;

// By slot. `given`: ranks of the graph's inputs that are the same in every run; what is computed follows by rules for
// operators that are known, and is unknown otherwise. All of it is, if the graph holds an operator that changes the
// shape of a tensor in place.
std::vector<int> certain_ranks(const Graph& graph, const std::vector<std::pair<SlotId, int>>& given);

// linear(input, weight, bias): false for None only; a number is a bias.
bool has_bias(const Node& linear);

}  // namespace oarlock
