#include "graph/passes/weight_views.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "graph/ranks.h"

namespace oarlock {
namespace {

// Always views. Schemas call others so that sometimes copy (reshape, contiguous).
constexpr std::string_view kViews[] = {"aten::t",      "aten::transpose", "aten::permute",   "aten::view",
                                       "aten::select", "aten::slice",     "aten::unsqueeze", "aten::expand",
                                       "aten::detach", "aten::alias"};

bool is_view(const Node& node) {
  if (node.opcode != Opcode::kOperator || node.outputs.size() != 1 || node.outputs[0].is_list) return false;
  return std::ranges::find(kViews, std::string_view(node.op->schema().name())) != std::end(kViews);
}

bool is_matrix(const std::vector<int>& ranks, const Argument& argument) {
  return argument.kind == ArgumentKind::kSlot && ranks[static_cast<std::size_t>(argument.slot)] == 2;
}

// linear(input, weight, bias); its transpose of the weight stands before it.
Node split_linear(Graph& graph, Node& linear) {
  c10::Dispatcher& dispatcher = c10::Dispatcher::singleton();
  const auto transpose = static_cast<SlotId>(graph.slots.size());
  Slot slot = graph.slots[linear.arguments[1].slot];
  if (slot.exported) std::ranges::reverse(slot.exported->shape);
  slot.name += " (transposed)";
  graph.slots.push_back(std::move(slot));
  Node view = linear;
  view.op = dispatcher.findSchemaOrThrow("aten::t", "");
  view.arguments = {linear.arguments[1]};
  view.outputs = {{false, {transpose}}};
  const Argument input = linear.arguments[0], bias = linear.arguments[2];
  const Argument transposed{ArgumentKind::kSlot, {}, transpose, {}}, one{ArgumentKind::kConstant, 1, kNoSlot, {}};
  const bool is_sum = has_bias(linear);
  linear.op = dispatcher.findSchemaOrThrow(is_sum ? "aten::addmm" : "aten::mm", "");
  linear.arguments = is_sum ? std::vector{bias, input, transposed, one, one} : std::vector{input, transposed};
  return view;
}

void split_linears(Graph& graph, const std::vector<bool>& is_weight, const std::vector<int>& ranks) {
  std::vector<Node> nodes;
  int autocast_depth = 0;
  for (Node& node : graph.nodes) {
    if (node.opcode == Opcode::kEnterAutocast) ++autocast_depth;
    if (node.opcode == Opcode::kExitAutocast) --autocast_depth;
    const bool is_linear = node.opcode == Opcode::kOperator && node.op->schema().name() == "aten::linear" &&
                           node.op->schema().overload_name().empty();
    if (is_linear && autocast_depth == 0 && is_matrix(ranks, node.arguments[0]) &&
        is_matrix(ranks, node.arguments[1]) && is_weight[node.arguments[1].slot]) {
      nodes.push_back(split_linear(graph, node));
    }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
}

}  // namespace

WeightViews take_weight_views(Graph& graph, const std::vector<SlotId>& weights,
                              const std::vector<std::pair<SlotId, int>>& ranks) {
  std::vector<bool> is_fixed(graph.slots.size(), false);
  for (const SlotId slot : weights) is_fixed[slot] = true;
  split_linears(graph, is_fixed, certain_ranks(graph, ranks));
  is_fixed.resize(graph.slots.size(), false);
  WeightViews views;
  std::vector<Node> rest;
  for (Node& node : graph.nodes) {
    bool is_taken = is_view(node) && node.outputs[0].slots[0] != kNoSlot;
    for_each_use(node, [&](SlotId slot) { is_taken = is_taken && is_fixed[slot]; });
    if (is_taken) {
      views.slots.push_back(node.outputs[0].slots[0]);
      is_fixed[views.slots.back()] = true;
    }
    (is_taken ? views.graph.nodes : rest).push_back(std::move(node));
  }
  graph.nodes = std::move(rest);
  views.graph.slots = graph.slots;
  views.graph.inputs = weights;
  views.graph.outputs = views.slots;
  return views;
}

}  // namespace oarlock
