#include "graph/passes/mode.h"

#include <ATen/core/enum_tag.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "graph/drop_mask.h"
#include "graph/memory_roots.h"

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
  std::set<SlotId> written;
  for (const std::set<SlotId>& node : memory_roots(graph).written) written.insert(node.begin(), node.end());
  std::vector<SlotId> inputs;
  for (const SlotId slot : graph.inputs) {
    if (written.count(slot) > 0) inputs.push_back(slot);
  }
  std::sort(inputs.begin(), inputs.end());
  return inputs;
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
