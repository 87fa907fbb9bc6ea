#include "graph/recurrent_check.h"

#include <limits>

#include "tensor/describe.h"

namespace oarlock {
namespace {

// What the shapes of a layer's weights follow from.
struct LstmSizes {
  std::int64_t layers = 0;
  std::int64_t directions = 1;
  std::int64_t batch = 0;
  std::int64_t features = 0;  // of the input
  std::int64_t hidden = 0;
  std::int64_t output = 0;  // of one direction: hidden, or what it is projected to
  bool has_biases = false;
  bool has_projections() const { return output != hidden; }  // libtorch asks the same, not how many weights there are
};

Status check_count(const CallArguments& call, const LstmSizes& sizes, std::int64_t count) {
  const std::int64_t wanted = (sizes.has_biases ? 4 : 2) + (sizes.has_projections() ? 1 : 0);
  if (sizes.layers > 0 && count == sizes.layers * sizes.directions * wanted) return Status::ok();
  return invalid_argument(
      "argument params has {} tensors; {} layers in {} directions need {} each, for h and c of argument hx have widths "
      "{} and {}",
      count, call.integer("num_layers").value_or(0), sizes.directions, wanted, sizes.output, sizes.hidden);
}

Status check_shape(const c10::IValue& value, const std::string& name, const std::vector<std::int64_t>& wanted) {
  if (is_given(value) && value.toTensor().sizes() == at::IntArrayRef(wanted)) return Status::ok();
  return invalid_argument("{} has shape {}, {} is needed", name,
                          is_given(value) ? shape_text(value.toTensor().sizes()) : "None", shape_text(wanted));
}

// The first one tells the size of the output, the second the hidden size.
Status check_states(const CallArguments& call, LstmSizes& sizes) {
  const c10::List<c10::IValue> states = call["hx"].toList();
  if (states.size() != 2) return invalid_argument("argument hx has {} tensors, two are needed: h and c", states.size());
  std::int64_t* const widths[] = {&sizes.output, &sizes.hidden};
  for (std::size_t i = 0; i < 2; ++i) {
    const c10::IValue state = states.get(i);
    if (!is_given(state) || state.toTensor().dim() != 3)
      return invalid_argument("argument hx has a tensor of shape {}, 3 dimensions are needed",
                              is_given(state) ? shape_text(state.toTensor().sizes()) : "None");
    *widths[i] = state.toTensor().size(2);
    OAR_TRY(check_shape(state, i == 0 ? "argument hx: h" : "argument hx: c",
                        {sizes.layers * sizes.directions, sizes.batch, *widths[i]}));
  }
  if (sizes.hidden > 0 && sizes.hidden <= std::numeric_limits<std::int32_t>::max()) return Status::ok();
  return invalid_argument("argument hx has a hidden size of {}", sizes.hidden);
}

Status check_weights(const CallArguments& call, const LstmSizes& sizes) {
  const c10::List<c10::IValue> params = call["params"].toList();
  const std::int64_t gates = 4 * sizes.hidden;
  std::size_t next = 0;
  for (std::int64_t part = 0; part < sizes.layers * sizes.directions; ++part) {
    const bool is_first = part < sizes.directions;
    std::vector<std::vector<std::int64_t>> shapes = {
        {gates, is_first ? sizes.features : sizes.directions * sizes.output}, {gates, sizes.output}};
    if (sizes.has_biases) shapes.insert(shapes.end(), 2, {gates});
    if (sizes.has_projections()) shapes.push_back({sizes.output, sizes.hidden});
    for (const std::vector<std::int64_t>& shape : shapes) {
      OAR_TRY(check_shape(params.get(next), fmt::format("argument params: tensor {}", next), shape));
      ++next;
    }
  }
  return Status::ok();
}

}  // namespace

Status check_lstm(const CallArguments& call) {
  const bool is_packed = call.tensor("batch_sizes") != nullptr;
  if (is_packed) OAR_TRY(check_batch_sizes(call));
  const at::Tensor* input = call.tensor(is_packed ? "data" : "input");
  if (input == nullptr || !call["params"].isList() || !call["hx"].isList() || !call.integer("num_layers"))
    return Status::ok();  // libtorch refuses it
  const std::int64_t dims = is_packed ? 2 : 3;
  if (input->dim() != dims)
    return invalid_argument("argument {} has shape {}, {} dimensions are needed", is_packed ? "data" : "input",
                            shape_text(input->sizes()), dims);
  LstmSizes sizes;
  sizes.layers = *call.integer("num_layers");
  sizes.directions = call.flag("bidirectional") ? 2 : 1;
  sizes.has_biases = call.flag("has_biases");
  sizes.features = input->size(dims - 1);
  sizes.batch = is_packed ? numbers_in(call["batch_sizes"])[0] : input->size(call.flag("batch_first") ? 0 : 1);
  const auto count = static_cast<std::int64_t>(call["params"].toListRef().size());
  if (sizes.layers > count) sizes.layers = 0;  // before anything is multiplied by it
  OAR_TRY(check_states(call, sizes));
  OAR_TRY(check_count(call, sizes, count));
  return check_weights(call, sizes);
}

Status check_batch_sizes(const CallArguments& call) {
  const at::Tensor* data = call.tensor("data");
  const at::Tensor* given = call.tensor("batch_sizes");
  if (data == nullptr || given == nullptr) return Status::ok();
  if (given->numel() == 0) return invalid_argument("argument batch_sizes is empty; a packed sequence has a step");
  // Kernels read them where they lie, one after the other.
  if (given->scalar_type() != at::kLong || given->dim() != 1 || !given->is_contiguous() || !given->device().is_cpu()) {
    return invalid_argument(
        "argument batch_sizes is {}; contiguous int64 numbers in one dimension on the CPU are needed",
        describe_tensor(*given));
  }
  std::int64_t rows = data->dim() == 0 ? 0 : data->size(0), last = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t size : numbers_in(call["batch_sizes"])) {
    if (size < 1 || size > last || size > rows)
      return invalid_argument("argument batch_sizes holds {}, which is less than 1, more than before or than the rows",
                              size);
    last = size;
    rows -= size;
  }
  return Status::ok();
}

}  // namespace oarlock
