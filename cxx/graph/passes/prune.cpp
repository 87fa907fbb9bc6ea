#include "graph/passes/prune.h"

#include <ATen/core/enum_tag.h>

#include <algorithm>
#include <utility>

namespace oarlock {
namespace {

bool has_effects(const Node& node) {
  if (node.opcode == Opcode::kSymbolic) return false;
  if (node.opcode != Opcode::kOperator) return true;
  return node.op->schema().is_mutable() || node.op->hasTag(at::Tag::nondeterministic_seeded);
}

}  // namespace

void prune(Graph& graph, std::vector<SlotId> outputs) {
  std::vector<bool> is_needed(graph.slots.size(), false);
  for (const SlotId slot : outputs) is_needed[slot] = true;
  const auto gives_what_is_needed = [&](const Node& node) {
    return std::ranges::any_of(node.outputs, [&](const NodeOutput& output) {
      return std::ranges::any_of(output.slots, [&](SlotId slot) { return slot != kNoSlot && is_needed[slot]; });
    });
  };
  std::vector<Node> kept;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (!has_effects(*node) && !gives_what_is_needed(*node)) continue;
    for_each_use(*node, [&](SlotId slot) { is_needed[slot] = true; });
    kept.push_back(std::move(*node));
  }
  std::ranges::reverse(kept);
  graph.nodes = std::move(kept);
  graph.outputs = std::move(outputs);
}

}  // namespace oarlock
