// A step whose gradients the program makes inside of it, once or several times.
#include "accel/accelerator.h"

namespace oarlock {

// One evaluation on every rank. Optimizers decide by the loss, so all ranks get the same.
Result<double> Accelerator::run_closure(const Optimizer::Closure& closure) {
  Result<double> own = with_peers("step_closure", closure);
  if (!own.is_ok()) {
    // Peers average gradients or the loss, which this rank will not.
    (void)poison(aborted("{}", own.status().message()), "step_closure");
    return own;
  }
  OAR_TRY(require_between_backwards());
  if (is_accumulating_ || !sync_gradients_) {
    Status status = invalid_state(
        "the closure left gradients that are not synchronised; it runs all micro-batches of the step, from "
        "oar_accelerator_accumulate_begin to oar_accelerator_accumulate_end, the last one synchronised");
    (void)poison(aborted("{}", status.message()), "step_closure");
    return status;
  }
  divide_by_weights(/*also_held=*/true);
  return reduce_mean(own.value());
}

Result<double> Accelerator::step_with(Optimizer& optimizer, Scheduler* scheduler, const Optimizer::Closure& closure) {
  OAR_TRY(check_step(optimizer, scheduler));
  if (scaler_) {
    return unsupported(
        "steps with a closure do not go with a gradient scaler; train in bf16 (accelerator.mixed_precision), or set "
        "scaler.enabled to false");
  }
  if (is_accumulating_) {
    return invalid_state(
        "a micro-batch of an accumulation is running; a step by a closure lies outside, its accumulation within the "
        "closure");
  }
  OAR_ASSIGN(const double loss, optimizer.step_with([&] { return run_closure(closure); }));
  OAR_TRY(end_step(optimizer, scheduler));
  return loss;
}

}  // namespace oarlock
