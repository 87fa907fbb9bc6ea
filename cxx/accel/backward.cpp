#include <ATen/ops/div.h>
#include <torch/csrc/autograd/autograd.h>

#include <string_view>

#include "accel/accelerator.h"
#include "graph/short_backward.h"
#include "tensor/dtype.h"
#include "tensor/scopes.h"

namespace oarlock {

Status Accelerator::check_loss(const at::Tensor& loss) {
  if (loss.numel() != 1) {
    return invalid_argument("the loss must have one element, got {}; take its mean or sum in the program",
                            loss.numel());
  }
  if (!loss.is_floating_point()) {
    return invalid_argument("the loss must be floating-point, got {}", dtype_name(loss.scalar_type()));
  }
  if (!loss.requires_grad()) {
    return invalid_state(
        "the loss has no graph to go back through: it did not come from a forward in training mode "
        "(oar_model_set_training), was copied, was computed without recording (oar_op_call_no_grad), or all parameters "
        "that it comes from are frozen (oar_model_freeze)");
  }
  return Status::ok();
}

namespace {

// What the host did in a wrong order, by libtorch's words for it; "": nothing that is known.
std::string_view misuse_in(std::string_view reason) {
  if (reason.find("through the graph a second time") != reason.npos) return "backward was called twice for one forward";
  if (reason.find("modified by an inplace operation") == reason.npos) return "";
  return "what the forward used was changed before the backward (a step, loaded or merged weights, an input written "
         "to, "
         "an in-place operator of the program)";
}

}  // namespace

Status Accelerator::backward(const at::Tensor& loss) {
  OAR_TRY(require_between_backwards());
  OAR_TRY(check_loss(loss));
  OAR_TRY(check_window(/*is_weighted=*/false));
  has_plain_share_ = only_adds();
  // Always, in a short last accumulation too (spec B 3.4).
  return backward_of(loss, accumulation_steps_);
}

bool Accelerator::only_adds() const {
  return !sync_gradients_ || std::any_of(models_.begin(), models_.end(),
                                         [](const PreparedModel& prepared) { return !prepared.requires_sync(); });
}

Status Accelerator::backward_of(const at::Tensor& loss, std::int64_t divisor) {
  struct Scope {
    Accelerator& self;
    explicit Scope(Accelerator& of) : self(of) { self.is_in_backward_ = true; }
    ~Scope() {  // however it ended, so did the backwards of foreign models in it
      self.is_in_backward_ = false;
      for (PreparedModel& prepared : self.models_) {
        prepared.ready.clear();
        (void)prepared.model->take_host_backward();
        prepared.is_triggered = false;
      }
    }
  } const scope(*this);
  return run_backward(loss, divisor);
}

Status Accelerator::run_backward(const at::Tensor& loss, std::int64_t divisor) {
  try {
    if (Status status = before_backward(); !status.is_ok()) {
      give_up();
      return poison(std::move(status), "backward");
    }
    const GradModeScope grad(true);
    const at::Tensor share = divisor == 1 ? loss : at::div(loss, divisor);  // x / 1 is x
    OAR_ASSIGN(const at::Tensor scaled, this->scaled(share));
    std::vector<std::unique_ptr<Profiler::MemoryScope>> counted;
    for (PreparedModel& prepared : models_) counted.push_back(prepared.model->count_memory());
    if (!short_backward(scaled)) torch::autograd::backward({scaled}, {});
    counted.clear();  // one at most counts: of two profiled models the first
    return poison(after_backward(), "backward");
  } catch (...) {  // libtorch's, a hook's, oneDNN's: all end the backward in its middle
    // Buckets may be in flight that will never be full: peers must learn it now, not after their time-out.
    give_up();
    const std::string reason = message_of_current_exception();
    (void)poison(aborted("{}", reason), "backward");
    const std::string_view misuse = misuse_in(reason);
    if (misuse.empty()) throw;
    if (state_->world_size() == 1) return invalid_state("{}; run the forward again", misuse);
    return invalid_state(
        "{}; gradients were on their way to other ranks, so training on these ranks has ended: create the state anew "
        "and prepare again",
        misuse);
  }
}

void Accelerator::give_up() {
  for (PreparedModel& prepared : models_) {
    if (prepared.data_parallel != nullptr) prepared.data_parallel->give_up();
  }
}

Status Accelerator::before_backward() {
  for (PreparedModel& prepared : models_) {
    prepared.was_synced = prepared.requires_sync();
    if (prepared.data_parallel == nullptr) continue;
    prepared.data_parallel->set_requires_sync(prepared.was_synced);
    OAR_TRY(prepared.model->is_run_unseen() ? prepared.data_parallel->begin_host_backward(state_->timeout())
                                            : prepared.data_parallel->before_backward(state_->timeout()));
  }
  return Status::ok();
}

Status Accelerator::after_backward() {
  Status first = Status::ok();
  for (PreparedModel& prepared : models_) {
    const bool host_ran = prepared.model->take_host_backward();
    if (prepared.data_parallel == nullptr && !host_ran) continue;
    Status status = prepared.data_parallel == nullptr
                        ? check_gradients(prepared.model->parameters())
                        : prepared.data_parallel->after_backward(state_->timeout(), /*takes_part=*/host_ran,
                                                                 prepared.weight ? &*prepared.weight : nullptr);
    if (first.is_ok()) first = std::move(status);
  }
  return first;
}

}  // namespace oarlock
