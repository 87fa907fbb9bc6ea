#include "graph/memory_roots.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "graph/call_check.h"

namespace oarlock {
namespace {

// Operators that may return an argument itself, or a view of it, and whose schemas do not say so.
constexpr std::string_view kSilentViews[] = {
    "aten::dropout",       "aten::feature_dropout",
    "aten::alpha_dropout", "aten::feature_alpha_dropout",
    "aten::type_as",       "aten::sum_to_size",
    "aten::einsum",        "aten::meshgrid",
    "aten::atleast_1d",    "aten::atleast_2d",
    "aten::atleast_3d",    "aten::broadcast_tensors",
    "aten::to_dense",      "aten::cartesian_prod",
    "aten::conj_physical", "aten::data",
    "aten::_cast_Float",   "aten::flatten_dense_tensors",
    "aten::_cast_Double",  "aten::unflatten_dense_tensors",
};

// Operators whose schemas tell of a view, and which copy where a view is not to be had.
constexpr std::string_view kViewsOrCopies[] = {
    "aten::to",           "aten::contiguous",  "aten::reshape",
    "aten::reshape_as",   "aten::flatten",     "aten::ravel",
    "aten::resolve_conj", "aten::resolve_neg", "aten::_autocast_to_reduced_precision",
    "aten::pin_memory",   "aten::_pin_memory", "aten::_autocast_to_full_precision",
};

template <std::size_t Size>
bool is_among(const std::string_view (&names)[Size], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool shows_argument(const c10::FunctionSchema& schema, const c10::Argument& argument, Sharing sharing) {
  const bool is_told = argument.alias_info() != nullptr;
  if (sharing == Sharing::kCertain) return is_told && !is_among(kViewsOrCopies, schema.name());
  return is_told || is_among(kSilentViews, schema.name());
}

using Roots = std::vector<std::set<SlotId>>;

std::set<SlotId> roots_of(const Argument& argument, const Roots& roots) {
  std::set<SlotId> result;
  if (argument.slot != kNoSlot) result = roots[argument.slot];
  for (const ArgumentItem& item : argument.items) {
    if (item.slot != kNoSlot) result.insert(roots[item.slot].begin(), roots[item.slot].end());
  }
  return result;
}

std::set<SlotId> follow_node(const Node& node, Roots& roots, Sharing sharing);

// A body's inputs show what the operands show, and the node's outputs what the body's do. Memory that a body makes
// itself is known to the node by its outputs.
std::set<SlotId> follow_bodies(const Node& node, Roots& roots, Sharing sharing) {
  std::set<SlotId> written;
  for (const Graph& body : node.bodies) {
    Roots inner(body.slots.size());
    for (std::size_t i = 0; i < body.inputs.size(); ++i) {
      inner[body.inputs[i]] = roots_of(node.arguments[i + 1], roots);
    }
    std::set<SlotId> outer;
    for (const std::set<SlotId>& shown : inner) outer.insert(shown.begin(), shown.end());
    for (const Node& inside : body.nodes) {
      for (const NodeOutput& output : inside.outputs) {
        for (const SlotId slot : output.slots) {
          if (slot != kNoSlot) inner[slot].clear();
        }
      }
      const std::set<SlotId> changed = follow_node(inside, inner, sharing);
      std::set_intersection(changed.begin(), changed.end(), outer.begin(), outer.end(),
                            std::inserter(written, written.end()));
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const SlotId slot = node.outputs[i].slots[0];
      if (slot == kNoSlot) continue;
      const std::set<SlotId>& shown = inner[body.outputs[i]];
      std::set_intersection(shown.begin(), shown.end(), outer.begin(), outer.end(),
                            std::inserter(roots[slot], roots[slot].end()));
    }
  }
  return written;
}

// What it writes to.
std::set<SlotId> follow_node(const Node& node, Roots& roots, Sharing sharing) {
  std::set<SlotId> written = follow_bodies(node, roots, sharing);
  const int flag = node.opcode == Opcode::kOperator ? statistics_flag(node.op->schema()) : -1;
  const c10::IValue training = flag < 0 ? c10::IValue() : node.arguments[static_cast<std::size_t>(flag)].constant;
  std::set<SlotId> shown;  // what views and in-place results of this node show
  for (std::size_t i = 0; node.opcode == Opcode::kOperator && i < node.arguments.size(); ++i) {
    const c10::FunctionSchema& schema = node.op->schema();
    const bool shows = shows_argument(schema, schema.arguments()[i], sharing);
    const bool writes = writes_argument(schema, i, training);
    if (!shows && !writes) continue;
    const std::set<SlotId> argument = roots_of(node.arguments[i], roots);
    if (shows) shown.insert(argument.begin(), argument.end());
    if (writes) written.insert(argument.begin(), argument.end());
  }
  for (const NodeOutput& output : node.outputs) {
    for (const SlotId slot : output.slots) {
      if (slot == kNoSlot) continue;
      roots[slot].insert(shown.begin(), shown.end());
      if (roots[slot].empty()) roots[slot].insert(slot);
    }
  }
  return written;
}

}  // namespace

MemoryRoots memory_roots(const Graph& graph, Sharing sharing) {
  MemoryRoots result;
  result.of.resize(graph.slots.size());
  for (const SlotId slot : graph.inputs) result.of[slot].insert(slot);
  for (const Node& node : graph.nodes) result.written.push_back(follow_node(node, result.of, sharing));
  return result;
}

}  // namespace oarlock
