// The one table of options. Sorted by key, one row per line. A row is all a knob needs: JSON key, setter, variables,
// the error that names the nearest key, oarlock/options.h and docs/options.md (tools: build the target `options`) all
// come from here.

#include "base/options.h"

namespace oarlock {
namespace {

constexpr OptionType kFlag = OptionType::kFlag;
constexpr OptionType kInt = OptionType::kInt;
constexpr OptionType kDouble = OptionType::kDouble;
constexpr OptionType kString = OptionType::kString;
constexpr OptionType kDoubles = OptionType::kDoubles;
constexpr OptionType kList = OptionType::kList;

// clang-format off
constexpr OptionKey kRows[] = {
  {"accelerator.gradient_accumulation_steps", kInt, "1", "OARLOCK_ACCELERATOR_GRADIENT_ACCUMULATION_STEPS", "Micro-batches whose gradients are summed before an optimizer step.", "ACCELERATE_GRADIENT_ACCUMULATION_STEPS"},
  {"accelerator.sync_each_batch", kFlag, "false", "OARLOCK_ACCELERATOR_SYNC_EACH_BATCH", "Average gradients over ranks after every micro-batch: less memory, more traffic, the same sums."},
  {"accelerator.sync_with_dataloader", kFlag, "true", "OARLOCK_ACCELERATOR_SYNC_WITH_DATALOADER", "The last batch of an epoch ends an accumulation, complete or not."},
  {"armor", kFlag, "false", "OARLOCK_ARMOR", "Check handles for use by two threads at once, and keep released ones recognisable for longer; on for the whole process once set."},
  {"checkpoint.total_limit", kInt, "0", "OARLOCK_CHECKPOINT_TOTAL_LIMIT", "How many checkpoints of a project to keep, the newest included; older ones go after a new one is complete. 0: all."},
  {"comm.address", kString, "null", "OARLOCK_COMM_ADDRESS", "Address at which other hosts reach this process; unset: that of its first network interface."},
  {"comm.arrival_skew", kFlag, "false", "OARLOCK_COMM_ARRIVAL_SKEW", "Whether it is measured how late each rank comes to each operation (oar_group_arrival_skew). The same on all ranks."},
  {"comm.backend", kString, "\"auto\"", "OARLOCK_COMM_BACKEND", "What moves the data between ranks: auto (shared memory inside a host, gloo between hosts), shm, gloo, nccl (tensors on CUDA devices by NCCL, others by gloo). The same on all ranks."},
  {"comm.connect_timeout_ms", kInt, "300000", "OARLOCK_COMM_CONNECT_TIMEOUT_MS", "Milliseconds within which all ranks must have come when a state is made."},
  {"comm.dump_on_failure", kString, "null", "OARLOCK_COMM_DUMP_ON_FAILURE", "A folder into which each rank writes what it knows, as rank_<n>.json, when a group fails; `oarlock dump FOLDER` tells who diverged where. Unset: nothing is written."},
  {"comm.inline_bytes", kInt, "65536", "OARLOCK_COMM_INLINE_BYTES", "Tensors up to this size go through rank 0 in one round trip, reduced in rank order; larger ones by the backend. Rank 0's value holds for all."},
  {"comm.late_ms", kInt, "5000", "OARLOCK_COMM_LATE_MS", "After this many milliseconds of waiting for a rank a warning names it."},
  {"comm.timeout_ms", kInt, "1800000", "OARLOCK_COMM_TIMEOUT_MS", "Milliseconds that a collective waits for its peers before it fails."},
  {"compat", kString, "\"\"", "OARLOCK_COMPAT", "\"accelerate\": schedulers step once per rank, and each epoch draws one number from the default generator, as the reference does; empty: neither."},
  {"ddp.broadcast_buffers", kFlag, "true", "OARLOCK_DDP_BROADCAST_BUFFERS", "Buffers (running statistics) become rank 0's with each synchronised backward."},
  {"ddp.bucket_cap_mb", kDouble, "25", "OARLOCK_DDP_BUCKET_CAP_MB", "Size in MiB of the buckets in which gradients are averaged."},
  {"ddp.find_unused_parameters", kFlag, "false", "OARLOCK_DDP_FIND_UNUSED_PARAMETERS", "Parameters may stay without a gradient; false: a backward that leaves one out is an error that names it."},
  {"ddp.first_bucket_cap_mb", kDouble, "1", "OARLOCK_DDP_FIRST_BUCKET_CAP_MB", "Size in MiB of the first bucket, small so that communication starts early."},
  {"device.name", kString, "null", "OARLOCK_DEVICE_NAME", "The device to use: cpu. Unset: chosen.", "ACCELERATE_TORCH_DEVICE"},
  {"loader.batch_size", kInt, "1", "OARLOCK_LOADER_BATCH_SIZE", "Samples per batch of one rank (of all ranks together with split_batches)."},
  {"loader.drop_last", kFlag, "false", "OARLOCK_LOADER_DROP_LAST", "Leave out the last batch of an epoch when it is not full."},
  {"loader.even_batches", kFlag, "true", "OARLOCK_LOADER_EVEN_BATCHES", "Every rank gets the same number of full batches: samples from the epoch's start are repeated where needed."},
  {"loader.num_samples", kInt, "null", "OARLOCK_LOADER_NUM_SAMPLES", "How many samples a shuffling loader draws in an epoch, at least 1; unset: as many as there are."},
  {"loader.num_workers", kInt, "1", "OARLOCK_LOADER_NUM_WORKERS", "Threads that prepare batches ahead; 0: the calling thread does it."},
  {"loader.prefetch", kInt, "2", "OARLOCK_LOADER_PREFETCH", "Batches prepared ahead per worker."},
  {"loader.replacement", kFlag, "false", "OARLOCK_LOADER_REPLACEMENT", "A shuffling loader may draw a sample more than once in an epoch."},
  {"loader.seed", kInt, "null", "OARLOCK_LOADER_SEED", "Seed of the shuffling, at least 0; unset: the seed of the default generator when the loader is made."},
  {"loader.shuffle", kFlag, "false", "OARLOCK_LOADER_SHUFFLE", "A new order of the samples in each epoch, equal on all ranks."},
  {"loader.split_batches", kFlag, "false", "OARLOCK_LOADER_SPLIT_BATCHES", "batch_size counts the samples of all ranks together."},
  {"loader.timeout_ms", kInt, "1800000", "OARLOCK_LOADER_TIMEOUT_MS", "Milliseconds to wait for a batch from the workers before the call fails."},
  {"log.level", kString, "\"warning\"", "OARLOCK_LOG_LEVEL", "debug, info, warning, error or off.", "ACCELERATE_LOG_LEVEL"},
  {"model.operators", kString, "null", "OARLOCK_MODEL_OPERATORS", "Namespaces, separated by commas, whose operators a program may call besides those of aten: \"torchvision\", once the host has loaded it."},
  {"model.weights", kString, "null", "OARLOCK_MODEL_WEIGHTS", "A safetensors file whose tensors replace the program's own weights."},
  {"optimizer.adjust_lr_fn", kString, "null", "OARLOCK_OPTIMIZER_ADJUST_LR_FN", "How the rate follows a matrix's shape (muon): original or match_rms_adamw; unset: original."},
  {"optimizer.alpha", kDouble, "null", "OARLOCK_OPTIMIZER_ALPHA", "Smoothing constant (rmsprop, 0.99); power of the rate's decay (asgd, 0.75)."},
  {"optimizer.amsgrad", kFlag, "null", "OARLOCK_OPTIMIZER_AMSGRAD", "Divide by the largest second moment so far (adam, adamw); unset: false."},
  {"optimizer.beta1", kDouble, "null", "OARLOCK_OPTIMIZER_BETA1", "Decay of the first moment (adafactor_transformers); unset: no first moment."},
  {"optimizer.beta2_decay", kDouble, "null", "OARLOCK_OPTIMIZER_BETA2_DECAY", "Power of the step in the second moment's decay (adafactor); unset: -0.8."},
  {"optimizer.betas", kDoubles, "null", "OARLOCK_OPTIMIZER_BETAS", "Decay of the first and second moment (adam and its kin, lion); unset: [0.9, 0.999], lion [0.9, 0.99]."},
  {"optimizer.centered", kFlag, "null", "OARLOCK_OPTIMIZER_CENTERED", "Normalise by the variance instead of the mean square (rmsprop); unset: false."},
  {"optimizer.clip_threshold", kDouble, "null", "OARLOCK_OPTIMIZER_CLIP_THRESHOLD", "Root mean square at which an update is cut (adafactor_transformers); unset: 1."},
  {"optimizer.d", kDouble, "null", "OARLOCK_OPTIMIZER_D", "Root mean square at which an update is cut (adafactor); unset: 1."},
  {"optimizer.dampening", kDouble, "null", "OARLOCK_OPTIMIZER_DAMPENING", "Dampening of the momentum (sgd); unset: 0."},
  {"optimizer.decay_rate", kDouble, "null", "OARLOCK_OPTIMIZER_DECAY_RATE", "Power of the step in the second moment's decay (adafactor_transformers); unset: -0.8."},
  {"optimizer.decoupled_weight_decay", kFlag, "null", "OARLOCK_OPTIMIZER_DECOUPLED_WEIGHT_DECAY", "Shrink parameters instead of adding them to the gradients (adam, nadam, radam); unset: false."},
  {"optimizer.eps", kDouble, "null", "OARLOCK_OPTIMIZER_EPS", "Added to the denominator; unset: 1e-8, adagrad 1e-10, adadelta 1e-6, muon 1e-7."},
  {"optimizer.eps1", kDouble, "null", "OARLOCK_OPTIMIZER_EPS1", "Smallest squared gradient, first of torch's two eps; unset: adafactor the dtype's, adafactor_transformers 1e-30."},
  {"optimizer.eps2", kDouble, "null", "OARLOCK_OPTIMIZER_EPS2", "Smallest size of a parameter, second of torch's two eps (adafactor); unset: 0.001."},
  {"optimizer.etas", kDoubles, "null", "OARLOCK_OPTIMIZER_ETAS", "Factors by which steps shrink and grow (rprop); unset: [0.5, 1.2]."},
  {"optimizer.groups", kList, "null", "OARLOCK_OPTIMIZER_GROUPS", "Parameter groups: objects of \"params\", a list of names or patterns, and options that differ for them; what no group takes is one more."},
  {"optimizer.initial_accumulator_value", kDouble, "null", "OARLOCK_OPTIMIZER_INITIAL_ACCUMULATOR_VALUE", "What the sum of squares begins with (adagrad); unset: 0."},
  {"optimizer.lambd", kDouble, "null", "OARLOCK_OPTIMIZER_LAMBD", "Decay term (asgd); unset: 0.0001."},
  {"optimizer.lr", kDouble, "null", "OARLOCK_OPTIMIZER_LR", "Learning rate; unset: the optimizer's own default, see docs/optimizers.md."},
  {"optimizer.lr_decay", kDouble, "null", "OARLOCK_OPTIMIZER_LR_DECAY", "Decay of the learning rate (adagrad); unset: 0."},
  {"optimizer.maximize", kFlag, "null", "OARLOCK_OPTIMIZER_MAXIMIZE", "Step along the gradient instead of against it; unset: false."},
  {"optimizer.momentum", kDouble, "null", "OARLOCK_OPTIMIZER_MOMENTUM", "Momentum (sgd, rmsprop, muon); unset: 0, muon 0.95."},
  {"optimizer.momentum_decay", kDouble, "null", "OARLOCK_OPTIMIZER_MOMENTUM_DECAY", "Decay of the momentum (nadam); unset: 0.004."},
  {"optimizer.nesterov", kFlag, "null", "OARLOCK_OPTIMIZER_NESTEROV", "Nesterov momentum (sgd, muon); unset: false, muon true."},
  {"optimizer.ns_coefficients", kDoubles, "null", "OARLOCK_OPTIMIZER_NS_COEFFICIENTS", "Of the Newton-Schulz iteration (muon); unset: [3.4445, -4.775, 2.0315]."},
  {"optimizer.ns_steps", kInt, "null", "OARLOCK_OPTIMIZER_NS_STEPS", "Newton-Schulz iterations (muon); unset: 5."},
  {"optimizer.params", kList, "null", "OARLOCK_OPTIMIZER_PARAMS", "Names or patterns ('*': any text) of the parameters that it updates; unset: all of the model."},
  {"optimizer.r", kDouble, "null", "OARLOCK_OPTIMIZER_R", "Power of the step in the average's weights (schedule_free_adamw); unset: 0."},
  {"optimizer.relative_step", kFlag, "null", "OARLOCK_OPTIMIZER_RELATIVE_STEP", "The rate follows the step (adafactor_transformers); unset: true."},
  {"optimizer.rho", kDouble, "null", "OARLOCK_OPTIMIZER_RHO", "Decay of the running averages (adadelta); unset: 0.9."},
  {"optimizer.scale_parameter", kFlag, "null", "OARLOCK_OPTIMIZER_SCALE_PARAMETER", "The rate follows the parameter's size (adafactor_transformers); unset: true."},
  {"optimizer.step_sizes", kDoubles, "null", "OARLOCK_OPTIMIZER_STEP_SIZES", "Smallest and largest step (rprop); unset: [1e-6, 50]."},
  {"optimizer.t0", kDouble, "null", "OARLOCK_OPTIMIZER_T0", "Step at which averaging starts (asgd); unset: 1e6."},
  {"optimizer.warmup_init", kFlag, "null", "OARLOCK_OPTIMIZER_WARMUP_INIT", "A small rate at first (adafactor_transformers); unset: false."},
  {"optimizer.warmup_steps", kInt, "null", "OARLOCK_OPTIMIZER_WARMUP_STEPS", "Steps of linear growth of the rate (schedule_free_adamw); unset: 0."},
  {"optimizer.weight_decay", kDouble, "null", "OARLOCK_OPTIMIZER_WEIGHT_DECAY", "Weight decay; unset: 0, adamw 0.01, muon 0.1."},
  {"optimizer.weight_lr_power", kDouble, "null", "OARLOCK_OPTIMIZER_WEIGHT_LR_POWER", "Power of the rate in the average's weights (schedule_free_adamw); unset: 2."},
  {"profile.active", kInt, "0", "OARLOCK_PROFILE_ACTIVE", "Steps that each cycle of a profile records; 0: no cycles, all of it is one record."},
  {"profile.directory", kString, "null", "OARLOCK_PROFILE_DIRECTORY", "Folder into which each rank writes its traces, profile_<rank>.json; unset: none are written."},
  {"profile.flops", kFlag, "false", "OARLOCK_PROFILE_FLOPS", "Estimate the floating-point operations of products and convolutions, in the trace."},
  {"profile.memory", kFlag, "false", "OARLOCK_PROFILE_MEMORY", "Record what is allocated and freed, in the trace; then only of the thread that began the profile."},
  {"profile.record_shapes", kFlag, "false", "OARLOCK_PROFILE_RECORD_SHAPES", "Record the shapes of operators' inputs, in the trace."},
  {"profile.repeat", kInt, "0", "OARLOCK_PROFILE_REPEAT", "Cycles of a profile; 0: until it ends."},
  {"profile.skip_first", kInt, "0", "OARLOCK_PROFILE_SKIP_FIRST", "Steps before the first cycle of a profile."},
  {"profile.wait", kInt, "0", "OARLOCK_PROFILE_WAIT", "Steps at the start of each cycle of a profile that nothing is recorded of."},
  {"profile.warmup", kInt, "0", "OARLOCK_PROFILE_WARMUP", "Steps after those, for which the profiler is made ready."},
  {"progress", kString, "\"auto\"", "OARLOCK_PROGRESS", "What progress bars show on standard error: auto (a bar on a terminal, lines elsewhere), bar, lines or off; 1 means auto and 0 off."},
  {"project_dir", kString, "null", "OARLOCK_PROJECT_DIR", "Folder of the run: checkpoints lie in <project_dir>/checkpoints. Unset: the current directory."},
  {"scheduler.anneal_strategy", kString, "null", "OARLOCK_SCHEDULER_ANNEAL_STRATEGY", "cos or linear (one_cycle); unset: cos."},
  {"scheduler.base_lr", kDoubles, "null", "OARLOCK_SCHEDULER_BASE_LR", "Lowest rate, one number or one per group (cyclic)."},
  {"scheduler.base_momentum", kDouble, "null", "OARLOCK_SCHEDULER_BASE_MOMENTUM", "Momentum, or first beta, at the highest rate (one_cycle 0.85, cyclic 0.8)."},
  {"scheduler.cooldown", kInt, "null", "OARLOCK_SCHEDULER_COOLDOWN", "Steps after a change in which bad ones do not count (plateau); unset: 0."},
  {"scheduler.cycle_momentum", kFlag, "null", "OARLOCK_SCHEDULER_CYCLE_MOMENTUM", "Momentum, or the first beta, moves against the rate (one_cycle, cyclic); unset: true."},
  {"scheduler.decay_steps", kInt, "null", "OARLOCK_SCHEDULER_DECAY_STEPS", "Steps of the decay (warmup_stable_decay)."},
  {"scheduler.decay_type", kString, "null", "OARLOCK_SCHEDULER_DECAY_TYPE", "linear, cosine or 1-sqrt (warmup_stable_decay); unset: cosine."},
  {"scheduler.div_factor", kDouble, "null", "OARLOCK_SCHEDULER_DIV_FACTOR", "max_lr over the first rate (one_cycle); unset: 25."},
  {"scheduler.end_factor", kDouble, "null", "OARLOCK_SCHEDULER_END_FACTOR", "Factor at the end (linear_lr); unset: 1."},
  {"scheduler.eps", kDouble, "null", "OARLOCK_SCHEDULER_EPS", "Smallest change of a rate that is made (plateau); unset: 1e-8."},
  {"scheduler.eta_min", kDouble, "null", "OARLOCK_SCHEDULER_ETA_MIN", "Lowest rate (cosine_annealing, cosine_annealing_warm_restarts); unset: 0."},
  {"scheduler.factor", kDouble, "null", "OARLOCK_SCHEDULER_FACTOR", "Factor of each change (plateau 0.1), or until total_iters (constant_lr 1/3)."},
  {"scheduler.final_div_factor", kDouble, "null", "OARLOCK_SCHEDULER_FINAL_DIV_FACTOR", "First rate over the last one (one_cycle); unset: 1e4."},
  {"scheduler.gamma", kDouble, "null", "OARLOCK_SCHEDULER_GAMMA", "Factor of each change (step and multistep 0.1, exponential), or of each step's peak (cyclic with exp_range 1)."},
  {"scheduler.lr_end", kDouble, "null", "OARLOCK_SCHEDULER_LR_END", "Rate at the end (polynomial); unset: 1e-7."},
  {"scheduler.max_lr", kDoubles, "null", "OARLOCK_SCHEDULER_MAX_LR", "Highest rate, one number or one per group (one_cycle, cyclic)."},
  {"scheduler.max_momentum", kDouble, "null", "OARLOCK_SCHEDULER_MAX_MOMENTUM", "Momentum, or first beta, at the lowest rate (one_cycle 0.95, cyclic 0.9)."},
  {"scheduler.milestones", kDoubles, "null", "OARLOCK_SCHEDULER_MILESTONES", "Steps of the changes (multistep), or at which the next schedule begins (sequential)."},
  {"scheduler.min_lr", kDoubles, "null", "OARLOCK_SCHEDULER_MIN_LR", "Lowest rate, one number or one per group (plateau); unset: 0."},
  {"scheduler.min_lr_ratio", kDouble, "null", "OARLOCK_SCHEDULER_MIN_LR_RATIO", "Smallest rate as a part of the initial one (linear, cosine, warmup_stable_decay); unset: 0."},
  {"scheduler.mode", kString, "null", "OARLOCK_SCHEDULER_MODE", "Which metric is better, min or max (plateau, min); shape of the cycle, triangular, triangular2 or exp_range (cyclic, triangular)."},
  {"scheduler.num_cycles", kDouble, "null", "OARLOCK_SCHEDULER_NUM_CYCLES", "Waves of the cosine (cosine and warmup_stable_decay 0.5: from the top to the bottom once; cosine_with_restarts 1)."},
  {"scheduler.patience", kInt, "null", "OARLOCK_SCHEDULER_PATIENCE", "Bad steps before a change (plateau); unset: 10."},
  {"scheduler.pct_start", kDouble, "null", "OARLOCK_SCHEDULER_PCT_START", "Part of the cycle in which the rate grows (one_cycle); unset: 0.3."},
  {"scheduler.power", kDouble, "null", "OARLOCK_SCHEDULER_POWER", "Power of the decay (polynomial, polynomial_lr); unset: 1."},
  {"scheduler.schedules", kList, "null", "OARLOCK_SCHEDULER_SCHEDULES", "The parts: objects of \"name\" and the part's own options (sequential, chained)."},
  {"scheduler.stable_steps", kInt, "null", "OARLOCK_SCHEDULER_STABLE_STEPS", "Steps at the full rate (warmup_stable_decay); unset: what total_steps leaves."},
  {"scheduler.start_factor", kDouble, "null", "OARLOCK_SCHEDULER_START_FACTOR", "Factor at the start (linear_lr); unset: 1/3."},
  {"scheduler.step_size", kInt, "null", "OARLOCK_SCHEDULER_STEP_SIZE", "Steps between two changes (step)."},
  {"scheduler.step_size_down", kInt, "null", "OARLOCK_SCHEDULER_STEP_SIZE_DOWN", "Steps of the falling half (cyclic); unset: step_size_up."},
  {"scheduler.step_size_up", kInt, "null", "OARLOCK_SCHEDULER_STEP_SIZE_UP", "Steps of the rising half (cyclic); unset: 2000."},
  {"scheduler.t_0", kInt, "null", "OARLOCK_SCHEDULER_T_0", "Steps until the first restart (cosine_annealing_warm_restarts)."},
  {"scheduler.t_max", kInt, "null", "OARLOCK_SCHEDULER_T_MAX", "Steps from the highest rate to the lowest (cosine_annealing)."},
  {"scheduler.t_mult", kInt, "null", "OARLOCK_SCHEDULER_T_MULT", "Growth of the time between restarts (cosine_annealing_warm_restarts); unset: 1."},
  {"scheduler.three_phase", kFlag, "null", "OARLOCK_SCHEDULER_THREE_PHASE", "A third phase goes below the first rate (one_cycle); unset: false."},
  {"scheduler.threshold", kDouble, "null", "OARLOCK_SCHEDULER_THRESHOLD", "Improvement that counts (plateau); unset: 0.0001."},
  {"scheduler.threshold_mode", kString, "null", "OARLOCK_SCHEDULER_THRESHOLD_MODE", "rel or abs (plateau); unset: rel."},
  {"scheduler.timescale", kInt, "null", "OARLOCK_SCHEDULER_TIMESCALE", "Steps of the square root's unit (inverse_sqrt); unset: warmup_steps, or 10000 without them."},
  {"scheduler.total_iters", kInt, "null", "OARLOCK_SCHEDULER_TOTAL_ITERS", "Steps until the factor is at its end (constant_lr, linear_lr, polynomial_lr); unset: 5."},
  {"scheduler.total_steps", kInt, "null", "OARLOCK_SCHEDULER_TOTAL_STEPS", "Steps after which the schedule has ended (linear, cosine, cosine_with_restarts, polynomial, one_cycle, warmup_stable_decay)."},
  {"scheduler.warmup_lr_ratio", kDouble, "null", "OARLOCK_SCHEDULER_WARMUP_LR_RATIO", "First rate of the warm-up as a part of the initial one (cosine_warmup_with_min_lr); unset: 1 / warmup_steps."},
  {"scheduler.warmup_steps", kInt, "null", "OARLOCK_SCHEDULER_WARMUP_STEPS", "Steps of growth from zero at the start (constant, linear, cosine, cosine_with_restarts, polynomial, inverse_sqrt, step, warmup_stable_decay); unset: 0."},
  {"scheduler.warmup_type", kString, "null", "OARLOCK_SCHEDULER_WARMUP_TYPE", "linear, cosine or 1-sqrt (warmup_stable_decay); unset: linear."},
  {"seed", kInt, "null", "OARLOCK_SEED", "Seed of the default generator of every rank, set when the state is made; beyond 2^53 as a string."},
  {"state.generation", kInt, "0", "OARLOCK_STATE_GENERATION", "How often the ranks have met anew after a failure. Ranks of different generations do not meet: survivors and a restarted rank raise it together."},
  {"state.local_rank", kInt, "null", "OARLOCK_STATE_LOCAL_RANK", "This process's number on its host; unset: LOCAL_RANK and its kin."},
  {"state.local_world_size", kInt, "null", "OARLOCK_STATE_LOCAL_WORLD_SIZE", "Processes on this host; unset: LOCAL_WORLD_SIZE and its kin."},
  {"state.master_address", kString, "null", "OARLOCK_STATE_MASTER_ADDRESS", "Host of rank 0; unset: MASTER_ADDR."},
  {"state.master_port", kInt, "null", "OARLOCK_STATE_MASTER_PORT", "Port on which rank 0 listens; unset: MASTER_PORT."},
  {"state.meeting_file", kString, "null", "OARLOCK_STATE_MEETING_FILE", "A file in a folder that all ranks see, by which they find rank 0: no address and no port is needed. One for each launch; it is gone when they have met."},
  {"state.rank", kInt, "null", "OARLOCK_STATE_RANK", "This process's number among all; unset: RANK and its kin."},
  {"state.world_size", kInt, "null", "OARLOCK_STATE_WORLD_SIZE", "Processes in all; unset: WORLD_SIZE and its kin."},
  {"threads.intra_op", kInt, "null", "OARLOCK_THREADS_INTRA_OP", "Threads of one operator; unset: left as it is (libtorch reads OMP_NUM_THREADS, which `oarlock launch` sets)."},
  {"tracker.path", kString, "null", "OARLOCK_TRACKER_PATH", "What the tracker writes: a file (jsonl), a directory (tensorboard)."},
};
// clang-format on

// The lookup is a binary search.
constexpr bool is_sorted() {
  for (std::size_t i = 1; i < std::size(kRows); ++i) {
    if (std::string_view(kRows[i - 1].key) >= std::string_view(kRows[i].key)) return false;
  }
  return true;
}
static_assert(is_sorted(), "the rows must be sorted by key, each key once");

}  // namespace

std::span<const OptionKey> option_keys() { return kRows; }

}  // namespace oarlock
