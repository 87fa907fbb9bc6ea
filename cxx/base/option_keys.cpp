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
  {"loader.num_workers", kInt, "1", "OARLOCK_LOADER_NUM_WORKERS", "Threads that prepare batches ahead; 0: the calling thread does it."},
  {"loader.prefetch", kInt, "2", "OARLOCK_LOADER_PREFETCH", "Batches prepared ahead per worker."},
  {"loader.seed", kInt, "null", "OARLOCK_LOADER_SEED", "Seed of the shuffling, at least 0; unset: the seed of the default generator when the loader is made."},
  {"loader.shuffle", kFlag, "false", "OARLOCK_LOADER_SHUFFLE", "A new order of the samples in each epoch, equal on all ranks."},
  {"loader.split_batches", kFlag, "false", "OARLOCK_LOADER_SPLIT_BATCHES", "batch_size counts the samples of all ranks together."},
  {"loader.timeout_ms", kInt, "1800000", "OARLOCK_LOADER_TIMEOUT_MS", "Milliseconds to wait for a batch from the workers before the call fails."},
  {"log.level", kString, "\"warning\"", "OARLOCK_LOG_LEVEL", "debug, info, warning, error or off.", "ACCELERATE_LOG_LEVEL"},
  {"model.operators", kString, "null", "OARLOCK_MODEL_OPERATORS", "Namespaces, separated by commas, whose operators a program may call besides those of aten: \"torchvision\", once the host has loaded it."},
  {"model.weights", kString, "null", "OARLOCK_MODEL_WEIGHTS", "A safetensors file whose tensors replace the program's own weights."},
  {"optimizer.amsgrad", kFlag, "null", "OARLOCK_OPTIMIZER_AMSGRAD", "Divide by the largest second moment so far (adamw); unset: false."},
  {"optimizer.betas", kDoubles, "null", "OARLOCK_OPTIMIZER_BETAS", "Decay of the first and second moment (adamw); unset: [0.9, 0.999]."},
  {"optimizer.dampening", kDouble, "null", "OARLOCK_OPTIMIZER_DAMPENING", "Dampening of the momentum (sgd); unset: 0."},
  {"optimizer.eps", kDouble, "null", "OARLOCK_OPTIMIZER_EPS", "Added to the denominator (adamw); unset: 1e-8."},
  {"optimizer.lr", kDouble, "0.001", "OARLOCK_OPTIMIZER_LR", "Learning rate."},
  {"optimizer.maximize", kFlag, "false", "OARLOCK_OPTIMIZER_MAXIMIZE", "Step along the gradient instead of against it."},
  {"optimizer.momentum", kDouble, "null", "OARLOCK_OPTIMIZER_MOMENTUM", "Momentum (sgd); unset: 0."},
  {"optimizer.nesterov", kFlag, "null", "OARLOCK_OPTIMIZER_NESTEROV", "Nesterov momentum (sgd); unset: false."},
  {"optimizer.weight_decay", kDouble, "null", "OARLOCK_OPTIMIZER_WEIGHT_DECAY", "Weight decay; unset: 0 for sgd, 0.01 for adamw."},
  {"progress", kString, "\"auto\"", "OARLOCK_PROGRESS", "What progress bars show on standard error: auto (a bar on a terminal, lines elsewhere), bar, lines or off; 1 means auto and 0 off."},
  {"project_dir", kString, "null", "OARLOCK_PROJECT_DIR", "Folder of the run: checkpoints lie in <project_dir>/checkpoints. Unset: the current directory."},
  {"scheduler.gamma", kDouble, "null", "OARLOCK_SCHEDULER_GAMMA", "Factor of each change (step); unset: 0.1."},
  {"scheduler.min_lr_ratio", kDouble, "null", "OARLOCK_SCHEDULER_MIN_LR_RATIO", "Smallest rate as a part of the initial one (linear, cosine); unset: 0."},
  {"scheduler.num_cycles", kDouble, "null", "OARLOCK_SCHEDULER_NUM_CYCLES", "Waves of the cosine (cosine); unset: 0.5, from the top to the bottom once."},
  {"scheduler.step_size", kInt, "null", "OARLOCK_SCHEDULER_STEP_SIZE", "Steps between two changes (step)."},
  {"scheduler.total_steps", kInt, "null", "OARLOCK_SCHEDULER_TOTAL_STEPS", "Steps after which the schedule has ended (linear, cosine)."},
  {"scheduler.warmup_steps", kInt, "0", "OARLOCK_SCHEDULER_WARMUP_STEPS", "Steps of linear growth from zero at the start."},
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
  {"tracker.path", kString, "null", "OARLOCK_TRACKER_PATH", "File that the tracker writes (jsonl)."},
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
