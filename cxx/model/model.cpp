#include "model/model.h"

#include <fmt/format.h>

#include "base/text.h"
#include "graph/eager_call.h"
#include "graph/pt2/reader.h"
#include "model/in_situ.h"
#include "model/providers/foreign.h"
#include "model/providers/graph.h"
#include "model/state_dict.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

Status no_in_situ() { return unsupported("in-situ runs need a program; this model is foreign: its host runs it"); }

}  // namespace

Result<std::shared_ptr<Model>> Model::load(const std::string& path, at::Device device, const Options& options) {
  std::vector<std::string> namespaces;
  if (options.is_set("model.operators")) namespaces = split_text(options.text("model.operators"), ',');
  OAR_ASSIGN(Program program, read_program(path, device, std::move(namespaces), options.is_set("model.weights")));
  auto model = std::make_shared<GraphModel>(std::move(program), device);
  if (options.is_set("model.weights")) {
    OAR_TRY(load_weights(*model, options.text("model.weights")));
  }
  return std::shared_ptr<Model>(std::move(model));
}

std::shared_ptr<Model> Model::create_foreign(at::Device device) { return std::make_shared<ForeignModel>(device); }

Result<ForeignModel*> Model::require_foreign(std::string_view call) {
  if (ForeignModel* foreign = as_foreign()) return foreign;
  return unsupported("{} is for foreign models (oar_model_create_foreign); this one is a program and has its own",
                     call);
}

Result<GraphModel*> Model::require_program(std::string_view call) {
  if (GraphModel* graph = as_graph()) return graph;
  return unsupported("{} needs a program; this model is foreign: what it computes is known to the host only", call);
}

Result<const GraphModel*> Model::require_program(std::string_view call) const {
  OAR_ASSIGN(const GraphModel* graph, const_cast<Model*>(this)->require_program(call));
  return graph;
}

Result<std::string> Model::input_name(std::int64_t index) const {
  const auto count = static_cast<std::int64_t>(input_names().size());
  if (index < 0 || index >= count) return invalid_argument("index must lie in [0, {}), got {}", count, index);
  return input_names()[static_cast<std::size_t>(index)];
}

Result<std::string> Model::output_name(std::int64_t index) const {
  const auto count = static_cast<std::int64_t>(output_names().size());
  if (index < 0 || index >= count) return invalid_argument("index must lie in [0, {}), got {}", count, index);
  return output_names()[static_cast<std::size_t>(index)];
}

Result<Tree> Model::in_precision(Outputs outputs, const std::function<Result<Tree>()>& forward) const {
  const std::shared_ptr<const RunPrecision> precision = precision_.lock();
  if (precision == nullptr || CallScope::current_recorder() != nullptr) return forward();
  OAR_ASSIGN(Tree given, precision->run(forward));
  const GradModeScope grad(is_training());
  return outputs == Outputs::kFinished ? precision->finish(std::move(given)) : std::move(given);
}

Result<std::unique_ptr<InSituRun>> Model::make_in_situ() const { return no_in_situ(); }

Result<InSituRun*> Model::own_in_situ() { return no_in_situ(); }

Result<std::string> Model::parameter_name(std::int64_t index) const {
  const auto count = static_cast<std::int64_t>(parameters().size());
  if (index < 0 || index >= count) return invalid_argument("index must lie in [0, {}), got {}", count, index);
  return parameters()[static_cast<std::size_t>(index)].name;
}

Status no_tensor_named(std::string_view name, std::span<const std::string_view> names) {
  const std::optional<std::string_view> nearest = nearest_text(name, names);
  return not_found("the model has no parameter or buffer '{}'{}", name,
                   nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
}

Status frozen_too_late(std::string_view pattern) {
  return invalid_state(
      "'{}' comes too late: an optimizer was made of the model or it was prepared; freeze and thaw before", pattern);
}

Status load_weights(Model& model, const std::string& path) {
  OAR_ASSIGN(const NamedTensors tensors, read_state_dict(path));
  Status loaded = model.load_state_dict(tensors);
  return loaded.is_ok() ? std::move(loaded) : std::move(loaded).within(path);
}

}  // namespace oarlock
