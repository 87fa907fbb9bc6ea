// Means over tokens: gradients of sums, divided by the weights of all micro-batches and ranks once both are complete.
//
// Note: what is averaged. Gradients and weights are both averaged over the ranks, so their quotient is that of the
// sums, whether ranks meet once in an accumulation or at each micro-batch (accelerator.sync_each_batch).
#include <cmath>

#include "accel/accelerator.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

void divide_gradients(const NamedTensors& parameters, double divisor) {
  if (divisor == 0) return;  // no token anywhere: the gradients are zeros
  const GradModeScope no_grad(false);
  for (const NamedTensor& parameter : parameters) {
    at::Tensor gradient = parameter.tensor.grad();
    if (gradient.defined()) gradient.div_(divisor);
  }
}

}  // namespace

Status Accelerator::check_window(bool is_weighted) const {
  const bool is_weighted_so_far = std::any_of(
      models_.begin(), models_.end(), [](const PreparedModel& prepared) { return prepared.weight.has_value(); });
  if (is_weighted ? !has_plain_share_ : !is_weighted_so_far) return Status::ok();
  return invalid_state(
      "the accumulation that is not finished has gradients {} a weight; use oar_accelerator_backward_weighted for all "
      "of "
      "its micro-batches or for none (a weight of 1 counts micro-batches)",
      is_weighted ? "without" : "with");
}

Status Accelerator::backward_weighted(const Model* model, const at::Tensor& loss_sum, double weight) {
  OAR_TRY(require_between_backwards());
  if (!(weight >= 0) || std::isinf(weight)) {
    return invalid_argument("the weight of a micro-batch must be >= 0 and finite, got {}", weight);
  }
  OAR_ASSIGN(const std::vector<PreparedModel*> selected, select(model));
  OAR_TRY(check_loss(loss_sum));
  OAR_TRY(check_window(/*is_weighted=*/true));
  for (PreparedModel* prepared : selected) {
    prepared->weight = WindowWeight{weight + (prepared->weight ? prepared->weight->value : 0.0)};
  }
  OAR_TRY(backward_of(loss_sum, 1));
  if (sync_gradients_) divide_by_weights(/*also_held=*/false);
  return Status::ok();
}

void Accelerator::divide_by_weights(bool also_held) {
  for (PreparedModel& prepared : models_) {
    if (!prepared.weight) continue;
    const bool is_complete = prepared.data_parallel == nullptr ? prepared.was_synced : prepared.weight->is_averaged;
    if (!is_complete && !also_held) continue;
    divide_gradients(prepared.model->parameters(), prepared.weight->value);
    prepared.weight.reset();
  }
}

}  // namespace oarlock
