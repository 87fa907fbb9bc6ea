// A program in words: what names its inputs, outputs, parameters, units, values and sizes have.
#include <set>
#include <string>

#include "model/providers/graph.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

JsonValue text(const std::string& value) { return JsonValue::string(value); }

JsonValue shape_of(const ExportedTensor& exported, const std::vector<Symbol>& symbols) {
  JsonValue shape = JsonValue::array();
  for (const ExportedDim& dim : exported.shape) {
    if (dim.symbol >= 0) {
      shape.append(text(symbols[static_cast<std::size_t>(dim.symbol)].name));
    } else {
      shape.append(dim.symbol == ExportedDim::kFixed ? JsonValue::integer(dim.value) : JsonValue());
    }
  }
  return shape;
}

// Of a value; the dtype of a number is its kind.
JsonValue describe_slot(const Graph& graph, const std::string& name, SlotId slot) {
  constexpr const char* kKinds[] = {"tensor", "int", "float", "bool"};
  JsonValue value = JsonValue::object();
  value.set("name", text(name));
  if (slot == kNoSlot) return value;  // a constant
  const Slot& entry = graph.slots[slot];
  const bool is_known = entry.exported.has_value();
  value.set("dtype", text(is_known ? std::string(dtype_name(entry.exported->dtype))
                                   : kKinds[static_cast<std::size_t>(entry.kind)]));
  value.set("shape", is_known ? shape_of(*entry.exported, graph.symbols) : JsonValue());
  return value;
}

void describe_outputs(const Program& program, const OutputTree& tree, const std::string& path, std::size_t& next,
                      JsonValue& list) {
  if (tree.kind == OutputTree::Kind::kLeaf) {
    list.append(describe_slot(program.graph, path, program.outputs[next++].slot));
    return;
  }
  for (std::size_t i = 0; i < tree.children.size(); ++i) {
    const std::string key = tree.kind == OutputTree::Kind::kMap ? tree.keys[i] : std::to_string(i);
    describe_outputs(program, tree.children[i], path.empty() ? key : path + "." + key, next, list);
  }
}

JsonValue describe_parameters(const Program& program) {
  JsonValue list = JsonValue::array();
  for (const ProgramTensor& entry : program.tensors) {
    if (entry.role != TensorRole::kParameter) continue;
    JsonValue value = JsonValue::object();
    value.set("name", text(entry.name));
    value.set("dtype", text(std::string(dtype_name(entry.tensor.scalar_type()))));
    JsonValue shape = JsonValue::array();
    for (const std::int64_t size : entry.tensor.sizes()) shape.append(JsonValue::integer(size));
    value.set("shape", std::move(shape));
    value.set("trained", JsonValue::boolean(entry.tensor.requires_grad()));
    list.append(std::move(value));
  }
  return list;
}

JsonValue names_of(const Graph& graph, const std::vector<SlotId>& slots) {
  JsonValue list = JsonValue::array();
  for (const SlotId slot : slots) list.append(text(graph.slots[slot].name));
  return list;
}

// Inputs and outputs are those of its first segment; a unit with several has no others that would mean something.
JsonValue describe_unit(const Program& program, const Unit& unit, std::size_t index, const UnitPlan& plan) {
  JsonValue value = JsonValue::object();
  value.set("name", text(unit.path));
  value.set("class", text(unit.class_name));
  JsonValue parameters = JsonValue::array();
  for (const std::size_t parameter : unit.parameters) parameters.append(text(program.tensors[parameter].name));
  value.set("parameters", std::move(parameters));
  const Segment* first = index == 0 ? &plan.whole : nullptr;
  std::int64_t count = index == 0 ? 1 : 0;
  for (const Segment& segment : plan.segments) {
    if (segment.unit != index || index == 0) continue;
    if (first == nullptr) first = &segment;
    ++count;
  }
  value.set("inputs", first != nullptr ? names_of(program.graph, first->live_in) : JsonValue::array());
  value.set("outputs", first != nullptr ? names_of(program.graph, first->live_out) : JsonValue::array());
  value.set("segments", JsonValue::integer(count));
  return value;
}

JsonValue describe_nodes(const Graph& graph) {
  JsonValue list = JsonValue::array();
  for (const Node& node : graph.nodes) {
    JsonValue value = JsonValue::object();
    value.set("name", text(node.name));
    value.set("target", text(node.target));
    value.set("module", text(node.module_path));
    std::vector<SlotId> slots;
    for (const NodeOutput& output : node.outputs) {
      for (const SlotId slot : output.slots) {
        if (slot != kNoSlot) slots.push_back(slot);
      }
    }
    value.set("outputs", names_of(graph, slots));
    list.append(std::move(value));
  }
  return list;
}

}  // namespace

JsonValue GraphModel::describe() const {
  const Graph& graph = program_.graph;
  JsonValue inputs = JsonValue::array(), outputs = JsonValue::array(), units = JsonValue::array();
  for (const ProgramInput& input : program_.inputs) inputs.append(describe_slot(graph, input.name, input.slot));
  std::size_t next = 0;
  describe_outputs(program_, program_.output_tree, "", next, outputs);
  for (std::size_t i = 0; i < units_->size(); ++i) {
    units.append(describe_unit(program_, (*units_)[i], i, training_plan_.units));
  }
  JsonValue symbols = JsonValue::array();
  std::set<std::string> named;
  for (const Symbol& symbol : graph.symbols) {
    if (!named.insert(symbol.name).second) continue;  // equal names are equal sizes
    JsonValue value = JsonValue::object();
    value.set("name", text(symbol.name));
    value.set("min", JsonValue::integer(symbol.min));
    value.set("max", symbol.max == INT64_MAX ? JsonValue() : JsonValue::integer(symbol.max));
    symbols.append(std::move(value));
  }
  return JsonValue::object({{"inputs", std::move(inputs)},
                            {"outputs", std::move(outputs)},
                            {"parameters", describe_parameters(program_)},
                            {"units", std::move(units)},
                            {"nodes", describe_nodes(graph)},
                            {"symbols", std::move(symbols)}});
}

}  // namespace oarlock
