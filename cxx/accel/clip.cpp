// Clipping, of gradients that are complete: between synchronisations nothing is done.
#include <set>

#include "accel/accelerator.h"
#include "optim/grad_norm.h"

namespace oarlock {

// Of one prepared model or of all; what models share is there once.
Result<NamedTensors> Accelerator::parameters_of(const Model* model) {
  OAR_ASSIGN(const std::vector<PreparedModel*> selected, select(model));
  if (selected.size() == 1) return selected.front()->model->parameters();
  NamedTensors parameters;
  std::set<const at::TensorImpl*> seen;
  for (const PreparedModel* prepared : selected) {
    for (const NamedTensor& parameter : prepared->model->parameters()) {
      if (seen.insert(parameter.tensor.unsafeGetTensorImpl()).second) parameters.push_back(parameter);
    }
  }
  return parameters;
}

// What has been put off until somebody looks at them: weights, the loss scale.
Status Accelerator::complete_gradients(const Model* model) {
  divide_by_weights(/*also_held=*/true);
  OAR_ASSIGN(const std::vector<PreparedModel*> selected, select(model));
  for (const PreparedModel* prepared : selected) OAR_TRY(unscale_for(*prepared->model));
  return Status::ok();
}

Result<double> Accelerator::clip_grad_norm(const Model* model, double max_norm, double norm_type) {
  OAR_TRY(require_between_backwards());
  OAR_ASSIGN(const NamedTensors parameters, parameters_of(model));
  if (!sync_gradients_) return 0.0;
  OAR_TRY(complete_gradients(model));
  return oarlock::clip_grad_norm(parameters, max_norm, norm_type);
}

Status Accelerator::clip_grad_value(const Model* model, double clip_value) {
  OAR_TRY(require_between_backwards());
  OAR_ASSIGN(const NamedTensors parameters, parameters_of(model));
  if (!sync_gradients_) return Status::ok();
  OAR_TRY(complete_gradients(model));
  return oarlock::clip_grad_value(parameters, clip_value);
}

}  // namespace oarlock
