#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "graph/memory_roots.h"
#include "graph/recompute.h"

namespace oarlock {
namespace {

bool meet(const std::set<SlotId>& a, const std::set<SlotId>& b) {
  return std::any_of(a.begin(), a.end(), [&](SlotId slot) { return b.count(slot) > 0; });
}

class Planner {
 public:
  Planner(const Program& program, const Graph& graph)
      : program_(program), graph_(graph), roots_(memory_roots(graph)), silently_written_(find_statistics(graph)) {
    for (const ProgramTensor& tensor : program.tensors) {
      if (tensor.role == TensorRole::kBuffer) buffers_.insert(tensor.slot);
    }
  }

  RecomputePlan plan(const Segment& segment) const {
    RecomputePlan plan;
    plan.segment = segment;
    for (const std::size_t index : segment.tensors) {
      const ProgramTensor& tensor = program_.tensors[index];
      const bool is_trained = tensor.role == TensorRole::kParameter;  // frozen ones may be trained again
      const bool is_copied = tensor.role == TensorRole::kBuffer && is_written(tensor.slot);
      (is_trained ? plan.trained : is_copied ? plan.copied : plan.shared).push_back(tensor.slot);
    }
    for (const SlotId slot : segment.live_in) (is_buffer(slot) ? plan.copied : plan.inputs).push_back(slot);
    for (const SlotId slot : segment.live_out) {
      if (!is_buffer(slot)) plan.outputs.push_back(slot);
    }
    plan.refusal = refusal(plan);
    if (plan.refusal.empty()) plan.flows = flows(segment);
    return plan;
  }

 private:
  // batch_norm and its kin write to these, and their schemas do not say so.
  static std::set<SlotId> find_statistics(const Graph& graph) {
    std::set<SlotId> slots;
    for (const Node& node : graph.nodes) {
      if (node.opcode != Opcode::kOperator) continue;
      const auto& arguments = node.op->schema().arguments();
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        const bool is_statistics = arguments[i].name() == "running_mean" || arguments[i].name() == "running_var";
        if (is_statistics && node.arguments[i].slot != kNoSlot) slots.insert(node.arguments[i].slot);
      }
    }
    return slots;
  }

  // A counter that was counted on, say: nothing but the memory of buffers.
  bool is_buffer(SlotId slot) const {
    const std::set<SlotId>& roots = roots_.of[slot];
    return !roots.empty() &&
           std::all_of(roots.begin(), roots.end(), [&](SlotId root) { return buffers_.count(root) > 0; });
  }

  bool is_written(SlotId slot) const {
    if (silently_written_.count(slot) > 0) return true;
    return std::any_of(roots_.written.begin(), roots_.written.end(),
                       [&](const std::set<SlotId>& written) { return written.count(slot) > 0; });
  }

  std::set<SlotId> roots_of(const std::vector<SlotId>& slots) const {
    std::set<SlotId> roots;
    for (const SlotId slot : slots) roots.insert(roots_.of[slot].begin(), roots_.of[slot].end());
    return roots;
  }

  std::string refusal(const RecomputePlan& plan) const {
    const Segment& segment = plan.segment;
    std::vector<SlotId> read = plan.inputs;
    read.insert(read.end(), plan.trained.begin(), plan.trained.end());
    read.insert(read.end(), plan.shared.begin(), plan.shared.end());
    const std::set<SlotId> outside = roots_of(read);
    std::vector<SlotId> views;
    for (const SlotId slot : plan.outputs) {
      if (roots_.of[slot] != std::set<SlotId>{slot}) views.push_back(slot);
    }
    const std::set<SlotId> shown = roots_of(views);
    for (std::size_t i = segment.begin; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (meet(roots_.written[i], outside)) {
        return fmt::format("{} writes in place to a value that flows into it", describe_node(node));
      }
      if (i >= segment.end && meet(roots_.written[i], shown)) {
        return fmt::format("{} writes in place to a view that flows out of it", describe_node(node));
      }
      if (i < segment.end && node.opcode == Opcode::kEnterGradMode && node.arguments[0].constant.toBool()) {
        return fmt::format("{} turns the recording of gradients on by itself", describe_node(node));
      }
    }
    return "";
  }

  std::vector<RecomputePlan::Flow> flows(const Segment& segment) const {
    std::vector<RecomputePlan::Flow> flows;
    int depth = 0;  // of regions that record nothing
    for (std::size_t i = segment.begin; i < segment.end; ++i) {
      const Node& node = graph_.nodes[i];
      if (node.opcode == Opcode::kEnterGradMode) ++depth;
      if (node.opcode == Opcode::kExitGradMode) --depth;
      const bool is_call = node.opcode == Opcode::kOperator || node.opcode == Opcode::kConditional;
      if (!is_call || depth > 0) continue;
      if (node.op && node.op->schema().name() == "aten::detach") continue;
      RecomputePlan::Flow flow;
      for_each_use(node, [&](SlotId slot) { flow.operands.push_back(slot); });
      for (const NodeOutput& output : node.outputs) {
        for (const SlotId slot : output.slots) {
          if (slot != kNoSlot) flow.results.push_back(slot);
        }
      }
      for (std::size_t slot = 0; slot < roots_.of.size() && !roots_.written[i].empty(); ++slot) {
        if (meet(roots_.of[slot], roots_.written[i])) flow.results.push_back(static_cast<SlotId>(slot));
      }
      flows.push_back(std::move(flow));
    }
    return flows;
  }

  const Program& program_;
  const Graph& graph_;
  const MemoryRoots roots_;
  const std::set<SlotId> silently_written_;
  std::set<SlotId> buffers_;
};

}  // namespace

std::vector<std::shared_ptr<const RecomputePlan>> plan_recompute(const Program& program, const Graph& graph,
                                                                 const UnitPlan& plan) {
  const Planner planner(program, graph);
  std::vector<std::shared_ptr<const RecomputePlan>> plans;
  for (const Segment& segment : plan.segments) {
    plans.push_back(std::make_shared<const RecomputePlan>(planner.plan(segment)));
  }
  return plans;
}

}  // namespace oarlock
