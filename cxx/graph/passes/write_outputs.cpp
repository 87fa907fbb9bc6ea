#include "graph/passes/write_outputs.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "graph/ranks.h"

namespace oarlock {
namespace {

bool is_plain_tensor(const c10::Argument& argument) {
  return argument.real_type()->kind() == c10::TypeKind::TensorType && argument.alias_info() == nullptr;
}

// One new tensor, nothing written.
bool is_functional(const c10::FunctionSchema& schema) {
  return schema.returns().size() == 1 && is_plain_tensor(schema.returns()[0]) && !schema.is_mutable();
}

bool is_out_overload(const c10::FunctionSchema& schema, const c10::FunctionSchema& functional) {
  const auto& wanted = functional.arguments();
  const auto& arguments = schema.arguments();
  if (arguments.size() != wanted.size() + 1 || schema.returns().size() != 1) return false;
  const c10::AliasInfo* alias = arguments.back().alias_info();
  if (alias == nullptr || !alias->isWrite() || arguments.back().name() != "out") return false;
  return std::equal(wanted.begin(), wanted.end(), arguments.begin(), [](const auto& left, const auto& right) {
    return left.name() == right.name() && *left.real_type() == *right.real_type() && right.alias_info() == nullptr;
  });
}

std::optional<c10::OperatorHandle> out_overload(const c10::FunctionSchema& functional) {
  c10::Dispatcher& dispatcher = c10::Dispatcher::singleton();
  for (const c10::OperatorName& name : dispatcher.getAllOpNames()) {
    if (name.name != functional.name()) continue;
    const auto op = dispatcher.findSchema(name);
    if (op && is_out_overload(op->schema(), functional)) return op;
  }
  return std::nullopt;
}

bool runs_on_cpu_itself(const c10::OperatorHandle& op) { return op.hasKernelForDispatchKey(c10::DispatchKey::CPU); }

bool is_matrix(const Argument& argument, const std::vector<int>& ranks) {
  return argument.kind == ArgumentKind::kSlot && ranks[static_cast<std::size_t>(argument.slot)] == 2;
}

// Composites whose `out` form calls the `out` form of the same kernels (ATen/native: Linear.cpp, SoftMax.cpp,
// LinearAlgebra.cpp). linear with a bias is addmm for two dimensions only.
bool is_known_to_agree(const Node& node, const std::vector<int>& ranks) {
  const std::string_view name = node.op->schema().name();
  if (name == "aten::linear") {
    return !has_bias(node) || is_matrix(node.arguments[0], ranks);
  }
  return name == "aten::softmax" || name == "aten::log_softmax" || name == "aten::matmul";
}

// Turns the node into its `out` form without the last argument; false: there is none that can be trusted.
bool take_out_form(Node& node, const std::vector<int>& ranks) {
  c10::Dispatcher& dispatcher = c10::Dispatcher::singleton();
  if (node.op->schema().name() == "aten::relu") {  // clamp_min(self, 0) in ATen/native/Activation.cpp
    node.op = dispatcher.findSchemaOrThrow("aten::clamp_min", "out");
    node.arguments.emplace_back().constant = c10::IValue(0);
    return true;
  }
  const auto op = out_overload(node.op->schema());
  if (!op) return false;
  const bool same_kernel = runs_on_cpu_itself(*node.op) && runs_on_cpu_itself(*op);
  if (!same_kernel && !is_known_to_agree(node, ranks)) return false;
  node.op = *op;
  return true;
}

// The symbols that the inputs which some node reads give a size.
std::vector<bool> bound_symbols(const Graph& graph) {
  std::vector<bool> is_read(graph.slots.size(), false), is_bound(graph.symbols.size(), false);
  for (const Node& node : graph.nodes) for_each_use(node, [&](SlotId slot) { is_read[slot] = true; });
  for (const SlotId input : graph.inputs) {
    if (!is_read[input] || !graph.slots[input].exported) continue;
    for (const ExportedDim& dim : graph.slots[input].exported->shape) {
      if (dim.symbol >= 0) is_bound[dim.symbol] = true;
    }
  }
  return is_bound;
}

class OutputWriter {
 public:
  OutputWriter(Graph& graph, const std::vector<std::pair<SlotId, int>>& ranks)
      : graph_(graph),
        makers_(graph.slots.size(), -1),
        is_bound_(bound_symbols(graph)),
        ranks_(certain_ranks(graph, ranks)) {
    int autocast_depth = 0;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node& node = graph.nodes[i];
      if (node.opcode == Opcode::kEnterAutocast) ++autocast_depth;
      if (node.opcode == Opcode::kExitAutocast) --autocast_depth;
      // Autocast casts the arguments of operators that it knows; `out` forms are not among them.
      if (node.opcode != Opcode::kOperator || autocast_depth > 0) continue;
      if (node.outputs.size() != 1 || node.outputs[0].is_list || node.outputs[0].slots[0] == kNoSlot) continue;
      makers_[node.outputs[0].slots[0]] = static_cast<std::int32_t>(i);
    }
  }

  // The slot of the value itself: what operators in place return is their first argument.
  SlotId root_of(SlotId slot) const {
    while (makers_[slot] >= 0) {
      const Node& node = graph_.nodes[makers_[slot]];
      const c10::FunctionSchema& schema = node.op->schema();
      if (schema.returns().size() != 1 || node.arguments.empty()) break;
      const c10::AliasInfo* given = schema.arguments()[0].alias_info();
      const c10::AliasInfo* returned = schema.returns()[0].alias_info();
      if (given == nullptr || returned == nullptr || !given->isWrite() || !returned->isWrite()) break;
      if (node.arguments[0].kind != ArgumentKind::kSlot) break;
      slot = node.arguments[0].slot;
    }
    return slot;
  }

  SlotId write(SlotId output, SlotId root) {
    if (makers_[root] < 0 || !shape_follows_from_inputs(root)) return kNoSlot;
    Node& node = graph_.nodes[makers_[root]];
    if (!is_functional(node.op->schema()) || !take_out_form(node, ranks_)) return kNoSlot;
    const auto destination = static_cast<SlotId>(graph_.slots.size());
    Slot slot = graph_.slots[output];
    slot.name += " (given)";
    graph_.slots.push_back(std::move(slot));
    graph_.inputs.push_back(destination);
    Argument argument;
    argument.kind = ArgumentKind::kSlot;
    argument.slot = destination;
    node.arguments.push_back(std::move(argument));
    return destination;
  }

 private:
  bool shape_follows_from_inputs(SlotId slot) const {
    const auto& exported = graph_.slots[slot].exported;
    if (!exported || graph_.slots[slot].kind != SlotKind::kTensor) return false;
    return std::ranges::all_of(exported->shape, [&](const ExportedDim& dim) {
      if (dim.symbol >= 0) return is_bound_[static_cast<std::size_t>(dim.symbol)];
      if (dim.symbol == ExportedDim::kFixed) return true;
      if (dim.value == ExportedDim::kNoExpression) return false;
      const auto terms = graph_.expressions[static_cast<std::size_t>(dim.value)].terms();
      return std::ranges::all_of(terms, [&](const SizeTerm& term) {
        return term.op != SizeOp::kVariable || is_bound_[static_cast<std::size_t>(term.value)];
      });
    });
  }

  Graph& graph_;
  std::vector<std::int32_t> makers_;  // by slot: the node whose only result it is; -1: none that could be written
  std::vector<bool> is_bound_;        // by symbol: some input that is read has it as a size
  std::vector<int> ranks_;            // by slot, of those that the graph had at first
};

}  // namespace

std::vector<SlotId> write_outputs(Graph& graph, const std::vector<SlotId>& outputs,
                                  const std::vector<std::pair<SlotId, int>>& ranks) {
  OutputWriter writer(graph, ranks);
  std::vector<SlotId> destinations, roots;
  for (const SlotId output : outputs) {
    const SlotId root = writer.root_of(output);
    const bool is_first = std::ranges::count(roots, root) == 0;
    destinations.push_back(is_first ? writer.write(output, root) : kNoSlot);
    roots.push_back(root);
  }
  return destinations;
}

}  // namespace oarlock
