#include "graph/passes/mode.h"

#include <ATen/core/enum_tag.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "graph/drop_mask.h"

namespace oarlock {
namespace {

// One constant that training mode sets. `statistics`: the rule holds only if this argument (running_mean) is given.
struct ModeRule {
  std::string_view op;  // without overload
  std::string_view argument;
  std::string_view statistics;
};

constexpr ModeRule kRules[] = {
    {"aten::dropout", "train", ""},
    {"aten::dropout_", "train", ""},
    {"aten::feature_dropout", "train", ""},
    {"aten::feature_dropout_", "train", ""},
    {"aten::alpha_dropout", "train", ""},
    {"aten::alpha_dropout_", "train", ""},
    {"aten::feature_alpha_dropout", "train", ""},
    {"aten::feature_alpha_dropout_", "train", ""},
    {"aten::native_dropout", "train", ""},
    {"aten::rrelu", "training", ""},
    {"aten::rrelu_", "training", ""},
    {"aten::rrelu_with_noise", "training", ""},
    {"aten::rrelu_with_noise_", "training", ""},
    {"aten::rrelu_with_noise_functional", "training", ""},
    {"aten::lstm", "train", ""},
    {"aten::gru", "train", ""},
    {"aten::rnn_tanh", "train", ""},
    {"aten::rnn_relu", "train", ""},
    {"aten::scaled_dot_product_attention", "dropout_p", ""},
    {"aten::_scaled_dot_product_attention_math", "dropout_p", ""},
    {"aten::_scaled_dot_product_flash_attention_for_cpu", "dropout_p", ""},
    {"aten::_scaled_dot_product_flash_attention", "dropout_p", ""},
    {"aten::_scaled_dot_product_efficient_attention", "dropout_p", ""},
    {"aten::_scaled_dot_product_cudnn_attention", "dropout_p", ""},
    {"aten::batch_norm", "training", "running_mean"},
    {"aten::native_batch_norm", "training", "running_mean"},
    {"aten::_native_batch_norm_legit", "training", "running_mean"},
    {"aten::_native_batch_norm_legit_functional", "training", "running_mean"},
    {"aten::instance_norm", "use_input_stats", "running_mean"},
};

int argument_index(const c10::FunctionSchema& schema, std::string_view name) {
  const auto index = schema.argumentIndexWithName(name);
  return index ? *index : -1;
}

bool is_given(const Argument& argument) {
  return argument.kind != ArgumentKind::kConstant || !argument.constant.isNone();
}

// Whether a rule held.
bool apply_rules(Node& node) {
  if (node.opcode != Opcode::kOperator) return false;
  const c10::FunctionSchema& schema = node.op->schema();
  bool applied = false;
  for (const ModeRule& rule : kRules) {
    if (schema.name() != rule.op) continue;
    const int index = argument_index(schema, rule.argument);
    if (index < 0 || node.arguments[index].kind != ArgumentKind::kConstant) continue;
    if (!rule.statistics.empty()) {
      const int statistics = argument_index(schema, rule.statistics);
      if (statistics < 0 || !is_given(node.arguments[statistics])) continue;
    }
    c10::IValue& constant = node.arguments[index].constant;
    // native_dropout takes bool?; None means training.
    constant = constant.isDouble() ? c10::IValue(0.0) : c10::IValue(false);
    applied = true;
  }
  return applied;
}

bool draws(const Node& node) {
  return node.opcode == Opcode::kOperator && node.op->hasTag(at::Tag::nondeterministic_seeded);
}

// batch_norm's counter: `num_batches_tracked.add_(1)`, whose result nobody reads.
bool is_unread_counter(const Node& node, const std::set<SlotId>& counters, const std::vector<bool>& is_read) {
  if (node.opcode != Opcode::kOperator || node.op->schema().name() != "aten::add_") return false;
  if (node.arguments.empty() || !counters.contains(node.arguments[0].slot)) return false;
  for (const NodeOutput& output : node.outputs) {
    for (const SlotId slot : output.slots) {
      if (slot != kNoSlot && is_read[slot]) return false;
    }
  }
  return true;
}

bool has_suffix(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

void drop_counters(Graph& graph, const Program& program) {
  std::set<SlotId> counters;
  for (const ProgramTensor& tensor : program.tensors) {
    if (tensor.role == TensorRole::kBuffer && has_suffix(tensor.name, "num_batches_tracked"))
      counters.insert(tensor.slot);
  }
  std::vector<bool> is_read(graph.slots.size(), false);
  for (const Node& node : graph.nodes) for_each_use(node, [&](SlotId slot) { is_read[slot] = true; });
  for (const SlotId slot : graph.outputs) is_read[slot] = true;
  std::erase_if(graph.nodes, [&](const Node& node) { return is_unread_counter(node, counters, is_read); });
}

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

bool may_show(const c10::FunctionSchema& schema, const c10::Argument& argument) {
  if (argument.alias_info() != nullptr) return true;
  return std::find(std::begin(kSilentViews), std::end(kSilentViews), schema.name()) != std::end(kSilentViews);
}

using Roots = std::vector<std::set<SlotId>>;  // per slot: the inputs whose memory it may show

std::set<SlotId> roots_of(const Argument& argument, const Roots& roots) {
  std::set<SlotId> result;
  if (argument.slot != kNoSlot) result = roots[argument.slot];
  for (const ArgumentItem& item : argument.items) {
    if (item.slot != kNoSlot) result.insert(roots[item.slot].begin(), roots[item.slot].end());
  }
  return result;
}

void follow_graph(const Graph& graph, Roots& roots, std::set<SlotId>& written);

// A body's inputs show what the operands show, and the node's outputs what the body's do.
void follow_bodies(const Node& node, Roots& roots, std::set<SlotId>& written) {
  for (const Graph& body : node.bodies) {
    Roots inner(body.slots.size());
    for (std::size_t i = 0; i < body.inputs.size(); ++i) {
      inner[body.inputs[i]] = roots_of(node.arguments[i + 1], roots);
    }
    follow_graph(body, inner, written);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const SlotId slot = node.outputs[i].slots[0];
      if (slot == kNoSlot) continue;
      const std::set<SlotId>& shown = inner[body.outputs[i]];
      roots[slot].insert(shown.begin(), shown.end());
    }
  }
}

void follow_node(const Node& node, Roots& roots, std::set<SlotId>& written) {
  follow_bodies(node, roots, written);
  if (node.opcode != Opcode::kOperator) return;
  const c10::FunctionSchema& schema = node.op->schema();
  std::set<SlotId> shown;  // what views and in-place results of this node show
  for (std::size_t i = 0; i < node.arguments.size(); ++i) {
    if (!may_show(schema, schema.arguments()[i])) continue;
    const c10::AliasInfo* alias = schema.arguments()[i].alias_info();
    const std::set<SlotId> argument = roots_of(node.arguments[i], roots);
    shown.insert(argument.begin(), argument.end());
    if (alias != nullptr && alias->isWrite()) written.insert(argument.begin(), argument.end());
  }
  for (const NodeOutput& output : node.outputs) {
    for (const SlotId slot : output.slots) {
      if (slot != kNoSlot) roots[slot].insert(shown.begin(), shown.end());
    }
  }
}

void follow_graph(const Graph& graph, Roots& roots, std::set<SlotId>& written) {
  for (const Node& node : graph.nodes) follow_node(node, roots, written);
}

// Everything but the counters: bodies write to no buffers of modules (torch.cond refuses it).
void evaluate_nodes(Graph& graph, std::vector<std::string>& random_nodes) {
  std::erase_if(graph.nodes, [](const Node& node) {
    return node.opcode == Opcode::kEnterGradMode || node.opcode == Opcode::kExitGradMode;  // nothing is recorded anyway
  });
  for (Node& node : graph.nodes) {
    if (!apply_rules(node) && draws(node)) random_nodes.push_back(describe_node(node));
    for (Graph& body : node.bodies) evaluate_nodes(body, random_nodes);
  }
}

}  // namespace

std::vector<SlotId> written_inputs(const Graph& graph) {
  Roots roots(graph.slots.size());
  for (const SlotId slot : graph.inputs) roots[slot].insert(slot);
  std::set<SlotId> written;
  follow_graph(graph, roots, written);
  return {written.begin(), written.end()};
}

EvaluationGraph evaluation_graph(const Program& program) {
  EvaluationGraph result{program.graph, {}, {}};
  Graph& graph = result.graph;
  fill_drop_masks(graph);
  evaluate_nodes(graph, result.random_nodes);
  drop_counters(graph, program);
  result.written_inputs = written_inputs(graph);
  return result;
}

}  // namespace oarlock
