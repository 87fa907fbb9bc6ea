#include "model/model.h"

#include "graph/pt2/reader.h"
#include "model/providers/graph.h"
#include "model/state_dict.h"

namespace oarlock {

Result<std::shared_ptr<Model>> Model::load(const std::string& path, at::Device device, const Options& options) {
  OAR_ASSIGN(Program program, read_program(path, device));
  auto model = std::make_shared<GraphModel>(std::move(program), device);
  if (options.is_set("model.weights")) {
    const std::string weights = options.text("model.weights");
    OAR_ASSIGN(const NamedTensors tensors, read_state_dict(weights));
    Status loaded = model->load_state_dict(tensors);
    if (!loaded.is_ok()) return std::move(loaded).within(weights);
  }
  return std::shared_ptr<Model>(std::move(model));
}

}  // namespace oarlock
