#include "graph/call_check.h"

#include <ATen/ops/isfinite.h>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/no_destructor.h"
#include "graph/number_check.h"
#include "graph/recurrent_check.h"
#include "tensor/describe.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// weight, bias and statistics: one element per channel, and statistics where none are computed.
Status check_normalisation(const CallArguments& call) {
  const c10::IValue& input = call["input"];
  if (!is_given(input) || input.toTensor().dim() < 2) {
    return invalid_argument("argument input has {} dimensions, at least 2 are needed",
                            is_given(input) ? input.toTensor().dim() : 0);
  }
  const std::int64_t channels = input.toTensor().size(1);
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    const c10::IValue& value = call[name];
    if (!is_given(value)) continue;
    if (value.toTensor().dim() == 1 && value.toTensor().size(0) == channels) continue;
    return invalid_argument("argument {} has shape {}, the input's {} channels need [{}]", name,
                            shape_text(value.toTensor().sizes()), channels, channels);
  }
  const c10::IValue& training = call["training"];
  const bool needs_statistics = contains(call.schema().name(), "_no_") || (training.isBool() && !training.toBool());
  for (const char* name : {"running_mean", "running_var"}) {
    if (needs_statistics && !is_given(call[name]))
      return invalid_argument("argument {} is None; it is needed when not training", name);
  }
  return Status::ok();
}

Status check_dims(const CallArguments& call, const char* name, std::int64_t dims) {
  const c10::IValue& value = call[name];
  if (!is_given(value) || value.toTensor().dim() == dims) return Status::ok();
  return invalid_argument("argument {} has shape {}, {} dimensions are needed", name,
                          shape_text(value.toTensor().sizes()), dims);
}

// Bags follow each other in `indices`. Nothing is allocated for it: sessions count.
template <class Integer>
Status check_bag_starts(const at::Tensor& offsets, std::int64_t num_indices) {
  const auto* starts = offsets.const_data_ptr<Integer>();
  std::int64_t last = 0;
  for (std::int64_t i = 0; i < offsets.numel(); ++i) {
    const auto start = static_cast<std::int64_t>(starts[i * offsets.stride(0)]);
    if (start < last || start > num_indices)
      return invalid_argument(
          "argument offsets holds {}, which is less than before or more than the number of indices, {}", start,
          num_indices);
    last = start;
  }
  return Status::ok();
}

Status check_bag_starts(const CallArguments& call) {
  const at::Tensor *indices = call.tensor("indices"), *offsets = call.tensor("offsets");
  if (indices == nullptr || offsets == nullptr || !offsets->device().is_cpu()) return Status::ok();
  if (offsets->numel() <= (call.flag("include_last_offset") ? 1 : 0) && indices->numel() > 0) {
    return invalid_argument("argument offsets has shape {}, which makes no bag for {} indices",
                            shape_text(offsets->sizes()), indices->numel());
  }
  if (offsets->scalar_type() == at::kInt) return check_bag_starts<std::int32_t>(*offsets, indices->numel());
  if (offsets->scalar_type() == at::kLong) return check_bag_starts<std::int64_t>(*offsets, indices->numel());
  return Status::ok();  // libtorch refuses it
}

// Of indices with two dimensions kernels read as many bags as there are indices, and have one for each row.
Status check_bags(const CallArguments& call) {
  OAR_TRY(check_dims(call, "weight", 2));
  OAR_TRY(check_dims(call, "indices", 1));
  OAR_TRY(check_dims(call, "offsets", 1));
  OAR_TRY(check_dims(call, "per_sample_weights", 1));
  const c10::IValue& mode = call["mode"];
  if (mode.isInt() && (mode.toInt() < 0 || mode.toInt() > 2))
    return invalid_argument("argument mode is {}; it is 0 (sum), 1 (mean) or 2 (max)", mode.toInt());
  return check_bag_starts(call);
}

// With enable_gqa the query's heads are divided by those of key and value.
Status check_attention(const CallArguments& call) {
  if (!call.flag("enable_gqa")) return Status::ok();
  for (const char* name : {"key", "value"}) {
    const c10::IValue& value = call[name];
    if (is_given(value) && value.toTensor().dim() >= 3 && value.toTensor().size(-3) > 0) continue;
    return invalid_argument("argument {} has shape {}; enable_gqa needs heads in the third dimension from the right",
                            name, is_given(value) ? shape_text(value.toTensor().sizes()) : "None");
  }
  return Status::ok();
}

// Of the kernel that aten::scaled_dot_product_attention looks at its arguments for.
Status check_flash_attention(const CallArguments& call) {
  for (const char* name : {"query", "key", "value"}) OAR_TRY(check_dims(call, name, 4));
  const at::Tensor *query = call.tensor("query"), *key = call.tensor("key"), *value = call.tensor("value");
  if (query == nullptr || key == nullptr || value == nullptr) return Status::ok();
  const bool fits = key->size(0) == query->size(0) && key->sizes() == value->sizes() && key->size(1) > 0 &&
                    key->size(2) > 0 && query->size(1) > 0 && query->size(2) > 0 &&
                    query->size(1) % key->size(1) == 0 && query->size(3) == key->size(3);
  if (!fits) {
    return invalid_argument("query {}, key {} and value {} do not fit each other, or have no heads or rows",
                            shape_text(query->sizes()), shape_text(key->sizes()), shape_text(value->sizes()));
  }
  const at::Tensor* mask = call.tensor("attn_mask");
  if (mask == nullptr || mask->numel() > 0) return Status::ok();
  return invalid_argument("argument attn_mask has shape {}, which is empty", shape_text(mask->sizes()));
}

Status check_padding(const CallArguments& call) {
  const c10::IValue& padding = call["padding"];
  constexpr std::size_t kSides = 6;
  if (padding.isList() && padding.toListRef().size() != kSides)
    return invalid_argument("argument padding has {} numbers, {} are needed", padding.toListRef().size(), kSides);
  return Status::ok();
}

// LAPACK does not come back from what is not finite.
Status check_finite(const CallArguments& call) {
  const char* name = call.schema().argumentIndexWithName("self") ? "self" : "input";
  const c10::IValue& matrix = call[name];
  if (!is_given(matrix) || !matrix.toTensor().device().is_cpu()) return Status::ok();
  const GradModeScope no_grad(false);
  if (at::isfinite(matrix.toTensor()).all().item().toBool()) return Status::ok();
  return invalid_argument("argument {} holds infinities or NaN, which have no eigenvalues", name);
}

// Labels are used as indices. What pads the rows of a matrix of labels is not read.
Status check_labels(const CallArguments& call) {
  const c10::IValue& scores = call["log_probs"];
  const c10::IValue& targets = call["targets"];
  if (!is_given(scores) || !is_given(targets) || scores.toTensor().dim() == 0) return Status::ok();
  if (!targets.toTensor().device().is_cpu() || !at::isIntegralType(targets.toTensor().scalar_type(), false))
    return Status::ok();
  const GradModeScope no_grad(false);
  const std::int64_t classes = scores.toTensor().size(-1);
  const std::vector<std::int64_t> labels = numbers_in(targets);
  const std::vector<std::int64_t> lengths = numbers_in(call["target_lengths"]);
  const bool is_padded = targets.toTensor().dim() == 2;
  const std::int64_t width = is_padded ? targets.toTensor().size(1) : static_cast<std::int64_t>(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = is_padded ? i / static_cast<std::size_t>(width) : 0;
    const auto column = static_cast<std::int64_t>(i) - static_cast<std::int64_t>(row) * width;
    if (is_padded && row < lengths.size() && column >= lengths[row]) continue;
    if (labels[i] < 0 || labels[i] >= classes)
      return invalid_argument("argument targets holds the label {}, log_probs has {} classes", labels[i], classes);
  }
  return Status::ok();
}

Status check_rows(const CallArguments& call) {
  OAR_TRY(check_dims(call, "self", 2));
  const at::Tensor* self = call.tensor("self");
  if (self == nullptr || self->size(0) > 0 || !self->requires_grad()) return Status::ok();
  return invalid_argument("argument self has shape {}: there is no way back from no rows", shape_text(self->sizes()));
}

// One scale for each row (dim 0) or column (the last one) of v.
Status check_weight_norm(const CallArguments& call) {
  const at::Tensor *v = call.tensor("v"), *g = call.tensor("g");
  const std::optional<std::int64_t> dim = call.integer("dim");
  if (v == nullptr || g == nullptr || !dim || (*dim != 0 && *dim != v->dim() - 1) || v->dim() == 0)
    return Status::ok();  // libtorch takes operators that check, or refuses it
  if (v->size(*dim) > 0 && g->numel() == v->size(*dim)) return Status::ok();
  return invalid_argument(
      "argument g has shape {}; v of shape {} has {} norms along dimension {}, at least 1 is needed",
      shape_text(g->sizes()), shape_text(v->sizes()), v->size(*dim), *dim);
}

Status check_pivots(const CallArguments& call) {
  const at::Tensor *factors = call.tensor("LU_data"), *pivots = call.tensor("LU_pivots");
  const c10::IValue& unpacks = call["unpack_pivots"];
  const bool is_read = !unpacks.isBool() || unpacks.toBool();
  if (factors == nullptr || pivots == nullptr || factors->dim() < 2 || !is_read) return Status::ok();
  std::vector<std::int64_t> wanted = factors->sizes().slice(0, static_cast<std::size_t>(factors->dim()) - 2).vec();
  wanted.push_back(std::min(factors->size(-1), factors->size(-2)));
  if (pivots->sizes() == at::IntArrayRef(wanted)) return Status::ok();
  return invalid_argument("argument LU_pivots has shape {}, {} is needed", shape_text(pivots->sizes()),
                          shape_text(wanted));
}

Status refuse_layer(const CallArguments&) {
  return invalid_argument("it trusts the shapes of its arguments; call aten::lstm, which runs it");
}

Status check_transform(const CallArguments& call) {
  const c10::IValue& self = call["self"];
  const c10::IValue& normalization = call["normalization"];
  if (!is_given(self)) return Status::ok();
  const std::int64_t dims = self.toTensor().dim();
  std::vector<bool> seen(static_cast<std::size_t>(dims));
  for (const std::int64_t dim : numbers_in(call["dim"])) {
    if (dim < 0 || dim >= dims || seen[static_cast<std::size_t>(dim)])
      return invalid_argument("argument dim holds {}, of {} dimensions each may be given once, counted from 0", dim,
                              dims);
    seen[static_cast<std::size_t>(dim)] = true;
  }
  if (normalization.isInt() && (normalization.toInt() < 0 || normalization.toInt() > 2))
    return invalid_argument("argument normalization is {}; it is 0, 1 or 2", normalization.toInt());
  return Status::ok();
}

constexpr std::string_view kPolynomials = "aten::special_*_polynomial_*";

constexpr std::pair<std::string_view, CallCheck> kChecks[] = {
    {kPolynomials, check_degree},
    {"aten::native_batch_norm", check_normalisation},
    {"aten::_native_batch_norm_legit", check_normalisation},
    {"aten::_native_batch_norm_legit_functional", check_normalisation},
    {"aten::_native_batch_norm_legit_no_training", check_normalisation},
    {"aten::_batch_norm_with_update", check_normalisation},
    {"aten::_batch_norm_with_update_functional", check_normalisation},
    {"aten::_batch_norm_no_update", check_normalisation},
    {"aten::embedding_bag", check_bags},
    {"aten::_embedding_bag", check_bags},
    {"aten::_embedding_bag_forward_only", check_bags},
    {"aten::scaled_dot_product_attention", check_attention},
    {"aten::_scaled_dot_product_attention_math", check_attention},
    {"aten::reflection_pad3d", check_padding},
    {"aten::linalg_eigvals", check_finite},
    {"aten::_linalg_eigvals", check_finite},
    {"aten::arange", check_step},
    {"aten::range", check_step},
    {"aten::pdist", check_rows},
    {"aten::_pdist_forward", check_rows},
    {"aten::_scaled_dot_product_flash_attention_for_cpu", check_flash_attention},
    {"aten::_native_multi_head_attention", check_heads},
    {"aten::_transformer_encoder_layer_fwd", check_heads},
    {"aten::_weight_norm", check_weight_norm},
    {"aten::_weight_norm_interface", check_weight_norm},
    {"aten::lu_unpack", check_pivots},
    {"aten::lcm", check_multiple},
    {"aten::lcm_", check_multiple},
    {"aten::div", check_division},
    {"aten::div_", check_division},
    {"aten::divide", check_division},
    {"aten::divide_", check_division},
    {"aten::matrix_power", check_exponent},
    {"aten::linalg_matrix_power", check_exponent},
    {"aten::random", check_from},
    {"aten::random_", check_from},
    {"aten::binomial", check_trials},
    {"aten::max_pool1d", check_pool},
    {"aten::avg_pool2d", check_divisor},
    {"aten::avg_pool3d", check_divisor},
    {"aten::col2im", check_windows},
    {"aten::im2col", check_windows},
    {"aten::thnn_conv2d", check_windows},
    {"aten::_slow_conv2d_forward", check_windows},
    {"aten::slow_conv_transpose3d", check_windows},
    {"aten::_fft_r2c", check_transform},
    {"aten::_fft_c2r", check_transform},
    {"aten::_fft_c2c", check_transform},
    {"aten::_pad_packed_sequence", check_batch_sizes},
    {"aten::rnn_tanh", check_batch_sizes},
    {"aten::rnn_relu", check_batch_sizes},
    {"aten::gru", check_batch_sizes},
    {"aten::lstm", check_lstm},
    {"aten::mkldnn_rnn_layer", refuse_layer},
    {"aten::ctc_loss", check_labels},
    {"aten::_ctc_loss", check_labels},
};

}  // namespace

CallCheck call_check(const c10::FunctionSchema& schema) {
  using Table = std::unordered_map<std::string_view, CallCheck>;
  static NoDestructor<Table> checks(std::begin(kChecks), std::end(kChecks));
  const std::string_view name = schema.name();
  const bool is_polynomial = name.starts_with("aten::special_") && contains(name, "_polynomial_");
  const auto found = checks->find(is_polynomial ? kPolynomials : name);
  return found == checks->end() ? nullptr : found->second;
}

int statistics_flag(const c10::FunctionSchema& schema) {
  if (!schema.argumentIndexWithName("running_mean") || contains(schema.name(), "backward")) return -1;
  for (const char* name : {"training", "use_input_stats", "train"}) {
    if (const auto index = schema.argumentIndexWithName(name)) return *index;
  }
  return -1;
}

bool writes_argument(const c10::FunctionSchema& schema, std::size_t index, const c10::IValue& training) {
  const c10::Argument& argument = schema.arguments()[index];
  if (argument.alias_info() != nullptr && argument.alias_info()->isWrite()) return true;
  if (argument.name() != "running_mean" && argument.name() != "running_var") return false;
  if (contains(schema.name(), "_functional")) return false;
  return statistics_flag(schema) >= 0 && (!training.isBool() || training.toBool());
}

}  // namespace oarlock
