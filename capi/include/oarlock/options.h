/**
 * The keys of every option, as constants. Made by tools/gen_options.cpp from cxx/base/option_keys.cpp; do not edit.
 *
 * Use them with oar_config_set_*; in JSON write the key itself. An object of one section, as oar_loader_create and the
 * like take, names keys without what stands before the first dot. What each means: the comment, and docs/options.md.
 */
#ifndef OARLOCK_OPTIONS_H
#define OARLOCK_OPTIONS_H

#include <oarlock/types.h>

/*
 * Micro-batches whose gradients are summed before an optimizer step. (integer; default 1; variable
 * OARLOCK_ACCELERATOR_GRADIENT_ACCUMULATION_STEPS)
 */
#define OAR_OPTION_ACCELERATOR_GRADIENT_ACCUMULATION_STEPS "accelerator.gradient_accumulation_steps"

/*
 * Average gradients over ranks after every micro-batch: less memory, more traffic, the same sums. (flag; default
 * false; variable OARLOCK_ACCELERATOR_SYNC_EACH_BATCH)
 */
#define OAR_OPTION_ACCELERATOR_SYNC_EACH_BATCH "accelerator.sync_each_batch"

/*
 * The last batch of an epoch ends an accumulation, complete or not. (flag; default true; variable
 * OARLOCK_ACCELERATOR_SYNC_WITH_DATALOADER)
 */
#define OAR_OPTION_ACCELERATOR_SYNC_WITH_DATALOADER "accelerator.sync_with_dataloader"

/*
 * Check handles for use by two threads at once, and keep released ones recognisable for longer; on for the whole
 * process once set. (flag; default false; variable OARLOCK_ARMOR)
 */
#define OAR_OPTION_ARMOR "armor"

/*
 * How many checkpoints of a project to keep, the newest included; older ones go after a new one is complete. 0: all.
 * (integer; default 0; variable OARLOCK_CHECKPOINT_TOTAL_LIMIT)
 */
#define OAR_OPTION_CHECKPOINT_TOTAL_LIMIT "checkpoint.total_limit"

/*
 * Address at which other hosts reach this process; unset: that of its first network interface. (string; default
 * unset; variable OARLOCK_COMM_ADDRESS)
 */
#define OAR_OPTION_COMM_ADDRESS "comm.address"

/*
 * Whether it is measured how late each rank comes to each operation (oar_group_arrival_skew). The same on all ranks.
 * (flag; default false; variable OARLOCK_COMM_ARRIVAL_SKEW)
 */
#define OAR_OPTION_COMM_ARRIVAL_SKEW "comm.arrival_skew"

/*
 * What moves the data between ranks: auto (shared memory inside a host, gloo between hosts), shm, gloo, nccl (tensors
 * on CUDA devices by NCCL, others by gloo). The same on all ranks. (string; default "auto"; variable
 * OARLOCK_COMM_BACKEND)
 */
#define OAR_OPTION_COMM_BACKEND "comm.backend"

/*
 * Milliseconds within which all ranks must have come when a state is made. (integer; default 300000; variable
 * OARLOCK_COMM_CONNECT_TIMEOUT_MS)
 */
#define OAR_OPTION_COMM_CONNECT_TIMEOUT_MS "comm.connect_timeout_ms"

/*
 * A folder into which each rank writes what it knows, as rank_<n>.json, when a group fails; `oarlock dump FOLDER`
 * tells who diverged where. Unset: nothing is written. (string; default unset; variable OARLOCK_COMM_DUMP_ON_FAILURE)
 */
#define OAR_OPTION_COMM_DUMP_ON_FAILURE "comm.dump_on_failure"

/*
 * Tensors up to this size go through rank 0 in one round trip, reduced in rank order; larger ones by the backend.
 * Rank 0's value holds for all. (integer; default 65536; variable OARLOCK_COMM_INLINE_BYTES)
 */
#define OAR_OPTION_COMM_INLINE_BYTES "comm.inline_bytes"

/*
 * After this many milliseconds of waiting for a rank a warning names it. (integer; default 5000; variable
 * OARLOCK_COMM_LATE_MS)
 */
#define OAR_OPTION_COMM_LATE_MS "comm.late_ms"

/*
 * Milliseconds that a collective waits for its peers before it fails. (integer; default 1800000; variable
 * OARLOCK_COMM_TIMEOUT_MS)
 */
#define OAR_OPTION_COMM_TIMEOUT_MS "comm.timeout_ms"

/*
 * "accelerate": schedulers step once per rank, and each epoch draws one number from the default generator, as the
 * reference does; empty: neither. (string; default ""; variable OARLOCK_COMPAT)
 */
#define OAR_OPTION_COMPAT "compat"

/*
 * Buffers (running statistics) become rank 0's with each synchronised backward. (flag; default true; variable
 * OARLOCK_DDP_BROADCAST_BUFFERS)
 */
#define OAR_OPTION_DDP_BROADCAST_BUFFERS "ddp.broadcast_buffers"

/*
 * Size in MiB of the buckets in which gradients are averaged. (number; default 25; variable
 * OARLOCK_DDP_BUCKET_CAP_MB)
 */
#define OAR_OPTION_DDP_BUCKET_CAP_MB "ddp.bucket_cap_mb"

/*
 * Parameters may stay without a gradient; false: a backward that leaves one out is an error that names it. (flag;
 * default false; variable OARLOCK_DDP_FIND_UNUSED_PARAMETERS)
 */
#define OAR_OPTION_DDP_FIND_UNUSED_PARAMETERS "ddp.find_unused_parameters"

/*
 * Size in MiB of the first bucket, small so that communication starts early. (number; default 1; variable
 * OARLOCK_DDP_FIRST_BUCKET_CAP_MB)
 */
#define OAR_OPTION_DDP_FIRST_BUCKET_CAP_MB "ddp.first_bucket_cap_mb"

/*
 * The device to use: cpu. Unset: chosen. (string; default unset; variable OARLOCK_DEVICE_NAME)
 */
#define OAR_OPTION_DEVICE_NAME "device.name"

/*
 * Samples per batch of one rank (of all ranks together with split_batches). (integer; default 1; variable
 * OARLOCK_LOADER_BATCH_SIZE)
 */
#define OAR_OPTION_LOADER_BATCH_SIZE "loader.batch_size"

/*
 * Leave out the last batch of an epoch when it is not full. (flag; default false; variable OARLOCK_LOADER_DROP_LAST)
 */
#define OAR_OPTION_LOADER_DROP_LAST "loader.drop_last"

/*
 * Every rank gets the same number of full batches: samples from the epoch's start are repeated where needed. (flag;
 * default true; variable OARLOCK_LOADER_EVEN_BATCHES)
 */
#define OAR_OPTION_LOADER_EVEN_BATCHES "loader.even_batches"

/*
 * Threads that prepare batches ahead; 0: the calling thread does it. (integer; default 1; variable
 * OARLOCK_LOADER_NUM_WORKERS)
 */
#define OAR_OPTION_LOADER_NUM_WORKERS "loader.num_workers"

/*
 * Batches prepared ahead per worker. (integer; default 2; variable OARLOCK_LOADER_PREFETCH)
 */
#define OAR_OPTION_LOADER_PREFETCH "loader.prefetch"

/*
 * Seed of the shuffling, at least 0; unset: the seed of the default generator when the loader is made. (integer;
 * default unset; variable OARLOCK_LOADER_SEED)
 */
#define OAR_OPTION_LOADER_SEED "loader.seed"

/*
 * A new order of the samples in each epoch, equal on all ranks. (flag; default false; variable
 * OARLOCK_LOADER_SHUFFLE)
 */
#define OAR_OPTION_LOADER_SHUFFLE "loader.shuffle"

/*
 * batch_size counts the samples of all ranks together. (flag; default false; variable OARLOCK_LOADER_SPLIT_BATCHES)
 */
#define OAR_OPTION_LOADER_SPLIT_BATCHES "loader.split_batches"

/*
 * Milliseconds to wait for a batch from the workers before the call fails. (integer; default 1800000; variable
 * OARLOCK_LOADER_TIMEOUT_MS)
 */
#define OAR_OPTION_LOADER_TIMEOUT_MS "loader.timeout_ms"

/*
 * debug, info, warning, error or off. (string; default "warning"; variable OARLOCK_LOG_LEVEL)
 */
#define OAR_OPTION_LOG_LEVEL "log.level"

/*
 * Namespaces, separated by commas, whose operators a program may call besides those of aten: "torchvision", once the
 * host has loaded it. (string; default unset; variable OARLOCK_MODEL_OPERATORS)
 */
#define OAR_OPTION_MODEL_OPERATORS "model.operators"

/*
 * A safetensors file whose tensors replace the program's own weights. (string; default unset; variable
 * OARLOCK_MODEL_WEIGHTS)
 */
#define OAR_OPTION_MODEL_WEIGHTS "model.weights"

/*
 * Divide by the largest second moment so far (adamw); unset: false. (flag; default unset; variable
 * OARLOCK_OPTIMIZER_AMSGRAD)
 */
#define OAR_OPTION_OPTIMIZER_AMSGRAD "optimizer.amsgrad"

/*
 * Decay of the first and second moment (adamw); unset: [0.9, 0.999]. (numbers; default unset; variable
 * OARLOCK_OPTIMIZER_BETAS)
 */
#define OAR_OPTION_OPTIMIZER_BETAS "optimizer.betas"

/*
 * Dampening of the momentum (sgd); unset: 0. (number; default unset; variable OARLOCK_OPTIMIZER_DAMPENING)
 */
#define OAR_OPTION_OPTIMIZER_DAMPENING "optimizer.dampening"

/*
 * Added to the denominator (adamw); unset: 1e-8. (number; default unset; variable OARLOCK_OPTIMIZER_EPS)
 */
#define OAR_OPTION_OPTIMIZER_EPS "optimizer.eps"

/*
 * Learning rate. (number; default 0.001; variable OARLOCK_OPTIMIZER_LR)
 */
#define OAR_OPTION_OPTIMIZER_LR "optimizer.lr"

/*
 * Step along the gradient instead of against it. (flag; default false; variable OARLOCK_OPTIMIZER_MAXIMIZE)
 */
#define OAR_OPTION_OPTIMIZER_MAXIMIZE "optimizer.maximize"

/*
 * Momentum (sgd); unset: 0. (number; default unset; variable OARLOCK_OPTIMIZER_MOMENTUM)
 */
#define OAR_OPTION_OPTIMIZER_MOMENTUM "optimizer.momentum"

/*
 * Nesterov momentum (sgd); unset: false. (flag; default unset; variable OARLOCK_OPTIMIZER_NESTEROV)
 */
#define OAR_OPTION_OPTIMIZER_NESTEROV "optimizer.nesterov"

/*
 * Weight decay; unset: 0 for sgd, 0.01 for adamw. (number; default unset; variable OARLOCK_OPTIMIZER_WEIGHT_DECAY)
 */
#define OAR_OPTION_OPTIMIZER_WEIGHT_DECAY "optimizer.weight_decay"

/*
 * What progress bars show on standard error: auto (a bar on a terminal, lines elsewhere), bar, lines or off; 1 means
 * auto and 0 off. (string; default "auto"; variable OARLOCK_PROGRESS)
 */
#define OAR_OPTION_PROGRESS "progress"

/*
 * Folder of the run: checkpoints lie in <project_dir>/checkpoints. Unset: the current directory. (string; default
 * unset; variable OARLOCK_PROJECT_DIR)
 */
#define OAR_OPTION_PROJECT_DIR "project_dir"

/*
 * Factor of each change (step); unset: 0.1. (number; default unset; variable OARLOCK_SCHEDULER_GAMMA)
 */
#define OAR_OPTION_SCHEDULER_GAMMA "scheduler.gamma"

/*
 * Smallest rate as a part of the initial one (linear, cosine); unset: 0. (number; default unset; variable
 * OARLOCK_SCHEDULER_MIN_LR_RATIO)
 */
#define OAR_OPTION_SCHEDULER_MIN_LR_RATIO "scheduler.min_lr_ratio"

/*
 * Waves of the cosine (cosine); unset: 0.5, from the top to the bottom once. (number; default unset; variable
 * OARLOCK_SCHEDULER_NUM_CYCLES)
 */
#define OAR_OPTION_SCHEDULER_NUM_CYCLES "scheduler.num_cycles"

/*
 * Steps between two changes (step). (integer; default unset; variable OARLOCK_SCHEDULER_STEP_SIZE)
 */
#define OAR_OPTION_SCHEDULER_STEP_SIZE "scheduler.step_size"

/*
 * Steps after which the schedule has ended (linear, cosine). (integer; default unset; variable
 * OARLOCK_SCHEDULER_TOTAL_STEPS)
 */
#define OAR_OPTION_SCHEDULER_TOTAL_STEPS "scheduler.total_steps"

/*
 * Steps of linear growth from zero at the start. (integer; default 0; variable OARLOCK_SCHEDULER_WARMUP_STEPS)
 */
#define OAR_OPTION_SCHEDULER_WARMUP_STEPS "scheduler.warmup_steps"

/*
 * Seed of the default generator of every rank, set when the state is made; beyond 2^53 as a string. (integer; default
 * unset; variable OARLOCK_SEED)
 */
#define OAR_OPTION_SEED "seed"

/*
 * How often the ranks have met anew after a failure. Ranks of different generations do not meet: survivors and a
 * restarted rank raise it together. (integer; default 0; variable OARLOCK_STATE_GENERATION)
 */
#define OAR_OPTION_STATE_GENERATION "state.generation"

/*
 * This process's number on its host; unset: LOCAL_RANK and its kin. (integer; default unset; variable
 * OARLOCK_STATE_LOCAL_RANK)
 */
#define OAR_OPTION_STATE_LOCAL_RANK "state.local_rank"

/*
 * Processes on this host; unset: LOCAL_WORLD_SIZE and its kin. (integer; default unset; variable
 * OARLOCK_STATE_LOCAL_WORLD_SIZE)
 */
#define OAR_OPTION_STATE_LOCAL_WORLD_SIZE "state.local_world_size"

/*
 * Host of rank 0; unset: MASTER_ADDR. (string; default unset; variable OARLOCK_STATE_MASTER_ADDRESS)
 */
#define OAR_OPTION_STATE_MASTER_ADDRESS "state.master_address"

/*
 * Port on which rank 0 listens; unset: MASTER_PORT. (integer; default unset; variable OARLOCK_STATE_MASTER_PORT)
 */
#define OAR_OPTION_STATE_MASTER_PORT "state.master_port"

/*
 * A file in a folder that all ranks see, by which they find rank 0: no address and no port is needed. One for each
 * launch; it is gone when they have met. (string; default unset; variable OARLOCK_STATE_MEETING_FILE)
 */
#define OAR_OPTION_STATE_MEETING_FILE "state.meeting_file"

/*
 * This process's number among all; unset: RANK and its kin. (integer; default unset; variable OARLOCK_STATE_RANK)
 */
#define OAR_OPTION_STATE_RANK "state.rank"

/*
 * Processes in all; unset: WORLD_SIZE and its kin. (integer; default unset; variable OARLOCK_STATE_WORLD_SIZE)
 */
#define OAR_OPTION_STATE_WORLD_SIZE "state.world_size"

/*
 * Threads of one operator; unset: left as it is (libtorch reads OMP_NUM_THREADS, which `oarlock launch` sets).
 * (integer; default unset; variable OARLOCK_THREADS_INTRA_OP)
 */
#define OAR_OPTION_THREADS_INTRA_OP "threads.intra_op"

/*
 * File that the tracker writes (jsonl). (string; default unset; variable OARLOCK_TRACKER_PATH)
 */
#define OAR_OPTION_TRACKER_PATH "tracker.path"

#endif
