#include "graph/trace_shapes.h"

#include <ATen/core/enum_tag.h>

#include <algorithm>
#include <string_view>

namespace oarlock {
namespace {

// What gives the smaller of two sizes.
constexpr std::string_view kClamping[] = {"aten::slice", "aten::diag", "aten::linalg_", "aten::svd", "aten::qr"};

bool clamps(const RecordedCall& call) {
  const std::string& name = call.op.schema().name();
  return std::ranges::any_of(kClamping, [&](std::string_view begin) { return name.starts_with(begin); });
}

template <class Visit>
void for_each_result(const RecordedCall& call, const Visit& visit) {
  for (const NodeOutput& output : call.outputs) {
    for (const SlotId slot : output.slots) {
      if (slot != kNoSlot) visit(slot);
    }
  }
}

template <class Holds>
bool some_argument(const RecordedCall& call, const Holds& holds) {
  return std::ranges::any_of(call.arguments, [&](const RecordedArgument& argument) {
    return std::ranges::any_of(argument.items,
                               [&](const RecordedItem& item) { return item.slot != kNoSlot && holds(item.slot); });
  });
}

bool is_fixed(const std::vector<std::int64_t>& sizes) {
  return std::ranges::all_of(sizes, [&](std::int64_t size) { return size == sizes.front(); });
}

}  // namespace

std::optional<Affine> fit_sizes(std::span<const Recording> recordings, const std::vector<std::int64_t>& values) {
  const std::vector<std::int64_t>& base = recordings.front().sizes;
  Affine affine{values[0], {}};
  std::int64_t change = 0, product = 0;
  for (std::size_t s = 0; s < base.size(); ++s) {
    const std::int64_t step = recordings[1 + s].sizes[s] - base[s];
    if (__builtin_sub_overflow(values[1 + s], values[0], &change) || change % step != 0) return std::nullopt;
    affine.coefficients.push_back(change / step);
    if (__builtin_mul_overflow(change / step, base[s], &product)) return std::nullopt;
    if (__builtin_sub_overflow(affine.constant, product, &affine.constant)) return std::nullopt;
  }
  std::int64_t last = affine.constant;
  for (std::size_t s = 0; s < base.size(); ++s) {
    if (__builtin_mul_overflow(affine.coefficients[s], recordings.back().sizes[s], &product)) return std::nullopt;
    if (__builtin_add_overflow(last, product, &last)) return std::nullopt;
  }
  if (last != values.back()) return std::nullopt;
  return affine;
}

std::optional<std::int64_t> whole_number(const c10::IValue& value) {
  constexpr double kExactMax = 9007199254740992.0;  // 2^53
  if (value.isInt()) return value.toInt();
  if (!value.isDouble() || !(value.toDouble() >= -kExactMax && value.toDouble() <= kExactMax)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(value.toDouble());
  return static_cast<double>(whole) == value.toDouble() ? std::optional(whole) : std::nullopt;
}

bool TracedShapes::depends_on_values(const RecordedCall& call) const {
  // Custom operators do not always say so.
  return !call.op.schema().name().starts_with("aten::") || call.op.hasTag(at::Tag::dynamic_output_shape) ||
         some_argument(call, [&](SlotId slot) { return open_.contains(slot); });
}

bool TracedShapes::varies(SlotId slot) const {
  const auto& first = recordings_.front().values[static_cast<std::size_t>(slot)].shape;
  return std::ranges::any_of(recordings_, [&](const Recording& recording) {
    return recording.values[static_cast<std::size_t>(slot)].shape != first;
  });
}

ExportedDim TracedShapes::exported_dim(const std::vector<std::int64_t>& sizes) const {
  const ExportedDim unknown{ExportedDim::kNoExpression, ExportedDim::kExpression};
  if (is_fixed(sizes)) return clamped_.contains(sizes[0]) ? unknown : ExportedDim{sizes[0], ExportedDim::kFixed};
  const std::optional<Affine> affine = fit_sizes(recordings_, sizes);
  if (!affine) return unknown;
  SizeExpression expression;
  std::int32_t symbol = 0;
  const auto add = [&] {
    if (expression.terms().size() > 1 && !expression.is_complete()) expression.append({SizeOp::kAdd, 0});
  };
  for (std::size_t s = 0; s < affine->coefficients.size(); ++s) {
    const std::int64_t coefficient = affine->coefficients[s];
    if (coefficient == 0) continue;
    if (coefficient != 1) expression.append({SizeOp::kConstant, coefficient});
    expression.append({SizeOp::kVariable, static_cast<std::int64_t>(s)});
    if (coefficient != 1) expression.append({SizeOp::kMul, 0});
    add();
    symbol = static_cast<std::int32_t>(s);
  }
  if (expression.terms().size() == 1 && affine->constant == 0) return {0, symbol};
  if (affine->constant != 0) expression.append({SizeOp::kConstant, affine->constant});
  add();
  graph_.expressions.push_back(std::move(expression));
  return {static_cast<std::int64_t>(graph_.expressions.size()) - 1, ExportedDim::kExpression};
}

std::optional<ExportedTensor> TracedShapes::exported(SlotId slot) const {
  const auto index = static_cast<std::size_t>(slot);
  const RecordedValue& base = recordings_.front().values[index];
  if (base.dtype == at::ScalarType::Undefined) return std::nullopt;
  for (const Recording& recording : recordings_) {
    const RecordedValue& value = recording.values[index];
    if (value.dtype != base.dtype || value.shape.size() != base.shape.size()) return std::nullopt;
  }
  ExportedTensor exported{base.dtype, {}, false};
  for (std::size_t dim = 0; dim < base.shape.size(); ++dim) {
    exported.shape.push_back(exported_dim(sizes_of(slot, dim)));
  }
  return exported;
}

std::vector<std::int64_t> TracedShapes::sizes_of(SlotId slot, std::size_t dim) const {
  std::vector<std::int64_t> sizes;
  for (const Recording& recording : recordings_) {
    const std::vector<std::int64_t>& shape = recording.values[static_cast<std::size_t>(slot)].shape;
    sizes.push_back(dim < shape.size() ? shape[dim] : kSizeUnknown);
  }
  return sizes;
}

void TracedShapes::note_clamped(const RecordedCall& call) {
  if (!some_argument(call, [&](SlotId slot) { return varies(slot); })) return;
  for_each_result(call, [&](SlotId slot) {
    for (std::size_t dim = 0; dim < recordings_.front().values[static_cast<std::size_t>(slot)].shape.size(); ++dim) {
      const std::vector<std::int64_t> sizes = sizes_of(slot, dim);
      const bool is_kept = some_argument(call, [&](SlotId given) { return sizes_of(given, dim) == sizes; });
      if (is_fixed(sizes) && !is_kept) clamped_.insert(sizes.front());
    }
  });
}

void TracedShapes::add(std::size_t call) {
  const RecordedCall& base = recordings_.front().calls[call];
  const bool is_open = depends_on_values(base);
  if (!is_open && clamps(base)) note_clamped(base);
  for_each_result(base, [&](SlotId slot) {
    if (is_open) {
      open_.insert(slot);
    } else {
      graph_.slots[static_cast<std::size_t>(slot)].exported = exported(slot);
    }
  });
}

}  // namespace oarlock
