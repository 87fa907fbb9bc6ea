#include "graph/graph_pass.h"

#include <fmt/format.h>

namespace oarlock {
namespace {

Status check_graph(const Graph& graph);

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph), is_written_(graph.slots.size(), false) {}

  Status check_slot(SlotId slot) const {
    if (slot >= 0 && static_cast<std::size_t>(slot) < graph_.slots.size()) return Status::ok();
    return corrupt("slot {} lies outside [0, {})", slot, graph_.slots.size());
  }

  Status write(SlotId slot) {
    OAR_TRY(check_slot(slot));
    if (is_written_[slot]) return corrupt("{} is written twice", graph_.slots[slot].name);
    is_written_[slot] = true;
    return Status::ok();
  }

  Status read(SlotId slot) const {
    OAR_TRY(check_slot(slot));
    if (!is_written_[slot]) return corrupt("{} is read before it is written", graph_.slots[slot].name);
    return Status::ok();
  }

  Status check_node(const Node& node) {
    Status status = Status::ok();
    for_each_use(node, [&](SlotId slot) {
      if (status.is_ok()) status = read(slot);
    });
    OAR_TRY(std::move(status));
    if (node.opcode == Opcode::kOperator) {
      if (!node.op) return corrupt("it has no operator");
      const c10::FunctionSchema& schema = node.op->schema();
      if (node.arguments.size() != schema.arguments().size()) {
        return corrupt("it has {} arguments, the operator takes {}", node.arguments.size(), schema.arguments().size());
      }
      if (node.outputs.size() > schema.returns().size()) {
        return corrupt("it has {} outputs, the operator returns {}", node.outputs.size(), schema.returns().size());
      }
    }
    OAR_TRY(check_bracket(node.opcode));
    for (const Graph& body : node.bodies) {
      if (body.inputs.size() + 1 != node.arguments.size() || body.outputs.size() != node.outputs.size()) {
        return corrupt("a body takes {} values and gives {}", body.inputs.size(), body.outputs.size());
      }
      OAR_TRY(check_graph(body));
    }
    for (const NodeOutput& output : node.outputs) {
      for (const SlotId slot : output.slots) {
        if (slot != kNoSlot) OAR_TRY(write(slot));
      }
    }
    return Status::ok();
  }

  Status finish() const { return open_.empty() ? Status::ok() : corrupt("a region is never left"); }

 private:
  Status check_bracket(Opcode opcode) {
    if (opcode == Opcode::kEnterGradMode || opcode == Opcode::kEnterAutocast) open_.push_back(opcode);
    if (opcode != Opcode::kExitGradMode && opcode != Opcode::kExitAutocast) return Status::ok();
    const Opcode opener = opcode == Opcode::kExitGradMode ? Opcode::kEnterGradMode : Opcode::kEnterAutocast;
    if (open_.empty() || open_.back() != opener) return corrupt("it leaves a region that was not entered last");
    open_.pop_back();
    return Status::ok();
  }

  const Graph& graph_;
  std::vector<bool> is_written_;
  std::vector<Opcode> open_;
};

Status check_graph(const Graph& graph, Verifier& verifier) {
  for (const SlotId slot : graph.inputs) OAR_TRY(verifier.write(slot));
  for (const Node& node : graph.nodes) {
    Status status = verifier.check_node(node);
    if (!status.is_ok()) return std::move(status).within(describe_node(node));
  }
  for (const SlotId slot : graph.outputs) OAR_TRY(verifier.read(slot));
  return verifier.finish();
}

Status check_graph(const Graph& graph) {
  Verifier verifier(graph);
  return check_graph(graph, verifier);
}

}  // namespace

Status verify_program(const Program& program) {
  Verifier verifier(program.graph);
  OAR_TRY(check_graph(program.graph, verifier));
  for (const ProgramTensor& tensor : program.tensors) {
    if (!tensor.tensor.defined()) return corrupt("tensor {} has no value", tensor.name);
    OAR_TRY(verifier.read(tensor.slot).within(tensor.name));
  }
  for (const ProgramInput& input : program.inputs) OAR_TRY(verifier.read(input.slot).within(input.name));
  for (const ArgumentItem& output : program.outputs) {
    if (output.slot != kNoSlot) OAR_TRY(verifier.read(output.slot));
  }
  for (const BufferUpdate& update : program.buffer_updates) {
    if (update.tensor >= program.tensors.size()) return corrupt("a buffer update names tensor {}", update.tensor);
    OAR_TRY(verifier.read(update.slot));
  }
  return Status::ok();
}

}  // namespace oarlock
