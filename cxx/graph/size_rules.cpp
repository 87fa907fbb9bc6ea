#include "graph/size_rules.h"

#include <ATen/core/enum_tag.h>

#include <algorithm>
#include <string_view>

#include "graph/trace_shapes.h"

namespace oarlock {
namespace {

// Operators by values that libtorch does not tag as such.
constexpr std::string_view kByValues[] = {"aten::nonzero_numpy",
                                          "aten::_pad_packed_sequence",
                                          "aten::_pack_padded_sequence",
                                          "aten::indices",
                                          "aten::_indices",
                                          "aten::values",
                                          "aten::_values",
                                          "aten::to_padded_tensor"};

// The smaller of two sizes, by how names begin.
constexpr std::string_view kSmaller[] = {"aten::diag",
                                         "aten::linalg_diagonal",
                                         "aten::linalg_svd",
                                         "aten::_linalg_svd",
                                         "aten::linalg_qr",
                                         "aten::svd",
                                         "aten::qr",
                                         "aten::linalg_lu",
                                         "aten::linalg_lstsq",
                                         "aten::_lu_with_info",
                                         "aten::geqrf",
                                         "aten::lu_unpack",
                                         "aten::tril_indices",
                                         "aten::triu_indices",
                                         "aten::linalg_tensorsolve",
                                         "aten::pinverse",
                                         "aten::linalg_pinv",
                                         "aten::cumulative_trapezoid"};

// Quotients by strides, windows and scales, of the last dimensions.
constexpr std::string_view kWindows[] = {
    "aten::max_pool",  "aten::avg_pool",   "aten::lp_pool",   "aten::conv",    "aten::_conv",
    "aten::im2col",    "aten::upsample",   "aten::_upsample", "aten::stft",    "aten::istft",
    "aten::slow_conv", "aten::_slow_conv", "aten::thnn_conv", "aten::mkldnn_", "aten::pixel_unshuffle"};

// Along the argument dim: parts of as equal a size as can be, windows, differences of which none may be left.
constexpr std::string_view kAlongDim[] = {"aten::chunk", "aten::unsafe_chunk", "aten::tensor_split", "aten::diff",
                                          "aten::unfold"};

constexpr std::string_view kAlike[] = {"aten::to",      "aten::_to_copy",    "aten::contiguous",
                                       "aten::dropout", "aten::detach",      "aten::alias",
                                       "aten::softmax", "aten::log_softmax", "aten::leaky_relu"};

constexpr std::string_view kReductions[] = {"aten::sum", "aten::mean", "aten::prod", "aten::max",
                                            "aten::min", "aten::any",  "aten::all",  "aten::median"};

template <std::size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

template <std::size_t N>
bool begins_as_one_of(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view begin) { return name.starts_with(begin); });
}

bool is_fixed(const std::vector<std::int64_t>& sizes) {
  return std::ranges::all_of(sizes, [&](std::int64_t size) { return size == sizes.front(); });
}

// "max_pool2d_with_indices": 2; 0: the name does not tell.
std::size_t dims_in_name(std::string_view name) {
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (name[i] == 'd' && name[i - 1] >= '1' && name[i - 1] <= '3') return static_cast<std::size_t>(name[i - 1] - '0');
  }
  return 0;
}

std::int64_t wrapped(std::int64_t dim, std::size_t num_dims) {
  return dim < 0 ? dim + static_cast<std::int64_t>(num_dims) : dim;
}

}  // namespace

std::vector<std::int64_t> TracedCall::sizes_of(SlotId slot, std::int64_t dim) const {
  std::vector<std::int64_t> sizes;
  for (const Recording& recording : recordings_) {
    const std::vector<std::int64_t>& shape = recording.values[static_cast<std::size_t>(slot)].shape;
    sizes.push_back(dim < std::ssize(shape) ? shape[static_cast<std::size_t>(dim)] : kSizeUnknown);
  }
  return sizes;
}

std::size_t TracedCall::num_dims(SlotId slot) const {
  return recordings_.front().values[static_cast<std::size_t>(slot)].shape.size();
}

bool TracedCall::varies(SlotId slot, std::int64_t dim) const { return !is_fixed(sizes_of(slot, dim)); }

std::vector<SlotId> TracedCall::tensors() const {
  std::vector<SlotId> slots;
  for (const RecordedArgument& argument : base().arguments) {
    for (const RecordedItem& item : argument.items) {
      if (item.slot != kNoSlot) slots.push_back(item.slot);
    }
  }
  return slots;
}

const RecordedArgument* TracedCall::argument(const char* name) const {
  const auto position = base().op.schema().argumentIndexWithName(name);
  return position ? &base().arguments[static_cast<std::size_t>(*position)] : nullptr;
}

bool TracedCall::is_none(const char* name) const {
  const RecordedArgument* given = argument(name);
  return given == nullptr || given->items.empty() ||
         (given->items[0].slot == kNoSlot && given->items[0].constant.isNone());
}

std::optional<std::int64_t> TracedCall::integer(const char* name) const {
  const auto position = base().op.schema().argumentIndexWithName(name);
  if (!position || is_none(name)) return std::nullopt;
  std::optional<std::int64_t> same;
  for (const Recording& recording : recordings_) {
    const auto& items = recording.calls[index_].arguments[static_cast<std::size_t>(*position)].items;
    if (items.size() != 1 || !items[0].constant.isInt() || (same && *same != items[0].constant.toInt()))
      return std::nullopt;
    same = items[0].constant.toInt();
  }
  return same;
}

std::vector<std::int64_t> TracedCall::integers(const char* name) const {
  std::vector<std::int64_t> numbers;
  if (const RecordedArgument* given = argument(name)) {
    for (const RecordedItem& item : given->items) {
      if (item.constant.isInt()) numbers.push_back(item.constant.toInt());
    }
  }
  return numbers;
}

bool TracedCall::number_varies() const {
  for (std::size_t i = 0; i < base().arguments.size(); ++i) {
    const std::vector<RecordedItem>& items = base().arguments[i].items;
    for (const Recording& recording : recordings_) {
      const std::vector<RecordedItem>& others = recording.calls[index_].arguments[i].items;
      const bool same = std::ranges::equal(items, others, [](const RecordedItem& mine, const RecordedItem& theirs) {
        return whole_number(mine.constant) == whole_number(theirs.constant);
      });
      if (!same) return true;
    }
  }
  return false;
}

bool TracedCall::something_varies() const {
  return number_varies() || std::ranges::any_of(tensors(), [&](SlotId slot) {
           for (std::size_t dim = 0; dim < num_dims(slot); ++dim) {
             if (varies(slot, static_cast<std::int64_t>(dim))) return true;
           }
           return false;
         });
}

bool TracedCall::last_dims_vary(std::size_t count) const {
  const std::vector<SlotId> given = tensors();
  if (given.empty() || count == 0 || number_varies()) return something_varies();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::size_t rank = num_dims(given[i]);
    for (std::size_t dim = i > 0 || rank < count ? 0 : rank - count; dim < rank; ++dim) {
      if (varies(given[i], static_cast<std::int64_t>(dim))) return true;
    }
  }
  return false;
}

bool TracedCall::varies_along(const char* name) const {
  const std::vector<SlotId> given = tensors();
  const std::optional<std::int64_t> dim = integer(name);
  if (given.size() != 1 || !dim || number_varies()) return something_varies();
  return varies(given[0], wrapped(*dim, num_dims(given[0])));
}

bool TracedCall::follows_values() const {
  const c10::FunctionSchema& schema = base().op.schema();
  const std::string_view name = schema.name();
  if (!name.starts_with("aten::") || base().op.hasTag(at::Tag::dynamic_output_shape)) return true;
  if (name == "aten::where") return schema.arguments().size() == 1;
  if (name == "aten::repeat_interleave") return schema.overload_name() != "self_int";
  if (name == "aten::tensor_split") return schema.overload_name() == "tensor_indices_or_sections";
  return is_one_of(kByValues, name);
}

bool TracedCall::gives_number() const {
  const c10::FunctionSchema& schema = base().op.schema();
  if (argument("reduction") != nullptr && schema.name().starts_with("aten::"))
    return integer("reduction").value_or(0) != 0 && !schema.returns().empty() && base().outputs.size() == 1;
  return is_one_of(kReductions, schema.name()) && schema.returns().size() == 1 && argument("dim") == nullptr &&
         argument("other") == nullptr && argument("out") == nullptr;
}

bool TracedCall::is_elementwise() const {
  const std::string_view name = base().op.schema().name();
  return name.starts_with("aten::") && (base().op.hasTag(at::Tag::pointwise) || is_one_of(kAlike, name));
}

bool TracedCall::squeezes_what_varies() const {
  const std::vector<SlotId> given = tensors();
  if (argument("dim") == nullptr) return something_varies();
  return std::ranges::any_of(integers("dim"),
                             [&](std::int64_t dim) { return varies(given[0], wrapped(dim, num_dims(given[0]))); });
}

bool TracedCall::is_limited() const {
  const std::string_view name = base().op.schema().name();
  if (name.starts_with("aten::squeeze")) return squeezes_what_varies();
  if (name == "aten::arange" || name == "aten::range")
    return number_varies() && argument("step") != nullptr && integer("step") != 1;
  if (begins_as_one_of(kSmaller, name)) return something_varies();
  if (is_one_of(kAlongDim, name)) return varies_along(name == "aten::unfold" ? "dimension" : "dim");
  if (name.ends_with("split") && name != "aten::split" && name != "aten::unsafe_split")
    return something_varies();  // hsplit, vsplit, dsplit
  if (!begins_as_one_of(kWindows, name)) return false;
  const std::vector<std::int64_t> strides = integers("stride");
  const bool is_exact =
      name.starts_with("aten::conv") && (name.starts_with("aten::conv_transpose") ||
                                         (!strides.empty() && std::ranges::count(strides, 1) == std::ssize(strides)));
  const bool is_general = name == "aten::convolution" || name == "aten::_convolution";
  const std::size_t rank = tensors().empty() ? 0 : num_dims(tensors()[0]);
  return !is_exact && last_dims_vary(is_general && rank > 2 ? rank - 2 : dims_in_name(name));
}

bool TracedCall::is_slice() const { return base().op.schema().name() == "aten::slice"; }

std::int64_t TracedCall::slice_dim() const { return wrapped(integer("dim").value_or(0), num_dims(tensors()[0])); }

std::optional<std::int64_t> TracedCall::cut_dim() const {
  const std::int64_t dim = slice_dim();
  if (!varies(tensors()[0], dim) && !number_varies()) return std::nullopt;
  const bool from_start = is_none("start") || integer("start") == 0;
  const bool to_end = is_none("end") || integer("end") == INT64_MAX;
  return from_start && to_end && integer("step") == 1 ? std::nullopt : std::optional(dim);
}

}  // namespace oarlock
