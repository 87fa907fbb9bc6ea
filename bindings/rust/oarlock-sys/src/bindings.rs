// Written by bindings/rust/generate from capi/include/oarlock; not edited by hand.
use crate::dlpack::DLManagedTensorVersioned;

pub const OAR_OK: i32 = 0;
pub const OAR_E_ARGUMENT: i32 = 1;
pub const OAR_E_HANDLE: i32 = 2;
pub const OAR_E_STATE: i32 = 3;
pub const OAR_E_NOT_FOUND: i32 = 4;
pub const OAR_E_EXISTS: i32 = 5;
pub const OAR_E_IO: i32 = 6;
pub const OAR_E_NO_SPACE: i32 = 7;
pub const OAR_E_CORRUPT: i32 = 8;
pub const OAR_E_UNSUPPORTED: i32 = 9;
pub const OAR_E_VERSION: i32 = 10;
pub const OAR_E_OUT_OF_MEMORY: i32 = 11;
pub const OAR_E_TIMEOUT: i32 = 12;
pub const OAR_E_ABORTED: i32 = 13;
pub const OAR_E_PEER_LOST: i32 = 14;
pub const OAR_E_MISMATCH: i32 = 15;
pub const OAR_E_CALLBACK: i32 = 16;
pub const OAR_E_ENVIRONMENT: i32 = 17;
pub const OAR_E_FORKED: i32 = 18;
pub const OAR_E_INTERNAL: i32 = 19;
pub const OAR_CALLBACK_ANY_THREAD: i32 = 1;
pub const OAR_BOOL: i32 = 1;
pub const OAR_UINT8: i32 = 2;
pub const OAR_INT8: i32 = 3;
pub const OAR_INT16: i32 = 4;
pub const OAR_INT32: i32 = 5;
pub const OAR_INT64: i32 = 6;
pub const OAR_FLOAT16: i32 = 7;
pub const OAR_BFLOAT16: i32 = 8;
pub const OAR_FLOAT32: i32 = 9;
pub const OAR_FLOAT64: i32 = 10;
pub const OAR_UINT16: i32 = 11;
pub const OAR_UINT32: i32 = 12;
pub const OAR_UINT64: i32 = 13;
pub const OAR_COMPLEX64: i32 = 14;
pub const OAR_COMPLEX128: i32 = 15;
pub const OAR_FLOAT8_E4M3FN: i32 = 16;
pub const OAR_FLOAT8_E5M2: i32 = 17;
pub const OAR_REDUCE_SUM: i32 = 1;
pub const OAR_REDUCE_AVERAGE: i32 = 2;
pub const OAR_REDUCE_MAX: i32 = 3;
pub const OAR_REDUCE_MIN: i32 = 4;
pub const OAR_REDUCE_PRODUCT: i32 = 5;
pub const OAR_REDUCE_BITWISE_AND: i32 = 6;
pub const OAR_REDUCE_BITWISE_OR: i32 = 7;
pub const OAR_REDUCE_BITWISE_XOR: i32 = 8;
pub const OAR_CONFIG_BOOL: i32 = 1;
pub const OAR_CONFIG_INT64: i32 = 2;
pub const OAR_CONFIG_DOUBLE: i32 = 3;
pub const OAR_CONFIG_STRING: i32 = 4;
pub const OAR_CONFIG_DOUBLE_LIST: i32 = 5;
pub const OAR_CSV_FOUND: i32 = 0;
pub const OAR_CSV_TEXT: i32 = 255;
pub const OAR_CSV_NO_HEADER: i32 = 1;
pub const OAR_STREAM_SEEKABLE: i32 = 2;
pub const OAR_THROW_STANDARD: i32 = 1;
pub const OAR_THROW_TORCH: i32 = 2;
pub const OAR_THROW_UNKNOWN: i32 = 3;
pub const OAR_THROW_OUT_OF_MEMORY: i32 = 4;
pub const OAR_THROW_UNSUPPORTED: i32 = 5;
pub const OAR_GROUP_NO_COLOR: i32 = -1;
pub const OAR_LOG_DEBUG: i32 = 10;
pub const OAR_LOG_INFO: i32 = 20;
pub const OAR_LOG_WARNING: i32 = 30;
pub const OAR_LOG_ERROR: i32 = 40;
pub const OAR_LOG_OFF: i32 = 50;
pub const OAR_LOG_MAIN: i32 = 0;
pub const OAR_LOG_EACH: i32 = 1;
pub const OAR_LOG_IN_ORDER: i32 = 2;
pub const OAR_VALUE_NONE: i32 = 0;
pub const OAR_VALUE_TENSOR: i32 = 1;
pub const OAR_VALUE_INT: i32 = 2;
pub const OAR_VALUE_FLOAT: i32 = 3;
pub const OAR_VALUE_BOOL: i32 = 4;
pub const OAR_VALUE_STRING: i32 = 5;
pub const OAR_VALUE_DTYPE: i32 = 6;
pub const OAR_VALUE_INTS: i32 = 7;
pub const OAR_VALUE_FLOATS: i32 = 8;
pub const OAR_VALUE_BOOLS: i32 = 9;
pub const OAR_VALUE_TENSORS: i32 = 10;
pub const OAR_OPTION_ACCELERATOR_ADJUST_SCHEDULER: &::core::ffi::CStr = c"accelerator.adjust_scheduler";
pub const OAR_OPTION_ACCELERATOR_GRADIENT_ACCUMULATION_STEPS: &::core::ffi::CStr = c"accelerator.gradient_accumulation_steps";
pub const OAR_OPTION_ACCELERATOR_MIXED_PRECISION: &::core::ffi::CStr = c"accelerator.mixed_precision";
pub const OAR_OPTION_ACCELERATOR_SYNC_EACH_BATCH: &::core::ffi::CStr = c"accelerator.sync_each_batch";
pub const OAR_OPTION_ACCELERATOR_SYNC_WITH_DATALOADER: &::core::ffi::CStr = c"accelerator.sync_with_dataloader";
pub const OAR_OPTION_ARMOR: &::core::ffi::CStr = c"armor";
pub const OAR_OPTION_AUTOCAST_CACHE_ENABLED: &::core::ffi::CStr = c"autocast.cache_enabled";
pub const OAR_OPTION_AUTOCAST_ENABLED: &::core::ffi::CStr = c"autocast.enabled";
pub const OAR_OPTION_CHECKPOINT_TOTAL_LIMIT: &::core::ffi::CStr = c"checkpoint.total_limit";
pub const OAR_OPTION_COMM_ADDRESS: &::core::ffi::CStr = c"comm.address";
pub const OAR_OPTION_COMM_ARRIVAL_SKEW: &::core::ffi::CStr = c"comm.arrival_skew";
pub const OAR_OPTION_COMM_BACKEND: &::core::ffi::CStr = c"comm.backend";
pub const OAR_OPTION_COMM_BETWEEN_HOSTS: &::core::ffi::CStr = c"comm.between_hosts";
pub const OAR_OPTION_COMM_CONNECT_TIMEOUT_MS: &::core::ffi::CStr = c"comm.connect_timeout_ms";
pub const OAR_OPTION_COMM_DUMP_ON_FAILURE: &::core::ffi::CStr = c"comm.dump_on_failure";
pub const OAR_OPTION_COMM_INLINE_BYTES: &::core::ffi::CStr = c"comm.inline_bytes";
pub const OAR_OPTION_COMM_LATE_MS: &::core::ffi::CStr = c"comm.late_ms";
pub const OAR_OPTION_COMM_TIMEOUT_MS: &::core::ffi::CStr = c"comm.timeout_ms";
pub const OAR_OPTION_COMPAT: &::core::ffi::CStr = c"compat";
pub const OAR_OPTION_DDP_BATCH_TENSORS_WITH_SAME_SHAPE: &::core::ffi::CStr = c"ddp.batch_tensors_with_same_shape";
pub const OAR_OPTION_DDP_BROADCAST_BUFFERS: &::core::ffi::CStr = c"ddp.broadcast_buffers";
pub const OAR_OPTION_DDP_BUCKET_CAP_MB: &::core::ffi::CStr = c"ddp.bucket_cap_mb";
pub const OAR_OPTION_DDP_COMM_HOOK: &::core::ffi::CStr = c"ddp.comm_hook";
pub const OAR_OPTION_DDP_COMM_WRAPPER: &::core::ffi::CStr = c"ddp.comm_wrapper";
pub const OAR_OPTION_DDP_COMPRESSION_STATS_LOGGING_FREQUENCY: &::core::ffi::CStr = c"ddp.compression_stats_logging_frequency";
pub const OAR_OPTION_DDP_FIND_UNUSED_PARAMETERS: &::core::ffi::CStr = c"ddp.find_unused_parameters";
pub const OAR_OPTION_DDP_FIRST_BUCKET_CAP_MB: &::core::ffi::CStr = c"ddp.first_bucket_cap_mb";
pub const OAR_OPTION_DDP_GRADIENT_AS_BUCKET_VIEW: &::core::ffi::CStr = c"ddp.gradient_as_bucket_view";
pub const OAR_OPTION_DDP_MATRIX_APPROXIMATION_RANK: &::core::ffi::CStr = c"ddp.matrix_approximation_rank";
pub const OAR_OPTION_DDP_MIN_COMPRESSION_RATE: &::core::ffi::CStr = c"ddp.min_compression_rate";
pub const OAR_OPTION_DDP_ORTHOGONALIZATION_EPSILON: &::core::ffi::CStr = c"ddp.orthogonalization_epsilon";
pub const OAR_OPTION_DDP_RANDOM_SEED: &::core::ffi::CStr = c"ddp.random_seed";
pub const OAR_OPTION_DDP_START_POWER_SGD_ITER: &::core::ffi::CStr = c"ddp.start_power_sgd_iter";
pub const OAR_OPTION_DDP_STATIC_GRAPH: &::core::ffi::CStr = c"ddp.static_graph";
pub const OAR_OPTION_DDP_USE_ERROR_FEEDBACK: &::core::ffi::CStr = c"ddp.use_error_feedback";
pub const OAR_OPTION_DDP_WARM_START: &::core::ffi::CStr = c"ddp.warm_start";
pub const OAR_OPTION_DEVICE_NAME: &::core::ffi::CStr = c"device.name";
pub const OAR_OPTION_LOADER_BATCH_SIZE: &::core::ffi::CStr = c"loader.batch_size";
pub const OAR_OPTION_LOADER_DROP_LAST: &::core::ffi::CStr = c"loader.drop_last";
pub const OAR_OPTION_LOADER_EVEN_BATCHES: &::core::ffi::CStr = c"loader.even_batches";
pub const OAR_OPTION_LOADER_NUM_SAMPLES: &::core::ffi::CStr = c"loader.num_samples";
pub const OAR_OPTION_LOADER_NUM_WORKERS: &::core::ffi::CStr = c"loader.num_workers";
pub const OAR_OPTION_LOADER_PREFETCH: &::core::ffi::CStr = c"loader.prefetch";
pub const OAR_OPTION_LOADER_REPLACEMENT: &::core::ffi::CStr = c"loader.replacement";
pub const OAR_OPTION_LOADER_SEED: &::core::ffi::CStr = c"loader.seed";
pub const OAR_OPTION_LOADER_SHUFFLE: &::core::ffi::CStr = c"loader.shuffle";
pub const OAR_OPTION_LOADER_SPLIT_BATCHES: &::core::ffi::CStr = c"loader.split_batches";
pub const OAR_OPTION_LOADER_TIMEOUT_MS: &::core::ffi::CStr = c"loader.timeout_ms";
pub const OAR_OPTION_LOG_LEVEL: &::core::ffi::CStr = c"log.level";
pub const OAR_OPTION_MODEL_OPERATORS: &::core::ffi::CStr = c"model.operators";
pub const OAR_OPTION_MODEL_WEIGHTS: &::core::ffi::CStr = c"model.weights";
pub const OAR_OPTION_OPTIMIZER_ADJUST_LR_FN: &::core::ffi::CStr = c"optimizer.adjust_lr_fn";
pub const OAR_OPTION_OPTIMIZER_ALPHA: &::core::ffi::CStr = c"optimizer.alpha";
pub const OAR_OPTION_OPTIMIZER_AMSGRAD: &::core::ffi::CStr = c"optimizer.amsgrad";
pub const OAR_OPTION_OPTIMIZER_BETA1: &::core::ffi::CStr = c"optimizer.beta1";
pub const OAR_OPTION_OPTIMIZER_BETA2_DECAY: &::core::ffi::CStr = c"optimizer.beta2_decay";
pub const OAR_OPTION_OPTIMIZER_BETAS: &::core::ffi::CStr = c"optimizer.betas";
pub const OAR_OPTION_OPTIMIZER_CENTERED: &::core::ffi::CStr = c"optimizer.centered";
pub const OAR_OPTION_OPTIMIZER_CLIP_THRESHOLD: &::core::ffi::CStr = c"optimizer.clip_threshold";
pub const OAR_OPTION_OPTIMIZER_D: &::core::ffi::CStr = c"optimizer.d";
pub const OAR_OPTION_OPTIMIZER_DAMPENING: &::core::ffi::CStr = c"optimizer.dampening";
pub const OAR_OPTION_OPTIMIZER_DECAY_RATE: &::core::ffi::CStr = c"optimizer.decay_rate";
pub const OAR_OPTION_OPTIMIZER_DECOUPLED_WEIGHT_DECAY: &::core::ffi::CStr = c"optimizer.decoupled_weight_decay";
pub const OAR_OPTION_OPTIMIZER_EPS: &::core::ffi::CStr = c"optimizer.eps";
pub const OAR_OPTION_OPTIMIZER_EPS1: &::core::ffi::CStr = c"optimizer.eps1";
pub const OAR_OPTION_OPTIMIZER_EPS2: &::core::ffi::CStr = c"optimizer.eps2";
pub const OAR_OPTION_OPTIMIZER_ETAS: &::core::ffi::CStr = c"optimizer.etas";
pub const OAR_OPTION_OPTIMIZER_GROUPS: &::core::ffi::CStr = c"optimizer.groups";
pub const OAR_OPTION_OPTIMIZER_HISTORY_SIZE: &::core::ffi::CStr = c"optimizer.history_size";
pub const OAR_OPTION_OPTIMIZER_INITIAL_ACCUMULATOR_VALUE: &::core::ffi::CStr = c"optimizer.initial_accumulator_value";
pub const OAR_OPTION_OPTIMIZER_LAMBD: &::core::ffi::CStr = c"optimizer.lambd";
pub const OAR_OPTION_OPTIMIZER_LINE_SEARCH_FN: &::core::ffi::CStr = c"optimizer.line_search_fn";
pub const OAR_OPTION_OPTIMIZER_LR: &::core::ffi::CStr = c"optimizer.lr";
pub const OAR_OPTION_OPTIMIZER_LR_DECAY: &::core::ffi::CStr = c"optimizer.lr_decay";
pub const OAR_OPTION_OPTIMIZER_MAX_EVAL: &::core::ffi::CStr = c"optimizer.max_eval";
pub const OAR_OPTION_OPTIMIZER_MAX_ITER: &::core::ffi::CStr = c"optimizer.max_iter";
pub const OAR_OPTION_OPTIMIZER_MAXIMIZE: &::core::ffi::CStr = c"optimizer.maximize";
pub const OAR_OPTION_OPTIMIZER_MOMENTUM: &::core::ffi::CStr = c"optimizer.momentum";
pub const OAR_OPTION_OPTIMIZER_MOMENTUM_DECAY: &::core::ffi::CStr = c"optimizer.momentum_decay";
pub const OAR_OPTION_OPTIMIZER_NESTEROV: &::core::ffi::CStr = c"optimizer.nesterov";
pub const OAR_OPTION_OPTIMIZER_NS_COEFFICIENTS: &::core::ffi::CStr = c"optimizer.ns_coefficients";
pub const OAR_OPTION_OPTIMIZER_NS_STEPS: &::core::ffi::CStr = c"optimizer.ns_steps";
pub const OAR_OPTION_OPTIMIZER_PARAMS: &::core::ffi::CStr = c"optimizer.params";
pub const OAR_OPTION_OPTIMIZER_R: &::core::ffi::CStr = c"optimizer.r";
pub const OAR_OPTION_OPTIMIZER_RELATIVE_STEP: &::core::ffi::CStr = c"optimizer.relative_step";
pub const OAR_OPTION_OPTIMIZER_RHO: &::core::ffi::CStr = c"optimizer.rho";
pub const OAR_OPTION_OPTIMIZER_SCALE_PARAMETER: &::core::ffi::CStr = c"optimizer.scale_parameter";
pub const OAR_OPTION_OPTIMIZER_STEP_SIZES: &::core::ffi::CStr = c"optimizer.step_sizes";
pub const OAR_OPTION_OPTIMIZER_T0: &::core::ffi::CStr = c"optimizer.t0";
pub const OAR_OPTION_OPTIMIZER_TOLERANCE_CHANGE: &::core::ffi::CStr = c"optimizer.tolerance_change";
pub const OAR_OPTION_OPTIMIZER_TOLERANCE_GRAD: &::core::ffi::CStr = c"optimizer.tolerance_grad";
pub const OAR_OPTION_OPTIMIZER_WARMUP_INIT: &::core::ffi::CStr = c"optimizer.warmup_init";
pub const OAR_OPTION_OPTIMIZER_WARMUP_STEPS: &::core::ffi::CStr = c"optimizer.warmup_steps";
pub const OAR_OPTION_OPTIMIZER_WEIGHT_DECAY: &::core::ffi::CStr = c"optimizer.weight_decay";
pub const OAR_OPTION_OPTIMIZER_WEIGHT_LR_POWER: &::core::ffi::CStr = c"optimizer.weight_lr_power";
pub const OAR_OPTION_PROFILE_ACTIVE: &::core::ffi::CStr = c"profile.active";
pub const OAR_OPTION_PROFILE_DIRECTORY: &::core::ffi::CStr = c"profile.directory";
pub const OAR_OPTION_PROFILE_FLOPS: &::core::ffi::CStr = c"profile.flops";
pub const OAR_OPTION_PROFILE_MEMORY: &::core::ffi::CStr = c"profile.memory";
pub const OAR_OPTION_PROFILE_RECORD_SHAPES: &::core::ffi::CStr = c"profile.record_shapes";
pub const OAR_OPTION_PROFILE_REPEAT: &::core::ffi::CStr = c"profile.repeat";
pub const OAR_OPTION_PROFILE_SKIP_FIRST: &::core::ffi::CStr = c"profile.skip_first";
pub const OAR_OPTION_PROFILE_WAIT: &::core::ffi::CStr = c"profile.wait";
pub const OAR_OPTION_PROFILE_WARMUP: &::core::ffi::CStr = c"profile.warmup";
pub const OAR_OPTION_PROGRESS: &::core::ffi::CStr = c"progress";
pub const OAR_OPTION_PROJECT_DIR: &::core::ffi::CStr = c"project_dir";
pub const OAR_OPTION_SCALER_BACKOFF_FACTOR: &::core::ffi::CStr = c"scaler.backoff_factor";
pub const OAR_OPTION_SCALER_ENABLED: &::core::ffi::CStr = c"scaler.enabled";
pub const OAR_OPTION_SCALER_GROWTH_FACTOR: &::core::ffi::CStr = c"scaler.growth_factor";
pub const OAR_OPTION_SCALER_GROWTH_INTERVAL: &::core::ffi::CStr = c"scaler.growth_interval";
pub const OAR_OPTION_SCALER_INIT_SCALE: &::core::ffi::CStr = c"scaler.init_scale";
pub const OAR_OPTION_SCHEDULER_ANNEAL_STRATEGY: &::core::ffi::CStr = c"scheduler.anneal_strategy";
pub const OAR_OPTION_SCHEDULER_BASE_LR: &::core::ffi::CStr = c"scheduler.base_lr";
pub const OAR_OPTION_SCHEDULER_BASE_MOMENTUM: &::core::ffi::CStr = c"scheduler.base_momentum";
pub const OAR_OPTION_SCHEDULER_COOLDOWN: &::core::ffi::CStr = c"scheduler.cooldown";
pub const OAR_OPTION_SCHEDULER_CYCLE_MOMENTUM: &::core::ffi::CStr = c"scheduler.cycle_momentum";
pub const OAR_OPTION_SCHEDULER_DECAY_STEPS: &::core::ffi::CStr = c"scheduler.decay_steps";
pub const OAR_OPTION_SCHEDULER_DECAY_TYPE: &::core::ffi::CStr = c"scheduler.decay_type";
pub const OAR_OPTION_SCHEDULER_DIV_FACTOR: &::core::ffi::CStr = c"scheduler.div_factor";
pub const OAR_OPTION_SCHEDULER_END_FACTOR: &::core::ffi::CStr = c"scheduler.end_factor";
pub const OAR_OPTION_SCHEDULER_EPS: &::core::ffi::CStr = c"scheduler.eps";
pub const OAR_OPTION_SCHEDULER_ETA_MIN: &::core::ffi::CStr = c"scheduler.eta_min";
pub const OAR_OPTION_SCHEDULER_FACTOR: &::core::ffi::CStr = c"scheduler.factor";
pub const OAR_OPTION_SCHEDULER_FINAL_DIV_FACTOR: &::core::ffi::CStr = c"scheduler.final_div_factor";
pub const OAR_OPTION_SCHEDULER_GAMMA: &::core::ffi::CStr = c"scheduler.gamma";
pub const OAR_OPTION_SCHEDULER_LR_END: &::core::ffi::CStr = c"scheduler.lr_end";
pub const OAR_OPTION_SCHEDULER_MAX_LR: &::core::ffi::CStr = c"scheduler.max_lr";
pub const OAR_OPTION_SCHEDULER_MAX_MOMENTUM: &::core::ffi::CStr = c"scheduler.max_momentum";
pub const OAR_OPTION_SCHEDULER_MILESTONES: &::core::ffi::CStr = c"scheduler.milestones";
pub const OAR_OPTION_SCHEDULER_MIN_LR: &::core::ffi::CStr = c"scheduler.min_lr";
pub const OAR_OPTION_SCHEDULER_MIN_LR_RATIO: &::core::ffi::CStr = c"scheduler.min_lr_ratio";
pub const OAR_OPTION_SCHEDULER_MODE: &::core::ffi::CStr = c"scheduler.mode";
pub const OAR_OPTION_SCHEDULER_NUM_CYCLES: &::core::ffi::CStr = c"scheduler.num_cycles";
pub const OAR_OPTION_SCHEDULER_PATIENCE: &::core::ffi::CStr = c"scheduler.patience";
pub const OAR_OPTION_SCHEDULER_PCT_START: &::core::ffi::CStr = c"scheduler.pct_start";
pub const OAR_OPTION_SCHEDULER_POWER: &::core::ffi::CStr = c"scheduler.power";
pub const OAR_OPTION_SCHEDULER_SCHEDULES: &::core::ffi::CStr = c"scheduler.schedules";
pub const OAR_OPTION_SCHEDULER_STABLE_STEPS: &::core::ffi::CStr = c"scheduler.stable_steps";
pub const OAR_OPTION_SCHEDULER_START_FACTOR: &::core::ffi::CStr = c"scheduler.start_factor";
pub const OAR_OPTION_SCHEDULER_STEP_SIZE: &::core::ffi::CStr = c"scheduler.step_size";
pub const OAR_OPTION_SCHEDULER_STEP_SIZE_DOWN: &::core::ffi::CStr = c"scheduler.step_size_down";
pub const OAR_OPTION_SCHEDULER_STEP_SIZE_UP: &::core::ffi::CStr = c"scheduler.step_size_up";
pub const OAR_OPTION_SCHEDULER_T_0: &::core::ffi::CStr = c"scheduler.t_0";
pub const OAR_OPTION_SCHEDULER_T_MAX: &::core::ffi::CStr = c"scheduler.t_max";
pub const OAR_OPTION_SCHEDULER_T_MULT: &::core::ffi::CStr = c"scheduler.t_mult";
pub const OAR_OPTION_SCHEDULER_THREE_PHASE: &::core::ffi::CStr = c"scheduler.three_phase";
pub const OAR_OPTION_SCHEDULER_THRESHOLD: &::core::ffi::CStr = c"scheduler.threshold";
pub const OAR_OPTION_SCHEDULER_THRESHOLD_MODE: &::core::ffi::CStr = c"scheduler.threshold_mode";
pub const OAR_OPTION_SCHEDULER_TIMESCALE: &::core::ffi::CStr = c"scheduler.timescale";
pub const OAR_OPTION_SCHEDULER_TOTAL_ITERS: &::core::ffi::CStr = c"scheduler.total_iters";
pub const OAR_OPTION_SCHEDULER_TOTAL_STEPS: &::core::ffi::CStr = c"scheduler.total_steps";
pub const OAR_OPTION_SCHEDULER_WARMUP_LR_RATIO: &::core::ffi::CStr = c"scheduler.warmup_lr_ratio";
pub const OAR_OPTION_SCHEDULER_WARMUP_STEPS: &::core::ffi::CStr = c"scheduler.warmup_steps";
pub const OAR_OPTION_SCHEDULER_WARMUP_TYPE: &::core::ffi::CStr = c"scheduler.warmup_type";
pub const OAR_OPTION_SEED: &::core::ffi::CStr = c"seed";
pub const OAR_OPTION_STATE_GENERATION: &::core::ffi::CStr = c"state.generation";
pub const OAR_OPTION_STATE_LOCAL_RANK: &::core::ffi::CStr = c"state.local_rank";
pub const OAR_OPTION_STATE_LOCAL_WORLD_SIZE: &::core::ffi::CStr = c"state.local_world_size";
pub const OAR_OPTION_STATE_MASTER_ADDRESS: &::core::ffi::CStr = c"state.master_address";
pub const OAR_OPTION_STATE_MASTER_PORT: &::core::ffi::CStr = c"state.master_port";
pub const OAR_OPTION_STATE_MEETING_FILE: &::core::ffi::CStr = c"state.meeting_file";
pub const OAR_OPTION_STATE_RANK: &::core::ffi::CStr = c"state.rank";
pub const OAR_OPTION_STATE_WORLD_SIZE: &::core::ffi::CStr = c"state.world_size";
pub const OAR_OPTION_THREADS_INTRA_OP: &::core::ffi::CStr = c"threads.intra_op";
pub const OAR_OPTION_TRACKER_PATH: &::core::ffi::CStr = c"tracker.path";
pub const OAR_TREE_NONE: i32 = 0;
pub const OAR_TREE_TENSOR: i32 = 1;
pub const OAR_TREE_INT: i32 = 2;
pub const OAR_TREE_DOUBLE: i32 = 3;
pub const OAR_TREE_BOOL: i32 = 4;
pub const OAR_TREE_STRING: i32 = 5;
pub const OAR_TREE_LIST: i32 = 6;
pub const OAR_TREE_MAP: i32 = 7;
pub const OAR_VERSION_MAJOR: i32 = 0;
pub const OAR_VERSION_MINOR: i32 = 1;
pub const OAR_VERSION_PATCH: i32 = 0;
///What a fallible function returns. @since 0.1
pub type oar_status = i32;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_config {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_state {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_group {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_work {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_tensor {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_tree {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_dataset {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_loader {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_model {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_optimizer {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_scheduler {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_accelerator {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_checkpoint {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_tracker {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_mesh {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_progress {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_session {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_bytes {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_error {
    _unused: [u8; 0],
}
/**Frees what `user_data` of a callback points to. Called exactly once, also if the registering call fails; but not any
more once the process is exiting.

It runs inside a call that can fail: the one that refuses or replaces the callback, or a later one on any handle; not
inside the oar\_x\_release that ends the object. Memory of a tensor is different: its last use may end inside
oar\_tensor\_release (then in the caller's floating-point environment) or on a thread of libtorch's.

* `user_data` (in) as registered.

* **threads** any
* **since** 0.1*/
pub type oar_release_fn = ::core::option::Option<
    unsafe extern "C" fn(user_data: *mut ::core::ffi::c_void),
>;
/**Makes the gradients of the parameters as they are now, and tells the loss. Gradients of before are gone already.

* `out_loss` (out) the loss; with an accelerator this rank's.
* `user_data` (in) as given.

* **return** 0 when done; anything else ends the step that called it with OAR\_E\_CALLBACK.
* **threads** inside oar\_optimizer\_step\_closure or oar\_accelerator\_step\_closure; on the thread of that call
* **since** 0.1*/
pub type oar_closure_fn = ::core::option::Option<
    unsafe extern "C" fn(out_loss: *mut f64, user_data: *mut ::core::ffi::c_void) -> i32,
>;
/**Makes a batch of samples.

* `samples` (in) borrowed for the call; a list of samples, as the data set gives them.
* `out_batch` (out) owned by the library from then on.
* `user_data` (in) as registered.

* **return** 0 when done; anything else fails oar\_loader\_next with OAR\_E\_CALLBACK, which names the batch.
* **threads** inside oar\_loader\_next; with OAR\_CALLBACK\_ANY\_THREAD also on loader workers, several at once
* **since** 0.1*/
pub type oar_collate_fn = ::core::option::Option<
    unsafe extern "C" fn(
        samples: *const oar_tree,
        out_batch: *mut *mut oar_tree,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Makes one sample.

* `index` (in) in \[0, num\_samples).
* `out_sample` (out) owned by the library from then on.
* `user_data` (in) as registered.

* **return** 0 when done; anything else fails the call that needs the sample with OAR\_E\_CALLBACK, which names the sample.
* **threads** inside oar\_loader\_next or oar\_dataset\_get; with OAR\_CALLBACK\_ANY\_THREAD also on loader workers, several at
  once
* **since** 0.1*/
pub type oar_sample_fn = ::core::option::Option<
    unsafe extern "C" fn(
        index: i64,
        out_sample: *mut *mut oar_tree,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Makes the next sample of a pass over a stream, or tells that it is over.

* `epoch` (in) the pass: what oar\_loader\_epoch says.
* `index` (in) 0 begins the pass; then 1, 2, ... one after the other, except that one whose call failed is
  asked for again. A stream registered as OAR\_STREAM\_SEEKABLE is asked for any one.
* `out_sample` (out) owned by the library from then on; left NULL: the pass has `index` samples and is over.
* `user_data` (in) as registered.

* **return** 0 when done; anything else fails the call that needs the sample with OAR\_E\_CALLBACK, which names the sample.
* **threads** inside oar\_loader\_next; with OAR\_CALLBACK\_ANY\_THREAD also on a loader worker, one call at a time per loader
* **since** 0.1*/
pub type oar_stream_fn = ::core::option::Option<
    unsafe extern "C" fn(
        epoch: i64,
        index: i64,
        out_sample: *mut *mut oar_tree,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Any function: cast it to the type that belongs to its name.

* **threads** any that the function behind it allows
* **since** 0.1*/
pub type oar_function = ::core::option::Option<unsafe extern "C" fn()>;
/**"live\_handle\_count": how many handles are alive in this process. For leak tests.

* `out_count` (out) at least 0.

* **threads** any
* **since** 0.1*/
pub type oar_live_handle_count_fn = ::core::option::Option<
    unsafe extern "C" fn(out_count: *mut i64) -> oar_status,
>;
/**"throw\_inside\_core": throws an exception of the given kind inside the library, so that a host can test what it does
with failures that nobody foresaw. Returns what any function would return for it.

* `kind` (in) one of OAR\_THROW\_\*.

* **threads** any
* **since** 0.1*/
pub type oar_throw_inside_core_fn = ::core::option::Option<
    unsafe extern "C" fn(kind: i32) -> oar_status,
>;
/**Computes the outputs of a foreign model.

* `model` (in) the model; valid during the call only.
* `inputs` (in) what oar\_model\_forward was given; valid during the call only.
* `out_outputs` (out) owned by the library from then on: a list or map of tensors and values.
* `user_data` (in) as registered.

* **return** 0 when done; anything else ends the call that ran it with OAR\_E\_CALLBACK.
* **threads** inside oar\_model\_forward or oar\_model\_trace of this model
* **since** 0.1*/
pub type oar_forward_fn = ::core::option::Option<
    unsafe extern "C" fn(
        model: *mut oar_model,
        inputs: *const oar_tree,
        out_outputs: *mut *mut oar_tree,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Computes the gradients of a foreign model's parameters from those of its outputs, and hands them over.

* `model` (in) the model; valid during the call only.
* `output_gradients` (in) the outputs' structure; a tensor where an output has a gradient, None elsewhere. Valid
  during the call only.
* `user_data` (in) as registered.

* **return** 0 when done; anything else ends the call that ran it with OAR\_E\_CALLBACK.
* **threads** inside oar\_accelerator\_backward of a loss that came from this model
* **since** 0.1*/
pub type oar_backward_fn = ::core::option::Option<
    unsafe extern "C" fn(
        model: *mut oar_model,
        output_gradients: *const oar_tree,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Updates one parameter in its memory.

* `name` (in) of the parameter.
* `parameter` (in,out) without autograd; valid during the call only, as all that follow.
* `gradient` (in) shape, dtype, device and strides of the parameter. May be changed.
* `state` (in,out) what the optimizer keeps for this parameter: a map, empty at its first update. What is put
  in by oar\_tree\_set and oar\_tree\_set\_tensor is there in the next one and in checkpoints:
  tensors and single values, not lists or maps; keys without dots. A loaded checkpoint is
  written into the memory of tensors that are there already.
* `options` (in) those in force for the parameter's group: a map, with "lr" as schedules set it.
* `user_data` (in) as registered.

* **return** 0 when done; anything else ends the step with OAR\_E\_CALLBACK.
* **threads** inside the call that steps the optimizer; one parameter after the other, in the optimizer's order
* **since** 0.1*/
pub type oar_update_fn = ::core::option::Option<
    unsafe extern "C" fn(
        name: *const ::core::ffi::c_char,
        parameter: *mut oar_tensor,
        gradient: *mut oar_tensor,
        state: *mut oar_tree,
        options: *const oar_tree,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Takes one message. The texts are borrowed for the length of the call; calls into Oarlock are allowed but
oar\_log\_set\_callback. On a thread of Oarlock's those that wait for other ranks or close a state give OAR\_E\_STATE.

* `level` (in) one of OAR\_LOG\_\*.
* `component` (in) the part of the library.
* `message` (in) one or more lines, without a newline at the end.
* `user_data` (in) as registered.

* **threads** any, several at a time; Oarlock's own only with OAR\_CALLBACK\_ANY\_THREAD
* **since** 0.1*/
pub type oar_log_fn = ::core::option::Option<
    unsafe extern "C" fn(
        level: i32,
        component: *const ::core::ffi::c_char,
        message: *const ::core::ffi::c_char,
        user_data: *mut ::core::ffi::c_void,
    ),
>;
///One argument of an operator. Make it by the functions below; what it points to is borrowed.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct oar_value {
    ///sizeof(oar\_value); in an array that of its first element counts for all
    pub size: i32,
    ///OAR\_VALUE\_INT, ...
    pub kind: i32,
    ///a number, or how many elements
    pub integer: i64,
    ///a number
    pub real: f64,
    ///a handle, a text or an array
    pub data: *const ::core::ffi::c_void,
    ///of an argument that is given by keyword; NULL: by position
    pub name: *const ::core::ffi::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of oar_value"][::core::mem::size_of::<oar_value>() - 40usize];
    ["Alignment of oar_value"][::core::mem::align_of::<oar_value>() - 8usize];
    [
        "Offset of field: oar_value::size",
    ][::core::mem::offset_of!(oar_value, size) - 0usize];
    [
        "Offset of field: oar_value::kind",
    ][::core::mem::offset_of!(oar_value, kind) - 4usize];
    [
        "Offset of field: oar_value::integer",
    ][::core::mem::offset_of!(oar_value, integer) - 8usize];
    [
        "Offset of field: oar_value::real",
    ][::core::mem::offset_of!(oar_value, real) - 16usize];
    [
        "Offset of field: oar_value::data",
    ][::core::mem::offset_of!(oar_value, data) - 24usize];
    [
        "Offset of field: oar_value::name",
    ][::core::mem::offset_of!(oar_value, name) - 32usize];
};
/**Makes one attempt of oar\_find\_executable\_batch\_size.

* `batch_size` (in) what to try.
* `user_data` (in) as given there.

* **return** OAR\_OK, or what its first failing call gave; OAR\_E\_OUT\_OF\_MEMORY asks for a smaller size.
* **threads** inside oar\_find\_executable\_batch\_size
* **since** 0.1*/
pub type oar_batch_size_fn = ::core::option::Option<
    unsafe extern "C" fn(batch_size: i64, user_data: *mut ::core::ffi::c_void) -> i32,
>;
/**Receives a line of progress.

* `text` (in) one line without newline; valid during the call only.
* `user_data` (in) as registered.

* **return** 0 when done; anything else ends the call that ran it with OAR\_E\_CALLBACK.
* **threads** inside oar\_progress\_advance or oar\_progress\_close of this progress
* **since** 0.1*/
pub type oar_progress_fn = ::core::option::Option<
    unsafe extern "C" fn(
        text: *const ::core::ffi::c_char,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Gives the order of one epoch: of oar\_loader\_set\_sampler a tensor, int64 \[n\], of numbers of samples; of
oar\_loader\_set\_batch\_sampler a list of such tensors, one per batch.

n, and the number of batches, may differ between epochs. Asked again for the same epoch it gives the same.

* `epoch` (in) from 0.
* `out_order` (out) owned by the library from then on.
* `user_data` (in) as registered.

* **return** 0 when done; anything else fails the call that needs the order with OAR\_E\_CALLBACK.
* **threads** inside oar\_loader\_next, oar\_loader\_seek, oar\_loader\_load\_state, oar\_loader\_num\_batches and
  oar\_loader\_num\_samples; once for each epoch, or more often after a jump to another
* **since** 0.1*/
pub type oar_sampler_fn = ::core::option::Option<
    unsafe extern "C" fn(
        epoch: i64,
        out_order: *mut *mut oar_tree,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Tells the factor of a learning rate.

* `step` (in) the step that the rate is for, from 0 ("lambda") or 1 ("multiplicative").
* `group_index` (in) of the parameter group, from 0.
* `out_factor` (out) the rate that it gives must be finite and at least 0.
* `user_data` (in) as registered.

* **return** 0 when done; anything else ends the call that ran it with OAR\_E\_CALLBACK.
* **threads** inside oar\_scheduler\_from\_factors, oar\_scheduler\_step, oar\_accelerator\_step and oar\_accelerator\_step\_closure
* **since** 0.1*/
pub type oar_factor_fn = ::core::option::Option<
    unsafe extern "C" fn(
        step: i64,
        group_index: i64,
        out_factor: *mut f64,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**An all-gather over the host's own communicator.

* `mine` (in) this rank's bytes, valid during the call.
* `size` (in) how many; the same on all ranks.
* `all` (out) room for world\_size \* size bytes: those of every rank go here, in rank order.
* `user_data` (in) as registered.

* **return** 0 when done; anything else ends oar\_state\_create\_with\_exchange with OAR\_E\_CALLBACK.
* **threads** inside oar\_state\_create\_with\_exchange, once
* **since** 0.1*/
pub type oar_exchange_fn = ::core::option::Option<
    unsafe extern "C" fn(
        mine: *const ::core::ffi::c_void,
        size: usize,
        all: *mut ::core::ffi::c_void,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
/**Takes a line that oar\_state\_print would write to standard output.

* `text` (in) one line without its newline, valid during the call.
* `user_data` (in) as registered.

* **return** 0 when done; anything else ends oar\_state\_print with OAR\_E\_CALLBACK.
* **threads** inside oar\_state\_print of this state
* **since** 0.1*/
pub type oar_print_fn = ::core::option::Option<
    unsafe extern "C" fn(
        text: *const ::core::ffi::c_char,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
unsafe extern "C" {
    /**Make an accelerator for the ranks of `state`.

Keys read: accelerator.\*, autocast.\*, scaler.\*, ddp.\*, checkpoint.total\_limit, project\_dir, compat. All ranks pass
the same values.

* `state` (in) retained.
* `config` (in) copied; NULL takes the configuration of `state`.
* `out` (out) owned; end with oar\_accelerator\_close and oar\_accelerator\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT a value is out of its range, or `config` has a value that is not read here (the state's own
  keys with other values, keys of loaders, optimizers and schedules); the text names the key and its place.
* **return** OAR\_E\_UNSUPPORTED accelerator.mixed\_precision is "fp8".
* **threads** serial(state, config)
* **since** 0.1*/
    pub fn oar_accelerator_create(
        state: *mut oar_state,
        config: *const oar_config,
        out: *mut *mut oar_accelerator,
    ) -> oar_status;
    /**Train `model` data-parallel over all ranks of the state.

Checks that all ranks have the same parameters and buffers by name, shape and dtype, then copies rank 0's values
to all. From here on a backward through this accelerator averages the model's gradients over the ranks. With one
rank nothing is copied. A second call for the same model does nothing. The number of the call names the model's
file in checkpoints: model.safetensors, model\_1.safetensors, ...

* `accelerator` (in) borrowed.
* `model` (in) retained until oar\_accelerator\_close.

* **return** OAR\_E\_MISMATCH ranks have different models or ddp options; the text has the first difference and both
  ranks.
* **return** OAR\_E\_STATE a parameter's gradient hook is taken by another library; the text names the parameter.
* **threads** collective(state)
* **source** Accelerate 1.15 `prepare_model`; PyTorch 2.11 DistributedDataParallel.
* **since** 0.1*/
    pub fn oar_accelerator_prepare_model(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
    ) -> oar_status;
    /**Let the accelerator step `optimizer`, and keep its state in checkpoints.

* `accelerator` (in) borrowed.
* `optimizer` (in) retained until oar\_accelerator\_close. A second call for the same one does nothing.

* **return** OAR\_E\_STATE the accelerator is closed.
* **threads** serial(accelerator, optimizer)
* **since** 0.1*/
    pub fn oar_accelerator_prepare_optimizer(
        accelerator: *mut oar_accelerator,
        optimizer: *mut oar_optimizer,
    ) -> oar_status;
    /**Let the accelerator step `scheduler`, and keep its state in checkpoints.

* `accelerator` (in) borrowed.
* `scheduler` (in) retained until oar\_accelerator\_close. A second call for the same one does nothing.

* **return** OAR\_E\_STATE the accelerator is closed.
* **threads** serial(accelerator, scheduler)
* **since** 0.1*/
    pub fn oar_accelerator_prepare_scheduler(
        accelerator: *mut oar_accelerator,
        scheduler: *mut oar_scheduler,
    ) -> oar_status;
    /**Give this rank its share of the loader's batches, and keep the loader's place in checkpoints.

On more than one rank, checks that all ranks' loaders have the same number of samples, options and place, and takes
rank 0's seed where loader.seed was not given. A loader that already has a shard (oar\_loader\_set\_shard) keeps it;
with shards of one rank, each rank has an order and a data set of its own. With "compat": "accelerate" each epoch
of the loader draws one number from the default generator, as a PyTorch DataLoader does.

* `accelerator` (in) borrowed.
* `loader` (in) retained until oar\_accelerator\_close. A second call for the same one does nothing.

* **return** OAR\_E\_MISMATCH ranks have different loaders; the text has the first difference and both ranks.
* **return** OAR\_E\_STATE the loader is in the middle of an epoch, or the accelerator is closed.
* **return** OAR\_E\_ARGUMENT split\_batches, and the batch size cannot be divided by the number of ranks.
* **threads** collective(state)
* **source** Accelerate 1.15 `prepare_data_loader`.
* **since** 0.1*/
    pub fn oar_accelerator_prepare_loader(
        accelerator: *mut oar_accelerator,
        loader: *mut oar_loader,
    ) -> oar_status;
    /**Begin a micro-batch of an accumulation.

Decides whether gradients are synchronised in it: at every accelerator.gradient\_accumulation\_steps-th micro-batch
and, unless accelerator.sync\_with\_dataloader is off, at the last batch of the active loader's epoch, after which
counting starts anew. In the others the backward only adds to this rank's gradients, and clip and step do
nothing. The active loader is the prepared one that gave a batch last and is not at its end.

* `accelerator` (in) borrowed.
* `model` (in) borrowed, prepared: the model whose gradients wait; NULL: all prepared models.

* **return** OAR\_E\_STATE the model is not prepared, or the micro-batch before was not ended.
* **threads** serial(accelerator, model); the same on every rank
* **source** Accelerate 1.15 `accumulate`.
* **since** 0.1*/
    pub fn oar_accelerator_accumulate_begin(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
    ) -> oar_status;
    /**End the micro-batch that oar\_accelerator\_accumulate\_begin began. Backwards outside such a pair are synchronised.

* `accelerator` (in) borrowed.

* **return** OAR\_E\_STATE no micro-batch was begun.
* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_accumulate_end(
        accelerator: *mut oar_accelerator,
    ) -> oar_status;
    /**Tell whether the micro-batch begun last synchronises gradients, so that oar\_accelerator\_step really steps.

* `accelerator` (in) borrowed.
* `out_sync` (out) 1: it does, also before the first micro-batch; 0: it only accumulates.

* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_sync_gradients(
        accelerator: *const oar_accelerator,
        out_sync: *mut i32,
    ) -> oar_status;
    /**Add the gradients of `loss` / accelerator.gradient\_accumulation\_steps to the parameters.

When gradients are synchronised, they are averaged over the ranks while the backward still runs, and on return
every rank holds the same; buffers (running statistics) become rank 0's. The division is made at every
micro-batch, also in a short accumulation at an epoch's end.

* `accelerator` (in) borrowed.
* `loss` (in) borrowed; one floating-point element that a forward in training mode gave. Unchanged.

* **return** OAR\_E\_ARGUMENT the loss has more than one element or is not floating-point.
* **return** OAR\_E\_CALLBACK the host's backward (oar\_model\_set\_backward) failed; the text has the last error inside it.
* **return** OAR\_E\_STATE the loss has no graph, its graph was used by an earlier backward, or a parameter of a
  prepared model got no gradient on this rank (the text names it; see
  ddp.find\_unused\_parameters).
  On several ranks a backward that fails for another reason than its argument or a missing gradient aborts
  the state: a second one for one forward, too.
* **threads** collective(state) when gradients are synchronised, serial(accelerator) otherwise
* **source** Accelerate 1.15 `backward`.
* **since** 0.1*/
    pub fn oar_accelerator_backward(
        accelerator: *mut oar_accelerator,
        loss: *const oar_tensor,
    ) -> oar_status;
    /**Hand over one gradient of a foreign model, as soon as the host's backward has it; its average over the ranks may
begin to travel at once. In any order; each parameter once per backward, which oar\_accelerator\_gradients\_done ends.

The gradient, divided by accelerator.gradient\_accumulation\_steps, is added to the parameter's own. Where it is the
first since the last step, nothing is divided or scaled, and it lies in memory as its parameter does, it is not
copied: its memory is kept until the step, and averaging and clipping are done in it. Do not write there before the
step.

* `accelerator` (in) borrowed.
* `model` (in) borrowed; foreign, prepared.
* `name` (in) of a registered parameter.
* `gradient` (in,out) retained until the step, and written to, if it is not copied. Shape, dtype and device of
  the parameter; any strides.

* **return** OAR\_E\_ARGUMENT shape, dtype or device differ (the text gives both), the name is a buffer's, or the memory
  is a parameter's.
* **return** OAR\_E\_NOT\_FOUND the model has no parameter of that name.
* **return** OAR\_E\_STATE the model is not prepared; this backward has given the parameter's gradient already; its
  memory holds one, of any parameter, that no step has used; or an earlier reduction failed.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
* **return** OAR\_E\_UNSUPPORTED the model is a program: oar\_accelerator\_backward makes its gradients.
* **threads** serial(accelerator, model, gradient); does not wait for peers
* **since** 0.1*/
    pub fn oar_accelerator_gradient_ready(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        gradient: *mut oar_tensor,
    ) -> oar_status;
    /**End the backward of a foreign model. When gradients are synchronised, waits until those of all ranks are averaged:
on return every rank holds the same, and buffers are rank 0's.

Until then clip, step, save, load, accumulate and oar\_accelerator\_backward give OAR\_E\_STATE. A host whose backward
fails in its middle calls oar\_state\_abort instead: peers are told why at once, and do not step by half a gradient.

* `accelerator` (in) borrowed.
* `model` (in) borrowed; foreign, prepared.

* **return** OAR\_E\_STATE the model is not prepared, or parameters got no gradient on this rank: the text names
  them; peers still got what they wait for, and their steps make them differ from this
  rank: end the training. See ddp.find\_unused\_parameters.
* **return** OAR\_E\_UNSUPPORTED the model is a program.
  What ends collectives (OAR\_E\_ABORTED, OAR\_E\_MISMATCH, OAR\_E\_PEER\_LOST, OAR\_E\_TIMEOUT) ends this, too.
* **threads** collective(state) when gradients are synchronised, serial(accelerator, model) otherwise
* **since** 0.1*/
    pub fn oar_accelerator_gradients_done(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
    ) -> oar_status;
    /**Scale gradients so that their total norm is at most `max_norm`.

Between synchronisations nothing is done and the norm is 0. Every rank finds the same norm from its own, equal
gradients; no communication.

* `accelerator` (in) borrowed.
* `model` (in) borrowed, prepared: its gradients; NULL: those of all prepared models, as one vector.
* `max_norm` (in) \>= 0.
* `norm_type` (in) p \> 0 of the p-norm; infinity for the largest absolute value. 2 is usual.
* `out_norm` (out) the norm before scaling; NULL: not wanted.

* **return** OAR\_E\_ARGUMENT max\_norm or norm\_type is out of range.
* **return** OAR\_E\_STATE the model is not prepared.
* **threads** serial(accelerator, model); collective(state) with a gradient scaler (precision.h), which unscales first
* **source** torch.nn.utils.clip\_grad\_norm\_: coefficient min(1, max\_norm / (norm + 1e-6)).
* **since** 0.1*/
    pub fn oar_accelerator_clip_grad_norm(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
        max_norm: f64,
        norm_type: f64,
        out_norm: *mut f64,
    ) -> oar_status;
    /**Step the optimizer, then the scheduler, then drop the gradients. Between synchronisations nothing is done. With a
gradient scaler (precision.h) a step whose gradients are not finite is left out, and the scheduler's with it.

The scheduler is stepped once, so its total\_steps count optimizer steps whatever the number of ranks. Differs:
the reference steps it once per rank unless batches are split; "compat": "accelerate" does so here. With
accelerator.adjust\_scheduler it counts micro-batches: it is stepped between synchronisations, too.

* `accelerator` (in) borrowed.
* `optimizer` (in) borrowed, prepared.
* `scheduler` (in) borrowed, prepared; NULL: none.

* **return** OAR\_E\_STATE the optimizer or scheduler is not prepared; or, with more than one rank, no prepared model
  holds one of the optimizer's parameters (the text names it).
* **threads** serial(accelerator, optimizer, scheduler); the same on every rank, collective(state) with a gradient scaler
* **source** Accelerate 1.15 `AcceleratedOptimizer.step`, `AcceleratedScheduler.step`, `zero_grad`.
* **since** 0.1*/
    pub fn oar_accelerator_step(
        accelerator: *mut oar_accelerator,
        optimizer: *mut oar_optimizer,
        scheduler: *mut oar_scheduler,
    ) -> oar_status;
    /**Write a checkpoint of everything prepared, and of what a resumed run needs to go on bit for bit: models,
optimizers, schedulers, the loaders' places, the accumulation counter, gradients that no step has used yet, every
rank's random state, and its buffers where they may differ from rank 0's.

The directory is complete or not there, whatever is killed when. It fails on all ranks or on none.

* `accelerator` (in) borrowed.
* `directory` (in) must not exist. NULL: \<project\_dir\>/checkpoints/checkpoint\_\<n\>, the next n, after which
  all but the newest checkpoint.total\_limit ones there are removed. Rank 0's value counts.
* `user_json` (in) any JSON of the caller's, kept in the manifest; rank 0's counts. NULL: none.

* **return** OAR\_E\_EXISTS the directory is there already; it is untouched.
* **return** OAR\_E\_NO\_SPACE the disk is full; older checkpoints are untouched.
* **return** OAR\_E\_ARGUMENT rank 0's user\_json is not JSON.
* **threads** collective(state); blocks until the checkpoint is on the disk
* **source** Accelerate 1.15 `save_state`.
* **since** 0.1*/
    pub fn oar_accelerator_save(
        accelerator: *mut oar_accelerator,
        directory: *const ::core::ffi::c_char,
        user_json: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Put a checkpoint back into what is prepared: the same objects, in the same order, as in the run that saved it.

With the same number of ranks the run goes on bit for bit, from the middle of an epoch too. With another number,
loaders go on where the samples done so far make whole rounds of the new size, random states are seeded anew and an
unfinished accumulation starts anew; a warning says so. Every file is read and verified on all ranks before the
first object is changed; after OAR\_E\_ARGUMENT the objects before the one that the text names hold the checkpoint's
values already. It fails on all ranks or on none.

* `accelerator` (in) borrowed.
* `directory` (in) NULL: the newest complete one of \<project\_dir\>/checkpoints. Rank 0's value counts for
  NULL.

* **return** OAR\_E\_NOT\_FOUND there is no checkpoint; nothing was changed.
* **return** OAR\_E\_CORRUPT a file's bytes are not those that were written; the text names the file. Nothing was
  changed.
* **return** OAR\_E\_STATE the checkpoint holds other numbers of objects than are prepared. Nothing was changed.
* **return** OAR\_E\_ARGUMENT names or shapes of a model or optimizer differ, or a loader cannot go on at that sample;
  the text says which.
* **threads** collective(state)
* **source** Accelerate 1.15 `load_state`.
* **since** 0.1*/
    pub fn oar_accelerator_load(
        accelerator: *mut oar_accelerator,
        directory: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Tell the directory of the last save or load that succeeded: which checkpoint\_\<n\> a NULL directory was.

* `accelerator` (in) borrowed.
* `buf` (out) the path and a NUL; NULL asks for the length only.
* `len` (in,out) in: room in `buf`; out: length with the NUL, also when the room is too small.

* **return** OAR\_E\_NOT\_FOUND nothing was saved or loaded yet.
* **return** OAR\_E\_ARGUMENT the room is too small.
* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_last_checkpoint(
        accelerator: *const oar_accelerator,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Let go of everything prepared. Later calls give OAR\_E\_STATE; a second close does nothing.

* `accelerator` (in) borrowed.

* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_close(accelerator: *mut oar_accelerator) -> oar_status;
    /**Add a reference.

* `accelerator` (in) gets one more reference; end it with oar\_accelerator\_release.

* **threads** any
* **since** 0.1*/
    pub fn oar_accelerator_retain(accelerator: *mut oar_accelerator) -> oar_status;
    /**Drop a reference; the last one ends the accelerator. Never blocks or communicates.

* `accelerator` (in) NULL does nothing.

* **threads** any
* **since** 0.1*/
    pub fn oar_accelerator_release(accelerator: *mut oar_accelerator);
    /**Take parameters out of training, or put them back.

A frozen parameter gets no gradient, no optimizer state and no part in averages over ranks; weights and checkpoints
hold it as before. Of tied parameters one name is enough.

* `model` (in) borrowed.
* `pattern` (in) of names in the state dict: "encoder.\*", "\*.bias".
* `frozen` (in) 1: freeze; 0: train.
* `out_count` (out) how many names fitted. Untouched on failure.

* **return** OAR\_E\_STATE an optimizer was made of the model, or it was prepared.
* **threads** serial(model)
* **source** torch.nn.Module.requires\_grad\_.
* **since** 0.1*/
    pub fn oar_model_freeze(
        model: *mut oar_model,
        pattern: *const ::core::ffi::c_char,
        frozen: i32,
        out_count: *mut i64,
    ) -> oar_status;
    /**Give linear layers adapters: where a target computes y from x, y gains (alpha / rank) \* B(A(dropout(x))).

Options, a JSON object:
     "targets"  list of patterns of module paths: ["*.q_proj", "h.*.attn.c_attn"]. Required.
     "rank"     rows of A and columns of B, at least 1. Default 8.
     "alpha"    default 8.
     "dropout"  in [0, 1): the share of x that training leaves out before A. Default 0.
     "freeze"   true, the default: everything but the adapters is frozen. false: nothing is.

A module is a linear layer if it multiplies by a weight of its own: linear, addmm, matmul, mm, with the weight as it
is or transposed (GPT-2's Conv1D). A and B are parameters "\<module\>.lora\_A.weight" \[rank, in\] and
"\<module\>.lora\_B.weight" \[out, rank\] of the weight's type; A is drawn as torch.nn.init.kaiming\_uniform\_(a=sqrt(5))
draws it, from the default generator, B is zero, so the model's results are those of before until it is trained. A
module that is called several times has one adapter.

* `model` (in) borrowed; a program.
* `options` (in) JSON as above.

* **return** OAR\_E\_ARGUMENT an option is unknown or out of range; or a target fits no linear layer: the text names
  some that there are. Nothing was changed.
* **return** OAR\_E\_STATE an optimizer was made of the model, it was prepared, or it has adapters already.
* **return** OAR\_E\_UNSUPPORTED the model is foreign; or a target's weight is used elsewhere too (tied to an embedding),
  so that it could not be merged.
* **threads** serial(model)
* **source** Hu et al. 2021, equation 3; PEFT `LoraConfig`.
* **since** 0.1*/
    pub fn oar_model_add_lora(
        model: *mut oar_model,
        options: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Write the adapters alone, as a folder that PEFT's PeftModel.from\_pretrained reads: adapter\_config.json and
adapter\_model.safetensors.

The folder is complete or not there, whatever is killed when. Names of modules are the program's: they are those of
the Python model if that was exported itself, not inside another module.

* `model` (in) borrowed.
* `directory` (in) must not exist; its parent is made if needed.

* **return** OAR\_E\_STATE the model has no adapters.
* **return** OAR\_E\_EXISTS the directory is there already; it is untouched.
* **return** OAR\_E\_NO\_SPACE the disk is full; nothing is left of the attempt.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_save_lora(
        model: *const oar_model,
        directory: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Read adapters that oar\_model\_save\_lora or PEFT wrote. A model without any gets them, and the rest of it is frozen;
else they must be those that the model has, and the values are replaced.

All or nothing. Every name, shape and type must fit. Of adapter\_config.json are read r, lora\_alpha, lora\_dropout
(when the adapters are new) and use\_rslora; what would change the mathematics otherwise is refused by name.

* `model` (in) borrowed; a program.
* `directory` (in) the folder.

* **return** OAR\_E\_NOT\_FOUND one of the two files is not there.
* **return** OAR\_E\_CORRUPT they are no such files, or damaged.
* **return** OAR\_E\_ARGUMENT the adapters are of another model, or others than this model has; the text says which.
* **return** OAR\_E\_UNSUPPORTED another kind of adapter (DoRA, bias, modules\_to\_save, ranks by pattern); or the model is
  foreign.
* **return** OAR\_E\_STATE the model has no adapters, and an optimizer was made of it or it was prepared.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_load_lora(
        model: *mut oar_model,
        directory: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Put the adapters into the weights, W + (alpha / rank) \* B A, and take them away: the model has the parameters of
before, still frozen (oar\_model\_freeze with 0 thaws them if nothing was made of the model).

Each merged weight is the exact one, computed in double precision, rounded once to the weight's type. Training is
over with it: an optimizer or accelerator that was made of the model has nothing left to train.

* `model` (in) borrowed.

* **return** OAR\_E\_STATE the model has no adapters.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_merge_lora(model: *mut oar_model) -> oar_status;
    /**How many samples a batch has: the first size of its first leaf, in the order of lists and of keys as they were set.

* `tree` (in) borrowed.
* `out_size` (out) Untouched on failure.

* **return** OAR\_E\_ARGUMENT an empty list or map, a leaf that is no tensor, or a tensor without dimensions is in the way;
  the text names its path.
* **threads** serial(tree)
* **source** Accelerate 1.15 `find_batch_size`.
* **since** 0.1*/
    pub fn oar_tree_batch_size(tree: *const oar_tree, out_size: *mut i64) -> oar_status;
    /**Rows start, start + step, ... before `stop` of every tensor, as Python's tensor\[start:stop:step\].

* `tree` (in) borrowed.
* `start` (in) negative counts from each tensor's end; beyond it is the end.
* `stop` (in) the same; INT64\_MAX is the end.
* `step` (in) at least 1.
* `out` (out) owned; its tensors share the memory of `tree`. End with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT a tensor without dimensions; a step below 1.
* **threads** serial(tree)
* **source** Accelerate 1.15 `slice_tensors`.
* **since** 0.1*/
    pub fn oar_tree_slice(
        tree: *const oar_tree,
        start: i64,
        stop: i64,
        step: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Join batches of one structure: each tensor along `dim`, in the order of the list.

Structure is that of the first batch. A list of one batch that holds values other than tensors gives them as they
are; with more batches they are refused.

* `batches` (in) borrowed; a list of at least one tree.
* `dim` (in) the dimension; negative counts from each tensor's last.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT no list, an empty one, batches of different structure, shapes that do not fit, or a leaf that
  is no tensor; the text names its path in the batch and the batch's place in the list.
* **threads** serial(batches)
* **source** Accelerate 1.15 `concatenate`.
* **since** 0.1*/
    pub fn oar_tree_concatenate(
        batches: *const oar_tree,
        dim: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Append zeros to the first dimension of every tensor until `batch_size` rows are the next multiple of `num_parts`.

* `tree` (in) borrowed; all its leaves are tensors of `batch_size` rows.
* `batch_size` (in) at least 0.
* `num_parts` (in) at least 1: by what the new number of rows can be divided.
* `out` (out) owned; end with oar\_tree\_release. Shares memory where nothing was appended. Untouched on
  failure.

* **return** OAR\_E\_ARGUMENT a leaf that is no tensor, or that has another number of rows; a number out of range.
* **threads** serial(tree)
* **source** Accelerate 1.15 `pad_input_tensors`.
* **since** 0.1*/
    pub fn oar_tree_pad_to_multiple(
        tree: *const oar_tree,
        batch_size: i64,
        num_parts: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**The tree with its tensors on a device. Tensors that are there already are shared.

* `tree` (in) borrowed.
* `device` (in) borrowed; a device as oar\_state\_device gives it: "cpu", "cuda:0".
* `non_blocking` (in) other than 0: copies from page-locked memory may still run when the call returns.
* `skip_keys` (in) entries of maps, at whatever depth, that stay where they are; NULL: none.
* `num_keys` (in) how many.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT `device` names no device; the text has it.
* **return** OAR\_E\_UNSUPPORTED this process has no such device.
* **threads** serial(tree)
* **source** Accelerate 1.15 `send_to_device`.
* **since** 0.1*/
    pub fn oar_tree_to_device(
        tree: *const oar_tree,
        device: *const ::core::ffi::c_char,
        non_blocking: i32,
        skip_keys: *const *const ::core::ffi::c_char,
        num_keys: usize,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**The device of the first tensor, depth first: "cpu". An empty text if there is no tensor.

* `tree` (in) borrowed.
* `buf` (out) room for \*len bytes; NULL asks for the length only.
* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.

* **return** OAR\_E\_ARGUMENT the room is too small.
* **threads** serial(tree)
* **source** Accelerate 1.15 `find_device`.
* **since** 0.1*/
    pub fn oar_tree_device(
        tree: *const oar_tree,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**The tree with its tensors of float16 and bfloat16 as float32; all others are shared.

* `tree` (in) borrowed.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** serial(tree)
* **source** Accelerate 1.15 `convert_to_fp32`.
* **since** 0.1*/
    pub fn oar_tree_to_float32(
        tree: *const oar_tree,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**The tree with nested lists of numbers for its tensors: what oar\_tree\_to\_json writes. A tensor without dimensions is
one number; truth values stay what they are.

* `tree` (in) borrowed.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_UNSUPPORTED a complex tensor.
* **return** OAR\_E\_ARGUMENT the result would be more than 64 deep.
* **threads** serial(tree)
* **source** Accelerate 1.15 `listify`.
* **since** 0.1*/
    pub fn oar_tree_to_numbers(
        tree: *const oar_tree,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Copy bytes into an object.

* `data` (in) borrowed; NULL only if size is 0.
* `size` (in) how many.
* `out` (out) owned; end with oar\_bytes\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT `data` is NULL and `size` is not 0.
* **threads** any
* **since** 0.1*/
    pub fn oar_bytes_create(
        data: *const ::core::ffi::c_void,
        size: usize,
        out: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Where the bytes are.

* `bytes` (in) borrowed.
* `out_data` (out) borrowed from `bytes`; never NULL, and followed by one NUL that does not count.
* `out_size` (out) how many.

* **threads** any
* **since** 0.1*/
    pub fn oar_bytes_view(
        bytes: *const oar_bytes,
        out_data: *mut *const ::core::ffi::c_void,
        out_size: *mut usize,
    ) -> oar_status;
    /**One more reference.

* `bytes` (in) borrowed; each retain needs one more oar\_bytes\_release.

* **threads** any
* **since** 0.1*/
    pub fn oar_bytes_retain(bytes: *mut oar_bytes) -> oar_status;
    /**One reference fewer; the last one frees the bytes.

* `bytes` (in) NULL does nothing.

* **threads** any
* **since** 0.1*/
    pub fn oar_bytes_release(bytes: *mut oar_bytes);
    /**Find the newest complete checkpoint: the `checkpoint_<n>` below a directory with the largest n.

Incomplete ones (no manifest, a file missing or of another size) are passed over with a warning in the log; what a
killed save left is not looked at. A complete one that is damaged is still the newest: opening it tells the damage.

* `directory` (in) where the checkpoints lie: \<project\_dir\>/checkpoints.
* `buf` (out) receives the path, `directory`/checkpoint\_\<n\>, NUL-terminated; NULL asks for the length.
* `len` (in,out) in: room in `buf`; out: bytes of the path with its NUL, also when the room was too small.

* **return** OAR\_E\_NOT\_FOUND no complete checkpoint there, or no such directory.
* **return** OAR\_E\_ARGUMENT `buf` is too small.
* **threads** any
* **since** 0.1*/
    pub fn oar_checkpoint_find_latest(
        directory: *const ::core::ffi::c_char,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Open a checkpoint: reads its manifest and checks that every file which that lists is there with its size.

* `path` (in) the checkpoint's own directory.
* `out` (out) owned; end with oar\_checkpoint\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND no such directory, or no manifest in it: the save never ended.
* **return** OAR\_E\_CORRUPT the manifest does not match its checksum or form, or a file is missing or cut short; the
  text names file and byte offset.
* **return** OAR\_E\_VERSION written in a newer major format; the text gives both.
* **threads** any
* **since** 0.1*/
    pub fn oar_checkpoint_open(
        path: *const ::core::ffi::c_char,
        out: *mut *mut oar_checkpoint,
    ) -> oar_status;
    /**Read every file of the checkpoint and compare it with its XXH3-128 checksum and its own format.

* `checkpoint` (in) borrowed.

* **return** OAR\_E\_CORRUPT the text names the first damaged file, the bytes concerned, and both checksums.
* **return** OAR\_E\_IO a file could not be read; the text has the system's reason.
* **threads** serial(checkpoint)
* **since** 0.1*/
    pub fn oar_checkpoint_verify(checkpoint: *const oar_checkpoint) -> oar_status;
    /**Give the manifest as JSON text, with the keys that this release does not know.

* `checkpoint` (in) borrowed.
* `buf` (out) receives the text, NUL-terminated; NULL asks for the length.
* `len` (in,out) in: room in `buf`; out: bytes of the text with its NUL, also when the room was too small.

* **return** OAR\_E\_ARGUMENT `buf` is too small.
* **threads** serial(checkpoint)
* **since** 0.1*/
    pub fn oar_checkpoint_manifest(
        checkpoint: *const oar_checkpoint,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Give the JSON that the program handed to oar\_accelerator\_save as `user_json`; "null" if it gave none.

* `checkpoint` (in) borrowed.
* `buf` (out) receives the text, NUL-terminated; NULL asks for the length.
* `len` (in,out) in: room in `buf`; out: bytes of the text with its NUL, also when the room was too small.

* **return** OAR\_E\_ARGUMENT `buf` is too small.
* **threads** serial(checkpoint)
* **since** 0.1*/
    pub fn oar_checkpoint_user_json(
        checkpoint: *const oar_checkpoint,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Count the model's tensors.

* `checkpoint` (in) borrowed.
* `out_num_tensors` (out) how many; tied ones count under each of their names.

* **return** OAR\_E\_NOT\_FOUND the checkpoint holds no model.
* **return** OAR\_E\_CORRUPT the file does not match its checksum or format; the text names it and the bytes concerned.
* **threads** serial(checkpoint)
* **since** 0.1*/
    pub fn oar_checkpoint_num_tensors(
        checkpoint: *const oar_checkpoint,
        out_num_tensors: *mut i64,
    ) -> oar_status;
    /**Tell the name of one of the model's tensors, in the order of the file.

* `checkpoint` (in) borrowed.
* `index` (in) in \[0, number of tensors).
* `buf` (out) receives the name, NUL-terminated; NULL asks for the length.
* `len` (in,out) in: room in `buf`; out: bytes of the name with its NUL, also when the room was too small.

* **return** OAR\_E\_ARGUMENT index out of range, or `buf` is too small.
* **return** OAR\_E\_NOT\_FOUND the checkpoint holds no model.
* **return** OAR\_E\_CORRUPT the file does not match its checksum or format; the text names it and the bytes concerned.
* **threads** serial(checkpoint)
* **since** 0.1*/
    pub fn oar_checkpoint_tensor_name(
        checkpoint: *const oar_checkpoint,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Give one tensor of the model.

The first call reads the model's file once to verify its checksum; after that nothing is copied: the tensor is a
read-only view of the mapped file, which it keeps, also beyond the checkpoint's release and removal.

* `checkpoint` (in) borrowed.
* `name` (in) as in the model's state dict: "fc.weight".
* `out` (out) owned; end with oar\_tensor\_release. Contiguous, on the CPU. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND no such tensor, or the checkpoint holds no model.
* **return** OAR\_E\_CORRUPT the file does not match its checksum or format; the text names it and the bytes concerned.
* **threads** serial(checkpoint)
* **since** 0.1*/
    pub fn oar_checkpoint_tensor(
        checkpoint: *const oar_checkpoint,
        name: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**Add a reference.

* `checkpoint` (in) one more oar\_checkpoint\_release ends it.

* **threads** any
* **since** 0.1*/
    pub fn oar_checkpoint_retain(checkpoint: *mut oar_checkpoint) -> oar_status;
    /**Drop a reference; the last one closes the checkpoint. Never blocks. Tensors that came from it live on.

* `checkpoint` (in) NULL does nothing.

* **threads** any
* **since** 0.1*/
    pub fn oar_checkpoint_release(checkpoint: *mut oar_checkpoint);
    /**Update the parameters by gradients that `fn` makes. Programs with an accelerator call oar\_accelerator\_step\_closure.

Gradients are dropped before each call of `fn`; those of its last one stay. When the step fails, in `fn` or
elsewhere, parameters and the optimizer's state are what they were before it.

* `optimizer` (in) borrowed.
* `fn` (in) not NULL.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once, before this returns. NULL: nothing to free.
* `out_loss` (out) what `fn` told first: the loss before the step. NULL: not wanted. Untouched on failure.

* **return** OAR\_E\_CALLBACK `fn` failed; the text has the last error inside it.
  Further as oar\_optimizer\_step.
* **threads** serial(optimizer); only `fn` calls the model meanwhile
* **source** torch.optim.Optimizer.step(closure); torch.optim.LBFGS.
* **since** 0.1*/
    pub fn oar_optimizer_step_closure(
        optimizer: *mut oar_optimizer,
        fn_: oar_closure_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out_loss: *mut f64,
    ) -> oar_status;
    /**The same for all ranks together: oar\_accelerator\_step with gradients that `fn` makes.

`fn` runs its backward by oar\_accelerator\_backward, which averages the gradients; the losses are averaged over the
ranks here, so that all of them decide alike. An accumulation lies within `fn`: all of its micro-batches, the last
one synchronised. Then the scheduler is stepped and the gradients are dropped.

* `accelerator` (in) borrowed.
* `optimizer` (in) borrowed, prepared.
* `scheduler` (in) borrowed, prepared; NULL: none.
* `fn` (in) not NULL.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once, before this returns. NULL: nothing to free.
* `out_loss` (out) the mean over the ranks of what `fn` told first. NULL: not wanted. Untouched on failure.

* **return** OAR\_E\_CALLBACK `fn` failed; parameters and state are those of before. On several ranks the state is aborted,
  since peers wait in the middle of the step.
* **return** OAR\_E\_STATE `fn` left gradients that are not synchronised, or a micro-batch of an accumulation is
  running; further as oar\_accelerator\_step. Nothing was updated.
* **return** OAR\_E\_UNSUPPORTED the accelerator has a gradient scaler (precision.h).
* **threads** collective(state)
* **source** Accelerate 1.15 `AcceleratedOptimizer.step(closure)`. Differs: losses are averaged; the reference's ranks
  look at their own ones and may part.
* **since** 0.1*/
    pub fn oar_accelerator_step_closure(
        accelerator: *mut oar_accelerator,
        optimizer: *mut oar_optimizer,
        scheduler: *mut oar_scheduler,
        fn_: oar_closure_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out_loss: *mut f64,
    ) -> oar_status;
    /**Combine the ranks' tensors element by element and give every rank the results, in place.

* `group` (in) borrowed.
* `tensors` (in,out) retained until the work is done. Same numbers of elements and dtype on all ranks.
* `count` (in) how many tensors.
* `reduce_op` (in) OAR\_REDUCE\_\*; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT an empty list, tensors of several dtypes, two that share memory; and as in collectives.h.
* **return** OAR\_E\_UNSUPPORTED a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
  the CPU.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, tensors); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `all_reduce_coalesced`.
* **since** 0.1*/
    pub fn oar_group_all_reduce_coalesced(
        group: *mut oar_group,
        tensors: *const *mut oar_tensor,
        count: usize,
        reduce_op: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Give every rank the root's tensors, in place.

* `group` (in) borrowed.
* `tensors` (in,out) retained until the work is done. On the root read, elsewhere written. Same numbers of
  elements and dtype on all ranks.
* `count` (in) how many tensors.
* `root` (in) the rank whose tensors are given; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT an empty list, tensors of several dtypes, two that share memory; and as in collectives.h.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, tensors); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `_broadcast_coalesced`.
* **since** 0.1*/
    pub fn oar_group_broadcast_coalesced(
        group: *mut oar_group,
        tensors: *const *mut oar_tensor,
        count: usize,
        root: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Concatenate every rank's inputs\[i\] along dim 0 into outputs\[i\], for all i, and give all ranks the results.

* `group` (in) borrowed.
* `inputs` (in) retained until the work is done. inputs\[i\] has the shape \[n\_i, ...\] or no dimensions.
* `num_inputs` (in) how many.
* `outputs` (out) retained until the work is done, then outputs\[i\] holds \[n\_i \* size, ...\], rank r's rows at
  \[r\*n\_i, (r+1)\*n\_i).
* `num_outputs` (in) how many: as many as inputs.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT an empty list, tensors of several dtypes, two that share memory; and as in collectives.h.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, inputs, outputs); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `all_gather_coalesced`.
* **since** 0.1*/
    pub fn oar_group_all_gather_coalesced(
        group: *mut oar_group,
        inputs: *const *mut oar_tensor,
        num_inputs: usize,
        outputs: *const *mut oar_tensor,
        num_outputs: usize,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Combine the ranks' inputs element by element and give each rank its part of each result.

* `group` (in) borrowed.
* `inputs` (in) retained until the work is done. inputs\[i\] has the shape \[n\_i \* size, ...\].
* `num_inputs` (in) how many.
* `outputs` (out) retained until the work is done, then outputs\[i\] holds this rank's rows \[r\*n\_i, (r+1)\*n\_i)
  of the result.
* `num_outputs` (in) how many: as many as inputs.
* `reduce_op` (in) OAR\_REDUCE\_\*; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT an empty list, tensors of several dtypes, two that share memory; and as in collectives.h.
* **return** OAR\_E\_UNSUPPORTED a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
  the CPU.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, inputs, outputs); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `reduce_scatter_tensor_coalesced`.
* **since** 0.1*/
    pub fn oar_group_reduce_scatter_coalesced(
        group: *mut oar_group,
        inputs: *const *mut oar_tensor,
        num_inputs: usize,
        outputs: *const *mut oar_tensor,
        num_outputs: usize,
        reduce_op: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Make a column of tensors equally long in its first dimension before the samples of a batch are joined: as long as the
batch's longest, or the next multiple of `multiple_of`.

One call per column; another call for the same column replaces the first.

* `loader` (in) borrowed; between epochs.
* `column` (in) borrowed; the path of a tensor in each sample: "tokens", "target.boxes".
* `pad_value` (in) what the new elements are.
* `multiple_of` (in) at least 1.
* `pad_first` (in) 0: new elements come behind the old ones; otherwise before them.
* `mask` (in) borrowed; the name of a new column of the samples: int64 \[length\], 1 for old elements and 0
  for new ones. NULL: none.

* **return** OAR\_E\_ARGUMENT no column, a multiple out of range. Samples without such a tensor, or whose dtype cannot hold
  the value, or that have a column `mask` already, fail oar\_loader\_next.
* **return** OAR\_E\_STATE batches of this epoch have been given already, or the loader is closed.
* **threads** serial(loader)
* **source** transformers DataCollatorWithPadding; torch.nn.utils.rnn.pad\_sequence.
* **since** 0.1*/
    pub fn oar_loader_set_padding(
        loader: *mut oar_loader,
        column: *const ::core::ffi::c_char,
        pad_value: f64,
        multiple_of: i64,
        pad_first: i32,
        mask: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Let the host join samples to batches. Padding (oar\_loader\_set\_padding) is done before.

* `loader` (in) borrowed; between epochs.
* `flags` (in) 0, or OAR\_CALLBACK\_ANY\_THREAD: loader workers may call `fn`, several at once. Without it
  batches are made on the thread that asks for them, and workers are not used.
* `fn` (in) makes a batch.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once: when the loader ends or is given another function, or
  before this returns if it fails. NULL: nothing to free.

* **return** OAR\_E\_ARGUMENT an unknown flag.
* **return** OAR\_E\_STATE batches of this epoch have been given already, or the loader is closed.
* **threads** serial(loader)
* **source** torch.utils.data.DataLoader, `collate_fn`.
* **since** 0.1*/
    pub fn oar_loader_set_collate(
        loader: *mut oar_loader,
        flags: i32,
        fn_: oar_collate_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    /**Token sequences of any lengths, packed into rows of one length: a data set whose samples are the rows.

Documents go into rows in their order: into the row that is being filled if there is room, else a new row begins. One
longer than a row is cut at the rows' ends. Every token lies in exactly one row. A row has three columns of
`row_length`: `column`, padded at the end; "positions", int64, each token's place in its document, 0 where padded;
"documents", int64, 0, 1, ... for the documents of the row and -1 where padded: where it changes, attention ends.

Every sample is read once now, for its length.

* `dataset` (in) retained; samples with numbers.
* `column` (in) borrowed; the path of a tensor \[tokens\] in each sample, of one dtype.
* `row_length` (in) tokens of a row, at least 1.
* `pad_value` (in) what fills the rows' ends.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT a length below 1, a sample without such a tensor or with another dtype; the text names it.
* **return** OAR\_E\_UNSUPPORTED it is a stream.
* **return** OAR\_E\_CALLBACK the host's function failed; the text names the sample.
* **threads** serial(dataset)
* **source** TRL `pack_dataset`, without the reordering.
* **since** 0.1*/
    pub fn oar_dataset_pack(
        dataset: *mut oar_dataset,
        column: *const ::core::ffi::c_char,
        row_length: i64,
        pad_value: f64,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**Combine the ranks' tensors element by element and give every rank the result, in place.

Ranks are combined in the order 0, 1, ..., N-1; among ranks of several hosts and above `comm.inline_bytes` (64 KiB)
in an order of the backend that is the same for every rank. The arithmetic is the element type's own: float16 and
bfloat16 round after each rank.

* `group` (in) borrowed.
* `tensor` (in,out) retained until the work is done. Same number of elements and dtype on all ranks; zero
  elements are fine. Not expanded (no two elements share memory).
* `reduce_op` (in) OAR\_REDUCE\_\*; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value (comm.timeout\_ms); negative
  is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT reduce\_op does not exist or does not fit the dtype; a negative time-out.
* **return** OAR\_E\_UNSUPPORTED a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
  the CPU.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, tensor); waits for peers only if out\_work is NULL
* **source** Accelerate 1.15 `reduce`.
* **since** 0.1*/
    pub fn oar_group_all_reduce(
        group: *mut oar_group,
        tensor: *mut oar_tensor,
        reduce_op: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Give every rank the root's tensor, in place. Any dtype; the bytes arrive as they are.

* `group` (in) borrowed.
* `tensor` (in,out) retained until the work is done. On the root read, elsewhere written. Same number of
  elements and dtype on all ranks; zero elements are fine.
* `root` (in) the rank whose tensor is given; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT root is no rank of the group; an expanded tensor; a negative time-out.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, tensor); waits for peers only if out\_work is NULL
* **source** Accelerate 1.15 `broadcast`.
* **since** 0.1*/
    pub fn oar_group_broadcast(
        group: *mut oar_group,
        tensor: *mut oar_tensor,
        root: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Combine the ranks' tensors element by element and give the root the result, in place.

As oar\_group\_all\_reduce, but on other ranks than the root the tensor is only read.

* `group` (in) borrowed.
* `tensor` (in,out) retained until the work is done. Same number of elements and dtype on all ranks; on the
  root the result, which may not be expanded there.
* `root` (in) the rank that gets the result; the same on all ranks.
* `reduce_op` (in) OAR\_REDUCE\_\*; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT root is no rank of the group; reduce\_op does not exist or does not fit the dtype; a
  negative time-out.
* **return** OAR\_E\_UNSUPPORTED a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
  the CPU.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, tensor); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `reduce`.
* **since** 0.1*/
    pub fn oar_group_reduce(
        group: *mut oar_group,
        tensor: *mut oar_tensor,
        root: i32,
        reduce_op: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Concatenate every rank's `input` along dim 0 and give all ranks the result.

Rank r's rows land at output\[r\*n, (r+1)\*n), whatever order the ranks arrive in.
All ranks of the group make this call, in the same order, with the same n; oar\_group\_all\_gather\_rows
takes different ones.

* `group` (in) borrowed.
* `input` (in) retained until the work is done. Shape \[n, ...\], n \>= 0, any strides; or no dimensions.
* `output` (out) retained until the work is done, then holds \[n \* size, ...\] (\[size\] for an input without
  dimensions); same dtype as `input`, any strides, no overlap with it.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT shape or dtype of the two tensors disagree (the text gives both), or they share memory.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, input, output); waits for peers only if out\_work is NULL
* **source** Accelerate 1.15 `gather`, for equal shapes.
* **since** 0.1*/
    pub fn oar_group_all_gather(
        group: *mut oar_group,
        input: *mut oar_tensor,
        output: *mut oar_tensor,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Concatenate the ranks' inputs along dim 0 where ranks have different numbers of rows, and give all ranks the result.

Rank r's rows\[r\] rows come after those of the ranks before it. Who does not know the other ranks' numbers asks first:
an oar\_group\_all\_gather of one int64 per rank tells all of them.

* `group` (in) borrowed.
* `input` (in) retained until the work is done. Shape \[rows\[rank\], ...\], any strides, at least one
  dimension.
* `output` (out) retained until the work is done, then holds \[sum of rows, ...\]; same dtype as `input`, any
  strides, no overlap with it.
* `rows` (in) by rank, how many rows it gives; 0 is fine. The same numbers on all ranks, which are
  compared before data moves. Read during the call.
* `num_rows` (in) how many numbers: the size of the group.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT rows do not fit the shapes (the text gives both), dtypes differ, or the tensors share
  memory.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, input, output); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `all_gather` of a list of tensors of different sizes.
* **since** 0.1*/
    pub fn oar_group_all_gather_rows(
        group: *mut oar_group,
        input: *mut oar_tensor,
        output: *mut oar_tensor,
        rows: *const i64,
        num_rows: usize,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Combine the ranks' inputs element by element and give each rank its part of the result.

The result has the shape of the inputs; rank r gets its rows \[r\*n, (r+1)\*n). The inputs stay as they are.

* `group` (in) borrowed.
* `input` (in) retained until the work is done. Shape \[n \* size, ...\] (\[size\] for an output without
  dimensions), any strides.
* `output` (out) retained until the work is done, then holds this rank's part, \[n, ...\]; same dtype as
  `input`, any strides, no overlap with it.
* `reduce_op` (in) OAR\_REDUCE\_\*; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT shape or dtype of the two tensors disagree (the text gives both), or they share memory;
  reduce\_op does not exist or does not fit the dtype.
* **return** OAR\_E\_UNSUPPORTED a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on
  the CPU.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, input, output); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `reduce_scatter_tensor`.
* **since** 0.1*/
    pub fn oar_group_reduce_scatter(
        group: *mut oar_group,
        input: *mut oar_tensor,
        output: *mut oar_tensor,
        reduce_op: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Concatenate every rank's `input` along dim 0 and give the root the result.

Rank r's rows land at output\[r\*n, (r+1)\*n). Other ranks than the root need no memory for it.

* `group` (in) borrowed.
* `input` (in) retained until the work is done. Shape \[n, ...\], n \>= 0, any strides; or no dimensions.
* `output` (out) on the root: retained until the work is done, then holds \[n \* size, ...\] (\[size\] for an
  input without dimensions); same dtype as `input`, no overlap with it. Elsewhere not looked
  at; NULL is fine.
* `root` (in) the rank that gets the result; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT root is no rank of the group, or, on the root, no output; shape or dtype of the two tensors
  disagree (the text gives both), or they share memory.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, input, output); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `gather`.
* **since** 0.1*/
    pub fn oar_group_gather(
        group: *mut oar_group,
        input: *mut oar_tensor,
        output: *mut oar_tensor,
        root: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Give every rank its part of the root's `input`: rank r gets rows \[r\*n, (r+1)\*n).

* `group` (in) borrowed.
* `input` (in) on the root: retained until the work is done. Shape \[n \* size, ...\] (\[size\] for an output
  without dimensions), any strides. Elsewhere not looked at; NULL is fine.
* `output` (out) retained until the work is done, then holds this rank's part, \[n, ...\]; any strides, no
  overlap with `input`. Same shape and dtype on all ranks.
* `root` (in) the rank that gives; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT root is no rank of the group, or, on the root, no input; shape or dtype of the two tensors
  disagree (the text gives both), or they share memory.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, input, output); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `scatter`.
* **since** 0.1*/
    pub fn oar_group_scatter(
        group: *mut oar_group,
        input: *mut oar_tensor,
        output: *mut oar_tensor,
        root: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Exchange parts between all ranks: rows \[p\*n, (p+1)\*n) of the input go to rank p, where they become rows \[r\*n,
(r+1)\*n) of the output, r being this rank.

* `group` (in) borrowed.
* `input` (in) retained until the work is done. Shape \[n \* size, ...\], any strides, at least one dimension.
* `output` (out) retained until the work is done. Same shape and dtype as `input`, any strides, no overlap
  with it.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT shape or dtype of the two tensors disagree (the text gives both), the rows do not divide by
  the number of ranks, or the tensors share memory.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, input, output); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `all_to_all_single`.
* **since** 0.1*/
    pub fn oar_group_all_to_all(
        group: *mut oar_group,
        input: *mut oar_tensor,
        output: *mut oar_tensor,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Exchange rows between all ranks, as many as each pair agrees on.

The first rows\[0\] rows of the input go to rank 0, the next rows\[1\] to rank 1 and so on; the output holds
received\_rows\[0\] rows of rank 0, then received\_rows\[1\] of rank 1 and so on. What this rank says that it receives must
be what the peer says that it sends; that is compared before data moves. Who does not know it asks first: an
oar\_group\_all\_to\_all of the numbers tells.

* `group` (in) borrowed.
* `input` (in) retained until the work is done. Shape \[sum of rows, ...\], any strides, at least one
  dimension.
* `output` (out) retained until the work is done. Shape \[sum of received\_rows, ...\]; same dtype and
  other dimensions as `input`, any strides, no overlap with it.
* `rows` (in) by rank, how many rows go to it; 0 is fine. Read during the call.
* `num_rows` (in) how many numbers: the size of the group.
* `received_rows` (in) by rank, how many rows come from it. Read during the call.
* `num_received_rows` (in) how many numbers: the size of the group.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT rows do not fit the shapes (the text gives both), dtypes or other dimensions differ, or the
  tensors share memory.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, input, output); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `all_to_all_single` with split sizes.
* **since** 0.1*/
    pub fn oar_group_all_to_all_rows(
        group: *mut oar_group,
        input: *mut oar_tensor,
        output: *mut oar_tensor,
        rows: *const i64,
        num_rows: usize,
        received_rows: *const i64,
        num_received_rows: usize,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Meet every rank: the work is done when all have called this. It comes after all operations that this rank has started
before. oar\_state\_barrier waits at once.

* `group` (in) borrowed.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT a negative time-out.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group); waits for peers only if out\_work is NULL
* **source** Accelerate 1.15 `wait_for_everyone`.
* **since** 0.1*/
    pub fn oar_group_barrier(
        group: *mut oar_group,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Make a config with the defaults, overlaid by environment variables (OARLOCK\_\*, and those of the reference that have a
counterpart).

* `out` (out) owned; end with oar\_config\_release. Untouched on failure.

* **return** OAR\_E\_ENVIRONMENT a variable has a value that its option does not take; the text names both.
* **threads** any
* **since** 0.1*/
    pub fn oar_config_create(out: *mut *mut oar_config) -> oar_status;
    /**A config of its own with the same values.

* `config` (in) borrowed.
* `out` (out) owned; end with oar\_config\_release. Untouched on failure.

* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_copy(
        config: *const oar_config,
        out: *mut *mut oar_config,
    ) -> oar_status;
    /**Set the options that a JSON object names. All of them or, on failure, none.

Nested objects and dotted keys are the same: {"comm":{"timeout\_ms":5000}} is {"comm.timeout\_ms":5000}. Comments,
duplicate keys and integers that a double cannot hold are refused.

* `config` (in) borrowed, changed.
* `json` (in) a JSON object, UTF-8.

* **return** OAR\_E\_ARGUMENT no JSON object, an unknown key (the text names the nearest known one), or a value of another
  type.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_merge_json(
        config: *mut oar_config,
        json: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Set an option of type text, or any option by its JSON text: "5000" for a number.

* `config` (in) borrowed, changed.
* `key` (in) for example "comm.backend".
* `value` (in) for a text option the text itself, for others JSON.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one), or a value that the option does not
  take.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_set_string(
        config: *mut oar_config,
        key: *const ::core::ffi::c_char,
        value: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Set an option of type integer. All 64 bits are kept.

* `config` (in) borrowed, changed.
* `key` (in) for example "comm.timeout\_ms".
* `value` (in) the value.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_set_int64(
        config: *mut oar_config,
        key: *const ::core::ffi::c_char,
        value: i64,
    ) -> oar_status;
    /**Set an option of type number.

* `config` (in) borrowed, changed.
* `key` (in) for example "ddp.bucket\_cap\_mb".
* `value` (in) finite.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_set_double(
        config: *mut oar_config,
        key: *const ::core::ffi::c_char,
        value: f64,
    ) -> oar_status;
    /**Set an option of type flag.

* `config` (in) borrowed, changed.
* `key` (in) for example "ddp.broadcast\_buffers".
* `value` (in) 0 or 1.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_set_bool(
        config: *mut oar_config,
        key: *const ::core::ffi::c_char,
        value: i32,
    ) -> oar_status;
    /**The type of an option.

* `config` (in) borrowed.
* `key` (in) for example "comm.timeout\_ms".
* `out_type` (out) OAR\_CONFIG\_BOOL ... OAR\_CONFIG\_DOUBLE\_LIST. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one).
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_type(
        config: *const oar_config,
        key: *const ::core::ffi::c_char,
        out_type: *mut i32,
    ) -> oar_status;
    /**The value in force of an option of type integer.

* `config` (in) borrowed.
* `key` (in) for example "comm.timeout\_ms".
* `out_value` (out) all 64 bits. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.
* **return** OAR\_E\_NOT\_FOUND the option has no value.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_get_int64(
        config: *const oar_config,
        key: *const ::core::ffi::c_char,
        out_value: *mut i64,
    ) -> oar_status;
    /**The value in force of an option of type number.

* `config` (in) borrowed.
* `key` (in) for example "ddp.bucket\_cap\_mb".
* `out_value` (out) finite. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.
* **return** OAR\_E\_NOT\_FOUND the option has no value.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_get_double(
        config: *const oar_config,
        key: *const ::core::ffi::c_char,
        out_value: *mut f64,
    ) -> oar_status;
    /**The value in force of an option of type flag.

* `config` (in) borrowed.
* `key` (in) for example "ddp.broadcast\_buffers".
* `out_value` (out) 0 or 1. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.
* **return** OAR\_E\_NOT\_FOUND the option has no value.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_get_bool(
        config: *const oar_config,
        key: *const ::core::ffi::c_char,
        out_value: *mut i32,
    ) -> oar_status;
    /**The value in force of an option, as text: texts as they are, everything else as JSON, "" if unset.

* `config` (in) borrowed.
* `key` (in) for example "comm.timeout\_ms".
* `buf` (out) the text, or NULL to ask for its length.
* `len` (in,out) in: room in bytes; out: length with the closing NUL.

* **return** OAR\_E\_ARGUMENT an unknown key (the text names the nearest known one), or too little room; then \*len is the
  need.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_get_string(
        config: *const oar_config,
        key: *const ::core::ffi::c_char,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Every option with its value in force, as one flat JSON object.

* `config` (in) borrowed.
* `buf` (out) the text, or NULL to ask for its length.
* `len` (in,out) in: room in bytes; out: length with the closing NUL.

* **return** OAR\_E\_ARGUMENT too little room; then \*len is the need.
* **threads** serial(config)
* **since** 0.1*/
    pub fn oar_config_to_json(
        config: *const oar_config,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**One more reference.

* `config` (in) borrowed; each retain needs one more oar\_config\_release.

* **threads** any
* **since** 0.1*/
    pub fn oar_config_retain(config: *mut oar_config) -> oar_status;
    /**One reference fewer; the last one frees the config. What was made from it stays.

* `config` (in) NULL does nothing.

* **threads** any
* **since** 0.1*/
    pub fn oar_config_release(config: *mut oar_config);
    /**A data set over tensors in memory.

Column i is tensors\[i\], named names\[i\]. Nothing is copied: what is written into a tensor later shows in
later batches. Batches are copies.

* `names` (in) borrowed; `count` names, not empty, all different.
* `tensors` (in) retained; `count` tensors of shape \[n, ...\] with one n \>= 0, any strides, dtypes and devices.
* `count` (in) at least 1.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT no columns, a name empty or twice, a tensor without dimensions or sparse, unequal numbers of
  rows; the text names the columns.
* **threads** serial(tensors)
* **since** 0.1*/
    pub fn oar_dataset_from_tensors(
        names: *const *const ::core::ffi::c_char,
        tensors: *const *mut oar_tensor,
        count: usize,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**A data set over the tensors of a safetensors file.

The file is mapped, not read: only the rows that are asked for come from the disk. It must not change as long as the
data set lives. The format has no checksum, so data bytes that were altered on the disk cannot be seen.

* `path` (in) borrowed.
* `names` (in) borrowed; the columns wanted, in this order. NULL: every tensor of the file, in the file's order.
* `count` (in) of `names`, at least 1; ignored when it is NULL.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND no such file, or no such tensor in it; the text lists those it has.
* **return** OAR\_E\_CORRUPT not a whole safetensors file; the text gives the byte offset.
* **return** OAR\_E\_ARGUMENT the columns do not fit together, as for oar\_dataset\_from\_tensors.
* **threads** any
* **since** 0.1*/
    pub fn oar_dataset_from_safetensors(
        path: *const ::core::ffi::c_char,
        names: *const *const ::core::ffi::c_char,
        count: usize,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**A data set of windows of a flat file of token numbers: sample i is the window that begins at token i \* stride.

A batch has the column "tokens", int64 \[samples, sequence\_length\]; with labels also "labels", the tokens one further.
Tokens at the end that make no whole window are left out. The file is mapped: only what is asked for comes from the
disk. It must not change as long as the data set lives.

* `path` (in) borrowed.
* `dtype` (in) of the file, little-endian: OAR\_UINT8, OAR\_UINT16, OAR\_INT32, OAR\_UINT32 or OAR\_INT64.
* `sequence_length` (in) tokens of a sample, at least 1.
* `stride` (in) tokens from one sample's begin to the next one's; 0: sequence\_length.
* `with_labels` (in) other than 0: labels too.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND no such file.
* **return** OAR\_E\_CORRUPT its size is no whole number of tokens.
* **return** OAR\_E\_ARGUMENT another dtype, a length or stride out of range.
* **threads** any
* **since** 0.1*/
    pub fn oar_dataset_from_tokens(
        path: *const ::core::ffi::c_char,
        dtype: i32,
        sequence_length: i64,
        stride: i64,
        with_labels: i32,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**A data set over the rows of a CSV file: in a batch, a column of numbers is a tensor \[samples\], one of texts a list.

UTF-8, lines ended by LF or CR LF. A field in quotes may hold delimiters, line ends, and quotes written twice; spaces
belong to a field. Numbers are read now (8 bytes of memory each at most), texts stay in the file, which is mapped and
must not change as long as the data set lives.

* `path` (in) borrowed.
* `names` (in) borrowed; the columns wanted, in this order. NULL: every column of the header.
* `num_names` (in) of `names`; ignored when it is NULL.
* `dtypes` (in) borrowed; what each of `names` holds: OAR\_CSV\_FOUND, OAR\_CSV\_TEXT, OAR\_BOOL (0 and 1), signed
  integers, OAR\_UINT8 or floating-point numbers. NULL: all OAR\_CSV\_FOUND.
* `num_dtypes` (in) num\_names, or 0 for NULL.
* `delimiter` (in) one ASCII character; NULL: a comma.
* `flags` (in) 0, or OAR\_CSV\_NO\_HEADER: then `names` are all columns of the file.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND no such file, or no such column in it; the text lists those it has.
* **return** OAR\_E\_CORRUPT a row with another number of fields, a field that is no number of its column's type, a quote
  at a wrong place, no UTF-8; the text gives line and column.
* **return** OAR\_E\_ARGUMENT another dtype, a delimiter that cannot be one, no names for a file without a header.
* **threads** any
* **source** RFC 4180.
* **since** 0.1*/
    pub fn oar_dataset_from_csv(
        path: *const ::core::ffi::c_char,
        names: *const *const ::core::ffi::c_char,
        num_names: usize,
        dtypes: *const i32,
        num_dtypes: usize,
        delimiter: *const ::core::ffi::c_char,
        flags: i32,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**A data set whose samples the host makes, by number.

* `num_samples` (in) at least 0.
* `flags` (in) 0, or OAR\_CALLBACK\_ANY\_THREAD: loader workers may call `fn`, several at once. Without it
  samples are made on the thread that asks for a batch, and workers are not used.
* `fn` (in) makes one sample.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once: when the data set ends, or before this returns if it
  fails. NULL: nothing to free.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT num\_samples below 0, an unknown flag.
* **threads** any
* **since** 0.1*/
    pub fn oar_dataset_from_samples(
        num_samples: i64,
        flags: i32,
        fn_: oar_sample_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**A data set whose samples come one after the other, nobody knows how many. Only a loader reads it; there is no
shuffle. Every rank reads the whole stream and keeps its own part.

A resume of a stream that is not seekable reads it again from its start, and says so in the log.

* `flags` (in) 0, or OAR\_CALLBACK\_ANY\_THREAD: a loader worker may call `fn`; or OAR\_STREAM\_SEEKABLE; or both
  added.
* `fn` (in) makes one sample.
* `user_data` (in) handed to `fn`.
* `release` (in) as for oar\_dataset\_from\_samples.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an unknown flag.
* **threads** any
* **source** Accelerate 1.15, IterableDatasetShard.
* **since** 0.1*/
    pub fn oar_dataset_from_stream(
        flags: i32,
        fn_: oar_stream_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**Some samples of a data set: sample i is sample indices\[i\] of `dataset`.

* `dataset` (in) retained.
* `indices` (in) borrowed; `count` numbers in \[0, size), each as often as wanted. NULL only if count is 0.
* `count` (in) 0 gives a data set without samples.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT there is no such sample; the text gives number and place.
* **return** OAR\_E\_UNSUPPORTED it is a stream, whose samples have no numbers.
* **threads** serial(dataset)
* **source** torch.utils.data.Subset.
* **since** 0.1*/
    pub fn oar_dataset_subset(
        dataset: *mut oar_dataset,
        indices: *const i64,
        count: usize,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**Data sets one behind the other. Samples of different parts may come into one batch: their structures agree then.

Streams make a stream: each pass reads the parts' passes one after the other. It is read by one loader at a time, and
a resume reads it again from its start.

* `datasets` (in) retained; `count` of them, all with numbered samples or all streams.
* `count` (in) at least 1.
* `out` (out) owned; end with oar\_dataset\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT none, or some are streams and some are not.
* **threads** serial(datasets)
* **source** torch.utils.data.ConcatDataset, torch.utils.data.ChainDataset.
* **since** 0.1*/
    pub fn oar_dataset_concatenate(
        datasets: *const *mut oar_dataset,
        count: usize,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    /**How many samples there are.

* `dataset` (in) borrowed.
* `out_size` (out) at least 0.

* **return** OAR\_E\_UNSUPPORTED it is a stream.
* **threads** serial(dataset)
* **since** 0.1*/
    pub fn oar_dataset_size(
        dataset: *const oar_dataset,
        out_size: *mut i64,
    ) -> oar_status;
    /**The batch of these samples, in this order; a sample may be asked for more than once.

* `dataset` (in) borrowed.
* `indices` (in) borrowed; `count` numbers in \[0, size). NULL only if count is 0.
* `count` (in) 0 gives tensors with no rows.
* `out_batch` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an index out of range; the text gives it and the range.
* **return** OAR\_E\_UNSUPPORTED it is a stream, whose samples have no numbers.
* **return** OAR\_E\_CALLBACK the host's function failed; the text names the sample.
* **threads** serial(dataset); loaders over the same data set may run meanwhile
* **since** 0.1*/
    pub fn oar_dataset_get(
        dataset: *mut oar_dataset,
        indices: *const i64,
        count: usize,
        out_batch: *mut *mut oar_tree,
    ) -> oar_status;
    /**One more reference.

* `dataset` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_dataset_retain(dataset: *mut oar_dataset) -> oar_status;
    /**One reference less; loaders over the data set keep it alive.

* `dataset` (in) ended; NULL is allowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_dataset_release(dataset: *mut oar_dataset);
    /**The text of the last failure on this thread.

Never NULL; "" if the last fallible call of this thread succeeded, or none was made. Valid until the thread's next
fallible call. Read it on the thread that made the call: tasks that move between threads read it before they yield.

* **return** borrowed text, UTF-8.
* **threads** any
* **since** 0.1*/
    pub fn oar_last_error() -> *const ::core::ffi::c_char;
    /**The name of a status code, for example "OAR\_E\_ARGUMENT".

* `status` (in) any value.

* **return** borrowed static text; "an unknown status" for a value that this version does not have.
* **threads** any
* **since** 0.1*/
    pub fn oar_status_name(status: oar_status) -> *const ::core::ffi::c_char;
    /**Move this thread's error into an object that may go to other threads.

Does not clear the error on entry. Afterwards oar\_last\_error() is "".

* `out` (out) owned; end with oar\_error\_release. NULL if the last fallible call of this thread succeeded.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_take(out: *mut *mut oar_error) -> oar_status;
    /**Make a failure of a library that is built on this one the last failure of this thread, so that its callers find the
text of every failure in one place. liboarlock\_mpi does so.

It ends the function that failed: `return oar_error_set(OAR_E_STATE, "site", "site_open", text, -1, 0);`

* `code` (in) what the function returns: OAR\_E\_ARGUMENT to OAR\_E\_INTERNAL.
* `component` (in) copied; the library or the part of it that failed, for oar\_error\_component.
* `operation` (in) copied; the function that failed, for oar\_error\_operation.
* `message` (in) copied, UTF-8; what failed, where, and what to do.
* `rank` (in) the rank that it is about; -1 if it is about no rank.
* `vendor_code` (in) a number from below; 0 if there is none.

* **return** always `code`, but OAR\_E\_ARGUMENT if that is no code of a failure, or a text is NULL.
* **threads** any
* **since** 0.1*/
    pub fn oar_error_set(
        code: oar_status,
        component: *const ::core::ffi::c_char,
        operation: *const ::core::ffi::c_char,
        message: *const ::core::ffi::c_char,
        rank: i32,
        vendor_code: i64,
    ) -> oar_status;
    /**The status code of an error.

* `error` (in) borrowed.
* `out_code` (out) what the failed call returned.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_code(
        error: *const oar_error,
        out_code: *mut oar_status,
    ) -> oar_status;
    /**What failed, where, and what to do.

* `error` (in) borrowed.
* `out_message` (out) borrowed from the error; UTF-8, never NULL.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_message(
        error: *const oar_error,
        out_message: *mut *const ::core::ffi::c_char,
    ) -> oar_status;
    /**The header whose function failed, without its ".h": "config", "collectives".

* `error` (in) borrowed.
* `out_component` (out) borrowed from the error; never NULL. "guard" if no memory was left to say more, "work" in
  an error that oar\_work\_error gave.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_component(
        error: *const oar_error,
        out_component: *mut *const ::core::ffi::c_char,
    ) -> oar_status;
    /**What was being done: "all\_reduce", or the name of the function that failed.

* `error` (in) borrowed.
* `out_operation` (out) borrowed from the error; never NULL.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_operation(
        error: *const oar_error,
        out_operation: *mut *const ::core::ffi::c_char,
    ) -> oar_status;
    /**The rank that the error is about: the one that died, or disagreed.

* `error` (in) borrowed.
* `out_rank` (out) -1 if it is about no rank.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_rank(error: *const oar_error, out_rank: *mut i32) -> oar_status;
    /**A number from below: errno of the operating system, or the value that the caller's callback returned.

* `error` (in) borrowed.
* `out_vendor_code` (out) 0 if there is none.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_vendor_code(
        error: *const oar_error,
        out_vendor_code: *mut i64,
    ) -> oar_status;
    /**One more reference.

* `error` (in) borrowed; each retain needs one more oar\_error\_release.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_retain(error: *mut oar_error) -> oar_status;
    /**One reference fewer; the last one frees the error and the texts borrowed from it.

* `error` (in) NULL does nothing.

* **threads** any
* **since** 0.1*/
    pub fn oar_error_release(error: *mut oar_error);
    /**Give every rank the rows of all ranks, each sample once.

Rows lie in rank order. In the last round of the active loader's epoch the samples that were repeated to make the
ranks' batches even are left out, so that over an epoch exactly oar\_loader\_num\_samples rows come back. Call it
between oar\_loader\_next of the batch and the next one. A tensor with k rows per sample keeps k rows of each
sample. A tensor without dimensions gives one value per rank, of which none is left out; so does one whose rows
are no multiple of the round's, and one of which ranks gave different numbers of rows.

* `accelerator` (in) borrowed.
* `tensor` (in) borrowed. Shape \[n, ...\]; n may differ between ranks, the rest may not.
* `out` (out) owned: \[sum of n - duplicates, ...\], without gradient. With one rank it may share
  `tensor`'s memory.

* **return** OAR\_E\_MISMATCH ranks gave other dtypes or other sizes behind the first; the text has both.
* **threads** collective(state)
* **source** Accelerate 1.15 `gather_for_metrics`.
* **since** 0.1*/
    pub fn oar_accelerator_gather_for_metrics(
        accelerator: *mut oar_accelerator,
        tensor: *const oar_tensor,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**The same for every leaf of a tree, and for values other than tensors.

A tree of tensors gives its structure with each leaf as oar\_accelerator\_gather\_for\_metrics would; trees of all ranks
have the same structure, which they compare first. If leaves are no tensors, or `use_objects` says so, lists are
joined in rank order and what repeats samples is cut from their end, too: a list of texts, one per sample, gives
every sample's text once. Maps are joined key by key, tensors in them by rows, lone values become lists of one per
rank. A list is always joined as such, whatever its items are.

* `accelerator` (in) borrowed.
* `tree` (in) borrowed; with `use_objects` or values other than tensors any ranks' lists may differ.
* `use_objects` (in) other than 0: lists of tensors are joined like lists of texts.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_MISMATCH structures, dtypes or sizes behind the first differ between ranks; the text has path and
  every rank's.
* **threads** collective(state)
* **source** Accelerate 1.15 `gather_for_metrics`.
* **since** 0.1*/
    pub fn oar_accelerator_gather_tree_for_metrics(
        accelerator: *mut oar_accelerator,
        tree: *const oar_tree,
        use_objects: i32,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**The mean of one number per rank, on every rank.

* `accelerator` (in) borrowed.
* `value` (in) this rank's.
* `out_mean` (out) sum over ranks in double precision / number of ranks. Untouched on failure.

* **return** OAR\_E\_TIMEOUT a rank did not come; the text names it.
* **threads** collective(state)
* **source** Accelerate 1.15 `reduce(reduction="mean")`.
* **since** 0.1*/
    pub fn oar_accelerator_reduce_mean(
        accelerator: *mut oar_accelerator,
        value: f64,
        out_mean: *mut f64,
    ) -> oar_status;
    /**Set this rank's flag, which oar\_accelerator\_check\_trigger of all ranks will see: to stop early, say, because of what
one rank has measured.

* `accelerator` (in) borrowed.

* **return** OAR\_E\_STATE the accelerator is closed.
* **threads** serial(accelerator); does not wait for peers
* **source** Accelerate 1.15 `set_trigger`.
* **since** 0.1*/
    pub fn oar_accelerator_set_trigger(accelerator: *mut oar_accelerator) -> oar_status;
    /**Tell all ranks whether one of them has set its flag since the last time that this was so; takes all flags back then.

* `accelerator` (in) borrowed.
* `out_is_set` (out) 1 or 0, the same on all ranks. Untouched on failure.

* **return** OAR\_E\_TIMEOUT a rank did not come; the text names it.
* **threads** collective(state)
* **source** Accelerate 1.15 `check_trigger`.
* **since** 0.1*/
    pub fn oar_accelerator_check_trigger(
        accelerator: *mut oar_accelerator,
        out_is_set: *mut i32,
    ) -> oar_status;
    /**Look up an experimental function.

* `name` (in) for example "live\_handle\_count".
* `out` (out) the function; cast it to its type.

* **return** OAR\_E\_NOT\_FOUND this release has no experimental function of that name.
* **threads** any
* **since** 0.1*/
    pub fn oar_experimental_get(
        name: *const ::core::ffi::c_char,
        out: *mut oar_function,
    ) -> oar_status;
    /**Make a model without a program: the host runs forward and backward itself. Register its tensors before anything is
made of it.

* `state` (in) borrowed; gives the device.
* `out` (out) owned; end with oar\_model\_release. Untouched on failure.

* **threads** serial(state)
* **since** 0.1*/
    pub fn oar_model_create_foreign(
        state: *mut oar_state,
        out: *mut *mut oar_model,
    ) -> oar_status;
    /**Let a foreign model train a tensor. Nothing is copied: optimizer steps, rank 0's values (when the model is prepared)
and loaded checkpoints are written into its memory, where the host's forward finds them.

All ranks register the same names, shapes and dtypes in the same order. Gradients become ready fastest when that is
the order of the forward: they are averaged from the last to the first.

* `model` (in) borrowed; foreign.
* `name` (in) borrowed; not empty, new in this model. In a scope (oar\_model\_enter\_scope) relative to it.
* `tensor` (in) its memory is retained. Floating-point, on the model's device, writable, without gaps or overlaps;
  any order of strides.

* **return** OAR\_E\_ARGUMENT the tensor or the name does not fit, or some of the memory is another parameter's.
* **return** OAR\_E\_STATE an optimizer was made of the model, or it was prepared.
* **return** OAR\_E\_UNSUPPORTED the model is a program.
* **threads** serial(model, tensor)
* **since** 0.1*/
    pub fn oar_model_register_parameter(
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        tensor: *mut oar_tensor,
    ) -> oar_status;
    /**Let a foreign model keep a tensor that is not trained: running statistics, frozen weights. It is in checkpoints, and
rank 0's values go to all ranks when the model is prepared and, unless ddp.broadcast\_buffers is off, with every
backward that synchronises.

* `model` (in) borrowed; foreign.
* `name` (in) borrowed; not empty, new in this model. In a scope (oar\_model\_enter\_scope) relative to it.
* `tensor` (in) its memory is retained. Any dtype; on the model's device, writable, without gaps or overlaps.

* **return** OAR\_E\_ARGUMENT the tensor or the name does not fit.
* **return** OAR\_E\_STATE an optimizer was made of the model, or it was prepared.
* **return** OAR\_E\_UNSUPPORTED the model is a program.
* **threads** serial(model, tensor)
* **since** 0.1*/
    pub fn oar_model_register_buffer(
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        tensor: *mut oar_tensor,
    ) -> oar_status;
    /**Give a foreign model its forward: oar\_model\_forward runs it from now on.

It calls operators on the tensors of oar\_model\_parameter, or computes however it likes. In training the operators
record autograd, in evaluation not.

* `model` (in) borrowed; foreign.
* `fn` (in) NULL takes the present one away.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once: when another forward takes its place, when the model
  ends, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.

* **return** OAR\_E\_STATE the present one is running.
* **return** OAR\_E\_UNSUPPORTED the model is a program.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_set_forward(
        model: *mut oar_model,
        fn_: oar_forward_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    /**Give a foreign model whose forward computes without operators its backward: oar\_accelerator\_backward runs it.

In training, what oar\_model\_forward gives then has a place in autograd: a loss computed from it by operators, or one
of the outputs itself, leads back to `fn`, which gets the outputs' gradients and hands over those of the parameters
with oar\_accelerator\_gradient\_ready as it has them, so that their averages travel meanwhile. They carry the scale of
the loss: they are not divided by accelerator.gradient\_accumulation\_steps again. The backward's end is implied
(oar\_accelerator\_gradients\_done does nothing there). Nothing flows back into the inputs.

One backward per forward, and after a second forward in training only that one can be gone back through; by the
function that was set when the forward ran. Inside `fn` calls that train or save give OAR\_E\_STATE. Where it fails on
one of several ranks, the others are told at once and the state is aborted.

* `model` (in) borrowed; foreign.
* `fn` (in) NULL takes the present one away.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once: when neither the model nor an output of its forwards
  needs `fn` any more, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.

* **return** OAR\_E\_STATE the present one is running.
* **return** OAR\_E\_UNSUPPORTED the model is a program.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_set_backward(
        model: *mut oar_model,
        fn_: oar_backward_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    /**Give a registered parameter or buffer itself, for operators: with its place in autograd, which oar\_model\_tensor
leaves out.

* `model` (in) borrowed; foreign.
* `name` (in) of a parameter or buffer. In a scope (oar\_model\_enter\_scope) relative to it.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND the model has none of that name.
* **return** OAR\_E\_UNSUPPORTED the model is a program.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_parameter(
        model: *const oar_model,
        name: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**Enter a scope: a part of the model with a name of its own, as a module is in Python.

Until oar\_model\_exit\_scope the names given to oar\_model\_register\_parameter, oar\_model\_register\_buffer and
oar\_model\_parameter are relative to it: "weight" in scope "attention" of scope "blocks.0" is
"blocks.0.attention.weight". Operators that are called meanwhile belong to it. A forward leaves the scopes that it
enters.

* `model` (in) borrowed; foreign.
* `name` (in) not empty; parts between dots are scopes of their own.
* `class_name` (in) what kind of part it is ("Attention"), for policies that choose parts by kind. NULL: none.

* **return** OAR\_E\_ARGUMENT the name is empty, begins or ends with a dot, or has two in a row.
* **return** OAR\_E\_STATE 256 scopes are open.
* **return** OAR\_E\_UNSUPPORTED the model is a program.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_enter_scope(
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        class_name: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Leave the scope that was entered last.

* `model` (in) borrowed; foreign.

* **return** OAR\_E\_STATE no scope is open; in a forward: none that it entered.
* **return** OAR\_E\_UNSUPPORTED the model is a program.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_exit_scope(model: *mut oar_model) -> oar_status;
    /**Record the forward of a foreign model as a program: from then on a model as one that was loaded from a file.

The forward runs on copies of the example inputs; the operators that it calls (op.h) become the program, with the
scopes as module paths. The program shares parameters (frozen ones stay frozen) and buffers with the foreign model,
needs no callback any more, begins in training mode and knows evaluation mode: tell dropout and batch norm that they
train. What the runs compute is kept until the trace ends.

Dimensions that are to take any size are declared by name. Then the forward runs again for each name with that size
changed, by repeating rows of the examples, and once with all of them changed. Integers that follow the declared
sizes linearly, such as a size given to aten::view, become symbolic; any other difference between the runs is an
error. Sizes that are not declared are fixed.

Tensors that no operator made become constants of the program, and must not be written to: register what changes as
a buffer. Values that the forward reads out of tensors are not seen: decide by operators (aten::where), not by
numbers. All runs are in training mode; afterwards the default random state, mode, buffers and parameters are as
before, also after a failure.

* `model` (in) borrowed; foreign, with a forward.
* `inputs` (in) borrowed. Example inputs: a map by name, of tensors; nested ones get paths ("batch.x").
* `dynamic_dims` (in) JSON: for inputs, dimensions and their names: {"tokens": {"0": "batch", "1": "length"},
  "labels": {"0": "batch"}}. Equal names are equal sizes. NULL: none.
* `out` (out) owned; end with oar\_model\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT the runs differ, an input is not used, an output is no operator's result, an operator
  refuses its arguments; the text names operator and scope, and what to write instead.
* **return** OAR\_E\_STATE a trace runs on this thread already. Inside the forward: what it calls to change the model
  (registering, backward, step, handing over gradients).
* **return** OAR\_E\_UNSUPPORTED the model is a program or has no forward, or the forward calls an operator that reads a
  number out of a tensor (aten::item).
* **return** OAR\_E\_CALLBACK the forward failed; the text has the last error inside it.
* **threads** serial(model, inputs)
* **since** 0.1*/
    pub fn oar_model_trace(
        model: *mut oar_model,
        inputs: *const oar_tree,
        dynamic_dims: *const ::core::ffi::c_char,
        out: *mut *mut oar_model,
    ) -> oar_status;
    /**An optimizer whose rule is a function of the host's. Every rank makes it alike.

A step calls `fn` for each parameter that has a gradient; a step that fails leaves those that `fn` updated already
as they are, and does not count. Checkpoints, and the state dicts of state\_dict.h, keep state and options.

* `model` (in) borrowed; its parameters are retained.
* `name` (in) borrowed; kept in checkpoints, which only an optimizer of the same name loads. Not one of
  oar\_optimizer\_create.
* `options` (in) borrowed; a JSON object of options of the rule's own: numbers, booleans, texts and lists of
  numbers, which keep their kind. "lr" is there always (0.001). "params" and "groups" are those
  of oar\_optimizer\_create; groups give other values to options that are there. NULL: "lr" only.
* `fn` (in) not NULL.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once: when the optimizer ends, or before this returns if it
  fails. NULL: nothing to free.
* `out` (out) owned; end with oar\_optimizer\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT the name is one of the library's; an option is of another kind; further as
  oar\_optimizer\_create.
* **return** OAR\_E\_UNSUPPORTED as oar\_optimizer\_create.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_optimizer_create_foreign(
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        fn_: oar_update_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out: *mut *mut oar_optimizer,
    ) -> oar_status;
    /**Add the gradients of a sum over `weight` things (tokens, samples) to the parameters. When gradients are synchronised,
they become those of the sums of all micro-batches and ranks, divided by all their weights: the exact mean.

Nothing is divided by accelerator.gradient\_accumulation\_steps. The sum of weights travels behind the last gradients.
An accumulation is weighted as a whole or not at all. Between synchronisations gradients are sums; where they never
meet (oar\_accelerator\_no\_sync\_begin), clip and step divide them by this rank's own weights. With a total weight of 0
gradients stay what the losses gave.

* `accelerator` (in) borrowed.
* `model` (in) borrowed, prepared: the model that the loss trains. NULL: all prepared models; where there
  are several and a loss does not train them all, name it.
* `loss_sum` (in) borrowed; one floating-point element that a forward in training mode gave, e.g. the sum of
  the tokens' losses. Unchanged.
* `weight` (in) number of things in the sum, \>= 0 and finite; 0 for a micro-batch without any.

* **return** OAR\_E\_ARGUMENT the weight is out of range; the loss has more than one element or is not floating-point.
* **return** OAR\_E\_STATE the accumulation has gradients without a weight already; and as oar\_accelerator\_backward.
* **return** OAR\_E\_MISMATCH some ranks give weights and others do not.
* **threads** collective(state) when gradients are synchronised, serial(accelerator) otherwise
* **source** Accelerate 1.15 leaves it to the user: a factor num\_steps \* ranks / tokens, gathered beforehand.
* **since** 0.1*/
    pub fn oar_accelerator_backward_weighted(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
        loss_sum: *const oar_tensor,
        weight: f64,
    ) -> oar_status;
    /**Let backwards only add to this rank's gradients, until oar\_accelerator\_no\_sync\_end: several backwards then cost one
average. Clip and step are not held back. With one rank nothing changes.

* `accelerator` (in) borrowed.
* `model` (in) borrowed, prepared: the model whose gradients stay; NULL: all prepared models.

* **return** OAR\_E\_STATE the model is not prepared, or gradients are held already.
* **threads** serial(accelerator, model); the same on every rank
* **source** Accelerate 1.15 `no_sync`.
* **since** 0.1*/
    pub fn oar_accelerator_no_sync_begin(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
    ) -> oar_status;
    /**End what oar\_accelerator\_no\_sync\_begin began. The next backward averages what is there.

* `accelerator` (in) borrowed.

* **return** OAR\_E\_STATE nothing was begun.
* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_no_sync_end(accelerator: *mut oar_accelerator) -> oar_status;
    /**Let the next backward synchronise, though gradients are held (oar\_accelerator\_no\_sync\_begin) or accumulate: of
several backwards the last.

* `accelerator` (in) borrowed.
* `model` (in) borrowed, prepared; NULL: all prepared models.

* **return** OAR\_E\_STATE the model is not prepared.
* **threads** serial(accelerator, model); the same on every rank
* **source** Accelerate 1.15 `trigger_sync_in_backward`.
* **since** 0.1*/
    pub fn oar_accelerator_trigger_sync(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
    ) -> oar_status;
    /**Say whether clip and step act, until the next oar\_accelerator\_accumulate\_begin says it anew: for loops that count
their accumulations themselves. What a backward does is not changed; see oar\_accelerator\_no\_sync\_begin.

* `accelerator` (in) borrowed.
* `sync` (in) 1: they act; 0: they do nothing.

* **return** OAR\_E\_ARGUMENT neither 0 nor 1.
* **threads** serial(accelerator); the same on every rank
* **source** Accelerate 1.15 `accelerator.sync_gradients = b`.
* **since** 0.1*/
    pub fn oar_accelerator_set_sync_gradients(
        accelerator: *mut oar_accelerator,
        sync: i32,
    ) -> oar_status;
    /**Change the number of micro-batches per step from here on, in place of accelerator.gradient\_accumulation\_steps.

The count of micro-batches goes on: after 3 of them, 4 per step make the next one synchronise. Checkpoints do not
hold the number.

* `accelerator` (in) borrowed.
* `steps` (in) \>= 1.

* **return** OAR\_E\_ARGUMENT steps is less than 1.
* **threads** serial(accelerator); the same on every rank
* **source** Accelerate 1.15 `accelerator.gradient_accumulation_steps = k`.
* **since** 0.1*/
    pub fn oar_accelerator_set_accumulation_steps(
        accelerator: *mut oar_accelerator,
        steps: i64,
    ) -> oar_status;
    /**Tell the number of micro-batches per step.

* `accelerator` (in) borrowed.
* `out_steps` (out) \>= 1.

* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_accumulation_steps(
        accelerator: *const oar_accelerator,
        out_steps: *mut i64,
    ) -> oar_status;
    /**Bring every element of the gradients into \[-clip\_value, clip\_value\]; NaN stays NaN. Between synchronisations nothing
is done.

* `accelerator` (in) borrowed.
* `model` (in) borrowed, prepared; NULL: all prepared models.
* `clip_value` (in) \>= 0.

* **return** OAR\_E\_ARGUMENT clip\_value is negative or NaN.
* **return** OAR\_E\_STATE the model is not prepared.
* **threads** serial(accelerator, model)
* **source** torch.nn.utils.clip\_grad\_value\_.
* **since** 0.1*/
    pub fn oar_accelerator_clip_grad_value(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
        clip_value: f64,
    ) -> oar_status;
    /**This process's number in the group, from 0.

* `group` (in) borrowed.
* `out_rank` (out) 0 \<= rank \< size.

* **threads** any
* **since** 0.1*/
    pub fn oar_group_rank(group: *const oar_group, out_rank: *mut i32) -> oar_status;
    /**How many ranks the group has.

* `group` (in) borrowed.
* `out_size` (out) at least 1.

* **threads** any
* **since** 0.1*/
    pub fn oar_group_size(group: *const oar_group, out_size: *mut i32) -> oar_status;
    /**Make a group of some ranks. Every rank of `group` calls this with the same list, also the ranks that are not in it;
it is a collective of `group` with a sequence number as any other, so groups are made in the same order on all ranks.
Returns when the new group is there on all its ranks; if any of them fails all fail.

* `group` (in) borrowed, retained by the new group.
* `ranks` (in) borrowed. num\_ranks ranks of `group`, each once, the same on all ranks: ranks\[i\]
  becomes rank i.
* `num_ranks` (in) at least 1.
* `group_timeout_ms` (in) what a time-out of 0 means in the new group; 0 takes that of `group`; negative is
  refused.
* `timeout_ms` (in) milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
  refused.
* `out_group` (out) owned; end with oar\_group\_release. NULL on ranks that are not in the list. Untouched on
  failure.

* **return** OAR\_E\_ARGUMENT an empty list, a rank out of range or twice, on some rank; the text names both. All ranks
  get it, and the group lives on.
* **return** OAR\_E\_MISMATCH ranks give different lists, or another call; the text gives both. For lists the group lives
  on.
* **return** OAR\_E\_TIMEOUT OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait.
* **threads** collective(group)
* **source** torch.distributed.new\_group, MPI\_Comm\_create. Differs: torch sorts the list.
* **since** 0.1*/
    pub fn oar_group_create_subgroup(
        group: *mut oar_group,
        ranks: *const i32,
        num_ranks: usize,
        group_timeout_ms: i64,
        timeout_ms: i64,
        out_group: *mut *mut oar_group,
    ) -> oar_status;
    /**Divide a group: ranks that give the same color make a group. Collective, as oar\_group\_create\_subgroup.

* `group` (in) borrowed, retained by the new group.
* `color` (in) which group; negative (OAR\_GROUP\_NO\_COLOR): none.
* `key` (in) the order in the new group; of equal keys the order in `group`.
* `group_timeout_ms` (in) what a time-out of 0 means in the new group; 0 takes that of `group`; negative is
  refused.
* `timeout_ms` (in) milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
  refused.
* `out_group` (out) owned; end with oar\_group\_release. NULL on ranks of negative color. Untouched on
  failure.

* **return** OAR\_E\_MISMATCH a rank makes another call; the text gives both.
* **return** OAR\_E\_TIMEOUT OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait.
* **threads** collective(group)
* **source** MPI\_Comm\_split.
* **since** 0.1*/
    pub fn oar_group_split(
        group: *mut oar_group,
        color: i32,
        key: i32,
        group_timeout_ms: i64,
        timeout_ms: i64,
        out_group: *mut *mut oar_group,
    ) -> oar_status;
    /**Which ranks of the world, the group that a state was made with, the ranks of this group are.

* `group` (in) borrowed.
* `ranks` (out) by rank of this group; NULL asks for the count only.
* `count` (in,out) in: room in `ranks`; out: the group's size, also when the room is too small.

* **return** OAR\_E\_ARGUMENT the room is too small.
* **threads** any
* **since** 0.1*/
    pub fn oar_group_world_ranks(
        group: *const oar_group,
        ranks: *mut i32,
        count: *mut usize,
    ) -> oar_status;
    /**The number that a process has in another group of the same world.

* `group` (in) borrowed.
* `rank` (in) in `group`.
* `other` (in) borrowed.
* `out_rank` (out) the same process in `other`.

* **return** OAR\_E\_NOT\_FOUND the process is not in `other`.
* **return** OAR\_E\_ARGUMENT `rank` is out of range, or the groups are of different states.
* **threads** any
* **source** MPI\_Group\_translate\_ranks.
* **since** 0.1*/
    pub fn oar_group_translate_rank(
        group: *const oar_group,
        rank: i32,
        other: *const oar_group,
        out_rank: *mut i32,
    ) -> oar_status;
    /**Make a tensor of zeros, row-major on the CPU, whose memory the ranks of one host share: oar\_group\_all\_reduce reads
and writes it where it lies, without copies, if every rank gives the same part of it. Anything else may be done with
it as with any tensor; peers touch it only inside operations. In a group whose ranks share no memory it is an
ordinary tensor. Collective.

* `group` (in) borrowed. The tensor may outlive it.
* `dtype` (in) OAR\_FLOAT32 ... of types.h; the same on all ranks.
* `shape` (in) borrowed; num\_dims sizes \>= 0, as many elements on all ranks. NULL if num\_dims is 0.
* `num_dims` (in) 0 (one element) to 64.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT unknown dtype, sizes that are negative or overflow, a negative time-out.
* **return** OAR\_E\_MISMATCH the ranks ask for different sizes; the text gives both.
* **return** OAR\_E\_OUT\_OF\_MEMORY or OAR\_E\_NO\_SPACE: some rank (named) has no memory left; the group lives on.
* **return** OAR\_E\_TIMEOUT OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait.
* **threads** serial(group); waits for peers
* **since** 0.1*/
    pub fn oar_group_alloc_shared(
        group: *mut oar_group,
        dtype: i32,
        shape: *const i64,
        num_dims: usize,
        timeout_ms: i64,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**Say how late each rank came to the last operations (at most 1024), so that a straggler is named while nothing has
failed yet. The state must be made with the option comm.arrival\_skew on all ranks; it costs one look at the clock per
operation, and nothing where it is off. The first and the last rank of each operation are rank 0's view: among ranks
that share memory when each called, else when rank 0 heard of it. Sends and receives are not counted. Collective.

JSON: {"num\_operations": n, "num\_recorded": n, "straggler": rank or null, "ranks": \[{"rank": 0, "late\_us\_p50": x,
"late\_us\_p95": x, "late\_us\_max": x, "waited\_us\_p50": x, "waited\_us\_p95": x, "late\_us\_sum": x, "num\_last": n}, ...\]}:
microseconds behind the first rank and of waiting for the last one, and how often the rank was the last. The
straggler is to blame for more than three quarters of all lateness.

* `group` (in) borrowed.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_json` (out) owned; end with oar\_bytes\_release. The same on all ranks, without a NUL. Untouched on
  failure.

* **return** OAR\_E\_STATE arrivals are not measured.
* **return** OAR\_E\_TIMEOUT OAR\_E\_MISMATCH, OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait.
* **threads** serial(group); waits for peers
* **since** 0.1*/
    pub fn oar_group_arrival_skew(
        group: *mut oar_group,
        timeout_ms: i64,
        out_json: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Name the collectives that this rank calls from now on, its own and those that other calls (oar\_accelerator\_step, say)
make in this group. Ranks compare the name with the rest of the signature, so that two calls of one shape that mean
different things (a loss's and a gradient's) are an OAR\_E\_MISMATCH; texts of errors and oar\_state\_dump give it.
Sends and receives are not compared by it. It costs a few nanoseconds a call.

* `group` (in) borrowed.
* `tag` (in) UTF-8, copied, at most 63 bytes. NULL or "": no name any more.

* **return** OAR\_E\_ARGUMENT the tag is longer, or no UTF-8.
* **threads** any
* **since** 0.1*/
    pub fn oar_group_set_tag(
        group: *mut oar_group,
        tag: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Make the group dead on every rank. Calls that wait, here and on the peers, return OAR\_E\_ABORTED within 100 ms (plus
the network's time), with the reason and this rank's number; so do all later calls. Does not wait. Aborting twice is
fine: the first reason stays.

* `group` (in) borrowed.
* `reason` (in) UTF-8, copied; every rank's error text contains it.

* **threads** any, also while another thread waits in a call of this group
* **since** 0.1*/
    pub fn oar_group_abort(
        group: *mut oar_group,
        reason: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Leave a group that was made of another one, and close those that were made of it: peers that still call them get
OAR\_E\_PEER\_LOST, running operations here OAR\_E\_ABORTED. Does not wait for peers; ends the threads, at most a few
seconds long. Later collective calls give OAR\_E\_STATE. May be called twice. The parent goes on.

* `group` (in) borrowed; release it afterwards.

* **return** OAR\_E\_ARGUMENT this is the group of all ranks, which oar\_state\_close closes.
* **threads** serial(group)
* **source** torch.distributed.destroy\_process\_group(group), MPI\_Comm\_free.
* **since** 0.1*/
    pub fn oar_group_close(group: *mut oar_group) -> oar_status;
    /**Add a reference; each needs one oar\_group\_release.

* `group` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_group_retain(group: *mut oar_group) -> oar_status;
    /**Drop a reference. Never waits and never communicates. When nothing uses the group any more (its state, works) it
leaves: peers that still call it get OAR\_E\_PEER\_LOST.

* `group` (in) NULL is allowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_group_release(group: *mut oar_group);
    /**Make a mesh and, for every axis, the group of the ranks that differ from this one in that axis alone. Every rank of
`group` calls this with the same axes.

* `group` (in) borrowed, retained by the mesh.
* `names` (in) borrowed. num\_axes names, each once, without spaces, commas and equals signs.
* `sizes` (in) borrowed. num\_axes sizes of at least 1, whose product is the size of the group.
* `num_axes` (in) at least 1.
* `timeout_ms` (in) milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
  refused.
* `out` (out) owned; end with oar\_mesh\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT wrong names or sizes on some rank; the text names them. All ranks get it, and the group
  lives.
* **return** OAR\_E\_MISMATCH ranks give different axes, or another call; the text gives both.
* **return** OAR\_E\_TIMEOUT OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait.
* **threads** collective(group)
* **source** torch.distributed.device\_mesh.init\_device\_mesh.
* **since** 0.1*/
    pub fn oar_mesh_create(
        group: *mut oar_group,
        names: *const *const ::core::ffi::c_char,
        sizes: *const i32,
        num_axes: usize,
        timeout_ms: i64,
        out: *mut *mut oar_mesh,
    ) -> oar_status;
    /**Take several axes for one, under a new name that the functions below know too: dp\_shard and cp, say, over which
parameters are divided together. Every rank of the mesh's group calls this with the same names.

* `mesh` (in) borrowed.
* `axes` (in) borrowed. num\_axes axes that the mesh was made with, each once; the last runs fastest.
* `num_axes` (in) at least 1.
* `name` (in) UTF-8, of no axis yet.
* `timeout_ms` (in) milliseconds to wait for peers, each time; 0 takes the group's own value; negative is refused.

* **return** OAR\_E\_NOT\_FOUND no such axis; the text names those that there are.
* **return** OAR\_E\_EXISTS the mesh has an axis of that name.
* **return** OAR\_E\_MISMATCH ranks give different names; the text gives both.
* **return** OAR\_E\_TIMEOUT OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait.
* **threads** collective(mesh)
* **source** torch.distributed.device\_mesh.DeviceMesh.\_flatten.
* **since** 0.1*/
    pub fn oar_mesh_flatten(
        mesh: *mut oar_mesh,
        axes: *const *const ::core::ffi::c_char,
        num_axes: usize,
        name: *const ::core::ffi::c_char,
        timeout_ms: i64,
    ) -> oar_status;
    /**The group along an axis: this rank and those that differ from it in that axis alone, in the order of their
coordinates.

* `mesh` (in) borrowed.
* `axis` (in) a name.
* `out_group` (out) owned; end with oar\_group\_release. It is the same group each time.

* **return** OAR\_E\_NOT\_FOUND no such axis; the text names those that there are.
* **threads** serial(mesh)
* **since** 0.1*/
    pub fn oar_mesh_group(
        mesh: *const oar_mesh,
        axis: *const ::core::ffi::c_char,
        out_group: *mut *mut oar_group,
    ) -> oar_status;
    /**How many ranks an axis has.

* `mesh` (in) borrowed.
* `axis` (in) a name.
* `out_size` (out) at least 1.

* **return** OAR\_E\_NOT\_FOUND no such axis; the text names those that there are.
* **threads** serial(mesh)
* **since** 0.1*/
    pub fn oar_mesh_size(
        mesh: *const oar_mesh,
        axis: *const ::core::ffi::c_char,
        out_size: *mut i32,
    ) -> oar_status;
    /**Where this rank stands on an axis, which is its rank in the axis's group.

* `mesh` (in) borrowed.
* `axis` (in) a name.
* `out_coordinate` (out) 0 \<= coordinate \< size of the axis.

* **return** OAR\_E\_NOT\_FOUND no such axis; the text names those that there are.
* **threads** serial(mesh)
* **source** torch.distributed.device\_mesh.DeviceMesh.get\_local\_rank.
* **since** 0.1*/
    pub fn oar_mesh_coordinate(
        mesh: *const oar_mesh,
        axis: *const ::core::ffi::c_char,
        out_coordinate: *mut i32,
    ) -> oar_status;
    /**The rank of the mesh's group that stands at these coordinates.

* `mesh` (in) borrowed.
* `coordinates` (in) borrowed. One per axis that the mesh was made with, in that order.
* `num_axes` (in) how many those are.
* `out_rank` (out) 0 \<= rank \< size of the group.

* **return** OAR\_E\_ARGUMENT another number of coordinates, or one out of range.
* **threads** serial(mesh)
* **since** 0.1*/
    pub fn oar_mesh_rank_at(
        mesh: *const oar_mesh,
        coordinates: *const i32,
        num_axes: usize,
        out_rank: *mut i32,
    ) -> oar_status;
    /**Add a reference; each needs one oar\_mesh\_release.

* `mesh` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_mesh_retain(mesh: *mut oar_mesh) -> oar_status;
    /**Drop a reference. Never waits and never communicates. Groups that were had from the mesh live on.

* `mesh` (in) NULL is allowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_mesh_release(mesh: *mut oar_mesh);
    /**A loader over a data set, not sharded until oar\_accelerator\_prepare\_loader or oar\_loader\_set\_shard.

With shuffle, epoch e visits the samples in the order of torch.randperm(size) of a generator seeded with seed + e.
sampler.h has other orders.

* `dataset` (in) retained.
* `options` (in) borrowed; a JSON object of the loader.\* keys of options.h, without the prefix, for instance
  {"batch\_size":32,"shuffle":true,"seed":42,"num\_workers":2}. NULL: defaults. A seed beyond 2^53
  is given as a string; without one it is that of the default generator (oar\_state\_seed) now,
  and rank 0's once the loader is prepared on several ranks.
* `out` (out) owned; end with oar\_loader\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an unknown option (the text names the nearest), or a value out of range.
* **threads** serial(dataset)
* **source** Accelerate 1.15, SeedableRandomSampler.
* **since** 0.1*/
    pub fn oar_loader_create(
        dataset: *mut oar_dataset,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_loader,
    ) -> oar_status;
    /**A loader of which rank 0 reads for all ranks: for sources that only one rank has, or that are dear to read.

Rank 0 reads a round (loader.h) at a time, and every rank takes its part: rows, in rank order, of each tensor and of
each list of texts; other values whole. The last round is divided anew: equal parts of what is left, filled up with
the epoch's first samples where it does not divide (loader.even\_batches false: the first ranks take one more). The
other ranks' data sets are asked for their size only.

oar\_loader\_next is collective then: all ranks call it, and a failure of the data set on rank 0 is that of all ranks.
The loader cannot be sharded; oar\_accelerator\_prepare\_loader takes it as it is.

* `dataset` (in) retained.
* `options` (in) borrowed; as for oar\_loader\_create, the same on all ranks.
* `group` (in) retained.
* `out` (out) owned; end with oar\_loader\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT as of oar\_loader\_create; split\_batches with a batch\_size that the number of ranks does not
  divide.
* **threads** serial(dataset, group); does not wait for peers
* **source** Accelerate 1.15, DataLoaderDispatcher.
* **since** 0.1*/
    pub fn oar_loader_create_dispatched(
        dataset: *mut oar_dataset,
        options: *const ::core::ffi::c_char,
        group: *mut oar_group,
        out: *mut *mut oar_loader,
    ) -> oar_status;
    /**Give the loader one rank's part of each epoch. oar\_accelerator\_prepare\_loader does it for the ranks of a state.

A round has batch\_size \* world\_size samples (batch\_size with split\_batches), cut into equal parts in rank order. What
is left at the end of an epoch goes to nobody (drop\_last), or is cut likewise so that ranks may get less or nothing
(even\_batches false), or is filled up with samples from the epoch's start, so that all ranks have equally many full
batches. One rank alone is never filled up.

* `loader` (in) borrowed; between epochs.
* `rank` (in) in \[0, world\_size).
* `world_size` (in) at least 1.

* **return** OAR\_E\_ARGUMENT rank outside the world, or split\_batches with a batch\_size that world\_size does not divide.
* **return** OAR\_E\_STATE batches of this epoch have been given already, or the loader is closed.
* **threads** serial(loader)
* **source** Accelerate 1.15, BatchSamplerShard.
* **since** 0.1*/
    pub fn oar_loader_set_shard(
        loader: *mut oar_loader,
        rank: i32,
        world_size: i32,
    ) -> oar_status;
    /**The next batch of this rank, or the end of the epoch.

The end is told once, by NULL; the call after it starts the next epoch. A call that fails leaves the loader where it
was: it may be repeated, or the batch be left out by oar\_loader\_seek.

* `loader` (in) borrowed.
* `out_batch` (out) owned; a map by column name; end with oar\_tree\_release. NULL at the end of the epoch.
  Untouched on failure.

* **return** OAR\_E\_STATE the loader is closed.
* **return** OAR\_E\_TIMEOUT no worker finished the batch within loader.timeout\_ms.
* **return** OAR\_E\_CALLBACK the host's function failed.
  What the data set reports comes with epoch, batch and sample in front.
* **threads** serial(loader); waits for the workers
* **since** 0.1*/
    pub fn oar_loader_next(
        loader: *mut oar_loader,
        out_batch: *mut *mut oar_tree,
    ) -> oar_status;
    /**Batches of this rank in the epoch; with even\_batches false, ranks may differ by one. The host's sampler
(oar\_loader\_set\_sampler) is asked for the epoch's order, if it has not been.

* `loader` (in) borrowed.
* `out_num_batches` (out) at least 0.

* **return** OAR\_E\_UNSUPPORTED the data set is a stream, whose length is not known before its end.
* **return** OAR\_E\_CALLBACK the host's sampler failed.
* **threads** serial(loader)
* **since** 0.1*/
    pub fn oar_loader_num_batches(
        loader: *const oar_loader,
        out_num_batches: *mut i64,
    ) -> oar_status;
    /**Samples that all ranks together are given in the epoch, each counted once. The host's sampler is asked as for
oar\_loader\_num\_batches.

* `loader` (in) borrowed.
* `out_num_samples` (out) what the order visits, or less with drop\_last.

* **return** OAR\_E\_UNSUPPORTED the data set is a stream, whose length is not known before its end.
* **return** OAR\_E\_CALLBACK the host's sampler failed.
* **threads** serial(loader)
* **since** 0.1*/
    pub fn oar_loader_num_samples(
        loader: *const oar_loader,
        out_num_samples: *mut i64,
    ) -> oar_status;
    /**The epoch that the next batch belongs to, from 0.

* `loader` (in) borrowed.
* `out_epoch` (out) one more as soon as the end of an epoch was told.

* **threads** serial(loader)
* **since** 0.1*/
    pub fn oar_loader_epoch(
        loader: *const oar_loader,
        out_epoch: *mut i64,
    ) -> oar_status;
    /**Batches already given in this epoch.

* `loader` (in) borrowed.
* `out_batches_done` (out) from 0 to num\_batches; num\_batches while the last batch is in use.

* **threads** serial(loader)
* **since** 0.1*/
    pub fn oar_loader_position(
        loader: *const oar_loader,
        out_batches_done: *mut i64,
    ) -> oar_status;
    /**How many samples all ranks together have in the round of the batch given last; repeated ones are not counted.

Over an epoch these sum to oar\_loader\_num\_samples: what a progress bar advances by.

* `loader` (in) borrowed.
* `out_num_samples` (out) 0 before the first batch of an epoch.

* **threads** serial(loader)
* **since** 0.1*/
    pub fn oar_loader_samples_in_round(
        loader: *const oar_loader,
        out_num_samples: *mut i64,
    ) -> oar_status;
    /**Go to the point where `batches_done` batches of `epoch` have been given. Nothing is read or replayed, except that the
next call reads a stream that is not seekable again from its start.

After leaving a loop early, oar\_loader\_seek(loader, epoch + 1, 0) begins the next epoch; without it the loader goes
on where it was.

* `loader` (in) borrowed.
* `epoch` (in) from 0 to 2^53 - 2.
* `batches_done` (in) from 0 to num\_batches; a stream tells at the next call whether it has so many.

* **return** OAR\_E\_ARGUMENT there is no such point; the loader stays where it was.
* **return** OAR\_E\_STATE the loader is closed.
* **threads** serial(loader)
* **since** 0.1*/
    pub fn oar_loader_seek(
        loader: *mut oar_loader,
        epoch: i64,
        batches_done: i64,
    ) -> oar_status;
    /**Where the loader is, as JSON: epoch, batches given, seed and what fixes the order. A few hundred bytes, whatever was
read. Checkpoints of an accelerator have it for every prepared loader.

* `loader` (in) borrowed.
* `buf` (out) room for \*len bytes; NULL asks for the length only.
* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.

* **return** OAR\_E\_ARGUMENT the room is too small.
* **threads** serial(loader)
* **since** 0.1*/
    pub fn oar_loader_state(
        loader: *const oar_loader,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Go to where the loader was that gave `state`. The batches that follow are those that would have followed there.

Another world size or batch size is taken where the samples that were done make whole rounds of the new size.

* `loader` (in) borrowed; over the same data, with the same order. A seed that was not given is the state's.
* `state` (in) borrowed; what oar\_loader\_state gave.

* **return** OAR\_E\_ARGUMENT another order, another number of samples, or a place inside a round of this loader; no JSON.
* **return** OAR\_E\_CORRUPT the state contradicts itself, or lacks something.
  The loader is where it was.
* **threads** serial(loader)
* **since** 0.1*/
    pub fn oar_loader_load_state(
        loader: *mut oar_loader,
        state: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**End the worker threads. May be called twice; afterwards the loader gives no more batches.

* `loader` (in) borrowed.

* **return** OAR\_E\_TIMEOUT a worker was still inside the data set after loader.timeout\_ms; it ends with that read.
* **threads** serial(loader); waits for reads that have begun
* **since** 0.1*/
    pub fn oar_loader_close(loader: *mut oar_loader) -> oar_status;
    /**One more reference.

* `loader` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_loader_retain(loader: *mut oar_loader) -> oar_status;
    /**One reference less; the last one ends the worker threads in the background.

* `loader` (in) ended; NULL is allowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_loader_release(loader: *mut oar_loader);
    /**From here on, train `model` on each rank by itself; every `num_steps` steps parameters become their mean over the
ranks.

* `accelerator` (in) borrowed.
* `model` (in) retained until the end; prepared.
* `num_steps` (in) \>= 1: steps between two means.

* **return** OAR\_E\_ARGUMENT num\_steps is less than 1.
* **return** OAR\_E\_STATE the model is not prepared, or a local training has begun already.
* **threads** serial(accelerator, model); the same on every rank
* **source** Accelerate 1.15 `LocalSGD`.
* **since** 0.1*/
    pub fn oar_accelerator_local_sgd_begin(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
        num_steps: i64,
    ) -> oar_status;
    /**The same, but where the ranks meet, the way that they went in the mean is a gradient of an outer SGD: it moves the
parameters that the round began with, and all ranks go on from there.

The inner optimizer is the program's, usually AdamW; the paper takes 500 steps, 0.7 and 0.9 with Nesterov. Runs on
one rank, too.

* `accelerator` (in) borrowed.
* `model` (in) retained until the end; prepared.
* `num_steps` (in) \>= 1: steps of the inner optimizer between two outer ones.
* `learning_rate` (in) \> 0, of the outer SGD.
* `momentum` (in) in \[0, 1), of the outer SGD.
* `nesterov` (in) 1: Nesterov's momentum; 0: plain.

* **return** OAR\_E\_ARGUMENT a value is out of its range.
* **return** OAR\_E\_STATE the model is not prepared, or a local training has begun already.
* **threads** serial(accelerator, model); the same on every rank
* **source** DiLoCo (arXiv 2311.08105), algorithm 1; torch.optim.SGD.
* **since** 0.1*/
    pub fn oar_accelerator_diloco_begin(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
        num_steps: i64,
        learning_rate: f64,
        momentum: f64,
        nesterov: i32,
    ) -> oar_status;
    /**Count a step of the local training; the last of a round brings the ranks together. Call it after
oar\_accelerator\_step.

Micro-batches that only accumulate are not counted. Differs: the reference counts every call; "compat": "accelerate"
does so here.

* `accelerator` (in) borrowed.
* `out_met` (out) 1: the ranks were brought together; 0: they were not. NULL: not wanted.

* **return** OAR\_E\_STATE no local training has begun.
* **threads** collective(state) where the ranks meet, serial(accelerator) otherwise
* **since** 0.1*/
    pub fn oar_accelerator_local_step(
        accelerator: *mut oar_accelerator,
        out_met: *mut i32,
    ) -> oar_status;
    /**Bring the ranks together once more and end the local training: gradients are averaged again from the next backward
on.

* `accelerator` (in) borrowed.

* **return** OAR\_E\_STATE no local training has begun.
* **threads** collective(state)
* **since** 0.1*/
    pub fn oar_accelerator_local_end(accelerator: *mut oar_accelerator) -> oar_status;
    /**Send the messages of this process to a callback instead of standard error.

Replaces the callback before; its release runs once no thread is inside it any more.

* `flags` (in) 0: what threads of Oarlock's have to say (a rank is late) is queued, at most 1,000 messages,
  and given by the next call that can fail, or by the one that waits at that moment.
  OAR\_CALLBACK\_ANY\_THREAD: `fn` is called at once, on those threads too.
* `fn` (in) NULL goes back to standard error.
* `user_data` (in) handed to `fn`; the library looks at it in no way.
* `release` (in) NULL, or runs exactly once with `user_data`: when this callback is replaced by a later call, or
  before this one returns if it fails or `fn` is NULL.

* **return** OAR\_E\_ARGUMENT `flags` has unknown bits.
* **threads** any
* **since** 0.1*/
    pub fn oar_log_set_callback(
        flags: i32,
        fn_: oar_log_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    /**Choose which messages are given: those of this level and above. The first value is OAR\_LOG\_WARNING.

* `level` (in) one of OAR\_LOG\_\*.

* **return** OAR\_E\_ARGUMENT `level` is none of them.
* **threads** any
* **since** 0.1*/
    pub fn oar_log_set_level(level: i32) -> oar_status;
    /**Say something as the library says its own messages: to the callback, or to standard error, if its level is given.
The text begins with "\[RANK \<rank\>\] ", its component is "program".

* `state` (in) borrowed; tells the rank.
* `level` (in) OAR\_LOG\_DEBUG to OAR\_LOG\_ERROR.
* `ranks` (in) OAR\_LOG\_MAIN, OAR\_LOG\_EACH or OAR\_LOG\_IN\_ORDER. In order, a rank speaks when those before it have,
  whatever their levels; how lines of different processes mix later is up to what reads them.
* `text` (in) one or more lines, without a newline at the end.

* **return** OAR\_E\_ARGUMENT `level` or `ranks` is none of them.
* **return** OAR\_E\_TIMEOUT OAR\_E\_MISMATCH, OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: in order only, as from oar\_work\_wait.
* **threads** serial(state); in order collective(state)
* **source** Accelerate 1.15, MultiProcessAdapter.log (spec A 5).
* **since** 0.1*/
    pub fn oar_state_log(
        state: *mut oar_state,
        level: i32,
        ranks: i32,
        text: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**The memory of this process in bytes, as the kernel counts it.

JSON: {"rss": n, "rss\_anonymous": n, "rss\_file": n, "rss\_shared": n, "rss\_peak": n}: what is resident, and of that
the heap and stacks, mapped files, and memory shared between processes; and the most that was resident since the
process began.

* `out_json` (out) owned; end with oar\_bytes\_release. Without a NUL. Untouched on failure.

* **return** OAR\_E\_CORRUPT the kernel does not give these figures: /proc is not mounted, for one.
* **threads** any
* **source** proc\_pid\_status(5).
* **since** 0.1*/
    pub fn oar_memory_report(out_json: *mut *mut oar_bytes) -> oar_status;
    /**Load an exported program (.pt2) with its weights, onto the state's device.

The weights are copied into memory of the model; the file is not needed afterwards and is never written.
Parameters require gradients as they did at export; tied weights stay one tensor. The model starts in training
mode.

Reading does not trust the file: any bytes give a model or an error. Running it does trust libtorch: a program may
call operators of aten only (more by model.operators), without those that open files or make tensors of unchecked
memory, but not every kernel of libtorch is proof against arguments made to harm. Run programs of people you trust.

* `state` (in) borrowed; gives the device.
* `path` (in) the file.
* `options` (in) JSON object of model.\* keys without the prefix ({"weights":"w.safetensors"}); what it does not
  name, and all of it if NULL, is taken from the state's config.
* `out` (out) owned; end with oar\_model\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND there is no such file.
* **return** OAR\_E\_CORRUPT truncated, altered, or not an exported program; the text says where.
* **return** OAR\_E\_VERSION another archive or schema version than this build reads; the text names both.
* **return** OAR\_E\_UNSUPPORTED an operator, region or kind of value that this build lacks or refuses; the text
  names it with its node and module. Also programs that were exported without weights.
* **threads** serial(state)
* **source** torch/\_export/serde/schema.py, schema version 8.
* **since** 0.1*/
    pub fn oar_model_load(
        state: *mut oar_state,
        path: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_model,
    ) -> oar_status;
    /**Choose between training and evaluation for the forwards that follow.

Training: dropout on, batch statistics, running statistics updated, autograd recorded. Evaluation: dropout off,
running statistics used, nothing recorded, and every buffer left bit for bit as it was. A program that was
exported in evaluation mode has lost its training constants and runs alike in both.

Dropouts count as such when they are operators of their own, decomposed ones, or masks drawn by hand and divided by
the share they keep (stochastic depth). Any other draw of random numbers stays in evaluation too, and a warning
names its node and module once per model.

A foreign model remembers the mode, and its forward (foreign.h) records no autograd in evaluation; what else it means
is the host's.

* `model` (in) borrowed.
* `training` (in) 1: training; 0: evaluation.

* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_set_training(model: *mut oar_model, training: i32) -> oar_status;
    /**Tell the mode.

* `model` (in) borrowed.
* `out_is_training` (out) 1: training; 0: evaluation.

* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_is_training(
        model: *const oar_model,
        out_is_training: *mut i32,
    ) -> oar_status;
    /**Run the model.

Random operators (dropout) draw from the default generator, in the order of the program. In training the outputs
carry their history, so that oar\_accelerator\_backward can go through them; it ends with the last tensor that
holds it. The model keeps nothing of a run but what its buffers hold. Inputs are never written to: a program that
changes an input in place changes a copy.

* `model` (in) borrowed.
* `inputs` (in) borrowed. A map by input name (nested inputs by their path), or a list by position, with
  every input of the program on the model's device.
* `out_outputs` (out) owned; end with oar\_tree\_release. A map by output name if the exported module returned
  one (a dict or an object with named fields), else a list; nested as it was. Untouched on
  failure.

* **return** OAR\_E\_ARGUMENT an input is missing, unknown, or has a number, dtype or shape that the program was not
  exported for; the text names the input, what is expected and what was given. Also what an
  operator itself refuses (a label out of range); the text then names its node and module.
* **return** OAR\_E\_UNSUPPORTED the model is foreign and was given no forward (oar\_model\_set\_forward).
* **return** OAR\_E\_CALLBACK the forward of a foreign model failed; the text has the last error inside it.
* **return** OAR\_E\_STATE the forward of a foreign model called itself, or left a scope open.
* **threads** serial(model, inputs)
* **since** 0.1*/
    pub fn oar_model_forward(
        model: *mut oar_model,
        inputs: *const oar_tree,
        out_outputs: *mut *mut oar_tree,
    ) -> oar_status;
    /**Count the inputs.

* `model` (in) borrowed.
* `out_num_inputs` (out) how many tensors or numbers a forward takes.

* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_num_inputs(
        model: *const oar_model,
        out_num_inputs: *mut i64,
    ) -> oar_status;
    /**Tell the name of an input: that of the exported module's forward ("images"; "batch.images" inside a dict).

* `model` (in) borrowed.
* `index` (in) in \[0, number of inputs).
* `buf` (out) filled with the name and a NUL; NULL asks for the length only.
* `len` (in,out) in: room in bytes; out: length with the NUL.

* **return** OAR\_E\_ARGUMENT index out of range, or too little room.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_input_name(
        model: *const oar_model,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Count the outputs: the tensors and numbers in what oar\_model\_forward returns.

* `model` (in) borrowed.
* `out_num_outputs` (out) the number of outputs; 0 for a foreign model.

* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_num_outputs(
        model: *const oar_model,
        out_num_outputs: *mut i64,
    ) -> oar_status;
    /**Tell the path of an output in the tree that oar\_model\_forward returns ("loss"; "0"; "hidden.1" inside a dict).

* `model` (in) borrowed.
* `index` (in) in \[0, number of outputs).
* `buf` (out) filled with the path and a NUL; NULL asks for the length only.
* `len` (in,out) in: room in bytes; out: length with the NUL.

* **return** OAR\_E\_ARGUMENT index out of range, or too little room.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_output_name(
        model: *const oar_model,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Count the parameters that are trained. Tied ones count once, frozen ones not.

* `model` (in) borrowed.
* `out_num_parameters` (out) how many.

* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_num_parameters(
        model: *const oar_model,
        out_num_parameters: *mut i64,
    ) -> oar_status;
    /**Tell the name of a trained parameter, in the program's order. A tied one has its first name.

* `model` (in) borrowed.
* `index` (in) in \[0, number of parameters).
* `buf` (out) filled with the name and a NUL; NULL asks for the length only.
* `len` (in,out) in: room in bytes; out: length with the NUL.

* **return** OAR\_E\_ARGUMENT index out of range, or too little room.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_parameter_name(
        model: *const oar_model,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Give a parameter or buffer, sharing its memory: what is written there the model uses.

Do not write between a forward and its backward. Carries no autograd history.

* `model` (in) borrowed.
* `name` (in) of a parameter (tied and frozen ones too) or buffer.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND the model has none of that name.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_tensor(
        model: *const oar_model,
        name: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**Give the gradient of a parameter, sharing its memory.

* `model` (in) borrowed.
* `name` (in) of a parameter.
* `out` (out) owned; end with oar\_tensor\_release. NULL if the parameter has no gradient: none was computed
  since the last oar\_accelerator\_step, or it is frozen. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND the model has none of that name.
* **return** OAR\_E\_ARGUMENT it is a buffer.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_gradient(
        model: *const oar_model,
        name: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**Write every persistent parameter and buffer as one safetensors file, under all their names.

A reader of `path` sees the old file or the new, whatever happens; the new one is on the disk when this returns.

* `model` (in) borrowed.
* `path` (in) replaced if it exists; its folder must exist.

* **return** OAR\_E\_IO the system refused; the text has its reason.
* **return** OAR\_E\_NO\_SPACE the disk is full; the old file is as it was.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_save_weights(
        model: *const oar_model,
        path: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Replace every persistent parameter and buffer by that of a safetensors file, in place.

All or nothing: names, dtypes and shapes must be exactly the model's; of tied weights one name is enough. The format
has no checksum, so data bytes that were altered on the disk cannot be seen; those of a checkpoint (checkpoint.h) and
of a program are checked.

* `model` (in) borrowed.
* `path` (in) the file; not needed afterwards.

* **return** OAR\_E\_ARGUMENT names are missing or unexpected, or a dtype or shape differs; the text lists them.
* **return** OAR\_E\_NOT\_FOUND there is no such file.
* **return** OAR\_E\_CORRUPT it is no safetensors file, or a damaged one.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_load_weights(
        model: *mut oar_model,
        path: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Add a reference.

* `model` (in) borrowed; needs one oar\_model\_release more.

* **threads** any
* **since** 0.1*/
    pub fn oar_model_retain(model: *mut oar_model) -> oar_status;
    /**Drop a reference. Tensors, outputs and optimizers that share the model's memory keep it.

* `model` (in) NULL is fine.

* **threads** any
* **since** 0.1*/
    pub fn oar_model_release(model: *mut oar_model);
    /**Concatenate every leaf of all ranks along its dim 0, in rank order, and give all ranks the result.

Leaves without dimensions become one-dimensional: one element per rank. Shapes are equal on all ranks; pad first if
they are not (oar\_group\_pad\_tree). With one rank the result is a copy of `tree` as it is, its tensors shared.

* `group` (in) borrowed.
* `tree` (in) borrowed; all its leaves are tensors.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_MISMATCH structure, dtype or shape of a leaf differ between ranks; the text has path, operation and
  every rank's.
* **return** OAR\_E\_ARGUMENT a rank's tree has a leaf that is no tensor; the text names path and rank.
* **return** OAR\_E\_UNSUPPORTED a tensor that is sparse, or on a device whose tensors the group does not move.
* **threads** collective(group)
* **source** Accelerate 1.15 `gather`.
* **since** 0.1*/
    pub fn oar_group_gather_tree(
        group: *mut oar_group,
        tree: *const oar_tree,
        timeout_ms: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Combine every leaf over all ranks, element by element, into a new tree. With one rank: a copy with memory of its own.

* `group` (in) borrowed.
* `tree` (in) borrowed, unchanged; all its leaves are tensors.
* `reduce_op` (in) OAR\_REDUCE\_\* (collectives.h); the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_MISMATCH as of oar\_group\_gather\_tree; or ranks give different `reduce_op`.
* **return** OAR\_E\_ARGUMENT a rank's tree has a leaf that is no tensor, or one whose dtype the reduction does not take
  (the average of integers); the text names path and rank. Or there is no such reduction.
* **return** OAR\_E\_UNSUPPORTED a tensor that is sparse, of a dtype without arithmetic, or on a device whose tensors the
  group does not move.
* **threads** collective(group)
* **source** Accelerate 1.15 `reduce`.
* **since** 0.1*/
    pub fn oar_group_reduce_tree(
        group: *mut oar_group,
        tree: *const oar_tree,
        reduce_op: i32,
        timeout_ms: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Give every rank the values of the root's leaves, in place. With one rank nothing is done.

* `group` (in) borrowed.
* `tree` (in) borrowed; all its leaves are tensors: on the root read, elsewhere written.
* `root` (in) the rank whose values are given; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.

* **return** OAR\_E\_MISMATCH as of oar\_group\_gather\_tree; or ranks give different roots.
* **return** OAR\_E\_ARGUMENT a rank's tree has a leaf that is no tensor, that is read-only or expanded; the text names
  path and rank. Or `root` is no rank of the group.
* **return** OAR\_E\_UNSUPPORTED a tensor that is sparse, or on a device whose tensors the group does not move.
* **threads** collective(group)
* **source** Accelerate 1.15 `broadcast`.
* **since** 0.1*/
    pub fn oar_group_broadcast_tree(
        group: *mut oar_group,
        tree: *mut oar_tree,
        root: i32,
        timeout_ms: i64,
    ) -> oar_status;
    /**Make every leaf as long in one dimension as the longest of all ranks, so that it can be gathered.

Only the ranks' shapes travel. A leaf that has no such dimension, or is long enough already, stays as it is, its
memory shared; so does a nested (ragged) tensor, with a warning in the log. Other dimensions may differ between
ranks: pad them by a call of their own. Integers and truth values keep their dtype; if the value is a fraction, all
ranks' leaves of them become float32 when one rank's is padded.

* `group` (in) borrowed.
* `tree` (in) borrowed; all its leaves are tensors.
* `dim` (in) the dimension; negative counts from each leaf's last. The same on all ranks.
* `pad_value` (in) what the new elements are; the same on all ranks.
* `pad_first` (in) 0: new elements come behind the old ones; otherwise before them. The same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_MISMATCH structure, dtype or number of dimensions of a leaf differ between ranks; the text has
  path, operation and every rank's. Or ranks give different arguments.
* **return** OAR\_E\_ARGUMENT a rank's tree has a leaf that is no tensor, or one whose dtype cannot hold `pad_value`
  (256 in uint8, 2 in bool); the text names path and rank.
* **return** OAR\_E\_UNSUPPORTED a tensor that is sparse, or on a device whose tensors the group does not move.
* **threads** collective(group)
* **source** Accelerate 1.15 `pad_across_processes`.
* **since** 0.1*/
    pub fn oar_group_pad_tree(
        group: *mut oar_group,
        tree: *const oar_tree,
        dim: i64,
        pad_value: f64,
        pad_first: i32,
        timeout_ms: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Give every rank a tree that one rank holds: its structure, plain values and tensors. Nobody else need know what it
is.

* `group` (in) borrowed.
* `tree` (in) borrowed; on exactly one rank not NULL, whichever it is.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out` (out) owned; end with oar\_tree\_release. On the rank that holds it a copy that shares its tensors.
  Untouched on failure.

* **return** OAR\_E\_MISMATCH no rank, or more than one, gave a tree; the text names them.
* **return** OAR\_E\_UNSUPPORTED a tensor that is sparse, or not on the CPU.
* **threads** collective(group)
* **source** Accelerate 1.15 `copy_tensor_to_devices`.
* **since** 0.1*/
    pub fn oar_group_copy_tree(
        group: *mut oar_group,
        tree: *const oar_tree,
        timeout_ms: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Join the ranks' lists of objects (trees of any kind, tensors among them) in rank order, and give all ranks the
result.

Lists may have different lengths, also 0, and different contents. With one rank the result is a copy of `list`.
oar\_tree\_from\_json and oar\_tree\_to\_json (tree.h) make objects of JSON text and back.

* `group` (in) borrowed.
* `list` (in) borrowed; a list. Tensors in it are copied.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out` (out) owned: a list; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT a rank's tree is no list; the text names the rank. On every rank.
* **return** OAR\_E\_UNSUPPORTED a tensor that is sparse, or not on the CPU.
* **threads** collective(group)
* **source** Accelerate 1.15 `gather_object`.
* **since** 0.1*/
    pub fn oar_group_gather_objects(
        group: *mut oar_group,
        list: *const oar_tree,
        timeout_ms: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Give every rank the root's object: a tree of any kind, tensors among it.

* `group` (in) borrowed.
* `object` (in) borrowed; on the root what is given. Elsewhere ignored, and may be NULL.
* `root` (in) the rank whose object is given; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out` (out) owned; end with oar\_tree\_release. On the root a copy that shares the tensors. Untouched on
  failure.

* **return** OAR\_E\_ARGUMENT the root's object is NULL: on every rank. Or `root` is no rank of the group.
* **return** OAR\_E\_MISMATCH ranks give different roots. The group is dead then.
* **return** OAR\_E\_UNSUPPORTED a tensor that is sparse, or not on the CPU.
* **threads** collective(group)
* **source** Accelerate 1.15 `broadcast_object_list`.
* **since** 0.1*/
    pub fn oar_group_broadcast_object(
        group: *mut oar_group,
        object: *const oar_tree,
        root: i32,
        timeout_ms: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Give every rank the bytes of all ranks. Lengths may differ.

The room is looked at before anything is sent: a call that has too little of it, or that only asks for the number,
does not communicate, and the peers go on waiting for one that has enough.

* `group` (in) borrowed.
* `data` (in) this rank's bytes, copied; NULL is allowed when `size` is 0.
* `size` (in) how many.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `sizes` (out) room for \*count numbers: how many bytes each rank gave. NULL asks for the number of ranks
  only, which leaves `out_bytes` untouched.
* `count` (in,out) in: room; out: number of ranks, also when the room is too small.
* `out_bytes` (out) owned; end with oar\_bytes\_release. All ranks' bytes one after another, in rank order.
  Untouched on failure.

* **return** OAR\_E\_ARGUMENT the room is too small, then \*count holds the need; `data` is NULL though `size` is not 0; a
  negative time-out.
* **return** OAR\_E\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.
* **return** OAR\_E\_MISMATCH a rank called something else; the text gives both calls.
* **return** OAR\_E\_PEER\_LOST a rank ended or left; the text names it.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
* **threads** collective(group)
* **source** Accelerate 1.15 `gather_object`.
* **since** 0.1*/
    pub fn oar_group_all_gather_bytes(
        group: *mut oar_group,
        data: *const ::core::ffi::c_void,
        size: usize,
        timeout_ms: i64,
        sizes: *mut u64,
        count: *mut usize,
        out_bytes: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Give every rank the root's bytes.

* `group` (in) borrowed.
* `data` (in) on the root: its bytes, copied. Elsewhere ignored. NULL is allowed when `size` is 0.
* `size` (in) how many; ignored where `data` is.
* `root` (in) the rank whose bytes are given; the same on all ranks.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
* `out_bytes` (out) owned; end with oar\_bytes\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT root is no rank of the group; `data` is NULL though `size` is not 0; a negative time-out.
* **return** OAR\_E\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.
* **return** OAR\_E\_MISMATCH a rank called something else; the text gives both calls.
* **return** OAR\_E\_PEER\_LOST a rank ended or left; the text names it.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
* **threads** collective(group)
* **source** Accelerate 1.15 `broadcast_object_list`.
* **since** 0.1*/
    pub fn oar_group_broadcast_bytes(
        group: *mut oar_group,
        data: *const ::core::ffi::c_void,
        size: usize,
        root: i32,
        timeout_ms: i64,
        out_bytes: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Call an operator.

Without an overload ("aten::add") the first one that takes the arguments runs, in the order in which Python tries
them. Values are brought to what the signature asks for: an integer serves for a float, a number for a tensor, one
integer for a list of a fixed length, a text for a dtype, layout, memory format or device; arguments that are left
out have their defaults, the device that of the state. In a region of oar\_accelerator\_autocast\_begin, and in the
forward of a model that was prepared with mixed precision, operators compute in 16 bits what they can.

Autograd records, so that results lead back to the parameters they come from; not in the forward of a model in
evaluation mode, nor by oar\_op\_call\_no\_grad. Operators whose names end in "\_" write to their first argument.

* `state` (in) borrowed; gives the device.
* `name` (in) "aten::linear", or with an overload "aten::add.Tensor".
* `arguments` (in) borrowed; those by position, then those by keyword. NULL only if there are none.
* `num_arguments` (in) how many.
* `outputs` (out) owned; filled with the results, end each with oar\_tensor\_release. Lists of tensors are
  spread in order; numbers are tensors of no dimensions (int64, float64, bool); NULL
  stands for no tensor. NULL drops the results. Untouched on failure.
* `count` (in,out) in: room in `outputs`; out: number of results, also when the room is too little. NULL
  only if `outputs` is.

* **return** OAR\_E\_ARGUMENT an argument is missing, unknown or not what the signature takes; the text names it, what
  is taken and what was given. Also what the operator itself refuses. Too little room;
  nothing was run unless the operator gives a list.
* **return** OAR\_E\_UNSUPPORTED no such operator (the text has the nearest name), or one that gives neither tensor nor
  number.
* **threads** serial(state)
* **source** PyTorch 2.11 torch.ops.
* **since** 0.1*/
    pub fn oar_op_call(
        state: *mut oar_state,
        name: *const ::core::ffi::c_char,
        arguments: *const oar_value,
        num_arguments: usize,
        outputs: *mut *mut oar_tensor,
        count: *mut usize,
    ) -> oar_status;
    /**Call an operator as oar\_op\_call does, but without recording autograd.

The results lead back to nothing, so that what they were computed from may be freed. Operators may write to the
parameters of a model (oar\_model\_parameter): aten::sub\_ makes a step of an optimizer of the host's own. It is this
call alone: nothing is switched that would have to be switched back, and other calls and threads are as before. In a
forward that is traced, the program does not record it either.

* `state` (in) borrowed; gives the device.
* `name` (in) as for oar\_op\_call.
* `arguments` (in) as for oar\_op\_call.
* `num_arguments` (in) how many.
* `outputs` (out) owned; as for oar\_op\_call.
* `count` (in,out) as for oar\_op\_call.

* **return** OAR\_E\_ARGUMENT as of oar\_op\_call.
* **return** OAR\_E\_UNSUPPORTED as of oar\_op\_call.
* **threads** serial(state)
* **source** PyTorch 2.11 torch.no\_grad.
* **since** 0.1*/
    pub fn oar_op_call_no_grad(
        state: *mut oar_state,
        name: *const ::core::ffi::c_char,
        arguments: *const oar_value,
        num_arguments: usize,
        outputs: *mut *mut oar_tensor,
        count: *mut usize,
    ) -> oar_status;
    /**Tell the signatures of an operator, as JSON: for generators of bindings, and for people.

A list with an object for each overload, in the order in which oar\_op\_call tries them:
{"name","overload","arguments":\[{"name","type","default","keyword\_only","is\_written"}\],"returns":\[{"name","type"}\],
"schema"}. "default" is left out where there is none; sizes that may be symbolic are "int".

* `name` (in) as for oar\_op\_call; with an overload the list has that one.
* `out` (out) owned; end with oar\_bytes\_release. Untouched on failure.

* **return** OAR\_E\_UNSUPPORTED no such operator; the text has the nearest name.
* **threads** any
* **since** 0.1*/
    pub fn oar_op_signatures(
        name: *const ::core::ffi::c_char,
        out: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Tell the names of all operators, as a JSON list of texts, sorted, without overloads.

* `name_space` (in) "aten", or that of a library of custom operators. NULL: all.
* `out` (out) owned; end with oar\_bytes\_release. Untouched on failure.

* **threads** any
* **since** 0.1*/
    pub fn oar_op_names(
        name_space: *const ::core::ffi::c_char,
        out: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Load a library of custom operators (TORCH\_LIBRARY), before a program that calls them is loaded.

The operators that it registers may then be called by oar\_op\_call and by programs. It stays loaded until the process
ends, and a second call for the same file does nothing. The library's code runs when it is loaded: load what you
trust. An exception there would end the process, so another process loads it first (/bin/echo with LD\_PRELOAD, a
child of the host for a moment, given 60 seconds).

* `path` (in) of the file, not searched for. No colon and no white space in its real path.

* **return** OAR\_E\_NOT\_FOUND there is no such file.
* **return** OAR\_E\_ARGUMENT anybody may write to the file, or it does not load; the text has the loader's reason or that
  of the exception.
* **threads** any
* **since** 0.1*/
    pub fn oar_load_library(path: *const ::core::ffi::c_char) -> oar_status;
    /**An optimizer of parameters of a model.

Names: "adadelta", "adafactor", "adafactor\_transformers", "adagrad", "adam", "adamax", "adamw", "asgd", "lion",
"muon", "nadam", "radam", "rmsprop", "rprop", "schedule\_free\_adamw", "sgd". Options, defaults and rules are those of
torch.optim, of transformers and of the packages lion-pytorch and schedulefree; docs/optimizers.md lists them.

Every optimizer takes two more: "params", a list of names or patterns ('\*': any text), leaves only those parameters
to it; "groups", a list of objects of "params" and options that differ for them, makes parameter groups in that
order. What no group takes is one more group, the last, with the options given outside. For instance
     {"lr":0.001,"weight_decay":0.1,"groups":[{"params":["*.bias","norm*"],"weight_decay":0}]}

* `model` (in) borrowed; its parameters are retained.
* `name` (in) borrowed.
* `options` (in) borrowed; a JSON object of the optimizer.\* keys of options.h, without the prefix, for instance
  {"lr":0.001,"betas":\[0.9,0.999\]}. NULL: defaults.
* `out` (out) owned; end with oar\_optimizer\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an unknown name or option (the text names the nearest and all), an option of another
  optimizer, a value out of range, a pattern that fits no parameter, a parameter in two
  groups, or a model without parameters.
* **return** OAR\_E\_UNSUPPORTED a parameter is not of a real floating dtype, its memory has gaps or overlaps, or the
  optimizer does not take its shape (muon: matrices only).
* **threads** serial(model)
* **source** torch.optim 2.11 with fused=True where it has that, else foreach=True; transformers 5 Adafactor; Chen et al.
  2023 (lion); Defazio et al. 2024 (schedule\_free\_adamw).
* **since** 0.1*/
    pub fn oar_optimizer_create(
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_optimizer,
    ) -> oar_status;
    /**Update the parameters by their gradients, at once. Programs with an accelerator call oar\_accelerator\_step instead.

Parameters without a gradient are left alone, with their state. Gradients stay.

* `optimizer` (in) borrowed.

* **return** OAR\_E\_ARGUMENT a gradient does not have its parameter's shape, dtype and device; nothing was updated.
* **return** OAR\_E\_UNSUPPORTED a gradient is sparse; nothing was updated.
* **threads** serial(optimizer), and no call on the model meanwhile
* **since** 0.1*/
    pub fn oar_optimizer_step(optimizer: *mut oar_optimizer) -> oar_status;
    /**Drop all gradients; the next backward begins from none.

* `optimizer` (in) borrowed.

* **threads** serial(optimizer), and no call on the model meanwhile
* **since** 0.1*/
    pub fn oar_optimizer_zero_grad(optimizer: *mut oar_optimizer) -> oar_status;
    /**Make the parameters those to evaluate with, or those to train with again.

"schedule\_free\_adamw" needs it before an evaluation or a save for others, and again before the next training step;
for every other optimizer nothing changes. An optimizer starts in training.

* `optimizer` (in) borrowed.
* `training` (in) 0: evaluation; anything else: training.

* **threads** serial(optimizer), and no call on the model meanwhile
* **source** schedulefree `AdamWScheduleFree.train`, `.eval`.
* **since** 0.1*/
    pub fn oar_optimizer_set_training(
        optimizer: *mut oar_optimizer,
        training: i32,
    ) -> oar_status;
    /**How many parameter groups there are.

* `optimizer` (in) borrowed.
* `out_num_groups` (out) at least 1.

* **threads** serial(optimizer)
* **since** 0.1*/
    pub fn oar_optimizer_num_groups(
        optimizer: *const oar_optimizer,
        out_num_groups: *mut i64,
    ) -> oar_status;
    /**The options in force for a group, and the names of its parameters: {"params":\["fc.bias"\],"lr":0.001,...}.

* `optimizer` (in) borrowed.
* `group_index` (in) from 0, below oar\_optimizer\_num\_groups.
* `buf` (out) the JSON text, or NULL to ask for its length.
* `len` (in,out) in: room in bytes; out: length with the closing NUL.

* **return** OAR\_E\_ARGUMENT no such group, or too little room; then \*len is the need.
* **threads** serial(optimizer)
* **since** 0.1*/
    pub fn oar_optimizer_group_options(
        optimizer: *const oar_optimizer,
        group_index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Change options of one group from the next step on. State stays; what an option needs more is made anew.

* `optimizer` (in) borrowed.
* `group_index` (in) from 0, below oar\_optimizer\_num\_groups.
* `options` (in) borrowed; a JSON object as for oar\_optimizer\_create, without "params" and "groups".

* **return** OAR\_E\_ARGUMENT no such group, an unknown option, or a value out of range; nothing was changed.
* **threads** serial(optimizer)
* **since** 0.1*/
    pub fn oar_optimizer_set_group_options(
        optimizer: *mut oar_optimizer,
        group_index: i64,
        options: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**The learning rate that the next step will use; with several groups the first one's.

* `optimizer` (in) borrowed.
* `out_learning_rate` (out) at least 0.

* **threads** serial(optimizer)
* **since** 0.1*/
    pub fn oar_optimizer_learning_rate(
        optimizer: *const oar_optimizer,
        out_learning_rate: *mut f64,
    ) -> oar_status;
    /**Set the learning rate of every group. A scheduler of this optimizer sets it again at its next step.

* `optimizer` (in) borrowed.
* `learning_rate` (in) finite, at least 0.

* **return** OAR\_E\_ARGUMENT not so; the rate stays.
* **threads** serial(optimizer)
* **since** 0.1*/
    pub fn oar_optimizer_set_learning_rate(
        optimizer: *mut oar_optimizer,
        learning_rate: f64,
    ) -> oar_status;
    /**Steps made so far, those before a resume included.

* `optimizer` (in) borrowed.
* `out_num_steps` (out) at least 0.

* **threads** serial(optimizer)
* **since** 0.1*/
    pub fn oar_optimizer_num_steps(
        optimizer: *const oar_optimizer,
        out_num_steps: *mut i64,
    ) -> oar_status;
    /**One more reference.

* `optimizer` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_optimizer_retain(optimizer: *mut oar_optimizer) -> oar_status;
    /**One reference less; schedulers and accelerators that use the optimizer keep it alive.

* `optimizer` (in) ended; NULL is allowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_optimizer_release(optimizer: *mut oar_optimizer);
    /**Tell the other ranks how the attempt with a batch size ended, and agree on the next one to try.

If an attempt ran out of memory on any rank, all get the smallest size that one of those proposes, and memory that
allocators keep is given back first. Attempts are the same on all ranks but for their luck: a rank that runs out of
memory while the others wait for it in a collective call leaves them there until they learn of the mismatch, which
ends the state; so release what an attempt holds and come here.

* `state` (in) borrowed.
* `batch_size` (in) \> 0: what was tried, the same on all ranks.
* `ran_out` (in) 1: this rank's attempt ran out of memory; 0: it worked.
* `reduced` (in) what to try next if it did, \< batch\_size; 0: batch\_size \* 0.9, rounded down.
* `out_next` (out) batch\_size if every rank's attempt worked, else the next one.

* **return** OAR\_E\_OUT\_OF\_MEMORY no size is left to try.
* **return** OAR\_E\_ARGUMENT batch\_size or reduced is out of its range.
* **return** OAR\_E\_MISMATCH the ranks tried different sizes; the text has both.
* **threads** collective(state)
* **source** Accelerate 1.15 `find_executable_batch_size`.
* **since** 0.1*/
    pub fn oar_state_next_batch_size(
        state: *mut oar_state,
        batch_size: i64,
        ran_out: i32,
        reduced: i64,
        out_next: *mut i64,
    ) -> oar_status;
    /**Let go of everything prepared, and give memory that allocators keep back to the system and the device.

The accelerator is as new, but for its loss scale: other objects may be prepared. Models, optimizers and loaders that
the host still holds live on, unprepared. Gradients that no step has used stay with their parameters.

* `accelerator` (in) borrowed.

* **return** OAR\_E\_STATE the accelerator is closed, or a backward runs.
* **threads** serial(accelerator)
* **source** Accelerate 1.15 `free_memory`.
* **since** 0.1*/
    pub fn oar_accelerator_free_memory(accelerator: *mut oar_accelerator) -> oar_status;
    /**Send a tensor to one rank, which receives it by oar\_group\_receive.

* `group` (in) borrowed.
* `tensor` (in) retained until the work is done, and not to be written before. Any dtype, shape and strides;
  zero elements are fine.
* `peer` (in) the rank that receives; not this one.
* `timeout_ms` (in) milliseconds to wait for the peer; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT the peer is no other rank of the group; a negative time-out.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, tensor); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `send`, `isend`.
* **since** 0.1*/
    pub fn oar_group_send(
        group: *mut oar_group,
        tensor: *mut oar_tensor,
        peer: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Receive a tensor from one rank, which sends it by oar\_group\_send.

* `group` (in) borrowed.
* `tensor` (out) retained until the work is done. Same dtype and number of elements as what is sent, any
  shape and strides, not expanded; its rows are filled in order.
* `peer` (in) the rank that sends; not this one.
* `timeout_ms` (in) milliseconds to wait for the peer; 0 takes the group's own value; negative is refused.
* `out_work` (out) owned; end with oar\_work\_release. Untouched on failure. NULL: see above.

* **return** OAR\_E\_ARGUMENT the peer is no other rank of the group; an expanded tensor; a negative time-out.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
  What only peers can reveal (OAR\_E\_MISMATCH, OAR\_E\_TIMEOUT, OAR\_E\_PEER\_LOST) arrives with oar\_work\_wait.
* **threads** serial(group, tensor); waits for peers only if out\_work is NULL
* **source** torch.distributed 2.11 `recv`, `irecv`.
* **since** 0.1*/
    pub fn oar_group_receive(
        group: *mut oar_group,
        tensor: *mut oar_tensor,
        peer: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    /**Tell the precision that the accelerator was made with: "no", "bf16" or "fp16".

* `accelerator` (in) borrowed.
* `buf` (out) room for the text; NULL asks for the length only.
* `len` (in,out) in: room in buf; out: length with the final NUL, also when the room is too little.

* **return** OAR\_E\_ARGUMENT the room is too little.
* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_mixed_precision(
        accelerator: *const oar_accelerator,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Begin a region in which the host's own calls of operators (oar\_op\_call with the accelerator's state) run under
autocast, as the forwards of prepared models do, or, inside of such a forward, without it.

Regions nest; the innermost counts: one that is not enabled is an island of full precision. They belong to the state,
not to a thread. Forwards of models do not see regions that were begun outside of them, and must end their own.
With mixed precision "no" a region changes nothing. Do not step inside of a region.

* `accelerator` (in) borrowed.
* `enabled` (in) 1: compute in 16 bits what can be; 0: compute in what operators are given.

* **return** OAR\_E\_STATE the accelerator is closed, or a trace runs on this thread (oar\_model\_trace): a traced program
  gets its precision when it is prepared.
* **threads** serial(accelerator), and no operator of its state called meanwhile
* **source** Accelerate 1.15 `autocast`.
* **since** 0.1*/
    pub fn oar_accelerator_autocast_begin(
        accelerator: *mut oar_accelerator,
        enabled: i32,
    ) -> oar_status;
    /**End the innermost region that oar\_accelerator\_autocast\_begin began.

* `accelerator` (in) borrowed.

* **return** OAR\_E\_STATE no region is open, none in this forward, or the innermost is another accelerator's.
* **threads** serial(accelerator), and no operator of its state called meanwhile
* **since** 0.1*/
    pub fn oar_accelerator_autocast_end(accelerator: *mut oar_accelerator) -> oar_status;
    /**Divide gradients by the loss scale now, before the host reads or changes them. oar\_accelerator\_clip\_grad\_norm and
oar\_accelerator\_step do so by themselves where this was not called.

Without a scaler, and between synchronisations, nothing is done.

* `accelerator` (in) borrowed.
* `optimizer` (in) borrowed, prepared: whose gradients; NULL: those of all prepared optimizers.

* **return** OAR\_E\_STATE the optimizer is not prepared, or its gradients were unscaled or used already since the last
  backward.
* **return** OAR\_E\_ARGUMENT a gradient is float16; the text names its parameter.
* **threads** collective(state) with a scaler, serial(accelerator, optimizer) without
* **source** Accelerate 1.15 `unscale_gradients`; torch.amp.GradScaler.unscale\_.
* **since** 0.1*/
    pub fn oar_accelerator_unscale_gradients(
        accelerator: *mut oar_accelerator,
        optimizer: *mut oar_optimizer,
    ) -> oar_status;
    /**Tell whether the last oar\_accelerator\_step of an optimizer was left out because gradients were not finite.

A call of step between synchronisations is none that was left out. (Differs: the reference goes on telling of the
step before.)

* `accelerator` (in) borrowed.
* `optimizer` (in) borrowed, prepared; NULL: whether that of any prepared optimizer was.
* `out_skipped` (out) 1: left out, on all ranks; 0: not.

* **return** OAR\_E\_STATE the optimizer is not prepared.
* **threads** serial(accelerator, optimizer)
* **source** Accelerate 1.15 `optimizer_step_was_skipped`, `step_was_skipped`.
* **since** 0.1*/
    pub fn oar_accelerator_step_was_skipped(
        accelerator: *const oar_accelerator,
        optimizer: *const oar_optimizer,
        out_skipped: *mut i32,
    ) -> oar_status;
    /**Tell by what the next loss will be multiplied: 1 without a scaler.

* `accelerator` (in) borrowed.
* `out_scale` (out) the scale.

* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_loss_scale(
        accelerator: *const oar_accelerator,
        out_scale: *mut f64,
    ) -> oar_status;
    /**Give the scaler's state as JSON, with the names of torch.amp.GradScaler.state\_dict: {"scale", "growth\_factor",
"backoff\_factor", "growth\_interval", "\_growth\_tracker"}; {} without a scaler. Checkpoints have it, too.

* `accelerator` (in) borrowed.
* `buf` (out) room for the text; NULL asks for the length only.
* `len` (in,out) in: room in buf; out: length with the final NUL, also when the room is too little.

* **return** OAR\_E\_ARGUMENT the room is too little.
* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_scaler_state(
        accelerator: *const oar_accelerator,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Go on from a scaler's state, of oar\_accelerator\_scaler\_state or of a torch.amp.GradScaler. Gradients that were not
used yet count as not unscaled. All ranks pass the same.

* `accelerator` (in) borrowed.
* `state_json` (in) all five values; {} only without a scaler.

* **return** OAR\_E\_ARGUMENT no JSON, or a value is out of its range. The state is unchanged.
* **return** OAR\_E\_CORRUPT a value is missing or of another type; the text names it.
* **return** OAR\_E\_STATE there is no scaler.
* **threads** serial(accelerator)
* **since** 0.1*/
    pub fn oar_accelerator_load_scaler_state(
        accelerator: *mut oar_accelerator,
        state_json: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Begin a profile; the next step is number 0. One at a time in a process.

* `state` (in) borrowed; its rank names the files. Closing it ends the profile without a report.
* `options` (in) JSON object of profile.\* options, named without "profile."; what it does not name, and all of it
  if NULL, is taken from the state's config.

* **return** OAR\_E\_ARGUMENT an unknown option (the text names the nearest), a negative number, or a schedule without
  profile.active.
* **return** OAR\_E\_STATE a profile runs already, or a profiler of the host's own on this thread.
* **threads** serial(state)
* **source** torch.profiler.profile and Accelerate 1.15, ProfileKwargs (spec B 6.1).
* **since** 0.1*/
    pub fn oar_profile_begin(
        state: *mut oar_state,
        options: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**A step of the run has ended.

* `state` (in) borrowed.
* `out_report` (out) owned; end with oar\_bytes\_release. NULL unless a record ended with this step. Untouched on
  failure.

* **return** OAR\_E\_STATE no profile runs, or it began on another thread.
* **return** OAR\_E\_IO the trace cannot be written; or OAR\_E\_NO\_SPACE. The profile goes on.
* **threads** serial(state); on the thread of the begin
* **source** torch.profiler.schedule.
* **since** 0.1*/
    pub fn oar_profile_step(
        state: *mut oar_state,
        out_report: *mut *mut oar_bytes,
    ) -> oar_status;
    /**End the profile. With profile.directory all ranks wait for each other, so that all traces are there when it returns.

* `state` (in) borrowed.
* `out_report` (out) owned; end with oar\_bytes\_release. Of what was being recorded; NULL if nothing was. Untouched
  on failure.

* **return** OAR\_E\_STATE no profile runs, or it began on another thread.
* **return** OAR\_E\_IO the trace of this rank, or of the one that the text names, cannot be written; or OAR\_E\_NO\_SPACE.
  The profile has ended.
* **return** OAR\_E\_TIMEOUT OAR\_E\_MISMATCH, OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait, with profile.directory.
* **threads** collective(state) with profile.directory, else serial(state); on the thread of the begin
* **since** 0.1*/
    pub fn oar_profile_end(
        state: *mut oar_state,
        out_report: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Create a progress bar. Its clock starts now; nothing is shown before the first oar\_progress\_advance.

* `state` (in) borrowed; only its main process shows anything.
* `title` (in) "epoch 3".
* `total` (in) units until the end, \>= 0; 0: not known, so that neither percentage nor remaining time is shown.
* `unit` (in) what is counted: "samples".
* `out` (out) owned; end with oar\_progress\_close and oar\_progress\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT `total` is negative, or option `progress` has a value that it does not take.
* **threads** serial(state)
* **since** 0.1*/
    pub fn oar_progress_create(
        state: *mut oar_state,
        title: *const ::core::ffi::c_char,
        total: i64,
        unit: *const ::core::ffi::c_char,
        out: *mut *mut oar_progress,
    ) -> oar_status;
    /**Send plain lines to a callback instead of standard error.

* `progress` (in) borrowed.
* `fn` (in) NULL goes back to standard error.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once: when another callback takes its place, when the progress
  ends, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.

* **threads** serial(progress)
* **since** 0.1*/
    pub fn oar_progress_set_callback(
        progress: *mut oar_progress,
        fn_: oar_progress_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    /**Count more units as done, and draw if it is time to: at most ten times a second on a terminal. Costs next to nothing
otherwise. The line of the whole total is oar\_progress\_close's.

* `progress` (in) borrowed.
* `count` (in) units done since the last call, \>= 0. More than the total is allowed.
* `note` (in) shown at the end: "loss 0.123 lr 0.001". NULL keeps the last one.

* **return** OAR\_E\_ARGUMENT `count` is negative.
* **return** OAR\_E\_STATE the progress is closed.
* **return** OAR\_E\_CALLBACK the callback returned nonzero; the error object has the value. The units count as done.
* **threads** serial(progress)
* **since** 0.1*/
    pub fn oar_progress_advance(
        progress: *mut oar_progress,
        count: i64,
        note: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Show the final state and end the line. May be called twice.

* `progress` (in) borrowed.

* **return** OAR\_E\_CALLBACK the callback returned nonzero; the error object has the value. The progress is closed.
* **threads** serial(progress)
* **since** 0.1*/
    pub fn oar_progress_close(progress: *mut oar_progress) -> oar_status;
    /**Add a reference.

* `progress` (in) one more oar\_progress\_release ends it.

* **threads** any
* **since** 0.1*/
    pub fn oar_progress_retain(progress: *mut oar_progress) -> oar_status;
    /**Drop a reference. Never blocks. A bar that was not closed leaves the terminal on a fresh line.

* `progress` (in) NULL does nothing.

* **threads** any
* **since** 0.1*/
    pub fn oar_progress_release(progress: *mut oar_progress);
    /**Give the default generator of every rank the state of rank 0's, so that all draw the same numbers from here on.

* `state` (in) borrowed.

* **return** OAR\_E\_TIMEOUT OAR\_E\_MISMATCH, OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait. The generator is as it
  was.
* **threads** collective(state); no other thread may draw random numbers meanwhile
* **source** Accelerate 1.15 `synchronize_rng_states` of type "torch".
* **since** 0.1*/
    pub fn oar_state_synchronize_rng(state: *mut oar_state) -> oar_status;
    /**Make libtorch choose deterministic algorithms in the whole process, or not. Equal to
torch.use\_deterministic\_algorithms.

* `state` (in) borrowed.
* `on` (in) not 0: an operator that has no deterministic algorithm fails. 0: any algorithm.
* `warn_only` (in) not 0: it warns instead.

* **threads** serial(state); no other thread may run operators meanwhile
* **source** Accelerate 1.15 `set_seed`, deterministic.
* **since** 0.1*/
    pub fn oar_state_set_deterministic(
        state: *mut oar_state,
        on: i32,
        warn_only: i32,
    ) -> oar_status;
    /**Visit these samples only: in this order, or with loader.shuffle in a new one each epoch.

* `loader` (in) borrowed; between epochs.
* `indices` (in) borrowed; `count` numbers of samples, each as often as it is to come. NULL only if count is 0.
* `count` (in) 0: epochs have no batches.

* **return** OAR\_E\_ARGUMENT the data set has no such sample; the text gives number and place.
* **return** OAR\_E\_STATE batches of this epoch have been given already, or the loader is closed.
* **return** OAR\_E\_UNSUPPORTED the data set is a stream.
* **threads** serial(loader)
* **source** torch.utils.data.SubsetRandomSampler.
* **since** 0.1*/
    pub fn oar_loader_set_indices(
        loader: *mut oar_loader,
        indices: *const i64,
        count: usize,
    ) -> oar_status;
    /**Draw the samples of an epoch by weight.

* `loader` (in) borrowed; between epochs, without loader.shuffle.
* `weights` (in) borrowed, copied. One number \>= 0 for each sample, of any dtype; they need not sum to 1.
* `num_samples` (in) how many samples an epoch has, at least 1.
* `replacement` (in) other than 0: a sample may come more than once in an epoch.

* **return** OAR\_E\_ARGUMENT another number of weights than samples, a weight that is negative, infinite or NaN, none
  above 0, without replacement fewer above 0 than num\_samples, more than 2^24 weights, or
  loader.shuffle is set.
* **return** OAR\_E\_STATE batches of this epoch have been given already, or the loader is closed.
* **return** OAR\_E\_UNSUPPORTED the data set is a stream.
* **threads** serial(loader, weights)
* **source** torch.utils.data.WeightedRandomSampler.
* **since** 0.1*/
    pub fn oar_loader_set_weights(
        loader: *mut oar_loader,
        weights: *mut oar_tensor,
        num_samples: i64,
        replacement: i32,
    ) -> oar_status;
    /**Let the host give the order of the samples, epoch by epoch.

* `loader` (in) borrowed; between epochs, without loader.shuffle.
* `fn` (in) gives a tensor: the samples of an epoch. It is cut into batches and over ranks as any order is.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once: when the loader ends or is given another order, or before
  this returns if it fails. NULL: nothing to free.

* **return** OAR\_E\_ARGUMENT loader.shuffle is set.
* **return** OAR\_E\_STATE batches of this epoch have been given already, or the loader is closed.
* **return** OAR\_E\_UNSUPPORTED the data set is a stream.
* **threads** serial(loader)
* **source** torch.utils.data.DataLoader, `sampler`.
* **since** 0.1*/
    pub fn oar_loader_set_sampler(
        loader: *mut oar_loader,
        fn_: oar_sampler_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    /**Let the host make the batches, of whatever sizes, epoch by epoch.

On N ranks each round takes N batches, in rank order. At the epoch's end ranks without one get none with
loader.drop\_last or without loader.even\_batches, else the epoch's first batches again.

* `loader` (in) borrowed; between epochs, without loader.shuffle, loader.batch\_size and loader.split\_batches.
* `fn` (in) gives a list of tensors: the batches of an epoch, none empty.
* `user_data` (in) handed to `fn`.
* `release` (in) as for oar\_loader\_set\_sampler.

* **return** OAR\_E\_ARGUMENT one of the options above is set.
* **return** OAR\_E\_STATE batches of this epoch have been given already, or the loader is closed.
* **return** OAR\_E\_UNSUPPORTED the data set is a stream.
* **threads** serial(loader)
* **source** Accelerate 1.15, BatchSamplerShard over a sampler without batch\_size.
* **since** 0.1*/
    pub fn oar_loader_set_batch_sampler(
        loader: *mut oar_loader,
        fn_: oar_sampler_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    /**A schedule for an optimizer. Sets its learning rates to those of step 0 at once; "one\_cycle" and "cyclic" set
momentum, or the first beta, too.

* `optimizer` (in) retained.
* `name` (in) borrowed; one of the names above.
* `options` (in) borrowed; a JSON object of the scheduler.\* keys of options.h, without the prefix, for instance
  {"warmup\_steps":10,"total\_steps":100}. NULL: defaults. "sequential" and "chained" take
  "schedules", a list of objects of "name" and options.
* `out` (out) owned; end with oar\_scheduler\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an unknown name or option (the text names the nearest and all), one that is missing or of
  another schedule, or a value out of range. The learning rates stay.
* **threads** serial(optimizer)
* **source** transformers 5 get\_\*\_schedule; torch 2.11 torch.optim.lr\_scheduler.
* **since** 0.1*/
    pub fn oar_scheduler_create(
        optimizer: *mut oar_optimizer,
        name: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_scheduler,
    ) -> oar_status;
    /**A schedule by a function of the host's. Sets the optimizer's learning rates to those of step 0 at once.

Checkpoints keep step and rates, not the function: give the same one before a resume. With "compat": "accelerate" an
accelerator makes one step per rank, here too.

* `optimizer` (in) retained.
* `name` (in) borrowed. "lambda": a rate is the group's initial one times the factor of its step;
  "multiplicative": the rate of the step before times the factor, and the initial one at step 0.
* `fn` (in) not NULL.
* `user_data` (in) handed to `fn`.
* `release` (in) release(user\_data) runs exactly once: when the scheduler ends, or before this returns if it
  fails. NULL: nothing to free.
* `out` (out) owned; end with oar\_scheduler\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT another name, or a factor whose rate is negative or not finite. The learning rates stay.
* **return** OAR\_E\_CALLBACK `fn` failed; the text has the last error inside it. The learning rates stay.
* **threads** serial(optimizer)
* **source** torch LambdaLR, MultiplicativeLR.
* **since** 0.1*/
    pub fn oar_scheduler_from_factors(
        optimizer: *mut oar_optimizer,
        name: *const ::core::ffi::c_char,
        fn_: oar_factor_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out: *mut *mut oar_scheduler,
    ) -> oar_status;
    /**Go on by one step and set the optimizer's learning rates. Programs with an accelerator call oar\_accelerator\_step
instead.

When it fails, step and rates are those of before.

* `scheduler` (in) borrowed.

* **return** OAR\_E\_STATE the schedule is "plateau": call oar\_scheduler\_step\_metric.
* **return** OAR\_E\_CALLBACK the host's function failed.
* **return** OAR\_E\_ARGUMENT a factor that it told gives no rate: negative or not finite.
* **threads** serial(scheduler), and no call on its optimizer meanwhile
* **since** 0.1*/
    pub fn oar_scheduler_step(scheduler: *mut oar_scheduler) -> oar_status;
    /**Tell "plateau" the metric of an evaluation: after `patience` evaluations without an improvement the learning rates
fall by `factor`. With an accelerator, call it beside oar\_accelerator\_step without a scheduler there; all ranks with
one value.

* `scheduler` (in) borrowed.
* `metric` (in) not NaN.

* **return** OAR\_E\_ARGUMENT the metric is NaN; nothing was changed.
* **return** OAR\_E\_STATE another schedule, which has no use for a metric.
* **threads** serial(scheduler), and no call on its optimizer meanwhile
* **source** torch ReduceLROnPlateau.
* **since** 0.1*/
    pub fn oar_scheduler_step_metric(
        scheduler: *mut oar_scheduler,
        metric: f64,
    ) -> oar_status;
    /**Steps made so far, those before a resume included.

* `scheduler` (in) borrowed.
* `out_num_steps` (out) at least 0.

* **threads** serial(scheduler)
* **since** 0.1*/
    pub fn oar_scheduler_num_steps(
        scheduler: *const oar_scheduler,
        out_num_steps: *mut i64,
    ) -> oar_status;
    /**One more reference.

* `scheduler` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_scheduler_retain(scheduler: *mut oar_scheduler) -> oar_status;
    /**One reference less.

* `scheduler` (in) ended; NULL is allowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_scheduler_release(scheduler: *mut oar_scheduler);
    /**Make one thread's session of a model. Any number may run at a time.

The session keeps the model: release either first. It reads the model's weights where they are, so that steps of an
optimizer, oar\_model\_load\_weights and adapters show in the next run. Do not run while another thread changes the
model (by a forward in training, a step, loading, freezing, adding or merging adapters).

* `model` (in) retained; a program.
* `out` (out) owned; end with oar\_session\_release. Untouched on failure.

* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_session_create(
        model: *mut oar_model,
        out: *mut *mut oar_session,
    ) -> oar_status;
    /**Run the model on the caller's arrays.

What is not asked for is not computed: with the loss among the outputs NULL, labels may be NULL too.

* `session` (in) borrowed.
* `inputs` (in) borrowed; in the order of oar\_model\_input\_name. Dtypes, shapes and device as exported, any
  strides. Numbers as tensors without dimensions (int64, float64, bool). An element may be NULL
  if no wanted output needs it.
* `num_inputs` (in) oar\_model\_num\_inputs.
* `outputs` (in) borrowed; in the order of oar\_model\_output\_name. An element that is NULL is not wanted, any
  other is written: writable, with the dtype and shape of the output, any strides.
* `num_outputs` (in) oar\_model\_num\_outputs.

* **return** OAR\_E\_ARGUMENT a number of arrays, a dtype, shape or device does not fit: the text names the input or
  output, what is expected and what was given, and no output was written. An operator failed:
  the text names it, and outputs may hold anything.
* **threads** serial(session, inputs, outputs); other sessions of the model are free
* **since** 0.1*/
    pub fn oar_session_run(
        session: *mut oar_session,
        inputs: *const *mut oar_tensor,
        num_inputs: usize,
        outputs: *const *mut oar_tensor,
        num_outputs: usize,
    ) -> oar_status;
    /**Run the model on the caller's arrays with a session of the model's own: for hosts with one thread.

* `model` (in) borrowed; a program.
* `inputs` (in) borrowed; as for oar\_session\_run.
* `num_inputs` (in) oar\_model\_num\_inputs.
* `outputs` (in) borrowed; as for oar\_session\_run.
* `num_outputs` (in) oar\_model\_num\_outputs.

* **return** OAR\_E\_ARGUMENT as oar\_session\_run.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model, inputs, outputs)
* **since** 0.1*/
    pub fn oar_model_run(
        model: *mut oar_model,
        inputs: *const *mut oar_tensor,
        num_inputs: usize,
        outputs: *const *mut oar_tensor,
        num_outputs: usize,
    ) -> oar_status;
    /**Tell whether an output's operator writes straight into the caller's memory, all outputs wanted and no memory shared.

* `session` (in) borrowed.
* `index` (in) in \[0, oar\_model\_num\_outputs).
* `out_writes_in_place` (out) 1: written by its operator; 0: copied once.

* **return** OAR\_E\_ARGUMENT index out of range.
* **threads** serial(session)
* **since** 0.1*/
    pub fn oar_session_writes_in_place(
        session: *const oar_session,
        index: i64,
        out_writes_in_place: *mut i32,
    ) -> oar_status;
    /**Add an owner.

* `session` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_session_retain(session: *mut oar_session) -> oar_status;
    /**Drop an owner; the last one frees the session.

* `session` (in) NULL is allowed.

* **threads** any; never blocks
* **since** 0.1*/
    pub fn oar_session_release(session: *mut oar_session);
    /**Which of `num_rows` rows are a part's: \[begin, end).

* `num_rows` (in) at least 0.
* `part` (in) in \[0, num\_parts): a rank.
* `num_parts` (in) at least 1: the number of ranks.
* `out_begin` (out) the first row. Untouched on failure.
* `out_end` (out) the row behind the last. Untouched on failure.

* **return** OAR\_E\_ARGUMENT a number out of range.
* **threads** any
* **source** Accelerate 1.15 `split_between_processes`.
* **since** 0.1*/
    pub fn oar_rows_split(
        num_rows: i64,
        part: i32,
        num_parts: i32,
        out_begin: *mut i64,
        out_end: *mut i64,
    ) -> oar_status;
    /**One part of a list's items or of a tensor's rows; of a map, of all that is in it at whatever depth. Other values, and
tensors without dimensions, stay whole.

* `tree` (in) borrowed.
* `part` (in) in \[0, num\_parts): a rank.
* `num_parts` (in) at least 1: the number of ranks.
* `pad` (in) other than 0: every part is as long as the longest, by repeating the last item or row of all,
  so that results can be gathered; the first oar\_tree\_batch\_size of `tree` of them count.
* `out` (out) owned; its tensors share the memory of `tree` where nothing was added. End with
  oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT a number out of range; lists and tensors of a map have different lengths (the text names
  two).
* **threads** serial(tree)
* **source** Accelerate 1.15 `split_between_processes`.
* **since** 0.1*/
    pub fn oar_tree_split(
        tree: *const oar_tree,
        part: i32,
        num_parts: i32,
        pad: i32,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Find this process's place and meet the other ranks. Returns when all have come.

Options and variables that contradict each other (a rank without a size, a rank beyond the size, something that is
no number) are refused before anything is connected. Nothing of the host is changed but what options ask for: `seed`
seeds libtorch's default generator, `threads.intra_op` sets its number of threads.

* `config` (in) borrowed, copied; NULL takes the defaults and the environment.
* `out` (out) owned; end with oar\_state\_close, then oar\_state\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT an option out of range; or the program set a key of loaders, optimizers or schedules,
  which no config reaches: the text names the create call to give it to.
* **return** OAR\_E\_ENVIRONMENT contradicting variables or options (the text gives names, values and the way out); the
  port is in use by another program; two processes with one rank.
* **return** OAR\_E\_TIMEOUT ranks did not come within comm.connect\_timeout\_ms; the text names them, or address and
  reason.
* **return** OAR\_E\_PEER\_LOST a rank ended while the others were awaited; the text names it.
* **return** OAR\_E\_UNSUPPORTED a device or backend that this build does not have.
* **return** OAR\_E\_ARGUMENT an option's value makes no sense (comm.timeout\_ms of 0, an unknown log.level).
* **threads** serial(config); waits for the other ranks
* **source** Accelerate 1.15 `PartialState`.
* **since** 0.1*/
    pub fn oar_state_create(
        config: *const oar_config,
        out: *mut *mut oar_state,
    ) -> oar_status;
    /**Meet the other ranks through the host's own communicator (an MPI sub-communicator, PMIx, ...): `fn` carries one
small block of bytes per rank, from which all learn where rank 0 listens. Environment variables about ranks are not
looked at. With an MPI communicator oar\_state\_create\_with\_mpi does it for you.

* `config` (in) borrowed, copied; NULL takes the defaults and the environment.
* `rank` (in) this process's number, 0 \<= rank \< world\_size.
* `world_size` (in) how many ranks call this, all with the same value.
* `fn` (in) called once, on this thread; not at all when world\_size is 1.
* `user_data` (in) given to `fn`.
* `release` (in) called with `user_data` exactly once before this returns, also on failure; NULL: not needed.
* `out` (out) owned; end with oar\_state\_close, then oar\_state\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT rank or world\_size out of range; options as for oar\_state\_create.
* **return** OAR\_E\_CALLBACK `fn` returned nonzero; the error object has the value.
* **return** OAR\_E\_MISMATCH `fn` did not deliver every rank's block in rank order, or ranks gave other world sizes.
* **return** OAR\_E\_TIMEOUT ranks did not come within comm.connect\_timeout\_ms; the text names them, or address and
  reason.
* **threads** serial(config); waits for the other ranks
* **since** 0.1*/
    pub fn oar_state_create_with_exchange(
        config: *const oar_config,
        rank: i32,
        world_size: i32,
        fn_: oar_exchange_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out: *mut *mut oar_state,
    ) -> oar_status;
    /**This process's number among all ranks, from 0.

* `state` (in) borrowed.
* `out_rank` (out) 0 \<= rank \< world size.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_rank(state: *const oar_state, out_rank: *mut i32) -> oar_status;
    /**How many ranks there are.

* `state` (in) borrowed.
* `out_world_size` (out) at least 1.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_world_size(
        state: *const oar_state,
        out_world_size: *mut i32,
    ) -> oar_status;
    /**This process's number among the ranks on its host, from 0.

* `state` (in) borrowed.
* `out_local_rank` (out) 0 \<= local rank \< local world size.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_local_rank(
        state: *const oar_state,
        out_local_rank: *mut i32,
    ) -> oar_status;
    /**How many ranks are on this host.

* `state` (in) borrowed.
* `out_local_world_size` (out) at least 1.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_local_world_size(
        state: *const oar_state,
        out_local_world_size: *mut i32,
    ) -> oar_status;
    /**Whether this is rank 0: the one that logs, prints and writes what only one may write.

* `state` (in) borrowed.
* `out_is_main` (out) 1 or 0.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_is_main_process(
        state: *const oar_state,
        out_is_main: *mut i32,
    ) -> oar_status;
    /**Whether this is the first rank on its host.

* `state` (in) borrowed.
* `out_is_local_main` (out) 1 or 0.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_is_local_main_process(
        state: *const oar_state,
        out_is_local_main: *mut i32,
    ) -> oar_status;
    /**Whether this is the rank with the highest number.

* `state` (in) borrowed.
* `out_is_last` (out) 1 or 0.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_is_last_process(
        state: *const oar_state,
        out_is_last: *mut i32,
    ) -> oar_status;
    /**The device that this rank computes on, as text: "cpu".

* `state` (in) borrowed.
* `buf` (out) the text and a NUL; NULL asks for the length only.
* `len` (in,out) in: room in `buf`; out: length with the NUL, also when the room is too small.

* **return** OAR\_E\_ARGUMENT the room is too small.
* **threads** any
* **since** 0.1*/
    pub fn oar_state_device(
        state: *const oar_state,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**The group of all ranks.

* `state` (in) borrowed.
* `out_group` (out) owned; end with oar\_group\_release. It stays valid after the state's release, not after its
  close.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_group(
        state: *const oar_state,
        out_group: *mut *mut oar_group,
    ) -> oar_status;
    /**Wait until every rank has called this: oar\_group\_barrier of the group of all ranks, and oar\_work\_wait.

* `state` (in) borrowed.
* `timeout_ms` (in) milliseconds to wait for peers; 0 takes comm.timeout\_ms; negative is refused.

* **return** OAR\_E\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.
* **return** OAR\_E\_MISMATCH a rank called something else; the text gives both calls.
* **return** OAR\_E\_PEER\_LOST a rank ended or left; the text names it.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
* **threads** collective(state)
* **source** Accelerate 1.15 `wait_for_everyone`.
* **since** 0.1*/
    pub fn oar_state_barrier(state: *mut oar_state, timeout_ms: i64) -> oar_status;
    /**Write one line on the main process; other ranks do nothing. The only function of Oarlock that writes to standard
output.

* `state` (in) borrowed.
* `text` (in) UTF-8, without the newline at the end.

* **return** OAR\_E\_CALLBACK the callback (oar\_state\_set\_print\_callback) returned nonzero; the error object has the value.
* **return** OAR\_E\_NO\_SPACE the disk behind standard output is full.
* **return** OAR\_E\_IO standard output takes nothing, as when it is closed.
* **threads** serial(state)
* **source** Accelerate 1.15 `print`.
* **since** 0.1*/
    pub fn oar_state_print(
        state: *const oar_state,
        text: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Give what oar\_state\_print writes to a function instead of standard output.

* `state` (in) borrowed.
* `fn` (in) called on the thread that prints, with no lock held; NULL: standard output again.
* `user_data` (in) given to `fn`.
* `release` (in) called with `user_data` exactly once: when another callback takes its place, when the state
  ends, or before this returns if it fails or `fn` is NULL. NULL: not needed.

* **threads** serial(state)
* **since** 0.1*/
    pub fn oar_state_set_print_callback(
        state: *mut oar_state,
        fn_: oar_print_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    /**Seed libtorch's default generator of this process, which initialisation, dropout and unseeded shuffling draw from.
Equal to torch.manual\_seed. Local: give all ranks the same seed for equal draws.

* `state` (in) borrowed.
* `seed` (in) any value; a negative one counts as seed + 2^64, as in torch.

* **threads** serial(state); no other thread may draw random numbers meanwhile
* **source** Accelerate 1.15 `set_seed`.
* **since** 0.1*/
    pub fn oar_state_seed(state: *mut oar_state, seed: i64) -> oar_status;
    /**Ask all ranks to stop, at the step where they next call oar\_state\_should\_stop. Async-signal-safe: one atomic store,
so a signal handler may call it. Does not touch the thread's error; the caller must hold a reference to the state.

* `state` (in) borrowed.

* **return** OAR\_E\_HANDLE `state` is no live state.
* **threads** any, and signal handlers
* **source** Accelerate 1.15 `set_trigger`.
* **since** 0.1*/
    pub fn oar_state_request_stop(state: *mut oar_state) -> oar_status;
    /**Tell every rank alike whether any rank was asked to stop. Once asked, the answer stays 1.

* `state` (in) borrowed.
* `out_should_stop` (out) 1 on every rank or 0 on every rank.

* **return** OAR\_E\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.
* **return** OAR\_E\_MISMATCH a rank called something else; the text gives both calls.
* **return** OAR\_E\_PEER\_LOST a rank ended or left; the text names it.
* **return** OAR\_E\_ABORTED the group is dead; the text tells since what.
* **threads** collective(state)
* **source** Accelerate 1.15 `check_trigger`.
* **since** 0.1*/
    pub fn oar_state_should_stop(
        state: *mut oar_state,
        out_should_stop: *mut i32,
    ) -> oar_status;
    /**Write what this rank knows as JSON: who it and its peers are, and of each group why it is dead and the last 1024
operations: call, sequence number, state (queued, awaiting ranks, moving data, done, failed), when by the wall clock
and by the host's steady clock, and why it failed. The file is written whole or not at all. From the files of all
ranks the command `oarlock dump` tells who diverged where; with the option comm.dump\_on\_failure ranks write them
themselves.

* `state` (in) borrowed.
* `path` (in) file to write; its folder must exist.

* **return** OAR\_E\_NOT\_FOUND the folder does not exist.
* **return** OAR\_E\_IO the system refused; the text has its reason. OAR\_E\_NO\_SPACE: the disk is full.
* **threads** any, also while another thread waits in a call of this state
* **since** 0.1*/
    pub fn oar_state_dump(
        state: *const oar_state,
        path: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Make the group of all ranks dead: oar\_group\_abort. All calls that wait return OAR\_E\_ABORTED within 100 ms.

* `state` (in) borrowed.
* `reason` (in) UTF-8, copied; every rank's error text contains it.

* **threads** any, also while another thread waits in a call of this state
* **since** 0.1*/
    pub fn oar_state_abort(
        state: *mut oar_state,
        reason: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Go on without the ranks that are lost: those that are left make a smaller world, in their old order.

For when a call has failed because a rank died (OAR\_E\_PEER\_LOST), by a time-out or by an abort. Every rank that goes
on calls this with its old state. That aborts what is left of the old world, so that ranks which still wait in it
hear of it and can call this too. The lowest rank that lives gathers the others. It waits until every rank has
come or is known to be gone (its process has ended, or it has closed its state) or the time is over; who has not
come by then is left out, and gets OAR\_E\_ABORTED when it calls. That no rank is lost is no error.

The new state has the options of the old one, state.generation raised by one, and rank, world size, local rank and
node rank anew; a request to stop goes over to it, a print callback does not. Groups, meshes, loaders and
accelerators of the old state are of its world: make new ones with the new state and load the last checkpoint. The
old state can then only be closed and released; after a failure this may be called again with it.

* `state` (in) borrowed; not closed.
* `min_size` (in) fewer ranks do not go on: 1 to the world size; the largest that any rank gives counts. 0:
  more than half of the ranks if they are on several hosts, 1 if all are on one. A broken
  network can make two halves of a world each believe the other lost; with more than half of
  the ranks two worlds cannot come about.
* `timeout_ms` (in) milliseconds to wait for the other ranks; 0 takes comm.connect\_timeout\_ms; negative is
  refused. The survivors then meet, for which they have twenty seconds more.
* `out` (out) owned; end with oar\_state\_close, then oar\_state\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT min\_size or timeout\_ms is out of range.
* **return** OAR\_E\_PEER\_LOST fewer than min\_size ranks are left; all that came get this, the text tells who came and what
  is known of the others. Or a survivor ended while they met.
* **return** OAR\_E\_TIMEOUT fewer than min\_size ranks came in time; as above.
* **return** OAR\_E\_ABORTED the others have gone on without this rank, the text names them; or this process called
  oar\_state\_abort meanwhile.
* **return** OAR\_E\_STATE the state is closed, or has shrunk already.
* **return** OAR\_E\_ENVIRONMENT when the ranks met, this process had no descriptor left for the port at which the others
  would reach it.
* **threads** serial(state); waits for the other ranks
* **since** 0.1*/
    pub fn oar_state_shrink(
        state: *mut oar_state,
        min_size: i32,
        timeout_ms: i64,
        out: *mut *mut oar_state,
    ) -> oar_status;
    /**Leave the world: peers that still call its group get OAR\_E\_PEER\_LOST, running operations here OAR\_E\_ABORTED. Does
not wait for peers; ends the threads, at most a few seconds long. Later collective calls give OAR\_E\_STATE. May be
called twice.

* `state` (in) borrowed; release it afterwards.

* **threads** serial(state)
* **source** Accelerate 1.15 `end_training`.
* **since** 0.1*/
    pub fn oar_state_close(state: *mut oar_state) -> oar_status;
    /**Add a reference; each needs one oar\_state\_release.

* `state` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_retain(state: *mut oar_state) -> oar_status;
    /**Drop a reference. Never waits and never communicates; a state that was not closed is closed by a later call of the
library.

* `state` (in) NULL is allowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_state_release(state: *mut oar_state);
    /**Give an optimizer's state as torch's class of the same name has it.

* `optimizer` (in) borrowed.
* `out` (out) owned; end with oar\_tree\_release. Its tensors share the optimizer's memory: a later step
  changes them. Untouched on failure.

* **threads** serial(optimizer)
* **source** torch.optim.Optimizer.state\_dict; transformers Adafactor; lion-pytorch; schedulefree.
* **since** 0.1*/
    pub fn oar_optimizer_state_dict(
        optimizer: *const oar_optimizer,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Take over a state that torch's class of the same name gave. Hyper-parameters become those of the state.

State is copied, cast to its parameter's dtype. How torch computes (foreach, fused, capturable, differentiable) does
not matter here. oar\_optimizer\_num\_steps becomes the largest "step" in it, where the optimizer counts steps.

* `optimizer` (in) borrowed.
* `state_dict` (in) borrowed.

* **return** OAR\_E\_ARGUMENT groups, parameters or shapes differ, or something is missing; the text says which. Nothing
  was changed.
* **return** OAR\_E\_UNSUPPORTED an option is on that this optimizer does not have; the text names it. Nothing was changed.
* **threads** serial(optimizer, state\_dict)
* **source** torch.optim.Optimizer.load\_state\_dict.
* **since** 0.1*/
    pub fn oar_optimizer_load_state_dict(
        optimizer: *mut oar_optimizer,
        state_dict: *const oar_tree,
    ) -> oar_status;
    /**Give a scheduler's state as torch's class has it: "last\_epoch", "base\_lrs", "\_last\_lr" and what the class needs more.

Options are not in it: a scheduler of torch that loads it keeps those that it was made with.

* `scheduler` (in) borrowed.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_UNSUPPORTED the schedule is "sequential" or "chained", whose states in Python are several.
* **threads** serial(scheduler)
* **source** torch LRScheduler.state\_dict.
* **since** 0.1*/
    pub fn oar_scheduler_state_dict(
        scheduler: *const oar_scheduler,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Take over a state that a scheduler of torch or of transformers gave: its step and rates, which become the
optimizer's.

* `scheduler` (in) borrowed.
* `state_dict` (in) borrowed.

* **return** OAR\_E\_ARGUMENT something is missing or of another number of parameter groups; the text says which. Nothing
  was changed.
* **threads** serial(scheduler, state\_dict), and no call on its optimizer meanwhile
* **source** torch LRScheduler.load\_state\_dict.
* **since** 0.1*/
    pub fn oar_scheduler_load_state_dict(
        scheduler: *mut oar_scheduler,
        state_dict: *const oar_tree,
    ) -> oar_status;
    /**The name of an element type, for example "float32" for OAR\_FLOAT32; as in torch and numpy.

* `dtype` (in) any value.

* **return** borrowed static text; "an unknown element type" for a value that this version does not have.
* **threads** any
* **since** 0.1*/
    pub fn oar_dtype_name(dtype: i32) -> *const ::core::ffi::c_char;
    /**The size of one element.

* `dtype` (in) OAR\_FLOAT32 ... of types.h.
* `out_size` (out) bytes. Untouched on failure.

* **return** OAR\_E\_ARGUMENT unknown dtype.
* **threads** any
* **since** 0.1*/
    pub fn oar_dtype_size(dtype: i32, out_size: *mut usize) -> oar_status;
    /**Take over a tensor of another library, without a copy.

Strides may be NULL, which is row-major. A producer's read-only flag makes a read-only tensor.

* `managed` (in) owned on success only: its deleter then runs once, when the last use of the memory ends, on any
  thread. On failure it is the caller's as before.
* `stream` (in) the stream on which the caller will use the data; NULL for memory of the CPU.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_VERSION the major version is not 1; nothing behind the version was read.
* **return** OAR\_E\_UNSUPPORTED memory of a device, or an element type that has no OAR\_\* number.
* **return** OAR\_E\_ARGUMENT sizes, strides or address that no tensor can have: negative, overflowing, unaligned, NULL.
* **threads** any
* **source** DLPack 1.3, struct DLManagedTensorVersioned.
* **since** 0.1*/
    pub fn oar_tensor_from_dlpack(
        managed: *mut DLManagedTensorVersioned,
        stream: *mut ::core::ffi::c_void,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**Give a tensor to another library, without a copy.

Strides are always written. The result keeps the memory alive, whatever happens to `tensor`; it carries no autograd
history, and the read-only flag if the tensor is read-only.

* `tensor` (in) borrowed; on the CPU.
* `stream` (in) the consumer's stream; NULL for memory of the CPU.
* `out` (out) owned: the receiver calls (\*out)-\>deleter(\*out) once. Untouched on failure.

* **return** OAR\_E\_UNSUPPORTED a sparse or lazily conjugated tensor, one on a device, or one without an OAR\_\* type.
* **threads** serial(tensor)
* **source** DLPack 1.3.
* **since** 0.1*/
    pub fn oar_tensor_to_dlpack(
        tensor: *const oar_tensor,
        stream: *mut ::core::ffi::c_void,
        out: *mut *mut DLManagedTensorVersioned,
    ) -> oar_status;
    /**A tensor over an array of the host, without a copy.

A column-major (Fortran, Julia) array of shape \[m, n\] has the strides {1, m}.

* `data` (in) retained until the last use of the tensor's memory ends, then released. A multiple of the
  element type's size; NULL only if there are no elements.
* `dtype` (in) OAR\_FLOAT32 ... of types.h.
* `shape` (in) borrowed; num\_dims sizes \>= 0. NULL if num\_dims is 0.
* `strides` (in) borrowed; num\_dims strides in elements, \>= 0, such that no two indices share an element.
  NULL is row-major.
* `num_dims` (in) 0 (one element) to 64.
* `user_data` (in) handed to `release`; not looked at.
* `release` (in) called exactly once, on any thread, when the memory is not used any more: also if this call
  fails, then before it returns. NULL: nobody is told.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT unknown dtype, negative or overflowing sizes, negative or overlapping strides, unaligned
  data.
* **threads** any
* **since** 0.1*/
    pub fn oar_tensor_from_memory(
        data: *mut ::core::ffi::c_void,
        dtype: i32,
        shape: *const i64,
        strides: *const i64,
        num_dims: usize,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**A read-only tensor over an array of the host, without a copy: of memory that must not be written to.

* `data` (in) retained until the last use of the tensor's memory ends, then released; never written to. A
  multiple of the element type's size; NULL only if there are no elements.
* `dtype` (in) OAR\_FLOAT32 ... of types.h.
* `shape` (in) borrowed; num\_dims sizes \>= 0. NULL if num\_dims is 0.
* `strides` (in) borrowed; num\_dims strides in elements, \>= 0; indices may share an element (0 repeats one).
  NULL is row-major.
* `num_dims` (in) 0 (one element) to 64.
* `user_data` (in) handed to `release`; not looked at.
* `release` (in) called exactly once, on any thread, when the memory is not used any more: also if this call
  fails, then before it returns. NULL: nobody is told.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT unknown dtype, negative or overflowing sizes, negative strides, unaligned data.
* **threads** any
* **since** 0.1*/
    pub fn oar_tensor_from_read_only_memory(
        data: *const ::core::ffi::c_void,
        dtype: i32,
        shape: *const i64,
        strides: *const i64,
        num_dims: usize,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**A new tensor of zeros on the CPU, row-major.

* `dtype` (in) OAR\_FLOAT32 ... of types.h.
* `shape` (in) borrowed; num\_dims sizes \>= 0. NULL if num\_dims is 0.
* `num_dims` (in) 0 (one element) to 64.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT unknown dtype, or sizes that are negative or overflow.
* **return** OAR\_E\_OUT\_OF\_MEMORY the text gives the bytes that were asked for.
* **threads** any
* **since** 0.1*/
    pub fn oar_tensor_zeros(
        dtype: i32,
        shape: *const i64,
        num_dims: usize,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**The array of a NumPy .npy file, over the mapped file: read-only, and only what is looked at comes from the disk. With
oar\_dataset\_from\_tensors its rows are samples. The file must not change as long as the tensor lives.

* `path` (in) borrowed; format 1.0, 2.0 or 3.0, row or column order.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND no such file.
* **return** OAR\_E\_CORRUPT no whole array; the text gives the byte.
* **return** OAR\_E\_UNSUPPORTED elements that are no little-endian numbers or truth values.
* **return** OAR\_E\_VERSION a later format.
* **threads** any
* **since** 0.1*/
    pub fn oar_tensor_from_npy(
        path: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**Share a tensor of C++ libtorch in the same process: the very tensor, with its place in autograd. What
oarlock::from\_torch of torch.hpp calls.

* `tensor_impl` (in) borrowed: at::Tensor::unsafeGetTensorImpl() of a defined tensor. Not checked.
* `torch_version` (in) TORCH\_VERSION of the headers that the caller was compiled with: "2.11.0".
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_VERSION the library was built for another libtorch than these headers (another major or minor
  version); the text names both. Nothing behind tensor\_impl was read.
* **return** OAR\_E\_ARGUMENT torch\_version is no version, or the tensor is undefined.
* **threads** any
* **since** 0.1*/
    pub fn oar_tensor_from_torch(
        tensor_impl: *const ::core::ffi::c_void,
        torch_version: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**Give the tensor of C++ libtorch that stands behind a handle, with its place in autograd. What oarlock::to\_torch of
torch.hpp calls.

* `tensor` (in) borrowed.
* `torch_version` (in) TORCH\_VERSION of the headers that the caller was compiled with.
* `out_tensor_impl` (out) a c10::TensorImpl, borrowed: valid as long as `tensor` is; take a reference of your own
  (c10::intrusive\_ptr::reclaim\_copy). Untouched on failure.

* **return** OAR\_E\_VERSION the library was built for another libtorch than these headers; the text names both.
* **return** OAR\_E\_ARGUMENT torch\_version is no version.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_to_torch(
        tensor: *const oar_tensor,
        torch_version: *const ::core::ffi::c_char,
        out_tensor_impl: *mut *mut ::core::ffi::c_void,
    ) -> oar_status;
    /**How many dimensions the tensor has; a single value has 0.

* `tensor` (in) borrowed.
* `out_num_dims` (out) 0 to 64. Untouched on failure.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_num_dims(
        tensor: *const oar_tensor,
        out_num_dims: *mut i64,
    ) -> oar_status;
    /**The tensor's sizes.

* `tensor` (in) borrowed.
* `shape` (out) room for \*count sizes; NULL asks for the number only.
* `count` (in,out) in: room; out: number of dimensions, also when the room is too small.

* **return** OAR\_E\_ARGUMENT the room is too small; \*count holds the need.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_shape(
        tensor: *const oar_tensor,
        shape: *mut i64,
        count: *mut usize,
    ) -> oar_status;
    /**The tensor's strides, in elements.

* `tensor` (in) borrowed.
* `strides` (out) room for \*count strides; NULL asks for the number only.
* `count` (in,out) in: room; out: number of dimensions, also when the room is too small.

* **return** OAR\_E\_ARGUMENT the room is too small; \*count holds the need.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_strides(
        tensor: *const oar_tensor,
        strides: *mut i64,
        count: *mut usize,
    ) -> oar_status;
    /**How many elements the tensor has: the product of its sizes.

* `tensor` (in) borrowed.
* `out_numel` (out) Untouched on failure.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_numel(
        tensor: *const oar_tensor,
        out_numel: *mut i64,
    ) -> oar_status;
    /**The tensor's element type, as an OAR\_\* number of types.h.

* `tensor` (in) borrowed.
* `out_dtype` (out) Untouched on failure.

* **return** OAR\_E\_UNSUPPORTED a type of libtorch that has no such number (quantised ones); the text names it.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_dtype(
        tensor: *const oar_tensor,
        out_dtype: *mut i32,
    ) -> oar_status;
    /**Where the tensor's memory is: "cpu", "cuda:0".

* `tensor` (in) borrowed.
* `buf` (out) room for \*len bytes; NULL asks for the length only.
* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.

* **return** OAR\_E\_ARGUMENT the room is too small.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_device(
        tensor: *const oar_tensor,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Whether the memory must not be written to.

* `tensor` (in) borrowed.
* `out_is_read_only` (out) 1 or 0. Untouched on failure.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_is_read_only(
        tensor: *const oar_tensor,
        out_is_read_only: *mut i32,
    ) -> oar_status;
    /**The address of the first element, of a tensor on the CPU. The strides say where the others are.

* `tensor` (in) borrowed.
* `out_data` (out) borrowed: valid as long as any reference to the tensor's memory is. NULL only if there are no
  elements. Not to be written to if the tensor is read-only. Untouched on failure.

* **return** OAR\_E\_ARGUMENT the tensor is on a device.
* **return** OAR\_E\_UNSUPPORTED a sparse or lazily conjugated tensor; oar\_tensor\_contiguous makes a plain one of the
  latter.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_data(
        tensor: *const oar_tensor,
        out_data: *mut *mut ::core::ffi::c_void,
    ) -> oar_status;
    /**The same values in row-major order: a copy, or the same memory where it is so already.

A copy of a tensor that autograd records is recorded too.

* `tensor` (in) borrowed.
* `out` (out) owned; end with oar\_tensor\_release. Untouched on failure.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_contiguous(
        tensor: *const oar_tensor,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**The value of a tensor of one element. Integers beyond 2^53 are rounded.

* `tensor` (in) borrowed; on a device the call waits for its value.
* `out_value` (out) bool gives 0 or 1. Untouched on failure.

* **return** OAR\_E\_ARGUMENT more or fewer than one element, or a complex type.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tensor_item(tensor: *const oar_tensor, out_value: *mut f64) -> oar_status;
    /**Write the source's values into the tensor, in place, converting the element type; autograd does not see it.

* `tensor` (in) borrowed; written to. A parameter is fine.
* `source` (in) borrowed; the same shape, any strides. May be a view of the same memory.

* **return** OAR\_E\_ARGUMENT the shapes differ (the text gives both), the tensor is read-only or a broadcast view, or
  complex values would go into a real tensor. Nothing was written.
* **threads** serial(tensor, source)
* **since** 0.1*/
    pub fn oar_tensor_copy_from(
        tensor: *mut oar_tensor,
        source: *const oar_tensor,
    ) -> oar_status;
    /**One more reference to the handle; it takes one more oar\_tensor\_release to end it.

* `tensor` (in) borrowed.
* **threads** any
* **since** 0.1*/
    pub fn oar_tensor_retain(tensor: *mut oar_tensor) -> oar_status;
    /**Drop one reference. The memory lives on as long as something else uses it.

* `tensor` (in) NULL is allowed.
* **threads** any
* **since** 0.1*/
    pub fn oar_tensor_release(tensor: *mut oar_tensor);
    /**Start a timer.

* `state` (in) borrowed; keeps the timer.
* `name` (in) any text but "".

* **return** OAR\_E\_ARGUMENT `name` is "" or no UTF-8.
* **return** OAR\_E\_STATE the timer runs already.
* **threads** serial(state)
* **since** 0.1*/
    pub fn oar_timer_begin(
        state: *mut oar_state,
        name: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Stop a timer; what passed since its begin, by the steady clock, is one of its durations.

* `state` (in) borrowed.
* `name` (in) of a timer that runs.

* **return** OAR\_E\_STATE the timer does not run.
* **threads** serial(state); on the thread of the begin, so that a trace has it in the right place
* **since** 0.1*/
    pub fn oar_timer_end(
        state: *mut oar_state,
        name: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**What this rank's timers measured since they were made or reset, in milliseconds. Quantiles are of the last 4096
durations, by nearest rank; the rest is of all.

JSON: {"forward": {"count": n, "total\_ms": x, "mean\_ms": x, "min\_ms": x, "p50\_ms": x, "p95\_ms": x, "max\_ms": x}}, in
the order of the names. Timers that never ended are left out.

* `state` (in) borrowed.
* `out_json` (out) owned; end with oar\_bytes\_release. Without a NUL. Untouched on failure.

* **threads** serial(state)
* **since** 0.1*/
    pub fn oar_timer_report(
        state: *const oar_state,
        out_json: *mut *mut oar_bytes,
    ) -> oar_status;
    /**The reports of all ranks, and who is the slowest, the same on each rank. Ranks may have different timers.

JSON: {"forward": {"count": n, "total\_ms": x, "mean\_ms": x, "min\_ms": x, "max\_ms": x, "slowest\_rank": r, "ranks":
\[{"rank": 0, "count": n, ...}, ...\]}}: the figures of all ranks' durations together; those of each rank that has the
timer, as oar\_timer\_report gives them; and the rank with the largest mean, the lowest of equals.

* `state` (in) borrowed.
* `out_json` (out) owned; end with oar\_bytes\_release. Without a NUL. Untouched on failure.

* **return** OAR\_E\_TIMEOUT OAR\_E\_MISMATCH, OAR\_E\_PEER\_LOST, OAR\_E\_ABORTED: as from oar\_work\_wait.
* **threads** collective(state)
* **since** 0.1*/
    pub fn oar_timer_report_all_ranks(
        state: *mut oar_state,
        out_json: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Forget all durations. Timers that run go on.

* `state` (in) borrowed.

* **threads** serial(state)
* **since** 0.1*/
    pub fn oar_timer_reset(state: *mut oar_state) -> oar_status;
    /**Create a tracker.

"jsonl" appends one line of JSON per call to a file: {"step":12,"time":1767225599.123,"loss":0.5}; time is UTC, in
seconds since 1970. Each line is handed to the system at once. A resumed run appends; a last line that a crash cut
short is mended when the file is opened.

"tensorboard" writes what TensorBoard reads: an event file in the directory of the run, whose numbers are kept as
float32. A resumed run adds a file, and TensorBoard shows both as one run. With oar\_tracker\_log\_json a text is a text
summary, and an object of numbers a group in one chart, {"loss":{"train":0.5}}, with a directory for each series.

* `state` (in) borrowed; tells which process is the main one.
* `name` (in) the product: "jsonl" or "tensorboard".
* `options` (in) JSON object of tracker.\* options, named without "tracker.": {"path":"run/metrics.jsonl"}; what
  it does not name, and all of it if NULL, is taken from the state's config. Missing directories
  of the path are made.
* `out` (out) owned; end with oar\_tracker\_close and oar\_tracker\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND no product of that name; the text lists the known ones.
* **return** OAR\_E\_ARGUMENT an unknown option (the text names the nearest), or no path.
* **return** OAR\_E\_IO the file cannot be opened for writing; the text has path and reason.
* **return** OAR\_E\_CORRUPT the file of "jsonl" holds something else than metrics; it is left alone.
* **threads** serial(state)
* **since** 0.1*/
    pub fn oar_tracker_create(
        state: *mut oar_state,
        name: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_tracker,
    ) -> oar_status;
    /**Log numbers of one step. In "jsonl" those that are not finite are written as "NaN", "Infinity" and "-Infinity".

* `tracker` (in) borrowed.
* `step` (in) any number; by custom the optimizer's step. The same step may be logged again.
* `names` (in) `count` different names; "step" and "time" are the own ones of "jsonl".
* `values` (in) `count` numbers.
* `count` (in) 0 writes a line with step and time only.

* **return** OAR\_E\_ARGUMENT a name is NULL, taken, no UTF-8, or given twice.
* **return** OAR\_E\_STATE the tracker is closed.
* **return** OAR\_E\_NO\_SPACE the disk is full; nothing of the step is written. Likewise OAR\_E\_IO.
* **threads** serial(tracker)
* **since** 0.1*/
    pub fn oar_tracker_log(
        tracker: *mut oar_tracker,
        step: i64,
        names: *const *const ::core::ffi::c_char,
        values: *const f64,
        count: usize,
    ) -> oar_status;
    /**Log any JSON object of one step: texts, lists, nested objects.

* `tracker` (in) borrowed.
* `step` (in) as in oar\_tracker\_log.
* `json` (in) an object: {"loss":0.5,"note":"warm-up ended"}. "step" and "time" are the own names of "jsonl".

* **return** OAR\_E\_ARGUMENT no valid JSON (the text has the offset), no object, a name that is taken, or a value that the
  product does not show; nothing is written then.
* **return** OAR\_E\_STATE the tracker is closed.
* **return** OAR\_E\_NO\_SPACE the disk is full; nothing of the step is written. Likewise OAR\_E\_IO.
* **threads** serial(tracker)
* **since** 0.1*/
    pub fn oar_tracker_log_json(
        tracker: *mut oar_tracker,
        step: i64,
        json: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Close the tracker and its file. May be called twice.

* `tracker` (in) borrowed; later calls that log give OAR\_E\_STATE.

* **return** OAR\_E\_IO the system reports a write that failed late.
* **threads** serial(tracker)
* **since** 0.1*/
    pub fn oar_tracker_close(tracker: *mut oar_tracker) -> oar_status;
    /**Add a reference.

* `tracker` (in) one more oar\_tracker\_release ends it.

* **threads** any
* **since** 0.1*/
    pub fn oar_tracker_retain(tracker: *mut oar_tracker) -> oar_status;
    /**Drop a reference; the last one closes the tracker, without telling late errors. Never blocks.

* `tracker` (in) NULL does nothing.

* **threads** any
* **since** 0.1*/
    pub fn oar_tracker_release(tracker: *mut oar_tracker);
    /**An empty list.

* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_create_list(out: *mut *mut oar_tree) -> oar_status;
    /**An empty map. It keeps the order in which keys were set first.

* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_create_map(out: *mut *mut oar_tree) -> oar_status;
    /**A tree that is one integer.

* `value` (in) kept exactly.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_from_int64(value: i64, out: *mut *mut oar_tree) -> oar_status;
    /**A tree that is one floating-point number.

* `value` (in) any, also NaN and infinities.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_from_double(value: f64, out: *mut *mut oar_tree) -> oar_status;
    /**A tree that is one truth value.

* `value` (in) 0 is false, everything else true.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_from_bool(value: i32, out: *mut *mut oar_tree) -> oar_status;
    /**A tree that is nothing: Python's None, JSON's null.

* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_from_none(out: *mut *mut oar_tree) -> oar_status;
    /**A tree that is one text.

* `text` (in) borrowed; UTF-8, copied.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_from_string(
        text: *const ::core::ffi::c_char,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**A tree that is one tensor.

* `tensor` (in) retained until the tree, and what was copied from it, ends.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.
* **threads** serial(tensor)
* **since** 0.1*/
    pub fn oar_tree_from_tensor(
        tensor: *mut oar_tensor,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**The tree of a JSON text: objects are maps, arrays lists, null is none.

Numbers without fraction and exponent are integers if int64 holds them, all others floating-point.

* `json` (in) borrowed; UTF-8.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT no JSON (the text has the byte's offset), a key twice in an object, or more than 64 deep.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_from_json(
        json: *const ::core::ffi::c_char,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**A tree without tensors as JSON text. oar\_tree\_from\_json of it gives the tree again, but for NaN and infinities, which
JSON has not: they are the texts "NaN", "Infinity" and "-Infinity". With tensors: oar\_tree\_to\_numbers (batch.h)
first.

* `tree` (in) borrowed.
* `buf` (out) room for \*len bytes; NULL asks for the length only.
* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.

* **return** OAR\_E\_ARGUMENT a leaf is a tensor (the text names its path), or there is too little room.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_to_json(
        tree: *const oar_tree,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**What the entry at a path is.

* `tree` (in) borrowed.
* `path` (in) borrowed; NULL or "" is the tree itself.
* `out_kind` (out) OAR\_TREE\_NONE ... OAR\_TREE\_MAP. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND there is no such entry; the text says what there is.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_kind(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out_kind: *mut i32,
    ) -> oar_status;
    /**How many entries the list or map at a path has; a leaf has 0.

* `tree` (in) borrowed.
* `path` (in) borrowed; NULL or "" is the tree itself.
* `out_size` (out) Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND there is no such entry; the text says what there is.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_size(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out_size: *mut i64,
    ) -> oar_status;
    /**The key of one entry of a map.

* `tree` (in) borrowed; a map.
* `index` (in) 0 to size - 1, in the order in which keys were set first.
* `buf` (out) room for \*len bytes; NULL asks for the length only.
* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.

* **return** OAR\_E\_ARGUMENT not a map, an index outside it, or too little room.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_key(
        tree: *const oar_tree,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**A copy of one entry of a list or map; its tensors are shared.

With oar\_tree\_key the way through a tree whatever its keys are: paths (oar\_tree\_get) do not reach an empty key.

* `tree` (in) borrowed; a list or a map.
* `index` (in) 0 to size - 1; of a map in the order in which keys were set first.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT neither list nor map, or index out of range.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_at(
        tree: *const oar_tree,
        index: i64,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**Put a copy of `item` at the end of a list.

* `tree` (in) borrowed; a list.
* `item` (in) borrowed; its tensors are shared.

* **return** OAR\_E\_ARGUMENT not a list, or it would be more than 64 deep.
* **threads** serial(tree, item)
* **since** 0.1*/
    pub fn oar_tree_append(tree: *mut oar_tree, item: *const oar_tree) -> oar_status;
    /**Put a tensor at the end of a list.

* `tree` (in) borrowed; a list.
* `tensor` (in) retained until the tree, and what was copied from it, ends.

* **return** OAR\_E\_ARGUMENT not a list.
* **threads** serial(tree, tensor)
* **since** 0.1*/
    pub fn oar_tree_append_tensor(
        tree: *mut oar_tree,
        tensor: *mut oar_tensor,
    ) -> oar_status;
    /**Give a key of a map a copy of `item`; what it had before is replaced.

* `tree` (in) borrowed; a map.
* `key` (in) borrowed; UTF-8.
* `item` (in) borrowed; its tensors are shared.

* **return** OAR\_E\_ARGUMENT not a map, or it would be more than 64 deep.
* **threads** serial(tree, item)
* **since** 0.1*/
    pub fn oar_tree_set(
        tree: *mut oar_tree,
        key: *const ::core::ffi::c_char,
        item: *const oar_tree,
    ) -> oar_status;
    /**Give a key of a map a tensor; what it had before is replaced.

* `tree` (in) borrowed; a map.
* `key` (in) borrowed; UTF-8.
* `tensor` (in) retained until the tree, and what was copied from it, ends.

* **return** OAR\_E\_ARGUMENT not a map.
* **threads** serial(tree, tensor)
* **since** 0.1*/
    pub fn oar_tree_set_tensor(
        tree: *mut oar_tree,
        key: *const ::core::ffi::c_char,
        tensor: *mut oar_tensor,
    ) -> oar_status;
    /**A copy of a part of the tree; its tensors are shared.

* `tree` (in) borrowed.
* `path` (in) borrowed; NULL or "" is the whole tree.
* `out` (out) owned; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND the text names the step of the path that failed, and what there is.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_get(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    /**The tensor at a path.

* `tree` (in) borrowed.
* `path` (in) borrowed; NULL or "" is the tree itself.
* `out` (out) owned, shares the tree's memory; end with oar\_tensor\_release. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND there is no such entry.
* **return** OAR\_E\_ARGUMENT the entry is no tensor; the text says what it is.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_get_tensor(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    /**The number at a path: an int, double, bool, or a tensor of one element. Integers beyond 2^53 are rounded.

* `tree` (in) borrowed.
* `path` (in) borrowed; NULL or "" is the tree itself.
* `out_value` (out) Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND there is no such entry.
* **return** OAR\_E\_ARGUMENT the entry is no number; the text says what it is.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_get_double(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out_value: *mut f64,
    ) -> oar_status;
    /**The integer at a path, exactly.

* `tree` (in) borrowed.
* `path` (in) borrowed; NULL or "" is the tree itself.
* `out_value` (out) Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND there is no such entry.
* **return** OAR\_E\_ARGUMENT the entry is of another kind than OAR\_TREE\_INT; the text says which.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_get_int64(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out_value: *mut i64,
    ) -> oar_status;
    /**The truth value at a path.

* `tree` (in) borrowed.
* `path` (in) borrowed; NULL or "" is the tree itself.
* `out_value` (out) 1 or 0. Untouched on failure.

* **return** OAR\_E\_NOT\_FOUND there is no such entry.
* **return** OAR\_E\_ARGUMENT the entry is of another kind than OAR\_TREE\_BOOL; the text says which.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_get_bool(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out_value: *mut i32,
    ) -> oar_status;
    /**The text at a path.

* `tree` (in) borrowed.
* `path` (in) borrowed; NULL or "" is the tree itself.
* `buf` (out) room for \*len bytes; NULL asks for the length only.
* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.

* **return** OAR\_E\_NOT\_FOUND there is no such entry.
* **return** OAR\_E\_ARGUMENT the entry is no text, or there is too little room.
* **threads** serial(tree)
* **since** 0.1*/
    pub fn oar_tree_get_string(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**One more reference to the handle; it takes one more oar\_tree\_release to end it.

* `tree` (in) borrowed.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_retain(tree: *mut oar_tree) -> oar_status;
    /**Drop one reference.

* `tree` (in) NULL is allowed.
* **threads** any
* **since** 0.1*/
    pub fn oar_tree_release(tree: *mut oar_tree);
    /**Choose the units. A module inside a unit is no unit of its own: of what fits, the outermost is taken. What was set
for the units before is forgotten.

The policy's keys, any of which makes a module a unit: "classes", a list of class names, full or their last part;
"paths", a list of patterns of module paths ("encoder.layer.\*"); "min\_parameters", the smallest subtrees that use at
least so many elements of parameters. A parameter belongs to the unit that uses it; one that several use, and one
that nobody uses, is the root's.

* `model` (in) borrowed; a program.
* `policy` (in) JSON object.

* **return** OAR\_E\_ARGUMENT not such an object, or a class or path that fits nothing; the text gives the nearest.
* **return** OAR\_E\_STATE the model is prepared.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_set_units(
        model: *mut oar_model,
        policy: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**Count the units, the root included.

* `model` (in) borrowed; a program.
* `out_num_units` (out) at least 1.

* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_num_units(
        model: *const oar_model,
        out_num_units: *mut i64,
    ) -> oar_status;
    /**Tell the name of a unit: its module path. Units are in the order of the program, the root first.

* `model` (in) borrowed; a program.
* `index` (in) in \[0, number of units).
* `buf` (out) filled with the name and a NUL; NULL asks for the length only.
* `len` (in,out) size of buf; on return the bytes needed, the NUL included.

* **return** OAR\_E\_ARGUMENT no such index, or buf is too small.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_unit_name(
        model: *const oar_model,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Turn activation checkpointing of units on or off, from the next training forward on.

A unit with it drops its activations after its forward and computes them again in the backward, with the random state
and the autocast state of the forward: the same gradients, dropout included, for less memory and a second forward.
Running statistics are not changed a second time. A unit that writes in place over its border keeps its activations,
and a warning says why. Evaluation is not affected. Gradients of gradients do not go through.

* `model` (in) borrowed; a program.
* `unit_pattern` (in) of units' names; "\*" is all but the root.
* `enabled` (in) 1: on; 0: off.

* **return** OAR\_E\_ARGUMENT no unit fits; the text gives the nearest.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_set_recompute(
        model: *mut oar_model,
        unit_pattern: *const ::core::ffi::c_char,
        enabled: i32,
    ) -> oar_status;
    /**Run one unit on its own, in the model's mode. What goes in and comes out is what flows into the unit and out of it in
a forward, by the names of the values (oar\_model\_describe tells them).

* `model` (in) borrowed; a program.
* `unit` (in) a unit's name; not the root's.
* `inputs` (in) borrowed; a map with every input of the unit.
* `out_outputs` (out) owned; a map; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT no such unit, or an input is missing, unknown or of another dtype or shape.
* **return** OAR\_E\_UNSUPPORTED the unit runs in several parts of a forward (it is called twice, or nodes of other modules
  stand between its own), or the model is foreign.
* **threads** serial(model, inputs)
* **since** 0.1*/
    pub fn oar_model_forward_unit(
        model: *mut oar_model,
        unit: *const ::core::ffi::c_char,
        inputs: *const oar_tree,
        out_outputs: *mut *mut oar_tree,
    ) -> oar_status;
    /**Run the model and also give values that it computes on the way.

A name is that of a value ("linear\_1", oar\_model\_describe lists them) or of a module ("encoder.0.fc1": the last
tensor that it computes). In training they carry their history as the outputs do. They are as they stand when the
forward ends: where a later operator writes in place, as relu(inplace=True) does, they show what it wrote. Calls with
the same names one after the other are as fast as oar\_model\_forward.

* `model` (in) borrowed; a program.
* `inputs` (in) borrowed; as of oar\_model\_forward.
* `names` (in) borrowed; `count` names.
* `count` (in) how many.
* `out_outputs` (out) owned; end with oar\_tree\_release. Untouched on failure.
* `out_values` (out) owned; a map by the names given; end with oar\_tree\_release. Untouched on failure.

* **return** OAR\_E\_ARGUMENT as of oar\_model\_forward.
* **return** OAR\_E\_NOT\_FOUND no value and no module has the name; the text gives the nearest.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model, inputs)
* **since** 0.1*/
    pub fn oar_model_forward_with_values(
        model: *mut oar_model,
        inputs: *const oar_tree,
        names: *const *const ::core::ffi::c_char,
        count: usize,
        out_outputs: *mut *mut oar_tree,
        out_values: *mut *mut oar_tree,
    ) -> oar_status;
    /**Tell what names a program has.

JSON: {"inputs": \[{"name", "dtype", "shape"}\], "outputs": \[the same\], "parameters": \[{"name", "dtype", "shape",
"trained"}\], "units": \[{"name", "class", "parameters": \[names\], "inputs": \[names of values\], "outputs": \[names of
values\], "segments": n}\], "nodes": \[{"name", "target", "module", "outputs": \[names of values\]}\], "symbols": \[{"name",
"min", "max"}\]}. Sizes that are not fixed are given by the symbol's name, or null where they follow from others or
are not known. An output of what was recorded by oar\_model\_trace has dtype "tensor" and shape null if its shape
depends on what tensors hold.

* `model` (in) borrowed; a program.
* `out` (out) owned; UTF-8 text; end with oar\_bytes\_release. Untouched on failure.

* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_describe(
        model: *const oar_model,
        out: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Begin to measure units: time of forward and backward, calls, memory. What was measured before is forgotten.

Memory of a backward is measured in those of oar\_accelerator\_backward, all of it only where no other profiler of
libtorch is at work on the thread.

* `model` (in) borrowed; a program.

* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_profile_start(model: *mut oar_model) -> oar_status;
    /**End the measurement; what was measured stays.

* `model` (in) borrowed; a program.

* **return** OAR\_E\_STATE no measurement was begun.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_profile_stop(model: *mut oar_model) -> oar_status;
    /**Give what was measured as a table: one line per unit, that with the most time first, columns aligned. Times of the
root are those of the whole model, its units included.

* `model` (in) borrowed; a program.
* `out` (out) owned; UTF-8 text; end with oar\_bytes\_release. Untouched on failure.

* **return** OAR\_E\_STATE no measurement was begun.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_profile_table(
        model: *const oar_model,
        out: *mut *mut oar_bytes,
    ) -> oar_status;
    /**Write what was measured as a Chrome trace (chrome://tracing, ui.perfetto.dev).

* `model` (in) borrowed; a program.
* `path` (in) the file: old or new, whatever happens.

* **return** OAR\_E\_STATE no measurement was begun.
* **return** OAR\_E\_IO it cannot be written; the text says why.
* **return** OAR\_E\_UNSUPPORTED the model is foreign.
* **threads** serial(model)
* **since** 0.1*/
    pub fn oar_model_profile_save_trace(
        model: *const oar_model,
        path: *const ::core::ffi::c_char,
    ) -> oar_status;
    /**The ABI version of the library that is loaded: major \<\< 16 | minor.

From 1.0 on, a program needs the major number that it was compiled with and at least its minor number. A library of
major number 0 makes no promise beyond its own minor number.

* **return** the version.
* **threads** any
* **since** 0.1*/
    pub fn oar_abi_version() -> i32;
    /**The version of the library that is loaded, for example "0.1.0".

* **return** borrowed static text.
* **threads** any
* **since** 0.1*/
    pub fn oar_version() -> *const ::core::ffi::c_char;
    /**Version and file of the libtorch that is really loaded, for example "2.11.0 (/opt/torch/lib/libtorch\_cpu.so)".

Every other fallible function gives OAR\_E\_VERSION if its major and minor number are not those that the library was
built for; this one answers all the same.

* `buf` (out) the text, or NULL to ask for its length.
* `len` (in,out) in: room in bytes; out: length with the closing NUL.

* **return** OAR\_E\_ARGUMENT the room is too small; then \*len is the need.
* **threads** any
* **since** 0.1*/
    pub fn oar_torch_version(
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    /**Wait until the operation is done, and learn how it ended.

A time-out here only ends the waiting: the operation goes on, its tensors stay in use, and one may wait again. The
operation's own time-out is that of the call which started it; when it runs out the group is dead.
May be called again after the end; the answer is the same.

* `work` (in) borrowed.
* `timeout_ms` (in) milliseconds to wait; 0 waits until the operation has ended by itself, which its own time-out
  bounds; negative is refused.

* **return** OAR\_E\_TIMEOUT not done yet, or ranks did not call the operation in time; the text names them.
* **return** OAR\_E\_MISMATCH ranks made different calls; the text gives both.
* **return** OAR\_E\_PEER\_LOST a rank ended or left; the text names it, the operation and its sequence number.
* **return** OAR\_E\_ABORTED the group was aborted or closed meanwhile, or was dead before.
* **threads** serial(work)
* **since** 0.1*/
    pub fn oar_work_wait(work: *mut oar_work, timeout_ms: i64) -> oar_status;
    /**Tell whether the operation has ended, well or not. Does not wait.

* `work` (in) borrowed.
* `out_is_done` (out) 1 or 0.

* **threads** any
* **since** 0.1*/
    pub fn oar_work_is_done(work: *const oar_work, out_is_done: *mut i32) -> oar_status;
    /**Give the operation's own error. Does not wait, and does not touch the calling thread's error.

* `work` (in) borrowed.
* `out_error` (out) owned; end with oar\_error\_release. NULL while the operation runs and when it succeeded.

* **threads** any
* **since** 0.1*/
    pub fn oar_work_error(
        work: *const oar_work,
        out_error: *mut *mut oar_error,
    ) -> oar_status;
    /**Add a reference; each needs one oar\_work\_release.

* `work` (in) borrowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_work_retain(work: *mut oar_work) -> oar_status;
    /**Drop a reference. Neither waits for the operation nor cancels it: the tensors stay in use until it has ended.

* `work` (in) NULL is allowed.

* **threads** any
* **since** 0.1*/
    pub fn oar_work_release(work: *mut oar_work);
}
