#include "graph/call_check.h"

#include <ATen/ops/isfinite.h>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/no_destructor.h"
#include "tensor/describe.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

using Arguments = std::span<const c10::IValue>;

const c10::IValue& named(const c10::FunctionSchema& schema, Arguments arguments, const char* name) {
  static NoDestructor<c10::IValue> none;
  const auto index = schema.argumentIndexWithName(name);
  return index ? arguments[static_cast<std::size_t>(*index)] : *none;
}

bool is_given(const c10::IValue& value) { return value.isTensor() && value.toTensor().defined(); }
bool is_true(const c10::IValue& value) { return value.isBool() && value.toBool(); }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// weight, bias and statistics: one element per channel, and statistics where none are computed.
Status check_normalisation(const c10::FunctionSchema& schema, Arguments arguments) {
  const c10::IValue& input = named(schema, arguments, "input");
  if (!is_given(input) || input.toTensor().dim() < 2) {
    return invalid_argument("argument input has {} dimensions, at least 2 are needed",
                            is_given(input) ? input.toTensor().dim() : 0);
  }
  const std::int64_t channels = input.toTensor().size(1);
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    const c10::IValue& value = named(schema, arguments, name);
    if (!is_given(value)) continue;
    if (value.toTensor().dim() == 1 && value.toTensor().size(0) == channels) continue;
    return invalid_argument("argument {} has shape {}, the input's {} channels need [{}]", name,
                            shape_text(value.toTensor().sizes()), channels, channels);
  }
  const c10::IValue& training = named(schema, arguments, "training");
  const bool needs_statistics = contains(schema.name(), "_no_") || (training.isBool() && !training.toBool());
  for (const char* name : {"running_mean", "running_var"}) {
    if (needs_statistics && !is_given(named(schema, arguments, name)))
      return invalid_argument("argument {} is None; it is needed when not training", name);
  }
  return Status::ok();
}

Status check_dims(const c10::FunctionSchema& schema, Arguments arguments, const char* name, std::int64_t dims) {
  const c10::IValue& value = named(schema, arguments, name);
  if (!is_given(value) || value.toTensor().dim() == dims) return Status::ok();
  return invalid_argument("argument {} has shape {}, {} dimensions are needed", name,
                          shape_text(value.toTensor().sizes()), dims);
}

Status check_bags(const c10::FunctionSchema& schema, Arguments arguments) {
  OAR_TRY(check_dims(schema, arguments, "weight", 2));
  OAR_TRY(check_dims(schema, arguments, "indices", 1));
  OAR_TRY(check_dims(schema, arguments, "offsets", 1));
  OAR_TRY(check_dims(schema, arguments, "per_sample_weights", 1));
  const c10::IValue& mode = named(schema, arguments, "mode");
  if (mode.isInt() && (mode.toInt() < 0 || mode.toInt() > 2))
    return invalid_argument("argument mode is {}; it is 0 (sum), 1 (mean) or 2 (max)", mode.toInt());
  return Status::ok();
}

// With enable_gqa the query's heads are divided by those of key and value.
Status check_attention(const c10::FunctionSchema& schema, Arguments arguments) {
  if (!is_true(named(schema, arguments, "enable_gqa"))) return Status::ok();
  for (const char* name : {"key", "value"}) {
    const c10::IValue& value = named(schema, arguments, name);
    if (is_given(value) && value.toTensor().dim() >= 3 && value.toTensor().size(-3) > 0) continue;
    return invalid_argument("argument {} has shape {}; enable_gqa needs heads in the third dimension from the right",
                            name, is_given(value) ? shape_text(value.toTensor().sizes()) : "None");
  }
  return Status::ok();
}

Status check_padding(const c10::FunctionSchema& schema, Arguments arguments) {
  const c10::IValue& padding = named(schema, arguments, "padding");
  constexpr std::size_t kSides = 6;
  if (padding.isList() && padding.toListRef().size() != kSides)
    return invalid_argument("argument padding has {} numbers, {} are needed", padding.toListRef().size(), kSides);
  return Status::ok();
}

// LAPACK does not come back from what is not finite.
Status check_finite(const c10::FunctionSchema& schema, Arguments arguments) {
  const char* name = schema.argumentIndexWithName("self") ? "self" : "input";
  const c10::IValue& matrix = named(schema, arguments, name);
  if (!is_given(matrix) || !matrix.toTensor().device().is_cpu()) return Status::ok();
  const GradModeScope no_grad(false);
  if (at::isfinite(matrix.toTensor()).all().item().toBool()) return Status::ok();
  return invalid_argument("argument {} holds infinities or NaN, which have no eigenvalues", name);
}

// The number of results is divided by the step as the results' dtype has it.
Status check_step(const c10::FunctionSchema& schema, Arguments arguments) {
  const c10::IValue& out = named(schema, arguments, "out");
  const c10::IValue& dtype = named(schema, arguments, "dtype");
  at::ScalarType type = at::kFloat;
  if (is_given(out)) type = out.toTensor().scalar_type();
  if (dtype.isInt()) type = static_cast<at::ScalarType>(dtype.toInt());
  const c10::IValue& step = named(schema, arguments, "step");
  if (step.isNone() || !at::isIntegralType(type, true)) return Status::ok();
  const at::Scalar value = step.toScalar();
  const double real = value.toDouble();
  if (real >= 1 || real <= -1) return Status::ok();
  return invalid_argument("argument step is {}, which integers cannot count by", real);
}

// As many weights as layers, directions and biases say; both states.
Status check_lstm(const c10::FunctionSchema& schema, Arguments arguments) {
  const c10::IValue& params = named(schema, arguments, "params");
  const c10::IValue& states = named(schema, arguments, "hx");
  const c10::IValue& layers = named(schema, arguments, "num_layers");
  if (!params.isList() || !states.isList() || !layers.isInt()) return Status::ok();
  const auto count = static_cast<std::int64_t>(params.toListRef().size());
  const bool has_biases = is_true(named(schema, arguments, "has_biases"));
  const std::int64_t directions = is_true(named(schema, arguments, "bidirectional")) ? 2 : 1;
  const std::int64_t plain = has_biases ? 4 : 2, projected = plain + 1;
  const bool fits = layers.toInt() > 0 && count % directions == 0 && count / directions % layers.toInt() == 0 &&
                    (count / directions / layers.toInt() == plain || count / directions / layers.toInt() == projected);
  if (!fits) {
    return invalid_argument(
        "argument params has {} tensors; {} layers in {} directions need {} each, or {} with projections", count,
        layers.toInt(), directions, plain, projected);
  }
  if (states.toListRef().size() != 2)
    return invalid_argument("argument hx has {} tensors, two are needed: h and c", states.toListRef().size());
  for (const c10::IValue& state : states.toListRef()) {
    if (!is_given(state) || state.toTensor().dim() != 3)
      return invalid_argument("argument hx has a tensor of shape {}, 3 dimensions are needed",
                              is_given(state) ? shape_text(state.toTensor().sizes()) : "None");
  }
  return Status::ok();
}

std::vector<std::int64_t> numbers_in(const c10::IValue& value) {
  if (value.isIntList()) return value.toIntVector();
  std::vector<std::int64_t> numbers;
  if (!is_given(value)) return numbers;
  const at::Tensor tensor = value.toTensor().detach().to(at::TensorOptions(at::kCPU).dtype(at::kLong)).contiguous();
  numbers.assign(tensor.const_data_ptr<std::int64_t>(), tensor.const_data_ptr<std::int64_t>() + tensor.numel());
  return numbers;
}

// Labels are used as indices. What pads the rows of a matrix of labels is not read.
Status check_labels(const c10::FunctionSchema& schema, Arguments arguments) {
  const c10::IValue& scores = named(schema, arguments, "log_probs");
  const c10::IValue& targets = named(schema, arguments, "targets");
  if (!is_given(scores) || !is_given(targets) || scores.toTensor().dim() == 0) return Status::ok();
  if (!targets.toTensor().device().is_cpu() || !at::isIntegralType(targets.toTensor().scalar_type(), false))
    return Status::ok();
  const GradModeScope no_grad(false);
  const std::int64_t classes = scores.toTensor().size(-1);
  const std::vector<std::int64_t> labels = numbers_in(targets);
  const std::vector<std::int64_t> lengths = numbers_in(named(schema, arguments, "target_lengths"));
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

Status check_rows(const c10::FunctionSchema& schema, Arguments arguments) {
  return check_dims(schema, arguments, "self", 2);
}

Status check_transform(const c10::FunctionSchema& schema, Arguments arguments) {
  const c10::IValue& self = named(schema, arguments, "self");
  const c10::IValue& normalization = named(schema, arguments, "normalization");
  if (!is_given(self)) return Status::ok();
  const std::int64_t dims = self.toTensor().dim();
  std::vector<bool> seen(static_cast<std::size_t>(dims));
  for (std::int64_t dim : numbers_in(named(schema, arguments, "dim"))) {
    const std::int64_t given = dim;
    if (dim < 0) dim += dims;
    if (dim < 0 || dim >= dims || seen[static_cast<std::size_t>(dim)])
      return invalid_argument("argument dim holds {}, of {} dimensions each may be given once", given, dims);
    seen[static_cast<std::size_t>(dim)] = true;
  }
  if (normalization.isInt() && (normalization.toInt() < 0 || normalization.toInt() > 2))
    return invalid_argument("argument normalization is {}; it is 0, 1 or 2", normalization.toInt());
  return Status::ok();
}

// How many sequences each step has: they end one by one.
Status check_batch_sizes(const c10::FunctionSchema& schema, Arguments arguments) {
  const c10::IValue& data = named(schema, arguments, "data");
  const c10::IValue& given = named(schema, arguments, "batch_sizes");
  if (!is_given(data) || !is_given(given) || !at::isIntegralType(given.toTensor().scalar_type(), false))
    return Status::ok();
  std::int64_t rows = data.toTensor().dim() == 0 ? 0 : data.toTensor().size(0), last = INT64_MAX;
  for (const std::int64_t size : numbers_in(given)) {
    if (size < 1 || size > last || size > rows)
      return invalid_argument("argument batch_sizes holds {}, which is less than 1, more than before or than the rows",
                              size);
    last = size;
    rows -= size;
  }
  return Status::ok();
}

constexpr std::pair<std::string_view, CallCheck> kChecks[] = {
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
    {"aten::_pdist_forward", check_rows},
    {"aten::_fft_r2c", check_transform},
    {"aten::_fft_c2r", check_transform},
    {"aten::_fft_c2c", check_transform},
    {"aten::_pad_packed_sequence", check_batch_sizes},
    {"aten::lstm", check_lstm},
    {"aten::ctc_loss", check_labels},
    {"aten::_ctc_loss", check_labels},
};

}  // namespace

CallCheck call_check(const c10::FunctionSchema& schema) {
  const auto found = std::ranges::find_if(kChecks, [&](const auto& row) { return row.first == schema.name(); });
  return found == std::end(kChecks) ? nullptr : found->second;
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
