#include "graph/trace_shapes.h"

#include <algorithm>
#include <utility>

namespace oarlock {
namespace {

constexpr ExportedDim kUnknownDim{ExportedDim::kNoExpression, ExportedDim::kExpression};

template <class Visit>
void for_each_result(const RecordedCall& call, const Visit& visit) {
  for (const NodeOutput& output : call.outputs) {
    for (const SlotId slot : output.slots) {
      if (slot != kNoSlot) visit(slot);
    }
  }
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

ExportedDim TracedShapes::exported_dim(const std::vector<std::int64_t>& sizes) const {
  if (is_fixed(sizes)) return {sizes[0], ExportedDim::kFixed};
  const std::optional<Affine> affine = fit_sizes(recordings_, sizes);
  if (!affine) return kUnknownDim;
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

std::optional<ExportedTensor> TracedShapes::exported(const TracedCall& call, SlotId slot) const {
  const auto index = static_cast<std::size_t>(slot);
  const RecordedValue& base = recordings_.front().values[index];
  if (base.dtype == at::ScalarType::Undefined) return std::nullopt;
  for (const Recording& recording : recordings_) {
    const RecordedValue& value = recording.values[index];
    if (value.dtype != base.dtype || value.shape.size() != base.shape.size()) return std::nullopt;
  }
  const auto cut = cut_.find(slot);
  ExportedTensor exported{base.dtype, {}, false};
  for (std::size_t dim = 0; dim < base.shape.size(); ++dim) {
    const bool is_cut = cut != cut_.end() && cut->second[dim];
    exported.shape.push_back(is_cut ? kUnknownDim : exported_dim(call.sizes_of(slot, static_cast<std::int64_t>(dim))));
  }
  return exported;
}

bool TracedShapes::is_cut(SlotId slot, std::size_t dim) const {
  const auto found = cut_.find(slot);
  return found != cut_.end() && found->second[dim];
}

// Of a slice: the dimension that it cuts, and what was cut before.
std::vector<bool> TracedShapes::cut_by_slice(const TracedCall& call) const {
  const SlotId given = call.tensors()[0];
  const std::optional<std::int64_t> cut = call.cut_dim();
  std::vector<bool> dims;
  for (std::size_t dim = 0; dim < call.num_dims(given); ++dim) {
    const bool is_sliced = static_cast<std::int64_t>(dim) == call.slice_dim();
    dims.push_back(is_cut(given, dim) || (is_sliced && cut));
  }
  return dims;
}

// Of arguments that are broadcast. A cut size is at most what it would be without the cut. So next to a size that is
// known and was the same in all runs, it is that size or 1, or the call fails; unless the known one is always 1.
std::vector<bool> TracedShapes::cut_by_broadcast(const TracedCall& call, SlotId result) const {
  const std::size_t rank = call.num_dims(result);
  std::vector<bool> dims(rank, false);
  for (std::size_t dim = 0; dim < rank; ++dim) {
    const std::vector<std::int64_t> wanted = call.sizes_of(result, static_cast<std::int64_t>(dim));
    bool some_cut = false, some_known = false, all_alike = true;
    for (const SlotId slot : call.tensors()) {
      if (call.num_dims(slot) + dim < rank) continue;
      const std::size_t own = call.num_dims(slot) + dim - rank;
      const bool is_alike = call.sizes_of(slot, static_cast<std::int64_t>(own)) == wanted;
      some_cut = some_cut || is_cut(slot, own);
      some_known = some_known || (is_alike && !is_cut(slot, own));
      all_alike = all_alike && (is_alike || !is_cut(slot, own));
    }
    const bool is_one = is_fixed(wanted) && wanted.front() == 1;
    dims[dim] = some_cut && !(some_known && all_alike && !is_one);
  }
  return dims;
}

bool TracedShapes::is_open(const TracedCall& call) const {
  if (call.follows_values()) return true;
  const std::vector<SlotId> given = call.tensors();
  if (std::ranges::any_of(given, [&](SlotId slot) { return open_.contains(slot); })) return true;
  if (call.is_limited()) return true;
  const bool some_cut = std::ranges::any_of(given, [&](SlotId slot) { return cut_.contains(slot); });
  return some_cut && !call.is_slice() && !call.is_elementwise();
}

void TracedShapes::add(std::size_t index) {
  const TracedCall call(recordings_, index);
  const bool is_open_call = !call.gives_number() && is_open(call);
  for_each_result(call.base(), [&](SlotId slot) {
    if (is_open_call) {
      open_.insert(slot);
      return;
    }
    std::vector<bool> cut;
    if (call.is_slice()) cut = cut_by_slice(call);
    if (call.is_elementwise()) cut = cut_by_broadcast(call, slot);
    if (std::ranges::find(cut, true) != cut.end()) cut_[slot] = std::move(cut);
    graph_.slots[static_cast<std::size_t>(slot)].exported = exported(call, slot);
  });
}

}  // namespace oarlock
