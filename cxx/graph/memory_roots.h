// Which values of a graph may share memory, and which nodes write to it, as far as the operators' schemas tell.
#pragma once

#include <set>
#include <vector>

#include "graph/ir.h"

namespace oarlock {

// A piece of memory is named by the slot that it was first seen in: an input's, or that of the node that made it.
struct MemoryRoots {
  std::vector<std::set<SlotId>> of;       // per slot: whose memory its value may show; usually its own
  std::vector<std::set<SlotId>> written;  // per node: whose memory it writes to
};

// What is shared possibly: by operators that return an argument itself if they can, too. Or certainly: not by those.
enum class Sharing { kPossible, kCertain };

MemoryRoots memory_roots(const Graph& graph, Sharing sharing = Sharing::kPossible);

}  // namespace oarlock
