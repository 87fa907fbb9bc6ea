// Any document of a program archive: refused, or a program whose plans can be made. Changes keep it JSON: what the
// reader of JSON makes of other bytes is fuzz_strict_json's business.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "base/check.h"
#include "base/strict_json.h"
#include "graph/executor.h"
#include "graph/passes/mode.h"
#include "graph/pt2/reader.h"
#include "pt2_weights.h"

namespace oarlock {
namespace {

void check_slots(const Graph& graph) {
  const auto is_slot = [&](SlotId slot) { return slot >= 0 && slot < static_cast<SlotId>(graph.slots.size()); };
  std::vector<bool> is_set(graph.slots.size(), false);
  for (const SlotId slot : graph.inputs) {
    OAR_CHECK(is_slot(slot));
    is_set[static_cast<std::size_t>(slot)] = true;
  }
  for (const Node& node : graph.nodes) {
    for_each_use(node, [&](SlotId slot) { OAR_CHECK(is_slot(slot) && is_set[static_cast<std::size_t>(slot)]); });
    OAR_CHECK(node.bodies.empty() || node.opcode == Opcode::kConditional);
    for (const Graph& body : node.bodies) {
      check_slots(body);
      OAR_CHECK(body.inputs.size() + 1 == node.arguments.size() && body.outputs.size() == node.outputs.size());
    }
    for (const NodeOutput& output : node.outputs) {
      for (const SlotId slot : output.slots) {
        if (slot == kNoSlot) continue;
        OAR_CHECK(is_slot(slot) && !is_set[static_cast<std::size_t>(slot)]);
        is_set[static_cast<std::size_t>(slot)] = true;
      }
    }
  }
  for (const SlotId slot : graph.outputs) OAR_CHECK(is_slot(slot) && is_set[static_cast<std::size_t>(slot)]);
}

void read(const JsonValue& document) {
  Result<Program> program = pt2::program_of(document, test::weights_of_small(), {}, at::kCPU, {});
  if (!program.is_ok()) {
    const oar_status code = program.status().code();
    OAR_CHECK(code == OAR_E_CORRUPT || code == OAR_E_UNSUPPORTED || code == OAR_E_VERSION);
    return;
  }
  check_slots(program.value().graph);
  const EvaluationGraph evaluation = evaluation_graph(program.value());
  check_slots(evaluation.graph);
  OAR_CHECK(Executor::compile(evaluation.graph).num_steps() <= program.value().graph.nodes.size());
}

// Changes one value of a document, chosen evenly among all.
class DocumentMutator {
 public:
  DocumentMutator(const JsonValue& document, unsigned int seed) : random_(seed) {
    collect(document);
    target_ = any();
  }
  JsonValue changed(const JsonValue& value) {
    if (&value == target_) return replacement(value);
    if (value.is_array()) {
      JsonValue copy = JsonValue::array();
      for (const JsonValue& item : value.items()) {
        if (&item == target_ && below(4) == 0) continue;  // left out
        if (&item == target_ && below(4) == 0) copy.append(item);
        copy.append(changed(item));
      }
      return copy;
    }
    if (value.is_object()) {
      JsonValue copy = JsonValue::object();
      for (const auto& [name, member] : value.members()) {
        if (&member == target_ && below(4) == 0) continue;
        copy.set(&member == target_ && below(4) == 0 ? text() : name, changed(member));
      }
      return copy;
    }
    return value;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  const JsonValue* any() { return values_[below(values_.size())]; }

  void collect(const JsonValue& value) {
    values_.push_back(&value);
    for (const JsonValue& item : value.items()) collect(item);
    for (const auto& member : value.members()) collect(member.second);
  }

  std::string text() {
    static constexpr const char* kTexts[] = {"",
                                             "x",
                                             "fc.weight",
                                             "as_int",
                                             "as_none",
                                             "as_name",
                                             "as_tensors",
                                             "as_tensor",
                                             "name",
                                             "NaN",
                                             "s0",
                                             "linear",
                                             "p_fc_bias",
                                             "[{}, null]",
                                             "torch.ops.aten.add.Tensor",
                                             "torch.ops.aten.split.Tensor",
                                             "torch.ops.aten.sym_size.int",
                                             "_operator.floordiv",
                                             "math.floor",
                                             "torch.ops.higher_order.wrap_with_set_grad_enabled",
                                             "torch.ops.higher_order.cond",
                                             "torch.ops.higher_order.invoke_subgraph"};
    return kTexts[below(std::size(kTexts))];
  }

  JsonValue replacement(const JsonValue& value) {
    static constexpr std::int64_t kEdges[] = {0,         -1,       1, 2, 3, 7, 64, INT32_MAX, std::int64_t{1} << 40,
                                              INT64_MAX, INT64_MIN};
    switch (below(3)) {
      case 0:
        return *any();
      case 1:
        return below(4) == 0 ? JsonValue() : JsonValue::string(text());
      default:
        if (value.is_bool()) return JsonValue::boolean(below(2) == 0);
        return JsonValue::integer(kEdges[below(std::size(kEdges))]);
    }
  }

  std::mt19937_64 random_;
  std::vector<const JsonValue*> values_;
  const JsonValue* target_ = nullptr;
};

}  // namespace
}  // namespace oarlock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = oarlock::parse_strict_json({reinterpret_cast<const char*>(data), size});
  if (document.is_ok()) oarlock::read(document.value());
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned int seed) {
  auto document = oarlock::parse_strict_json({reinterpret_cast<const char*>(data), size});
  if (!document.is_ok()) return size;
  oarlock::JsonValue value = std::move(document).value();
  for (unsigned int i = 0; i <= seed % 3; ++i) value = oarlock::DocumentMutator(value, seed + i).changed(value);
  const std::string text = value.dump();
  if (text.size() > size_max) return size;
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
