#include "graph/ranks.h"

#include <ATen/core/enum_tag.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace oarlock {
namespace {

// The rank of the argument with this index, and what is added to it.
struct Follows {
  std::string_view name;
  std::size_t argument;
  int more;
};

constexpr Follows kFollowing[] = {
    {"aten::t", 0, 0},          {"aten::transpose", 0, 0},   {"aten::slice", 0, 0},
    {"aten::to", 0, 0},         {"aten::_to_copy", 0, 0},    {"aten::contiguous", 0, 0},
    {"aten::detach", 0, 0},     {"aten::alias", 0, 0},       {"aten::dropout", 0, 0},
    {"aten::softmax", 0, 0},    {"aten::log_softmax", 0, 0}, {"aten::layer_norm", 0, 0},
    {"aten::rms_norm", 0, 0},   {"aten::batch_norm", 0, 0},  {"aten::group_norm", 0, 0},
    {"aten::conv1d", 0, 0},     {"aten::conv2d", 0, 0},      {"aten::conv3d", 0, 0},
    {"aten::max_pool2d", 0, 0}, {"aten::avg_pool2d", 0, 0},  {"aten::leaky_relu", 0, 0},
    {"aten::relu6", 0, 0},      {"aten::softplus", 0, 0},    {"aten::adaptive_avg_pool2d", 0, 0},
    {"aten::unsqueeze", 0, 1},  {"aten::select", 0, -1},     {"aten::embedding", 1, 1},
};

// Those whose result has a dimension for each number of the argument with index 1.
constexpr std::string_view kListed[] = {"aten::view", "aten::reshape", "aten::permute", "aten::expand"};

bool is_tensor_type(const c10::Argument& argument) { return argument.real_type()->kind() == c10::TypeKind::TensorType; }

// Of tensors that it is given: resize_, set_, squeeze_, any `out`, and what others' operators may do.
bool changes_shapes(const Node& node) {
  if (node.opcode != Opcode::kOperator) return false;
  const c10::FunctionSchema& schema = node.op->schema();
  if (node.op->hasTag(at::Tag::inplace_view)) return true;
  return std::ranges::any_of(schema.arguments(), [&](const c10::Argument& argument) {
    const bool writes = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
    return writes && (argument.kwarg_only() || !schema.name().starts_with("aten::"));
  });
}

bool changes_shapes(const Graph& graph) {
  return std::ranges::any_of(graph.nodes, [](const Node& node) {
    return changes_shapes(node) ||
           std::ranges::any_of(node.bodies, [](const Graph& body) { return changes_shapes(body); });
  });
}

std::optional<std::int64_t> constant_integer(const Argument& argument) {
  const bool is_given = argument.kind == ArgumentKind::kConstant && argument.constant.isInt();
  return is_given ? std::optional(argument.constant.toInt()) : std::nullopt;
}

class RankRules {
 public:
  RankRules(const Node& node, const std::vector<int>& ranks) : node_(node), ranks_(ranks) {}

  // Of the node's only result.
  int result() const {
    const c10::FunctionSchema& schema = node_.op->schema();
    const std::string_view name = schema.name();
    if (schema.returns().size() != 1 || !is_tensor_type(schema.returns()[0])) return kRankUnknown;
    if (node_.op->hasTag(at::Tag::pointwise)) return of_pointwise(schema);
    if (name == "aten::addmm" || name == "aten::mm") return 2;
    if (name == "aten::linear") return of_argument(1) == 2 ? of_argument(0) : kRankUnknown;
    if (name == "aten::flatten") return of_flatten();
    if (std::ranges::find(kListed, name) != std::end(kListed) && !schema.overload_name().starts_with("dtype"))
      return of_list(node_.arguments[1]);
    const auto* found = std::ranges::find(kFollowing, name, &Follows::name);
    if (found == std::end(kFollowing)) return kRankUnknown;
    const int rank = of_argument(found->argument);
    return rank == kRankUnknown || rank + found->more < 0 ? kRankUnknown : rank + found->more;
  }

 private:
  int of_argument(std::size_t index) const {
    const Argument& argument = node_.arguments[index];
    if (argument.kind == ArgumentKind::kNumberAsTensor) return 0;
    if (argument.kind == ArgumentKind::kConstant && argument.constant.isTensor()) {
      return argument.constant.toTensor().defined() ? static_cast<int>(argument.constant.toTensor().dim())
                                                    : kRankUnknown;
    }
    return argument.kind == ArgumentKind::kSlot ? ranks_[static_cast<std::size_t>(argument.slot)] : kRankUnknown;
  }

  // Arguments are broadcast.
  int of_pointwise(const c10::FunctionSchema& schema) const {
    int most = kRankUnknown;
    for (std::size_t i = 0; i < schema.arguments().size(); ++i) {
      const Argument& argument = node_.arguments[i];
      if (argument.kind == ArgumentKind::kConstant && argument.constant.isNone()) continue;
      const c10::TypePtr type = schema.arguments()[i].real_type();
      const bool may_be_tensor = is_tensor_type(schema.arguments()[i]) || type->kind() == c10::TypeKind::OptionalType ||
                                 type->kind() == c10::TypeKind::ListType;
      if (!may_be_tensor || (argument.kind == ArgumentKind::kConstant && !argument.constant.isTensor())) continue;
      const int rank = of_argument(i);
      if (rank == kRankUnknown) return kRankUnknown;
      most = std::max(most, rank);
    }
    return most;
  }

  int of_flatten() const {
    const int rank = of_argument(0);
    const auto start = constant_integer(node_.arguments[1]), end = constant_integer(node_.arguments[2]);
    if (rank == kRankUnknown || !start || !end) return kRankUnknown;
    if (rank == 0) return 1;
    const std::int64_t first = *start < 0 ? *start + rank : *start, last = *end < 0 ? *end + rank : *end;
    return first < 0 || last < first || last >= rank ? kRankUnknown : rank - static_cast<int>(last - first);
  }

  static int of_list(const Argument& argument) {
    if (argument.kind == ArgumentKind::kIntList) return static_cast<int>(argument.items.size());
    const bool is_list = argument.kind == ArgumentKind::kConstant && argument.constant.isIntList();
    return is_list ? static_cast<int>(argument.constant.toIntVector().size()) : kRankUnknown;
  }

  const Node& node_;
  const std::vector<int>& ranks_;
};

}  // namespace

std::vector<int> certain_ranks(const Graph& graph, const std::vector<std::pair<SlotId, int>>& given) {
  std::vector<int> ranks(graph.slots.size(), kRankUnknown);
  if (changes_shapes(graph)) return ranks;
  for (const auto& [slot, rank] : given) ranks[static_cast<std::size_t>(slot)] = rank;
  for (const Node& node : graph.nodes) {
    if (node.opcode != Opcode::kOperator || node.outputs.size() != 1 || node.outputs[0].is_list) continue;
    const SlotId result = node.outputs[0].slots[0];
    if (result != kNoSlot) ranks[static_cast<std::size_t>(result)] = RankRules(node, ranks).result();
  }
  return ranks;
}

bool has_bias(const Node& linear) {
  const Argument& bias = linear.arguments[2];
  return bias.kind != ArgumentKind::kConstant || !bias.constant.isNone();
}

}  // namespace oarlock
