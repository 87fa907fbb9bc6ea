#include "model/trace.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/remainder.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "graph/tracer.h"
#include "model/providers/graph.h"
#include "tensor/rng.h"
#include "tensor/scopes.h"
#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

// The declared dimensions: names in the order of their first sight, and where each stands.
struct Declared {
  std::vector<std::string> names;
  std::vector<DynamicDim> dims;
  std::vector<std::int64_t> sizes;  // of the examples
};

Status declare(Declared& declared, const TraceSubject& subject, std::size_t input, std::string_view dim_text,
               const std::string& name) {
  const at::Tensor& example = subject.examples[input];
  const std::optional<std::int64_t> dim = parse_number<std::int64_t>(dim_text);
  if (!dim || *dim < 0 || *dim >= example.dim()) {
    return invalid_argument("dynamic_dims: '{}' is no dimension of input '{}', which has {}", dim_text,
                            subject.input_names[input], example.dim());
  }
  if (name.empty())
    return invalid_argument("dynamic_dims: dimension {} of input '{}' has an empty name", *dim,
                            subject.input_names[input]);
  const std::int64_t size = example.size(*dim);
  if (size == 0) {
    return invalid_argument("the example of input '{}' has no rows in dimension {} ({}); give at least one to repeat",
                            subject.input_names[input], *dim, name);
  }
  auto known = std::ranges::find(declared.names, name);
  if (known == declared.names.end()) {
    declared.names.push_back(name);
    declared.sizes.push_back(size);
    known = declared.names.end() - 1;
  }
  const auto symbol = static_cast<std::size_t>(known - declared.names.begin());
  if (declared.sizes[symbol] != size) {
    return invalid_argument("dimension {} of input '{}' is {}, but '{}' is {} in an earlier input", *dim,
                            subject.input_names[input], size, name, declared.sizes[symbol]);
  }
  for (const DynamicDim& other : declared.dims) {
    if (other.input == input && other.dim == *dim)
      return invalid_argument("dynamic_dims: dimension {} of input '{}' stands twice", *dim,
                              subject.input_names[input]);
  }
  declared.dims.push_back({input, *dim, symbol});
  return Status::ok();
}

Result<Declared> declared_dims(const TraceSubject& subject, std::string_view text) {
  Declared declared;
  if (text.empty()) return declared;
  Result<JsonValue> json = parse_json(text);
  if (!json.is_ok()) return std::move(json).status().within("dynamic_dims");
  if (!json.value().is_object())
    return invalid_argument("dynamic_dims is an object of inputs, not {}", json.value().kind_name());
  for (const auto& [input, dims] : json.value().members()) {
    const auto found = std::ranges::find(subject.input_names, input);
    if (found == subject.input_names.end()) {
      const std::vector<std::string_view> names(subject.input_names.begin(), subject.input_names.end());
      const std::optional<std::string_view> nearest = nearest_text(input, names);
      return invalid_argument("dynamic_dims: there is no input '{}'{}", input,
                              nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
    }
    if (!dims.is_object())
      return invalid_argument("dynamic_dims: '{}' takes an object such as {{\"0\": \"batch\"}}", input);
    for (const auto& [dim, name] : dims.members()) {
      if (!name.is_string())
        return invalid_argument("dynamic_dims: dimension {} of '{}' takes a name, not {}", dim, input,
                                name.kind_name());
      OAR_TRY(
          declare(declared, subject, static_cast<std::size_t>(found - subject.input_names.begin()), dim, name.text()));
    }
  }
  return declared;
}

Status add_examples(const Tree& tree, const std::string& path, TraceSubject& subject) {
  if (const at::Tensor* tensor = tree.tensor()) {
    subject.input_names.push_back(path);
    subject.examples.push_back(*tensor);
    return Status::ok();
  }
  if (const Tree::Map* map = tree.map()) {
    for (const auto& [key, child] : *map) OAR_TRY(add_examples(child, path.empty() ? key : path + "." + key, subject));
    return Status::ok();
  }
  if (const Tree::List* list = tree.list()) {
    for (std::size_t i = 0; i < list->size(); ++i)
      OAR_TRY(add_examples((*list)[i], fmt::format("{}.{}", path, i), subject));
    return Status::ok();
  }
  return invalid_argument(
      "example input '{}' is a {}; a program takes tensors, and what is fixed belongs to the forward", path,
      tree.kind_name());
}

// Copies of the examples in which the declared dimensions have these sizes: rows are repeated from the first on.
std::vector<at::Tensor> resized(const TraceSubject& subject, const Declared& declared,
                                const std::vector<std::int64_t>& sizes) {
  const GradModeScope no_grad(false);
  std::vector<at::Tensor> tensors;
  for (std::size_t i = 0; i < subject.examples.size(); ++i) {
    at::Tensor tensor = subject.examples[i].detach().clone();
    for (const DynamicDim& dim : declared.dims) {
      if (dim.input != i || sizes[dim.symbol] == tensor.size(dim.dim)) continue;
      const at::Tensor rows = at::remainder(
          at::arange(sizes[dim.symbol], at::TensorOptions(at::kLong).device(tensor.device())), tensor.size(dim.dim));
      tensor = at::index_select(tensor, dim.dim, rows);
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

// The sizes of each run: the examples', each changed alone, all changed. The last ones differ from all others, so that
// what is quadratic in one size is seen.
std::vector<std::vector<std::int64_t>> run_sizes(const Declared& declared) {
  std::vector<std::vector<std::int64_t>> runs = {declared.sizes};
  if (declared.names.empty()) return runs;
  for (std::size_t s = 0; s < declared.names.size(); ++s) {
    runs.push_back(declared.sizes);
    runs.back()[s] += 1;
  }
  runs.push_back(declared.sizes);
  for (std::size_t s = 0; s < declared.names.size(); ++s) runs.back()[s] += 3 + static_cast<std::int64_t>(s);
  return runs;
}

// Puts back what runs of the forward change.
class Restored {
 public:
  explicit Restored(ForeignModel& model)
      : model_(model), generator_(default_generator_state()), training_(model.is_training()) {
    const GradModeScope no_grad(false);
    for (const NamedTensor& buffer : model.buffers()) {
      buffers_.push_back({buffer.tensor, buffer.tensor.detach(), buffer.tensor.clone()});
    }
    model.set_training(true);
  }
  ~Restored() {
    model_.set_training(training_);
    try {
      (void)restore();
    } catch (const std::exception&) {  // the trace's own failure is told; a destructor must not add another
    }
  }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

  Status restore() const {
    const GradModeScope no_grad(false);
    for (const auto& [buffer, layout, values] : buffers_) {
      const bool is_laid_out = buffer.is_alias_of(layout) && buffer.sizes() == layout.sizes() &&
                               buffer.strides() == layout.strides() &&
                               buffer.storage_offset() == layout.storage_offset();
      if (!is_laid_out) buffer.set_(layout);  // after unsqueeze_, resize_ and their kin
      buffer.copy_(values);
    }
    return set_default_generator_state(generator_);
  }

 private:
  struct Buffer {
    at::Tensor tensor;
    at::Tensor layout;  // the same memory, with sizes and strides of its own
    at::Tensor values;  // a copy
  };

  ForeignModel& model_;
  at::Tensor generator_;
  std::vector<Buffer> buffers_;
  bool training_;
};

// "n is 17, m is 5" of the run; "" of that on the examples themselves.
std::string other_sizes(const Declared& declared, const std::vector<std::int64_t>& sizes) {
  std::string text;
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    if (sizes[s] == declared.sizes[s]) continue;
    text += fmt::format("{}{} is {}", text.empty() ? "" : ", ", declared.names[s], sizes[s]);
  }
  return text;
}

Result<Recording> record(ForeignModel& model, const Tree& example, const TraceSubject& subject,
                         std::vector<at::Tensor> inputs, std::span<const Recording> earlier) {
  std::size_t next = 0;
  const Tree given = with_leaves(example, [&](const Tree&) { return Tree(inputs[next++]); });
  Tracer tracer(subject, std::move(inputs), earlier);
  const CallScope calls(true, &tracer);
  OAR_ASSIGN(const Tree outputs, model.forward(given));
  return tracer.finish(outputs);
}

}  // namespace

Result<std::shared_ptr<Model>> trace_model(ForeignModel& model, const Tree& inputs, std::string_view dynamic_dims) {
  if (CallScope::current_recorder() != nullptr)
    return invalid_state("a trace runs on this thread already; traces do not nest");
  TraceSubject subject;
  if (inputs.map() == nullptr)
    return invalid_argument("the example inputs are a map by name, a {} was given", inputs.kind_name());
  OAR_TRY(add_examples(inputs, "", subject));
  OAR_ASSIGN(const Declared declared, declared_dims(subject, dynamic_dims));
  for (const NamedTensor& parameter : model.all_parameters()) {
    subject.tensors.push_back({parameter.name, TensorRole::kParameter, true, kNoSlot, parameter.tensor});
  }
  for (const NamedTensor& buffer : model.buffers()) {
    subject.tensors.push_back({buffer.name, TensorRole::kBuffer, true, kNoSlot, buffer.tensor});
  }
  subject.scopes = &model.scopes();
  std::vector<Recording> recordings;
  {
    const Restored restored(model);
    for (const std::vector<std::int64_t>& sizes : run_sizes(declared)) {
      Result<Recording> recording = record(model, inputs, subject, resized(subject, declared, sizes), recordings);
      if (!recording.is_ok()) {
        const std::string changed = other_sizes(declared, sizes);
        if (changed.empty()) return std::move(recording).status();
        return std::move(recording).status().within("the run of dynamic_dims in which " + changed);
      }
      recording.value().sizes = sizes;
      recordings.push_back(std::move(recording).value());
      OAR_TRY(restored.restore());
    }
  }
  OAR_ASSIGN(Program program, program_of_recordings(subject, declared.names, declared.dims, recordings));
  return std::shared_ptr<Model>(std::make_shared<GraphModel>(std::move(program), model.device()));
}

}  // namespace oarlock
