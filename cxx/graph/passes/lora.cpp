#include "graph/passes/lora.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "graph/op_call.h"
#include "graph/operator_index.h"

namespace oarlock {
namespace {

bool is_operator(const Node& node, std::string_view name) {
  return node.opcode == Opcode::kOperator && node.op->schema().name() == name;
}

bool is_one(const Argument& argument) {
  return argument.kind == ArgumentKind::kConstant && argument.constant.isScalar() &&
         argument.constant.toScalar().toDouble() == 1.0;
}

// How a node multiplies x by a weight.
struct Product {
  std::size_t x, weight;  // arguments
  bool is_in_first;       // the weight argument is [in, out]
};

std::optional<Product> product_of(const Node& node) {
  if (is_operator(node, "aten::linear")) return Product{0, 1, false};
  if (is_operator(node, "aten::matmul") || is_operator(node, "aten::mm")) return Product{0, 1, true};
  if (is_operator(node, "aten::addmm") && node.arguments.size() == 5 && is_one(node.arguments[4]))
    return Product{1, 2, true};
  return std::nullopt;
}

// Whether the node's first output is its first argument, a matrix, transposed.
bool transposes(const Node& node) {
  if (node.opcode != Opcode::kOperator || node.outputs.size() != 1) return false;
  for (const char* name : {"aten::t", "aten::numpy_T", "aten::mT", "aten::matrix_H", "aten::adjoint"}) {
    if (is_operator(node, name)) return true;
  }
  const auto constant = [&](std::size_t i) { return node.arguments[i].constant; };
  if (is_operator(node, "aten::transpose") && node.arguments.size() == 3 && constant(1).isInt() && constant(2).isInt())
    return (constant(1).toInt() - constant(2).toInt()) % 2 != 0;
  if (is_operator(node, "aten::permute") && constant(1).isIntList()) {
    const std::vector<std::int64_t> dims = constant(1).toIntVector();
    return dims.size() == 2 && (dims[0] - dims[1]) % 2 != 0 && (dims[0] == 1 || dims[0] == -1);
  }
  return false;
}

SlotId only_output(const Node& node) {
  const bool is_one_value = node.outputs.size() == 1 && !node.outputs[0].is_list && node.outputs[0].slots.size() == 1;
  return is_one_value ? node.outputs[0].slots[0] : kNoSlot;
}

// A slot that holds a parameter, maybe transposed.
struct WeightView {
  std::size_t tensor;
  bool is_transposed;
};

std::string module_of(const std::string& parameter) {
  const std::size_t dot = parameter.rfind('.');
  return dot == parameter.npos ? "" : parameter.substr(0, dot);
}

bool can_be_weight(const ProgramTensor& entry) {
  return entry.role == TensorRole::kParameter && entry.slot != kNoSlot && entry.tensor.dim() == 2 &&
         entry.tensor.is_floating_point() && !module_of(entry.name).empty();
}

class LayerSearch {
 public:
  explicit LayerSearch(const Program& program) : program_(program) {
    for (std::size_t i = 0; i < program.tensors.size(); ++i) {
      if (can_be_weight(program.tensors[i])) views_.emplace(program.tensors[i].slot, WeightView{i, false});
    }
    for (std::size_t i = 0; i < program.graph.nodes.size(); ++i) visit(i);
    for (const SlotId slot : program.graph.outputs) note_other_use(slot, "the model's outputs");
  }

  std::vector<LinearLayer> take() {
    for (LinearLayer& layer : layers_) name_by_calls(layer);
    for (LinearLayer& layer : layers_) {
      const at::TensorImpl* weight = program_.tensors[layer.weight].tensor.unsafeGetTensorImpl();
      if (const auto other = other_uses_.find(weight); other != other_uses_.end()) layer.other_use = other->second;
      for (const LinearLayer& tied : layers_) {
        if (tied.weight == layer.weight || !layer.other_use.empty()) continue;
        if (program_.tensors[tied.weight].tensor.unsafeGetTensorImpl() == weight) layer.other_use = tied.module;
      }
    }
    return std::move(layers_);
  }

 private:
  void note_other_use(SlotId slot, const std::string& where) {
    const auto view = views_.find(slot);
    if (view == views_.end()) return;
    other_uses_.emplace(program_.tensors[view->second.tensor].tensor.unsafeGetTensorImpl(), where);
  }

  // Whether two modules have the same tensors: one module under two names.
  bool are_one(const std::string& a, const std::string& b) const {
    std::set<std::pair<std::string, const at::TensorImpl*>> of_a, of_b;
    for (const ProgramTensor& entry : program_.tensors) {
      const std::string module = module_of(entry.name);
      if (module == a) of_a.emplace(entry.name.substr(a.size()), entry.tensor.unsafeGetTensorImpl());
      if (module == b) of_b.emplace(entry.name.substr(b.size()), entry.tensor.unsafeGetTensorImpl());
    }
    return of_a == of_b;
  }

  // The graph reads a tied weight under any one of its names. The layer is the module that the calls stand in, under
  // its first name; two such modules would have an adapter each, as PEFT gives them.
  void name_by_calls(LinearLayer& layer) {
    const at::TensorImpl* weight = program_.tensors[layer.weight].tensor.unsafeGetTensorImpl();
    std::vector<std::string> calling;
    for (const ProgramTensor& entry : program_.tensors) {
      if (entry.tensor.unsafeGetTensorImpl() != weight) continue;
      const std::string module = module_of(entry.name);
      const bool is_called = std::ranges::any_of(
          layer.nodes, [&](std::size_t index) { return program_.graph.nodes[index].module_path == module; });
      if (is_called && !module.empty()) calling.push_back(module);
    }
    if (calling.empty()) return;
    layer.module = calling[0];
    const auto other =
        std::ranges::find_if(calling, [&](const std::string& name) { return !are_one(name, calling[0]); });
    if (other != calling.end()) other_uses_.emplace(weight, *other);
  }

  void visit(std::size_t index) {
    const Node& node = program_.graph.nodes[index];
    if (node.opcode == Opcode::kConditional) {  // its branches are not looked into
      for_each_use(node, [&](SlotId slot) { note_other_use(slot, describe_node(node)); });
    }
    if (node.opcode != Opcode::kOperator) return;  // sizes
    if (transposes(node) && node.arguments[0].kind == ArgumentKind::kSlot) {
      const auto view = views_.find(node.arguments[0].slot);
      const SlotId output = only_output(node);
      if (view != views_.end() && output != kNoSlot) {
        views_.emplace(output, WeightView{view->second.tensor, !view->second.is_transposed});
        return;
      }
    }
    const std::optional<Product> product = product_of(node);
    SlotId weight = kNoSlot;
    if (product && only_output(node) != kNoSlot && node.arguments[product->x].kind == ArgumentKind::kSlot) {
      weight = node.arguments[product->weight].slot;
      const auto view = views_.find(weight);
      if (view != views_.end()) add(index, *product, view->second);
    }
    bool is_weight_seen = false;  // x may be the weight itself
    for_each_use(node, [&](SlotId slot) {
      if (slot == weight && !std::exchange(is_weight_seen, true)) return;
      note_other_use(slot, node.module_path.empty() ? describe_node(node) : node.module_path);
    });
  }

  void add(std::size_t index, const Product& product, const WeightView& view) {
    const bool is_in_first = product.is_in_first != view.is_transposed;
    auto layer = std::find_if(layers_.begin(), layers_.end(),
                              [&](const LinearLayer& known) { return known.weight == view.tensor; });
    if (layer == layers_.end()) {
      layers_.push_back({module_of(program_.tensors[view.tensor].name), view.tensor, is_in_first, {}, {}, {}});
      layer = layers_.end() - 1;
    }
    if (layer->is_in_first != is_in_first) {  // once as it is and once transposed: two functions of one weight
      const at::Tensor& weight = program_.tensors[view.tensor].tensor;
      other_uses_.emplace(weight.unsafeGetTensorImpl(), describe_node(program_.graph.nodes[index]));
      return;
    }
    layer->nodes.push_back(index);
    layer->x_index.push_back(product.x);
  }

  const Program& program_;
  std::map<SlotId, WeightView> views_;
  std::map<const at::TensorImpl*, std::string> other_uses_;
  std::vector<LinearLayer> layers_;
};

// Nodes of one adapter at one multiplication.
class AdapterWriter {
 public:
  AdapterWriter(Graph& graph, const Node& base, const std::string& module) : graph_(graph), base_(base) {
    module_path_ = module + ".lora";
  }

  // arguments: slots and constants in the order of the schema; what is left out takes its default.
  SlotId call(const char* op, std::vector<ArgumentItem> arguments, const char* suffix) {
    Result<c10::OperatorHandle> found = find_operator(op);
    OAR_CHECK(found.is_ok());
    Node node;
    node.op = found.value();
    node.name = base_.name + suffix;
    node.target = op;
    node.module_path = module_path_;
    const auto& schema = node.op->schema().arguments();
    for (std::size_t i = 0; i < schema.size(); ++i) {
      Result<Argument> argument = i < arguments.size() ? bind_argument({false, {arguments[i]}}, schema[i], graph_.slots)
                                                       : default_argument(schema[i]);
      OAR_CHECK(argument.is_ok());
      node.arguments.push_back(std::move(argument).value());
    }
    graph_.slots.push_back({node.name, SlotKind::kTensor, std::nullopt});
    const auto slot = static_cast<SlotId>(graph_.slots.size() - 1);
    node.outputs.push_back({false, {slot}});
    nodes.push_back(std::move(node));
    return slot;
  }

  std::vector<Node> nodes;

 private:
  Graph& graph_;
  const Node& base_;
  std::string module_path_;
};

ArgumentItem of(SlotId slot) { return {c10::IValue(), slot}; }
ArgumentItem of_value(c10::IValue value) { return {std::move(value), kNoSlot}; }

// `base` gives its value to a new slot; what it gave before is now the sum. The nodes to put behind it.
std::vector<Node> adapt(Graph& graph, Node& base, SlotId x, double scale, double dropout, Adapter& adapter) {
  AdaptedUse use;
  use.result = base.outputs[0].slots[0];
  graph.slots.push_back(graph.slots[static_cast<std::size_t>(use.result)]);
  graph.slots.back().name += "_base";
  use.base = static_cast<SlotId>(graph.slots.size() - 1);
  base.outputs[0].slots[0] = use.base;

  AdapterWriter writer(graph, base, adapter.module);
  const auto value = [&](SlotId slot) {
    use.between.push_back(slot);
    return slot;
  };
  if (dropout > 0) x = value(writer.call("aten::dropout", {of(x), of_value(dropout), of_value(true)}, "_lora_dropout"));
  SlotId low = value(writer.call("aten::linear", {of(x), of(adapter.a_slot)}, "_lora_A"));
  low = value(writer.call("aten::linear", {of(low), of(adapter.b_slot)}, "_lora_B"));
  if (scale != 1.0) low = value(writer.call("aten::mul.Tensor", {of(low), of_value(scale)}, "_lora_scaled"));
  const SlotId sum = writer.call("aten::add.Tensor", {of(use.base), of(low)}, "_lora");
  writer.nodes.back().outputs[0].slots[0] = use.result;
  OAR_CHECK(static_cast<std::size_t>(sum) + 1 == graph.slots.size());
  graph.slots.pop_back();
  adapter.uses.push_back(std::move(use));
  return std::move(writer.nodes);
}

SlotId add_parameter(Program& program, const std::string& name, const at::Tensor& tensor) {
  program.graph.slots.push_back({name, SlotKind::kTensor, std::nullopt});
  const auto slot = static_cast<SlotId>(program.graph.slots.size() - 1);
  program.graph.inputs.push_back(slot);
  program.tensors.push_back({name, TensorRole::kParameter, true, slot, tensor});
  return slot;
}

}  // namespace

std::int64_t LinearLayer::num_in(const Program& program) const {
  return program.tensors[weight].tensor.size(is_in_first ? 0 : 1);
}

std::int64_t LinearLayer::num_out(const Program& program) const {
  return program.tensors[weight].tensor.size(is_in_first ? 1 : 0);
}

std::string lora_a_name(const std::string& module) { return module + ".lora_A.weight"; }
std::string lora_b_name(const std::string& module) { return module + ".lora_B.weight"; }

std::vector<LinearLayer> find_linear_layers(const Program& program) { return LayerSearch(program).take(); }

Status InsertAdapters::run(Program& program) {
  if (plan_.freeze) {
    for (const ProgramTensor& entry : program.tensors) {
      at::Tensor leaf = entry.tensor;
      if (entry.role == TensorRole::kParameter && leaf.requires_grad()) leaf.set_requires_grad(false);
    }
  }
  std::map<std::size_t, std::pair<std::size_t, std::size_t>> at_node;  // node -> layer, argument that is x
  for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
    const LinearLayer& layer = plan_.layers[i];
    adapters_.push_back({layer.module, layer.weight, layer.is_in_first, plan_.a[i], plan_.b[i], kNoSlot, kNoSlot, {}});
    adapters_[i].a_slot = add_parameter(program, lora_a_name(layer.module), plan_.a[i]);
    adapters_[i].b_slot = add_parameter(program, lora_b_name(layer.module), plan_.b[i]);
    for (std::size_t k = 0; k < layer.nodes.size(); ++k) at_node[layer.nodes[k]] = {i, layer.x_index[k]};
  }
  std::vector<Node> nodes;
  nodes.reserve(program.graph.nodes.size() + 5 * at_node.size());
  for (std::size_t i = 0; i < program.graph.nodes.size(); ++i) {
    nodes.push_back(std::move(program.graph.nodes[i]));
    const auto found = at_node.find(i);
    if (found == at_node.end()) continue;
    const auto [layer, x_index] = found->second;
    const SlotId x = nodes.back().arguments[x_index].slot;
    Node& base = nodes.back();
    for (Node& node : adapt(program.graph, base, x, plan_.scale, plan_.dropout, adapters_[layer])) {
      nodes.push_back(std::move(node));
    }
  }
  program.graph.nodes = std::move(nodes);
  return Status::ok();
}

Status RemoveAdapters::run(Program& program) {
  std::map<SlotId, SlotId> restored;    // base -> result
  std::set<SlotId> values, parameters;  // of the adapters
  for (const Adapter& adapter : adapters_) {
    parameters.insert({adapter.a_slot, adapter.b_slot});
    for (const AdaptedUse& use : adapter.uses) {
      restored.emplace(use.base, use.result);
      values.insert(use.between.begin(), use.between.end());
      values.insert(use.result);
    }
  }
  std::erase_if(program.graph.nodes, [&](const Node& node) {
    const SlotId output = only_output(node);
    return output != kNoSlot && values.contains(output);
  });
  for (Node& node : program.graph.nodes) {
    const auto base = restored.find(only_output(node));
    if (base != restored.end()) node.outputs[0].slots[0] = base->second;
  }
  std::erase_if(program.graph.inputs, [&](SlotId slot) { return parameters.contains(slot); });
  std::erase_if(program.tensors, [&](const ProgramTensor& entry) { return parameters.contains(entry.slot); });
  return Status::ok();
}

}  // namespace oarlock
