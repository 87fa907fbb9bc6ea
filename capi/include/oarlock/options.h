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
 * Schedules count micro-batches: those that only accumulate step them, too. No effect with compat accelerate, as in
 * the reference. (flag; default false; variable OARLOCK_ACCELERATOR_ADJUST_SCHEDULER)
 */
#define OAR_OPTION_ACCELERATOR_ADJUST_SCHEDULER "accelerator.adjust_scheduler"

/*
 * Micro-batches whose gradients are summed before an optimizer step. (integer; default 1; variable
 * OARLOCK_ACCELERATOR_GRADIENT_ACCUMULATION_STEPS)
 */
#define OAR_OPTION_ACCELERATOR_GRADIENT_ACCUMULATION_STEPS "accelerator.gradient_accumulation_steps"

/*
 * In what the forwards of prepared models compute: no (as the program says), bf16, fp16 (with a gradient scaler).
 * (string; default "no"; variable OARLOCK_ACCELERATOR_MIXED_PRECISION)
 */
#define OAR_OPTION_ACCELERATOR_MIXED_PRECISION "accelerator.mixed_precision"

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
 * Within one forward a weight is cast once, however often it is used. (flag; default true; variable
 * OARLOCK_AUTOCAST_CACHE_ENABLED)
 */
#define OAR_OPTION_AUTOCAST_CACHE_ENABLED "autocast.cache_enabled"

/*
 * false: with bf16 or fp16, the forwards of prepared models still compute as the program says; only regions
 * (oar_accelerator_autocast_begin) and the scaler are left. (flag; default true; variable OARLOCK_AUTOCAST_ENABLED)
 */
#define OAR_OPTION_AUTOCAST_ENABLED "autocast.enabled"

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
 * What moves the data between ranks: auto (shared memory inside a host, between hosts what comm.between_hosts says),
 * shm, gloo, nccl (tensors on CUDA devices by NCCL, others by gloo). The same on all ranks. (string; default "auto";
 * variable OARLOCK_COMM_BACKEND)
 */
#define OAR_OPTION_COMM_BACKEND "comm.backend"

/*
 * What moves large data between hosts with comm.backend auto: auto (MPI where the state is made of a communicator of
 * MPI with MPI_THREAD_MULTIPLE, else gloo), gloo, mpi. The same on all ranks. (string; default "auto"; variable
 * OARLOCK_COMM_BETWEEN_HOSTS)
 */
#define OAR_OPTION_COMM_BETWEEN_HOSTS "comm.between_hosts"

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
 * PowerSGD: gradients of one shape are multiplied together. (flag; default false; variable
 * OARLOCK_DDP_BATCH_TENSORS_WITH_SAME_SHAPE)
 */
#define OAR_OPTION_DDP_BATCH_TENSORS_WITH_SAME_SHAPE "ddp.batch_tensors_with_same_shape"

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
 * What gradients travel as: no (as they are), fp16, bf16, power_sgd (low-rank), batched_power_sgd (a whole bucket as
 * one low-rank matrix). (string; default "no"; variable OARLOCK_DDP_COMM_HOOK)
 */
#define OAR_OPTION_DDP_COMM_HOOK "ddp.comm_hook"

/*
 * fp16 or bf16: buckets are cast before the hook and back after it; only together with ddp.comm_hook. no: they are
 * not. (string; default "no"; variable OARLOCK_DDP_COMM_WRAPPER)
 */
#define OAR_OPTION_DDP_COMM_WRAPPER "ddp.comm_wrapper"

/*
 * PowerSGD: steps between two lines of the log (level info) that say how much less was sent. (integer; default 10000;
 * variable OARLOCK_DDP_COMPRESSION_STATS_LOGGING_FREQUENCY)
 */
#define OAR_OPTION_DDP_COMPRESSION_STATS_LOGGING_FREQUENCY "ddp.compression_stats_logging_frequency"

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
 * Gradients lie in the buckets in which they travel: one copy of them less. A gradient that is kept over a step
 * changes. (flag; default false; variable OARLOCK_DDP_GRADIENT_AS_BUCKET_VIEW)
 */
#define OAR_OPTION_DDP_GRADIENT_AS_BUCKET_VIEW "ddp.gradient_as_bucket_view"

/*
 * PowerSGD: the rank of what stands for a gradient. (integer; default 1; variable
 * OARLOCK_DDP_MATRIX_APPROXIMATION_RANK)
 */
#define OAR_OPTION_DDP_MATRIX_APPROXIMATION_RANK "ddp.matrix_approximation_rank"

/*
 * PowerSGD: gradients that would not become so many times smaller are sent as they are. (number; default 2; variable
 * OARLOCK_DDP_MIN_COMPRESSION_RATE)
 */
#define OAR_OPTION_DDP_MIN_COMPRESSION_RATE "ddp.min_compression_rate"

/*
 * PowerSGD: added to the norms that columns are divided by. (number; default 0; variable
 * OARLOCK_DDP_ORTHOGONALIZATION_EPSILON)
 */
#define OAR_OPTION_DDP_ORTHOGONALIZATION_EPSILON "ddp.orthogonalization_epsilon"

/*
 * PowerSGD: seed of the first Q, the same on all ranks. (integer; default 0; variable OARLOCK_DDP_RANDOM_SEED)
 */
#define OAR_OPTION_DDP_RANDOM_SEED "ddp.random_seed"

/*
 * PowerSGD: synchronised backwards with plain averages before it begins; >= 2 with error feedback or warm start.
 * (integer; default 1000; variable OARLOCK_DDP_START_POWER_SGD_ITER)
 */
#define OAR_OPTION_DDP_START_POWER_SGD_ITER "ddp.start_power_sgd_iter"

/*
 * Every backward is like the first: what it left out stays without a gradient and costs nothing, and a parameter may
 * become ready several times. (flag; default false; variable OARLOCK_DDP_STATIC_GRAPH)
 */
#define OAR_OPTION_DDP_STATIC_GRAPH "ddp.static_graph"

/*
 * PowerSGD: what a step left out is added to the next one. (flag; default true; variable
 * OARLOCK_DDP_USE_ERROR_FEEDBACK)
 */
#define OAR_OPTION_DDP_USE_ERROR_FEEDBACK "ddp.use_error_feedback"

/*
 * PowerSGD: begin from the Q of the step before. (flag; default true; variable OARLOCK_DDP_WARM_START)
 */
#define OAR_OPTION_DDP_WARM_START "ddp.warm_start"

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
 * How many samples a shuffling loader draws in an epoch, at least 1; unset: as many as there are. (integer; default
 * unset; variable OARLOCK_LOADER_NUM_SAMPLES)
 */
#define OAR_OPTION_LOADER_NUM_SAMPLES "loader.num_samples"

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
 * A shuffling loader may draw a sample more than once in an epoch. (flag; default false; variable
 * OARLOCK_LOADER_REPLACEMENT)
 */
#define OAR_OPTION_LOADER_REPLACEMENT "loader.replacement"

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
 * How the rate follows a matrix's shape (muon): original or match_rms_adamw; unset: original. (string; default unset;
 * variable OARLOCK_OPTIMIZER_ADJUST_LR_FN)
 */
#define OAR_OPTION_OPTIMIZER_ADJUST_LR_FN "optimizer.adjust_lr_fn"

/*
 * Smoothing constant (rmsprop, 0.99); power of the rate's decay (asgd, 0.75). (number; default unset; variable
 * OARLOCK_OPTIMIZER_ALPHA)
 */
#define OAR_OPTION_OPTIMIZER_ALPHA "optimizer.alpha"

/*
 * Divide by the largest second moment so far (adam, adamw); unset: false. (flag; default unset; variable
 * OARLOCK_OPTIMIZER_AMSGRAD)
 */
#define OAR_OPTION_OPTIMIZER_AMSGRAD "optimizer.amsgrad"

/*
 * Decay of the first moment (adafactor_transformers); unset: no first moment. (number; default unset; variable
 * OARLOCK_OPTIMIZER_BETA1)
 */
#define OAR_OPTION_OPTIMIZER_BETA1 "optimizer.beta1"

/*
 * Power of the step in the second moment's decay (adafactor); unset: -0.8. (number; default unset; variable
 * OARLOCK_OPTIMIZER_BETA2_DECAY)
 */
#define OAR_OPTION_OPTIMIZER_BETA2_DECAY "optimizer.beta2_decay"

/*
 * Decay of the first and second moment (adam and its kin, lion); unset: [0.9, 0.999], lion [0.9, 0.99]. (numbers;
 * default unset; variable OARLOCK_OPTIMIZER_BETAS)
 */
#define OAR_OPTION_OPTIMIZER_BETAS "optimizer.betas"

/*
 * Normalise by the variance instead of the mean square (rmsprop); unset: false. (flag; default unset; variable
 * OARLOCK_OPTIMIZER_CENTERED)
 */
#define OAR_OPTION_OPTIMIZER_CENTERED "optimizer.centered"

/*
 * Root mean square at which an update is cut (adafactor_transformers); unset: 1. (number; default unset; variable
 * OARLOCK_OPTIMIZER_CLIP_THRESHOLD)
 */
#define OAR_OPTION_OPTIMIZER_CLIP_THRESHOLD "optimizer.clip_threshold"

/*
 * Root mean square at which an update is cut (adafactor); unset: 1. (number; default unset; variable
 * OARLOCK_OPTIMIZER_D)
 */
#define OAR_OPTION_OPTIMIZER_D "optimizer.d"

/*
 * Dampening of the momentum (sgd); unset: 0. (number; default unset; variable OARLOCK_OPTIMIZER_DAMPENING)
 */
#define OAR_OPTION_OPTIMIZER_DAMPENING "optimizer.dampening"

/*
 * Power of the step in the second moment's decay (adafactor_transformers); unset: -0.8. (number; default unset;
 * variable OARLOCK_OPTIMIZER_DECAY_RATE)
 */
#define OAR_OPTION_OPTIMIZER_DECAY_RATE "optimizer.decay_rate"

/*
 * Shrink parameters instead of adding them to the gradients (adam, nadam, radam); unset: false. (flag; default unset;
 * variable OARLOCK_OPTIMIZER_DECOUPLED_WEIGHT_DECAY)
 */
#define OAR_OPTION_OPTIMIZER_DECOUPLED_WEIGHT_DECAY "optimizer.decoupled_weight_decay"

/*
 * Added to the denominator; unset: 1e-8, adagrad 1e-10, adadelta 1e-6, muon 1e-7. (number; default unset; variable
 * OARLOCK_OPTIMIZER_EPS)
 */
#define OAR_OPTION_OPTIMIZER_EPS "optimizer.eps"

/*
 * Smallest squared gradient, first of torch's two eps; unset: adafactor the dtype's, adafactor_transformers 1e-30.
 * (number; default unset; variable OARLOCK_OPTIMIZER_EPS1)
 */
#define OAR_OPTION_OPTIMIZER_EPS1 "optimizer.eps1"

/*
 * Smallest size of a parameter, second of torch's two eps (adafactor); unset: 0.001. (number; default unset; variable
 * OARLOCK_OPTIMIZER_EPS2)
 */
#define OAR_OPTION_OPTIMIZER_EPS2 "optimizer.eps2"

/*
 * Factors by which steps shrink and grow (rprop); unset: [0.5, 1.2]. (numbers; default unset; variable
 * OARLOCK_OPTIMIZER_ETAS)
 */
#define OAR_OPTION_OPTIMIZER_ETAS "optimizer.etas"

/*
 * Parameter groups: objects of "params", a list of names or patterns, and options that differ for them; what no group
 * takes is one more. (list; default unset; variable OARLOCK_OPTIMIZER_GROUPS)
 */
#define OAR_OPTION_OPTIMIZER_GROUPS "optimizer.groups"

/*
 * Steps that the curvature is made of (lbfgs); unset: 100. (integer; default unset; variable
 * OARLOCK_OPTIMIZER_HISTORY_SIZE)
 */
#define OAR_OPTION_OPTIMIZER_HISTORY_SIZE "optimizer.history_size"

/*
 * What the sum of squares begins with (adagrad); unset: 0. (number; default unset; variable
 * OARLOCK_OPTIMIZER_INITIAL_ACCUMULATOR_VALUE)
 */
#define OAR_OPTION_OPTIMIZER_INITIAL_ACCUMULATOR_VALUE "optimizer.initial_accumulator_value"

/*
 * Decay term (asgd); unset: 0.0001. (number; default unset; variable OARLOCK_OPTIMIZER_LAMBD)
 */
#define OAR_OPTION_OPTIMIZER_LAMBD "optimizer.lambd"

/*
 * strong_wolfe (lbfgs); unset: none, every step has the length lr. (string; default unset; variable
 * OARLOCK_OPTIMIZER_LINE_SEARCH_FN)
 */
#define OAR_OPTION_OPTIMIZER_LINE_SEARCH_FN "optimizer.line_search_fn"

/*
 * Learning rate; unset: the optimizer's own default, see docs/optimizers.md. (number; default unset; variable
 * OARLOCK_OPTIMIZER_LR)
 */
#define OAR_OPTION_OPTIMIZER_LR "optimizer.lr"

/*
 * Decay of the learning rate (adagrad); unset: 0. (number; default unset; variable OARLOCK_OPTIMIZER_LR_DECAY)
 */
#define OAR_OPTION_OPTIMIZER_LR_DECAY "optimizer.lr_decay"

/*
 * Evaluations per step (lbfgs); unset: 5/4 of max_iter. (integer; default unset; variable OARLOCK_OPTIMIZER_MAX_EVAL)
 */
#define OAR_OPTION_OPTIMIZER_MAX_EVAL "optimizer.max_eval"

/*
 * Iterations per step (lbfgs); unset: 20. (integer; default unset; variable OARLOCK_OPTIMIZER_MAX_ITER)
 */
#define OAR_OPTION_OPTIMIZER_MAX_ITER "optimizer.max_iter"

/*
 * Step along the gradient instead of against it; unset: false. (flag; default unset; variable
 * OARLOCK_OPTIMIZER_MAXIMIZE)
 */
#define OAR_OPTION_OPTIMIZER_MAXIMIZE "optimizer.maximize"

/*
 * Momentum (sgd, rmsprop, muon); unset: 0, muon 0.95. (number; default unset; variable OARLOCK_OPTIMIZER_MOMENTUM)
 */
#define OAR_OPTION_OPTIMIZER_MOMENTUM "optimizer.momentum"

/*
 * Decay of the momentum (nadam); unset: 0.004. (number; default unset; variable OARLOCK_OPTIMIZER_MOMENTUM_DECAY)
 */
#define OAR_OPTION_OPTIMIZER_MOMENTUM_DECAY "optimizer.momentum_decay"

/*
 * Nesterov momentum (sgd, muon); unset: false, muon true. (flag; default unset; variable OARLOCK_OPTIMIZER_NESTEROV)
 */
#define OAR_OPTION_OPTIMIZER_NESTEROV "optimizer.nesterov"

/*
 * Of the Newton-Schulz iteration (muon); unset: [3.4445, -4.775, 2.0315]. (numbers; default unset; variable
 * OARLOCK_OPTIMIZER_NS_COEFFICIENTS)
 */
#define OAR_OPTION_OPTIMIZER_NS_COEFFICIENTS "optimizer.ns_coefficients"

/*
 * Newton-Schulz iterations (muon); unset: 5. (integer; default unset; variable OARLOCK_OPTIMIZER_NS_STEPS)
 */
#define OAR_OPTION_OPTIMIZER_NS_STEPS "optimizer.ns_steps"

/*
 * Names or patterns ('*': any text) of the parameters that it updates; unset: all of the model. (list; default unset;
 * variable OARLOCK_OPTIMIZER_PARAMS)
 */
#define OAR_OPTION_OPTIMIZER_PARAMS "optimizer.params"

/*
 * Power of the step in the average's weights (schedule_free_adamw); unset: 0. (number; default unset; variable
 * OARLOCK_OPTIMIZER_R)
 */
#define OAR_OPTION_OPTIMIZER_R "optimizer.r"

/*
 * The rate follows the step (adafactor_transformers); unset: true. (flag; default unset; variable
 * OARLOCK_OPTIMIZER_RELATIVE_STEP)
 */
#define OAR_OPTION_OPTIMIZER_RELATIVE_STEP "optimizer.relative_step"

/*
 * Decay of the running averages (adadelta); unset: 0.9. (number; default unset; variable OARLOCK_OPTIMIZER_RHO)
 */
#define OAR_OPTION_OPTIMIZER_RHO "optimizer.rho"

/*
 * The rate follows the parameter's size (adafactor_transformers); unset: true. (flag; default unset; variable
 * OARLOCK_OPTIMIZER_SCALE_PARAMETER)
 */
#define OAR_OPTION_OPTIMIZER_SCALE_PARAMETER "optimizer.scale_parameter"

/*
 * Smallest and largest step (rprop); unset: [1e-6, 50]. (numbers; default unset; variable
 * OARLOCK_OPTIMIZER_STEP_SIZES)
 */
#define OAR_OPTION_OPTIMIZER_STEP_SIZES "optimizer.step_sizes"

/*
 * Step at which averaging starts (asgd); unset: 1e6. (number; default unset; variable OARLOCK_OPTIMIZER_T0)
 */
#define OAR_OPTION_OPTIMIZER_T0 "optimizer.t0"

/*
 * Change of loss or parameters that ends a step (lbfgs); unset: 1e-9. (number; default unset; variable
 * OARLOCK_OPTIMIZER_TOLERANCE_CHANGE)
 */
#define OAR_OPTION_OPTIMIZER_TOLERANCE_CHANGE "optimizer.tolerance_change"

/*
 * Largest gradient that ends a step (lbfgs); unset: 1e-7. (number; default unset; variable
 * OARLOCK_OPTIMIZER_TOLERANCE_GRAD)
 */
#define OAR_OPTION_OPTIMIZER_TOLERANCE_GRAD "optimizer.tolerance_grad"

/*
 * A small rate at first (adafactor_transformers); unset: false. (flag; default unset; variable
 * OARLOCK_OPTIMIZER_WARMUP_INIT)
 */
#define OAR_OPTION_OPTIMIZER_WARMUP_INIT "optimizer.warmup_init"

/*
 * Steps of linear growth of the rate (schedule_free_adamw); unset: 0. (integer; default unset; variable
 * OARLOCK_OPTIMIZER_WARMUP_STEPS)
 */
#define OAR_OPTION_OPTIMIZER_WARMUP_STEPS "optimizer.warmup_steps"

/*
 * Weight decay; unset: 0, adamw 0.01, muon 0.1. (number; default unset; variable OARLOCK_OPTIMIZER_WEIGHT_DECAY)
 */
#define OAR_OPTION_OPTIMIZER_WEIGHT_DECAY "optimizer.weight_decay"

/*
 * Power of the rate in the average's weights (schedule_free_adamw); unset: 2. (number; default unset; variable
 * OARLOCK_OPTIMIZER_WEIGHT_LR_POWER)
 */
#define OAR_OPTION_OPTIMIZER_WEIGHT_LR_POWER "optimizer.weight_lr_power"

/*
 * Steps that each cycle of a profile records; 0: no cycles, all of it is one record. (integer; default 0; variable
 * OARLOCK_PROFILE_ACTIVE)
 */
#define OAR_OPTION_PROFILE_ACTIVE "profile.active"

/*
 * Folder into which each rank writes its traces, profile_<rank>.json; unset: none are written. (string; default
 * unset; variable OARLOCK_PROFILE_DIRECTORY)
 */
#define OAR_OPTION_PROFILE_DIRECTORY "profile.directory"

/*
 * Estimate the floating-point operations of products and convolutions, in the trace. (flag; default false; variable
 * OARLOCK_PROFILE_FLOPS)
 */
#define OAR_OPTION_PROFILE_FLOPS "profile.flops"

/*
 * Record what is allocated and freed, in the trace; then only of the thread that began the profile. (flag; default
 * false; variable OARLOCK_PROFILE_MEMORY)
 */
#define OAR_OPTION_PROFILE_MEMORY "profile.memory"

/*
 * Record the shapes of operators' inputs, in the trace. (flag; default false; variable OARLOCK_PROFILE_RECORD_SHAPES)
 */
#define OAR_OPTION_PROFILE_RECORD_SHAPES "profile.record_shapes"

/*
 * Cycles of a profile; 0: until it ends. (integer; default 0; variable OARLOCK_PROFILE_REPEAT)
 */
#define OAR_OPTION_PROFILE_REPEAT "profile.repeat"

/*
 * Steps before the first cycle of a profile. (integer; default 0; variable OARLOCK_PROFILE_SKIP_FIRST)
 */
#define OAR_OPTION_PROFILE_SKIP_FIRST "profile.skip_first"

/*
 * Steps at the start of each cycle of a profile that nothing is recorded of. (integer; default 0; variable
 * OARLOCK_PROFILE_WAIT)
 */
#define OAR_OPTION_PROFILE_WAIT "profile.wait"

/*
 * Steps after those, for which the profiler is made ready. (integer; default 0; variable OARLOCK_PROFILE_WARMUP)
 */
#define OAR_OPTION_PROFILE_WARMUP "profile.warmup"

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
 * By what the loss scale is multiplied when gradients were not finite; between 0 and 1. (number; default 0.5;
 * variable OARLOCK_SCALER_BACKOFF_FACTOR)
 */
#define OAR_OPTION_SCALER_BACKOFF_FACTOR "scaler.backoff_factor"

/*
 * Whether fp16 comes with a gradient scaler. (flag; default true; variable OARLOCK_SCALER_ENABLED)
 */
#define OAR_OPTION_SCALER_ENABLED "scaler.enabled"

/*
 * By what the loss scale is multiplied after growth_interval good iterations in a row; > 1. (number; default 2;
 * variable OARLOCK_SCALER_GROWTH_FACTOR)
 */
#define OAR_OPTION_SCALER_GROWTH_FACTOR "scaler.growth_factor"

/*
 * Good iterations in a row after which the loss scale grows; >= 1. (integer; default 2000; variable
 * OARLOCK_SCALER_GROWTH_INTERVAL)
 */
#define OAR_OPTION_SCALER_GROWTH_INTERVAL "scaler.growth_interval"

/*
 * The loss scale at the start; > 0. (number; default 65536; variable OARLOCK_SCALER_INIT_SCALE)
 */
#define OAR_OPTION_SCALER_INIT_SCALE "scaler.init_scale"

/*
 * cos or linear (one_cycle); unset: cos. (string; default unset; variable OARLOCK_SCHEDULER_ANNEAL_STRATEGY)
 */
#define OAR_OPTION_SCHEDULER_ANNEAL_STRATEGY "scheduler.anneal_strategy"

/*
 * Lowest rate, one number or one per group (cyclic). (numbers; default unset; variable OARLOCK_SCHEDULER_BASE_LR)
 */
#define OAR_OPTION_SCHEDULER_BASE_LR "scheduler.base_lr"

/*
 * Momentum, or first beta, at the highest rate (one_cycle 0.85, cyclic 0.8). (number; default unset; variable
 * OARLOCK_SCHEDULER_BASE_MOMENTUM)
 */
#define OAR_OPTION_SCHEDULER_BASE_MOMENTUM "scheduler.base_momentum"

/*
 * Steps after a change in which bad ones do not count (plateau); unset: 0. (integer; default unset; variable
 * OARLOCK_SCHEDULER_COOLDOWN)
 */
#define OAR_OPTION_SCHEDULER_COOLDOWN "scheduler.cooldown"

/*
 * Momentum, or the first beta, moves against the rate (one_cycle, cyclic); unset: true. (flag; default unset;
 * variable OARLOCK_SCHEDULER_CYCLE_MOMENTUM)
 */
#define OAR_OPTION_SCHEDULER_CYCLE_MOMENTUM "scheduler.cycle_momentum"

/*
 * Steps of the decay (warmup_stable_decay). (integer; default unset; variable OARLOCK_SCHEDULER_DECAY_STEPS)
 */
#define OAR_OPTION_SCHEDULER_DECAY_STEPS "scheduler.decay_steps"

/*
 * linear, cosine or 1-sqrt (warmup_stable_decay); unset: cosine. (string; default unset; variable
 * OARLOCK_SCHEDULER_DECAY_TYPE)
 */
#define OAR_OPTION_SCHEDULER_DECAY_TYPE "scheduler.decay_type"

/*
 * max_lr over the first rate (one_cycle); unset: 25. (number; default unset; variable OARLOCK_SCHEDULER_DIV_FACTOR)
 */
#define OAR_OPTION_SCHEDULER_DIV_FACTOR "scheduler.div_factor"

/*
 * Factor at the end (linear_lr); unset: 1. (number; default unset; variable OARLOCK_SCHEDULER_END_FACTOR)
 */
#define OAR_OPTION_SCHEDULER_END_FACTOR "scheduler.end_factor"

/*
 * Smallest change of a rate that is made (plateau); unset: 1e-8. (number; default unset; variable
 * OARLOCK_SCHEDULER_EPS)
 */
#define OAR_OPTION_SCHEDULER_EPS "scheduler.eps"

/*
 * Lowest rate (cosine_annealing, cosine_annealing_warm_restarts); unset: 0. (number; default unset; variable
 * OARLOCK_SCHEDULER_ETA_MIN)
 */
#define OAR_OPTION_SCHEDULER_ETA_MIN "scheduler.eta_min"

/*
 * Factor of each change (plateau 0.1), or until total_iters (constant_lr 1/3). (number; default unset; variable
 * OARLOCK_SCHEDULER_FACTOR)
 */
#define OAR_OPTION_SCHEDULER_FACTOR "scheduler.factor"

/*
 * First rate over the last one (one_cycle); unset: 1e4. (number; default unset; variable
 * OARLOCK_SCHEDULER_FINAL_DIV_FACTOR)
 */
#define OAR_OPTION_SCHEDULER_FINAL_DIV_FACTOR "scheduler.final_div_factor"

/*
 * Factor of each change (step and multistep 0.1, exponential), or of each step's peak (cyclic with exp_range 1).
 * (number; default unset; variable OARLOCK_SCHEDULER_GAMMA)
 */
#define OAR_OPTION_SCHEDULER_GAMMA "scheduler.gamma"

/*
 * Rate at the end (polynomial); unset: 1e-7. (number; default unset; variable OARLOCK_SCHEDULER_LR_END)
 */
#define OAR_OPTION_SCHEDULER_LR_END "scheduler.lr_end"

/*
 * Highest rate, one number or one per group (one_cycle, cyclic). (numbers; default unset; variable
 * OARLOCK_SCHEDULER_MAX_LR)
 */
#define OAR_OPTION_SCHEDULER_MAX_LR "scheduler.max_lr"

/*
 * Momentum, or first beta, at the lowest rate (one_cycle 0.95, cyclic 0.9). (number; default unset; variable
 * OARLOCK_SCHEDULER_MAX_MOMENTUM)
 */
#define OAR_OPTION_SCHEDULER_MAX_MOMENTUM "scheduler.max_momentum"

/*
 * Steps of the changes (multistep), or at which the next schedule begins (sequential). (numbers; default unset;
 * variable OARLOCK_SCHEDULER_MILESTONES)
 */
#define OAR_OPTION_SCHEDULER_MILESTONES "scheduler.milestones"

/*
 * Lowest rate, one number or one per group (plateau); unset: 0. (numbers; default unset; variable
 * OARLOCK_SCHEDULER_MIN_LR)
 */
#define OAR_OPTION_SCHEDULER_MIN_LR "scheduler.min_lr"

/*
 * Smallest rate as a part of the initial one (linear, cosine, warmup_stable_decay); unset: 0. (number; default unset;
 * variable OARLOCK_SCHEDULER_MIN_LR_RATIO)
 */
#define OAR_OPTION_SCHEDULER_MIN_LR_RATIO "scheduler.min_lr_ratio"

/*
 * Which metric is better, min or max (plateau, min); shape of the cycle, triangular, triangular2 or exp_range
 * (cyclic, triangular). (string; default unset; variable OARLOCK_SCHEDULER_MODE)
 */
#define OAR_OPTION_SCHEDULER_MODE "scheduler.mode"

/*
 * Waves of the cosine (cosine and warmup_stable_decay 0.5: from the top to the bottom once; cosine_with_restarts 1).
 * (number; default unset; variable OARLOCK_SCHEDULER_NUM_CYCLES)
 */
#define OAR_OPTION_SCHEDULER_NUM_CYCLES "scheduler.num_cycles"

/*
 * Bad steps before a change (plateau); unset: 10. (integer; default unset; variable OARLOCK_SCHEDULER_PATIENCE)
 */
#define OAR_OPTION_SCHEDULER_PATIENCE "scheduler.patience"

/*
 * Part of the cycle in which the rate grows (one_cycle); unset: 0.3. (number; default unset; variable
 * OARLOCK_SCHEDULER_PCT_START)
 */
#define OAR_OPTION_SCHEDULER_PCT_START "scheduler.pct_start"

/*
 * Power of the decay (polynomial, polynomial_lr); unset: 1. (number; default unset; variable OARLOCK_SCHEDULER_POWER)
 */
#define OAR_OPTION_SCHEDULER_POWER "scheduler.power"

/*
 * The parts: objects of "name" and the part's own options (sequential, chained). (list; default unset; variable
 * OARLOCK_SCHEDULER_SCHEDULES)
 */
#define OAR_OPTION_SCHEDULER_SCHEDULES "scheduler.schedules"

/*
 * Steps at the full rate (warmup_stable_decay); unset: what total_steps leaves. (integer; default unset; variable
 * OARLOCK_SCHEDULER_STABLE_STEPS)
 */
#define OAR_OPTION_SCHEDULER_STABLE_STEPS "scheduler.stable_steps"

/*
 * Factor at the start (linear_lr); unset: 1/3. (number; default unset; variable OARLOCK_SCHEDULER_START_FACTOR)
 */
#define OAR_OPTION_SCHEDULER_START_FACTOR "scheduler.start_factor"

/*
 * Steps between two changes (step). (integer; default unset; variable OARLOCK_SCHEDULER_STEP_SIZE)
 */
#define OAR_OPTION_SCHEDULER_STEP_SIZE "scheduler.step_size"

/*
 * Steps of the falling half (cyclic); unset: step_size_up. (integer; default unset; variable
 * OARLOCK_SCHEDULER_STEP_SIZE_DOWN)
 */
#define OAR_OPTION_SCHEDULER_STEP_SIZE_DOWN "scheduler.step_size_down"

/*
 * Steps of the rising half (cyclic); unset: 2000. (integer; default unset; variable OARLOCK_SCHEDULER_STEP_SIZE_UP)
 */
#define OAR_OPTION_SCHEDULER_STEP_SIZE_UP "scheduler.step_size_up"

/*
 * Steps until the first restart (cosine_annealing_warm_restarts). (integer; default unset; variable
 * OARLOCK_SCHEDULER_T_0)
 */
#define OAR_OPTION_SCHEDULER_T_0 "scheduler.t_0"

/*
 * Steps from the highest rate to the lowest (cosine_annealing). (integer; default unset; variable
 * OARLOCK_SCHEDULER_T_MAX)
 */
#define OAR_OPTION_SCHEDULER_T_MAX "scheduler.t_max"

/*
 * Growth of the time between restarts (cosine_annealing_warm_restarts); unset: 1. (integer; default unset; variable
 * OARLOCK_SCHEDULER_T_MULT)
 */
#define OAR_OPTION_SCHEDULER_T_MULT "scheduler.t_mult"

/*
 * A third phase goes below the first rate (one_cycle); unset: false. (flag; default unset; variable
 * OARLOCK_SCHEDULER_THREE_PHASE)
 */
#define OAR_OPTION_SCHEDULER_THREE_PHASE "scheduler.three_phase"

/*
 * Improvement that counts (plateau); unset: 0.0001. (number; default unset; variable OARLOCK_SCHEDULER_THRESHOLD)
 */
#define OAR_OPTION_SCHEDULER_THRESHOLD "scheduler.threshold"

/*
 * rel or abs (plateau); unset: rel. (string; default unset; variable OARLOCK_SCHEDULER_THRESHOLD_MODE)
 */
#define OAR_OPTION_SCHEDULER_THRESHOLD_MODE "scheduler.threshold_mode"

/*
 * Steps of the square root's unit (inverse_sqrt); unset: warmup_steps, or 10000 without them. (integer; default
 * unset; variable OARLOCK_SCHEDULER_TIMESCALE)
 */
#define OAR_OPTION_SCHEDULER_TIMESCALE "scheduler.timescale"

/*
 * Steps until the factor is at its end (constant_lr, linear_lr, polynomial_lr); unset: 5. (integer; default unset;
 * variable OARLOCK_SCHEDULER_TOTAL_ITERS)
 */
#define OAR_OPTION_SCHEDULER_TOTAL_ITERS "scheduler.total_iters"

/*
 * Steps after which the schedule has ended (linear, cosine, cosine_with_restarts, polynomial, one_cycle,
 * warmup_stable_decay). (integer; default unset; variable OARLOCK_SCHEDULER_TOTAL_STEPS)
 */
#define OAR_OPTION_SCHEDULER_TOTAL_STEPS "scheduler.total_steps"

/*
 * First rate of the warm-up as a part of the initial one (cosine_warmup_with_min_lr); unset: 1 / warmup_steps.
 * (number; default unset; variable OARLOCK_SCHEDULER_WARMUP_LR_RATIO)
 */
#define OAR_OPTION_SCHEDULER_WARMUP_LR_RATIO "scheduler.warmup_lr_ratio"

/*
 * Steps of growth from zero at the start (constant, linear, cosine, cosine_with_restarts, polynomial, inverse_sqrt,
 * step, warmup_stable_decay); unset: 0. (integer; default unset; variable OARLOCK_SCHEDULER_WARMUP_STEPS)
 */
#define OAR_OPTION_SCHEDULER_WARMUP_STEPS "scheduler.warmup_steps"

/*
 * linear, cosine or 1-sqrt (warmup_stable_decay); unset: linear. (string; default unset; variable
 * OARLOCK_SCHEDULER_WARMUP_TYPE)
 */
#define OAR_OPTION_SCHEDULER_WARMUP_TYPE "scheduler.warmup_type"

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
 * What the tracker writes: a file (jsonl), a directory (tensorboard). (string; default unset; variable
 * OARLOCK_TRACKER_PATH)
 */
#define OAR_OPTION_TRACKER_PATH "tracker.path"

#endif
