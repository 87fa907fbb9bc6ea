#include "graph/drop_mask.h"

#include <cmath>
#include <string_view>

#include "graph/op_call.h"
#include "graph/operator_index.h"

namespace oarlock {
namespace {

constexpr double kAlpha = 1.7580993408473766;  // of SELU, times its scale
constexpr std::size_t kNowhere = SIZE_MAX;

bool is_op(const Node* node, std::initializer_list<std::string_view> names) {
  if (node == nullptr || node->opcode != Opcode::kOperator) return false;
  for (const std::string_view name : names) {
    if (node->op->schema().name() == name) return true;
  }
  return false;
}

// The number that an argument always is, given as such or as a tensor.
std::optional<double> constant_number(const Argument& argument) {
  if (argument.kind != ArgumentKind::kConstant) return std::nullopt;
  const c10::IValue& value = argument.constant;
  if (value.isDouble()) return value.toDouble();
  if (value.isInt()) return static_cast<double>(value.toInt());
  if (value.isTensor() && value.toTensor().defined() && value.toTensor().unsafeGetTensorImpl()->is_wrapped_number()) {
    return value.toTensor().item<double>();
  }
  return std::nullopt;
}

void set_number(Argument& argument, double number) {
  const c10::IValue value(number);
  argument.constant = argument.constant.isTensor() ? c10::IValue(wrapped_number_tensor(value)) : value;
}

bool is_about(const Argument& argument, double expected) {
  const std::optional<double> number = constant_number(argument);
  return number && std::abs(*number - expected) <= 1e-9 * std::max(1.0, std::abs(expected));
}

SlotId result_of(const Node& node) {
  return node.outputs.size() == 1 && node.outputs[0].slots.size() == 1 ? node.outputs[0].slots[0] : kNoSlot;
}

class MaskFinder {
 public:
  explicit MaskFinder(Graph& graph)
      : graph_(graph), producer_(graph.slots.size(), kNowhere), readers_(graph.slots.size()) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      for_each_use(graph.nodes[i], [&](SlotId slot) { readers_[slot].push_back(i); });
      for (const NodeOutput& output : graph.nodes[i].outputs) {
        for (const SlotId slot : output.slots) {
          if (slot != kNoSlot) producer_[slot] = i;
        }
      }
    }
    for (const SlotId slot : graph.outputs) readers_[slot].push_back(kNowhere);
  }

  void fill() {
    for (Node& node : graph_.nodes) {
      if (is_op(&node, {"aten::bernoulli", "aten::bernoulli_"})) fill_bernoulli(node);
      if (is_op(&node, {"aten::rand", "aten::rand_like"})) fill_floor_of_rand(node);
    }
  }

 private:
  // nullptr: nobody, several, or the caller.
  Node* only_reader(SlotId slot) {
    if (slot == kNoSlot || readers_[slot].size() != 1 || readers_[slot][0] == kNowhere) return nullptr;
    return &graph_.nodes[readers_[slot][0]];
  }
  Node* producer(SlotId slot) {
    return slot == kNoSlot || producer_[slot] == kNowhere ? nullptr : &graph_.nodes[producer_[slot]];
  }

  // The constant that divides, if `node` is `slot / keep`.
  Argument* division(Node* node, SlotId slot, double keep) {
    if (!is_op(node, {"aten::div", "aten::div_"}) || node->arguments.size() != 2) return nullptr;
    return node->arguments[0].slot == slot && is_about(node->arguments[1], keep) ? &node->arguments[1] : nullptr;
  }

  // The divisor that belongs to a mask of zeros and ones, wherever it stands.
  Argument* scaling(SlotId mask, double keep) {
    Node* reader = only_reader(mask);
    if (Argument* divisor = division(reader, mask, keep)) return divisor;
    if (!is_op(reader, {"aten::mul", "aten::mul_"})) return nullptr;
    if (Argument* divisor = division(only_reader(result_of(*reader)), result_of(*reader), keep)) return divisor;
    for (const Argument& factor : reader->arguments) {
      Node* quotient = factor.slot == mask ? nullptr : producer(factor.slot);
      if (quotient == nullptr || only_reader(factor.slot) != reader) continue;
      if (Argument* divisor = division(quotient, quotient->arguments[0].slot, keep)) return divisor;
    }
    return nullptr;
  }

  bool scale_by_one(SlotId mask, double keep) {
    Argument* divisor = scaling(mask, keep);
    if (divisor != nullptr) set_number(*divisor, 1.0);
    return divisor != nullptr;
  }

  bool is_sum_with(const Node* node, SlotId slot, double addend) const {
    return is_op(node, {"aten::add"}) && node->arguments.size() == 3 && node->arguments[0].slot == slot &&
           is_about(node->arguments[1], addend) && is_about(node->arguments[2], 1);
  }

  bool is_multiple_of(const Node* node, SlotId slot, double factor) const {
    return is_op(node, {"aten::mul"}) && node->arguments[0].slot == slot && is_about(node->arguments[1], factor);
  }

  bool scale_alpha_by_one(SlotId mask, double keep) {
    if (readers_[mask].size() != 2 || readers_[mask][0] == kNowhere || readers_[mask][1] == kNowhere) return false;
    const double scale = 1 / std::sqrt((kAlpha * kAlpha * (1 - keep) + 1) * keep);
    Node* shifted = &graph_.nodes[readers_[mask][0]];
    Node* scaled = &graph_.nodes[readers_[mask][1]];
    if (!is_sum_with(shifted, mask, -1) || !is_multiple_of(scaled, mask, scale)) return false;
    Node* low = only_reader(result_of(*shifted));
    if (!is_multiple_of(low, result_of(*shifted), kAlpha * scale)) return false;
    Node* sum = only_reader(result_of(*low));
    if (!is_sum_with(sum, result_of(*low), kAlpha * scale * (1 - keep))) return false;
    set_number(sum->arguments[1], 0.0);
    set_number(scaled->arguments[1], 1.0);
    return true;
  }

  void fill_bernoulli(Node& node) {
    const std::optional<double> keep = constant_number(node.arguments[1]);
    const SlotId target = node.arguments[0].slot, mask = result_of(node);
    if (!keep || !(*keep > 0 && *keep <= 1) || mask == kNoSlot || only_reader(target) != &node) return;
    if (!is_op(producer(target), {"aten::empty", "aten::empty_like", "aten::empty_permuted", "aten::empty_strided",
                                  "aten::new_empty", "aten::new_empty_strided"})) {
      return;
    }
    if (!scale_by_one(mask, *keep) && !scale_alpha_by_one(mask, *keep)) return;
    draw_ones(node, is_op(&node, {"aten::bernoulli"}) ? "aten::ones_like" : "aten::fill_.Scalar");
  }

  void fill_floor_of_rand(Node& node) {
    if (!node.op->schema().overload_name().empty()) return;
    Node* sum = only_reader(result_of(node));
    if (!is_op(sum, {"aten::add"}) || sum->arguments.size() != 3 || !is_about(sum->arguments[2], 1)) return;
    const std::optional<double> keep = constant_number(sum->arguments[1]);
    Node* floor = only_reader(result_of(*sum));
    if (!keep || !(*keep > 0 && *keep < 1) || !is_op(floor, {"aten::floor", "aten::floor_"})) return;
    if (!scale_by_one(result_of(*floor), *keep)) return;
    // floor(1 + keep) = 1; both operators take the same arguments.
    node.op = find_operator(is_op(&node, {"aten::rand"}) ? "aten::ones" : "aten::ones_like").value();
  }

  // Replaces a draw whose first argument is the tensor to fill.
  void draw_ones(Node& node, std::string_view op) {
    node.op = find_operator(op).value();
    node.arguments.resize(1);
    const auto& schema = node.op->schema().arguments();
    for (std::size_t i = 1; i < schema.size(); ++i) {
      node.arguments.emplace_back();
      if (schema[i].name() == "value") node.arguments.back().constant = 1.0;
    }
  }

  Graph& graph_;
  std::vector<std::size_t> producer_;              // of each slot, or kNowhere
  std::vector<std::vector<std::size_t>> readers_;  // of each slot, repeats included; kNowhere: the caller
};

}  // namespace

void fill_drop_masks(Graph& graph) {
  MaskFinder(graph).fill();
  for (Node& node : graph.nodes) {
    for (Graph& body : node.bodies) fill_drop_masks(body);
  }
}

}  // namespace oarlock
