// Owns the semantics of the training loop: what is prepared, when gradients are synchronised, in which order the rooms
// below are called. It computes nothing itself. One verb per .cpp.
//
// Note: the active loader. Several prepared loaders may be in the middle of an epoch (an evaluation inside a training
// epoch). The active one is the one among them that gave a batch last: its end closes an accumulation, and its round
// says which rows are duplicates.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "data/loader.h"
#include "model/model.h"
#include "optim/grad_scaler.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "parallel/ddp/data_parallel.h"
#include "parallel/local/local_training.h"
#include "precision/autocast_policy.h"
#include "state/process_state.h"
#include "tensor/exceptions.h"
#include "tensor/tree.h"

namespace oarlock {

template <class T>
bool is_among(const std::vector<std::shared_ptr<T>>& items, const T* item) {
  return std::any_of(items.begin(), items.end(), [item](const auto& known) { return known.get() == item; });
}

class Accelerator {
 public:
  // options: the whole table, or one that was merged; sections accelerator, autocast, scaler, ddp and checkpoint are
  // read.
  static Result<std::shared_ptr<Accelerator>> create(std::shared_ptr<State> state, const Options& options);
  ~Accelerator();

  // prepare.cpp. A second preparation of the same object does nothing. Order gives the numbers of checkpoint files.
  Status prepare_model(std::shared_ptr<Model> model);  // collective
  Status prepare_optimizer(std::shared_ptr<Optimizer> optimizer);
  Status prepare_scheduler(std::shared_ptr<Scheduler> scheduler);
  Status prepare_loader(std::shared_ptr<Loader> loader);  // collective
  Status free_memory();                                   // as new, but for the loss scale and the place of checkpoints
  Status close();

  // autocast.cpp: regions of the host's own calls of operators; they nest.
  MixedPrecision mixed_precision() const { return mixed_precision_; }
  Status autocast_begin(bool enabled);
  Status autocast_end();

  // accumulate.cpp. `model` nullptr: every prepared model.
  Status accumulate_begin(const Model* model);
  Status accumulate_end();
  bool sync_gradients() const { return sync_gradients_; }
  Status set_sync_gradients(bool sync);
  std::int64_t accumulation_steps() const { return accumulation_steps_; }
  Status set_accumulation_steps(std::int64_t steps);
  Status no_sync_begin(const Model* model);
  Status no_sync_end();
  // local.cpp; outer nullopt: LocalSGD. The step and the end are collective.
  Status local_begin(const Model& model, std::int64_t num_steps, const std::optional<OuterOptions>& outer);
  Result<bool> local_step();
  Status local_end();
  Status trigger_sync(const Model* model);  // in the next backward, whatever the others have asked for

  Status backward(const at::Tensor& loss);  // backward.cpp, collective
  // weighted.cpp, collective: gradients of sums, divided by all ranks' weights when they are synchronised.
  Status backward_weighted(const Model* model, const at::Tensor& loss_sum, double weight);
  // host_backward.cpp: the backward of a foreign model, gradient by gradient; the end is collective.
  Status gradient_ready(Model& model, std::string_view name, const at::Tensor& gradient);
  Status gradients_done(Model& model);
  // clip.cpp. `model` nullptr: the gradients of all prepared models, as one vector.
  Result<double> clip_grad_norm(const Model* model, double max_norm, double norm_type);
  Status clip_grad_value(const Model* model, double clip_value);
  // step.cpp. A step whose gradients are not finite is left out, on all ranks, where there is a scaler: collective
  // then.
  Status step(Optimizer& optimizer, Scheduler* scheduler);
  // step_closure.cpp, collective. Gives the mean of the ranks' first losses; when it fails nothing was updated.
  Result<double> step_with(Optimizer& optimizer, Scheduler* scheduler, const Optimizer::Closure& closure);
  Result<bool> step_was_skipped(const Optimizer* optimizer) const;  // nullptr: of any

  // unscale.cpp. Collective where there is a scaler; without one they do nothing.
  Status unscale_gradients(const Optimizer* optimizer);  // nullptr: of all
  double loss_scale() const { return scaler_ ? scaler_->scale() : 1.0; }
  JsonValue scaler_state() const;  // {} without one
  Status load_scaler_state(const JsonValue& state);

  // gather_metrics.cpp, collective
  Result<at::Tensor> gather_for_metrics(const at::Tensor& tensor);
  Result<Tree> gather_for_metrics(const Tree& tree, bool use_objects);
  Result<double> reduce_mean(double value);

  // trigger.cpp. The check is collective: whether any rank has set its flag; all flags are down afterwards.
  Status set_trigger();
  Result<bool> check_trigger();

  // save.cpp and load.cpp, collective. directory nullopt: by number below the project.
  // Only rank 0's user_json is read.
  Status save(std::optional<std::string> directory, const std::optional<std::string>& user_json);
  Status load(std::optional<std::string> directory);
  // Of the last save or load that succeeded; nullopt before the first.
  const std::optional<std::string>& last_checkpoint() const { return last_checkpoint_; }

 private:
  struct PreparedModel {
    std::shared_ptr<Model> model;
    std::shared_ptr<DataParallel> data_parallel;  // nullptr with one rank
    std::set<const at::TensorImpl*> ready;        // parameters whose gradients the host gave in the running backward
    bool accumulates = false;                     // the micro-batch that runs only adds to gradients
    bool is_held = false;                         // between no_sync_begin and no_sync_end
    bool is_local = false;                        // between local_begin and local_end
    bool is_triggered = false;                    // the next backward synchronises nevertheless
    bool was_synced = false;                      // by what requires_sync() was when the last backward began
    std::optional<WindowWeight> weight;           // of an accumulation that is weighted and not finished

    bool requires_sync() const { return is_triggered || !(accumulates || is_held || is_local); }
  };

  Accelerator(std::shared_ptr<State> state, const Options& options, MixedPrecision mixed_precision,
              std::optional<GradScaler> scaler);
  Status require_open() const;
  // Open, and not in a forward that is traced: a trace changes nothing.
  Status require_no_trace() const;
  // The same, and not in the middle of a host's backward.
  Status require_between_backwards() const;
  Result<PreparedModel*> find(const Model& model);
  const Loader* active_loader() const;
  // For a failure that leaves ranks out of step. Later collectives of a broken world would hang or lie: makes every
  // rank's next call fail with this one's text.
  Status poison(Status failure, const char* operation) const;
  // Runs what peers take part in. An exception would leave them waiting: they are told first, then it flies on.
  template <class Fn>
  auto with_peers(const char* operation, const Fn& fn) const -> decltype(fn()) {
    try {
      return fn();
    } catch (...) {
      (void)poison(aborted("{}", message_of_current_exception()), operation);
      throw;
    }
  }
  // Collective: fn on every rank, its exceptions caught; a failure on one is one on all.
  template <class Fn>
  Status agreed(const Fn& fn) const {
    return agree(*state_->group(), caught(fn), state_->timeout());
  }
  Status share_order(Loader& loader) const;
  Status check_precision() const;
  void drop_prepared();
  // `only`, or every prepared model for nullptr.
  Result<std::vector<PreparedModel*>> select(const Model* only);
  Result<NamedTensors> parameters_of(const Model* only);
  Status complete_gradients(const Model* only);
  Status before_backward();
  Status after_backward();
  static Status check_loss(const at::Tensor& loss);
  Status backward_of(const at::Tensor& loss, std::int64_t divisor);
  Status run_backward(const at::Tensor& loss, std::int64_t divisor);
  void give_up();
  // weighted.cpp: a window is plain or weighted as a whole.
  Status check_window(bool is_weighted) const;
  bool only_adds() const;  // what a backward gives now is not the end of a window
  // Where sums of gradients are complete: by what is known of the weights, so that they are means.
  void divide_by_weights(bool also_held);
  // unscale.cpp
  Result<at::Tensor> scaled(const at::Tensor& loss);
  Status unscale(const Optimizer& optimizer);
  Status unscale_for(const Model& model);
  Result<bool> may_step(const Optimizer& optimizer);
  Status end_iteration(bool is_over);
  void report(const GradScaler::Update& update) const;
  JsonValue saved_scaler() const;
  Status restore_scaler(const Checkpoint& checkpoint);
  Status check_gradients(const NamedTensors& parameters) const;
  Status check_is_prepared(const Optimizer& optimizer);
  Status check_step(const Optimizer& optimizer, const Scheduler* scheduler);
  // After the update, or without it; scheduler nullptr: it is not stepped.
  Status end_step(Optimizer& optimizer, Scheduler* scheduler);
  Status step_schedule(Scheduler* scheduler);  // nullptr: none
  Result<double> run_closure(const Optimizer::Closure& closure);
  std::int64_t rows_kept(std::int64_t num_rows) const;
  std::string checkpoints_folder() const;
  // Rank 0's answer, or its failure, on every rank.
  Result<std::string> ask_main(const std::function<Result<std::string>()>& question) const;
  NamedTensors unfinished_gradients() const;
  NamedTensors unfinished_weights() const;
  NamedTensors comm_hook_states() const;
  void collect_local(CheckpointContents& contents) const;
  NamedTensors own_buffers() const;  // of models whose buffers may differ from rank 0's
  Result<CheckpointContents> collect(const std::optional<std::string>& user_json) const;
  struct SavedTensors;
  Status check_counts(const Checkpoint& checkpoint) const;
  Result<SavedTensors> read(const Checkpoint& checkpoint) const;
  Status restore(const Checkpoint& checkpoint, const SavedTensors& saved);
  Status restore_this_rank(const Checkpoint& checkpoint, const SavedTensors& saved);
  Status restore_gradients(const NamedTensors& saved);
  Status restore_buffers(const NamedTensors& saved);
  Status restore_comm_hooks(const NamedTensors& saved);
  Status check_local(const Checkpoint& checkpoint) const;
  Status restore_local(const Checkpoint& checkpoint, const SavedTensors& saved);

  const std::shared_ptr<State> state_;
  const Options ddp_options_;
  std::int64_t accumulation_steps_;
  const bool adjust_scheduler_;
  const bool sync_with_dataloader_;
  const bool sync_each_batch_;
  const bool follows_reference_;  // compat is "accelerate"
  const std::string project_dir_;
  const int total_limit_;
  const MixedPrecision mixed_precision_;
  const Autocast autocast_;

  std::vector<PreparedModel> models_;
  std::vector<std::shared_ptr<Optimizer>> optimizers_;
  std::vector<std::shared_ptr<Scheduler>> schedulers_;
  std::vector<std::shared_ptr<Loader>> loaders_;
  std::unique_ptr<LocalTraining> local_;
  std::set<const Optimizer*> trained_;             // of optimizers_: prepared models hold all their parameters
  std::shared_ptr<const RunPrecision> precision_;  // of prepared models; nullptr: the programs' own
  std::optional<GradScaler> scaler_;               // for fp16
  std::set<const Optimizer*> skipped_;             // whose last step was left out

  std::int64_t accumulation_counter_ = 0;  // micro-batches begun since the last forced synchronisation
  bool sync_gradients_ = true;             // of the micro-batch begun last
  bool is_accumulating_ = false;           // between accumulate_begin and accumulate_end
  bool has_plain_share_ = false;           // a backward without weights only added to gradients
  bool is_in_backward_ = false;            // a host's callback may be running
  bool is_triggered_ = false;              // this rank's flag
  bool is_closed_ = false;
  std::optional<std::string> last_checkpoint_;
};

}  // namespace oarlock
