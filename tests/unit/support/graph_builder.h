// Small graphs by hand, for tests of what runs and rewrites them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph/ir.h"
#include "graph/op_call.h"
#include "graph/operator_index.h"

namespace oarlock::test {

class GraphBuilder {
 public:
  SlotId slot(const char* name, SlotKind kind = SlotKind::kTensor) {
    graph.slots.push_back({name, kind, {}});
    return static_cast<SlotId>(graph.slots.size()) - 1;
  }
  SlotId input(const char* name) {
    graph.inputs.push_back(slot(name));
    return graph.inputs.back();
  }
  // Arguments in schema order; what is left out takes its default.
  SlotId call(const char* op, std::vector<ArgumentItem> arguments, const char* name) {
    Node node;
    node.op = find_operator(op).value();
    node.name = name;
    node.target = op;
    node.module_path = module;
    node.module_class = module_class;
    if (module_call > 0) node.repeated_calls.push_back({module, module_call});
    const auto& schema = node.op->schema().arguments();
    for (std::size_t i = 0; i < schema.size(); ++i) {
      node.arguments.push_back(i < arguments.size()
                                   ? bind_argument({false, {arguments[i]}}, schema[i], graph.slots).value()
                                   : default_argument(schema[i]).value());
    }
    const SlotId output = slot(name);
    node.outputs.push_back({false, {output}});
    graph.nodes.push_back(std::move(node));
    return output;
  }
  void region(Opcode opcode, bool enabled) {
    Node node;
    node.opcode = opcode;
    node.arguments.resize(1);
    node.arguments[0].constant = enabled;
    graph.nodes.push_back(std::move(node));
  }
  Graph graph;
  // Where the nodes of further calls stand.
  std::string module = "block.0", module_class = "Block";
  std::int32_t module_call = 0;
};

inline ArgumentItem of(SlotId slot) { return {c10::IValue(), slot}; }
inline ArgumentItem of_value(c10::IValue value) { return {std::move(value), kNoSlot}; }

}  // namespace oarlock::test
