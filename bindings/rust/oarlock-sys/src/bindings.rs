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
pub const OAR_THROW_STANDARD: i32 = 1;
pub const OAR_THROW_TORCH: i32 = 2;
pub const OAR_THROW_UNKNOWN: i32 = 3;
pub const OAR_THROW_OUT_OF_MEMORY: i32 = 4;
pub const OAR_THROW_UNSUPPORTED: i32 = 5;
pub const OAR_LOG_DEBUG: i32 = 10;
pub const OAR_LOG_INFO: i32 = 20;
pub const OAR_LOG_WARNING: i32 = 30;
pub const OAR_LOG_ERROR: i32 = 40;
pub const OAR_LOG_OFF: i32 = 50;
pub const OAR_OPTION_ACCELERATOR_GRADIENT_ACCUMULATION_STEPS: &::core::ffi::CStr =
    c"accelerator.gradient_accumulation_steps";
pub const OAR_OPTION_ACCELERATOR_SYNC_EACH_BATCH: &::core::ffi::CStr =
    c"accelerator.sync_each_batch";
pub const OAR_OPTION_ACCELERATOR_SYNC_WITH_DATALOADER: &::core::ffi::CStr =
    c"accelerator.sync_with_dataloader";
pub const OAR_OPTION_ARMOR: &::core::ffi::CStr = c"armor";
pub const OAR_OPTION_CHECKPOINT_TOTAL_LIMIT: &::core::ffi::CStr = c"checkpoint.total_limit";
pub const OAR_OPTION_COMM_ADDRESS: &::core::ffi::CStr = c"comm.address";
pub const OAR_OPTION_COMM_BACKEND: &::core::ffi::CStr = c"comm.backend";
pub const OAR_OPTION_COMM_CONNECT_TIMEOUT_MS: &::core::ffi::CStr = c"comm.connect_timeout_ms";
pub const OAR_OPTION_COMM_INLINE_BYTES: &::core::ffi::CStr = c"comm.inline_bytes";
pub const OAR_OPTION_COMM_LATE_MS: &::core::ffi::CStr = c"comm.late_ms";
pub const OAR_OPTION_COMM_TIMEOUT_MS: &::core::ffi::CStr = c"comm.timeout_ms";
pub const OAR_OPTION_COMPAT: &::core::ffi::CStr = c"compat";
pub const OAR_OPTION_DDP_BROADCAST_BUFFERS: &::core::ffi::CStr = c"ddp.broadcast_buffers";
pub const OAR_OPTION_DDP_BUCKET_CAP_MB: &::core::ffi::CStr = c"ddp.bucket_cap_mb";
pub const OAR_OPTION_DDP_FIND_UNUSED_PARAMETERS: &::core::ffi::CStr = c"ddp.find_unused_parameters";
pub const OAR_OPTION_DDP_FIRST_BUCKET_CAP_MB: &::core::ffi::CStr = c"ddp.first_bucket_cap_mb";
pub const OAR_OPTION_DEVICE_NAME: &::core::ffi::CStr = c"device.name";
pub const OAR_OPTION_LOADER_BATCH_SIZE: &::core::ffi::CStr = c"loader.batch_size";
pub const OAR_OPTION_LOADER_DROP_LAST: &::core::ffi::CStr = c"loader.drop_last";
pub const OAR_OPTION_LOADER_EVEN_BATCHES: &::core::ffi::CStr = c"loader.even_batches";
pub const OAR_OPTION_LOADER_NUM_WORKERS: &::core::ffi::CStr = c"loader.num_workers";
pub const OAR_OPTION_LOADER_PREFETCH: &::core::ffi::CStr = c"loader.prefetch";
pub const OAR_OPTION_LOADER_SEED: &::core::ffi::CStr = c"loader.seed";
pub const OAR_OPTION_LOADER_SHUFFLE: &::core::ffi::CStr = c"loader.shuffle";
pub const OAR_OPTION_LOADER_SPLIT_BATCHES: &::core::ffi::CStr = c"loader.split_batches";
pub const OAR_OPTION_LOADER_TIMEOUT_MS: &::core::ffi::CStr = c"loader.timeout_ms";
pub const OAR_OPTION_LOG_LEVEL: &::core::ffi::CStr = c"log.level";
pub const OAR_OPTION_MODEL_OPERATORS: &::core::ffi::CStr = c"model.operators";
pub const OAR_OPTION_MODEL_WEIGHTS: &::core::ffi::CStr = c"model.weights";
pub const OAR_OPTION_OPTIMIZER_AMSGRAD: &::core::ffi::CStr = c"optimizer.amsgrad";
pub const OAR_OPTION_OPTIMIZER_BETAS: &::core::ffi::CStr = c"optimizer.betas";
pub const OAR_OPTION_OPTIMIZER_DAMPENING: &::core::ffi::CStr = c"optimizer.dampening";
pub const OAR_OPTION_OPTIMIZER_EPS: &::core::ffi::CStr = c"optimizer.eps";
pub const OAR_OPTION_OPTIMIZER_LR: &::core::ffi::CStr = c"optimizer.lr";
pub const OAR_OPTION_OPTIMIZER_MAXIMIZE: &::core::ffi::CStr = c"optimizer.maximize";
pub const OAR_OPTION_OPTIMIZER_MOMENTUM: &::core::ffi::CStr = c"optimizer.momentum";
pub const OAR_OPTION_OPTIMIZER_NESTEROV: &::core::ffi::CStr = c"optimizer.nesterov";
pub const OAR_OPTION_OPTIMIZER_WEIGHT_DECAY: &::core::ffi::CStr = c"optimizer.weight_decay";
pub const OAR_OPTION_PROGRESS: &::core::ffi::CStr = c"progress";
pub const OAR_OPTION_PROJECT_DIR: &::core::ffi::CStr = c"project_dir";
pub const OAR_OPTION_SCHEDULER_GAMMA: &::core::ffi::CStr = c"scheduler.gamma";
pub const OAR_OPTION_SCHEDULER_MIN_LR_RATIO: &::core::ffi::CStr = c"scheduler.min_lr_ratio";
pub const OAR_OPTION_SCHEDULER_NUM_CYCLES: &::core::ffi::CStr = c"scheduler.num_cycles";
pub const OAR_OPTION_SCHEDULER_STEP_SIZE: &::core::ffi::CStr = c"scheduler.step_size";
pub const OAR_OPTION_SCHEDULER_TOTAL_STEPS: &::core::ffi::CStr = c"scheduler.total_steps";
pub const OAR_OPTION_SCHEDULER_WARMUP_STEPS: &::core::ffi::CStr = c"scheduler.warmup_steps";
pub const OAR_OPTION_SEED: &::core::ffi::CStr = c"seed";
pub const OAR_OPTION_STATE_LOCAL_RANK: &::core::ffi::CStr = c"state.local_rank";
pub const OAR_OPTION_STATE_LOCAL_WORLD_SIZE: &::core::ffi::CStr = c"state.local_world_size";
pub const OAR_OPTION_STATE_MASTER_ADDRESS: &::core::ffi::CStr = c"state.master_address";
pub const OAR_OPTION_STATE_MASTER_PORT: &::core::ffi::CStr = c"state.master_port";
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
#[doc = "What a fallible function returns. @since 0.1"]
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
pub struct oar_progress {
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
#[doc = "Frees what `user_data` of a callback points to. Called exactly once, also if the registering call fails; but not any\nmore once the process is exiting.\n\nIt runs inside a call that can fail: the one that refuses or replaces the callback, or a later one on any handle; not\ninside the oar\\_x\\_release that ends the object. Memory of a tensor is different: its last use may end inside\noar\\_tensor\\_release (then in the caller's floating-point environment) or on a thread of libtorch's.\n\n* `user_data` (in) as registered.\n\n* **threads** any\n* **since** 0.1"]
pub type oar_release_fn =
    ::core::option::Option<unsafe extern "C" fn(user_data: *mut ::core::ffi::c_void)>;
#[doc = "Any function: cast it to the type that belongs to its name.\n\n* **threads** any that the function behind it allows\n* **since** 0.1"]
pub type oar_function = ::core::option::Option<unsafe extern "C" fn()>;
#[doc = "\"live\\_handle\\_count\": how many handles are alive in this process. For leak tests.\n\n* `out_count` (out) at least 0.\n\n* **threads** any\n* **since** 0.1"]
pub type oar_live_handle_count_fn =
    ::core::option::Option<unsafe extern "C" fn(out_count: *mut i64) -> oar_status>;
#[doc = "\"throw\\_inside\\_core\": throws an exception of the given kind inside the library, so that a host can test what it does\nwith failures that nobody foresaw. Returns what any function would return for it.\n\n* `kind` (in) one of OAR\\_THROW\\_\\*.\n\n* **threads** any\n* **since** 0.1"]
pub type oar_throw_inside_core_fn =
    ::core::option::Option<unsafe extern "C" fn(kind: i32) -> oar_status>;
#[doc = "Takes one message. The texts are borrowed for the length of the call; calls into Oarlock are allowed but\noar\\_log\\_set\\_callback. On a thread of Oarlock's those that wait for other ranks or close a state give OAR\\_E\\_STATE.\n\n* `level` (in) one of OAR\\_LOG\\_\\*.\n* `component` (in) the part of the library.\n* `message` (in) one or more lines, without a newline at the end.\n* `user_data` (in) as registered.\n\n* **threads** any, several at a time; Oarlock's own only with OAR\\_CALLBACK\\_ANY\\_THREAD\n* **since** 0.1"]
pub type oar_log_fn = ::core::option::Option<
    unsafe extern "C" fn(
        level: i32,
        component: *const ::core::ffi::c_char,
        message: *const ::core::ffi::c_char,
        user_data: *mut ::core::ffi::c_void,
    ),
>;
#[doc = "Receives a line of progress.\n\n* `text` (in) one line without newline; valid during the call only.\n* `user_data` (in) as registered.\n\n* **return** 0 when done; anything else ends the call that ran it with OAR\\_E\\_CALLBACK.\n* **threads** inside oar\\_progress\\_advance or oar\\_progress\\_close of this progress\n* **since** 0.1"]
pub type oar_progress_fn = ::core::option::Option<
    unsafe extern "C" fn(
        text: *const ::core::ffi::c_char,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
#[doc = "An all-gather over the host's own communicator.\n\n* `mine` (in) this rank's bytes, valid during the call.\n* `size` (in) how many; the same on all ranks.\n* `all` (out) room for world\\_size \\* size bytes: those of every rank go here, in rank order.\n* `user_data` (in) as registered.\n\n* **return** 0 when done; anything else ends oar\\_state\\_create\\_with\\_exchange with OAR\\_E\\_CALLBACK.\n* **threads** inside oar\\_state\\_create\\_with\\_exchange, once\n* **since** 0.1"]
pub type oar_exchange_fn = ::core::option::Option<
    unsafe extern "C" fn(
        mine: *const ::core::ffi::c_void,
        size: usize,
        all: *mut ::core::ffi::c_void,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
#[doc = "Takes a line that oar\\_state\\_print would write to standard output.\n\n* `text` (in) one line without its newline, valid during the call.\n* `user_data` (in) as registered.\n\n* **return** 0 when done; anything else ends oar\\_state\\_print with OAR\\_E\\_CALLBACK.\n* **threads** inside oar\\_state\\_print of this state\n* **since** 0.1"]
pub type oar_print_fn = ::core::option::Option<
    unsafe extern "C" fn(
        text: *const ::core::ffi::c_char,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
unsafe extern "C" {
    #[doc = "Make an accelerator for the ranks of `state`.\n\nKeys read: accelerator.gradient\\_accumulation\\_steps, accelerator.sync\\_with\\_dataloader,\naccelerator.sync\\_each\\_batch, ddp.\\*, checkpoint.total\\_limit, project\\_dir, compat. All ranks pass the same values.\n\n* `state` (in) retained.\n* `config` (in) copied; NULL takes the configuration of `state`.\n* `out` (out) owned; end with oar\\_accelerator\\_close and oar\\_accelerator\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT a value is out of its range, or `config` has a value that is not read here (the state's own\n  keys with other values, keys of loaders, optimizers and schedules); the text names the key and its place.\n* **threads** serial(state, config)\n* **since** 0.1"]
    pub fn oar_accelerator_create(
        state: *mut oar_state,
        config: *const oar_config,
        out: *mut *mut oar_accelerator,
    ) -> oar_status;
    #[doc = "Train `model` data-parallel over all ranks of the state.\n\nChecks that all ranks have the same parameters and buffers by name, shape and dtype, then copies rank 0's values\nto all. From here on a backward through this accelerator averages the model's gradients over the ranks. With one\nrank nothing is copied. A second call for the same model does nothing. The number of the call names the model's\nfile in checkpoints: model.safetensors, model\\_1.safetensors, ...\n\n* `accelerator` (in) borrowed.\n* `model` (in) retained until oar\\_accelerator\\_close.\n\n* **return** OAR\\_E\\_MISMATCH ranks have different models or ddp options; the text has the first difference and both\n  ranks.\n* **return** OAR\\_E\\_STATE a parameter's gradient hook is taken by another library; the text names the parameter.\n* **threads** collective(state)\n* **source** Accelerate 1.15 `prepare_model`; PyTorch 2.11 DistributedDataParallel.\n* **since** 0.1"]
    pub fn oar_accelerator_prepare_model(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
    ) -> oar_status;
    #[doc = "Let the accelerator step `optimizer`, and keep its state in checkpoints.\n\n* `accelerator` (in) borrowed.\n* `optimizer` (in) retained until oar\\_accelerator\\_close. A second call for the same one does nothing.\n\n* **return** OAR\\_E\\_STATE the accelerator is closed.\n* **threads** serial(accelerator, optimizer)\n* **since** 0.1"]
    pub fn oar_accelerator_prepare_optimizer(
        accelerator: *mut oar_accelerator,
        optimizer: *mut oar_optimizer,
    ) -> oar_status;
    #[doc = "Let the accelerator step `scheduler`, and keep its state in checkpoints.\n\n* `accelerator` (in) borrowed.\n* `scheduler` (in) retained until oar\\_accelerator\\_close. A second call for the same one does nothing.\n\n* **return** OAR\\_E\\_STATE the accelerator is closed.\n* **threads** serial(accelerator, scheduler)\n* **since** 0.1"]
    pub fn oar_accelerator_prepare_scheduler(
        accelerator: *mut oar_accelerator,
        scheduler: *mut oar_scheduler,
    ) -> oar_status;
    #[doc = "Give this rank its share of the loader's batches, and keep the loader's place in checkpoints.\n\nOn more than one rank, checks that all ranks' loaders have the same number of samples, options and place, and takes\nrank 0's seed where loader.seed was not given. A loader that already has a shard (oar\\_loader\\_set\\_shard) keeps it;\nwith shards of one rank, each rank has an order and a data set of its own. With \"compat\": \"accelerate\" each epoch\nof the loader draws one number from the default generator, as a PyTorch DataLoader does.\n\n* `accelerator` (in) borrowed.\n* `loader` (in) retained until oar\\_accelerator\\_close. A second call for the same one does nothing.\n\n* **return** OAR\\_E\\_MISMATCH ranks have different loaders; the text has the first difference and both ranks.\n* **return** OAR\\_E\\_STATE the loader is in the middle of an epoch, or the accelerator is closed.\n* **return** OAR\\_E\\_ARGUMENT split\\_batches, and the batch size cannot be divided by the number of ranks.\n* **threads** collective(state)\n* **source** Accelerate 1.15 `prepare_data_loader`.\n* **since** 0.1"]
    pub fn oar_accelerator_prepare_loader(
        accelerator: *mut oar_accelerator,
        loader: *mut oar_loader,
    ) -> oar_status;
    #[doc = "Begin a micro-batch of an accumulation.\n\nDecides whether gradients are synchronised in it: at every accelerator.gradient\\_accumulation\\_steps-th micro-batch\nand, unless accelerator.sync\\_with\\_dataloader is off, at the last batch of the active loader's epoch, after which\ncounting starts anew. In the others the backward only adds to this rank's gradients, and clip and step do\nnothing. The active loader is the prepared one that gave a batch last and is not at its end.\n\n* `accelerator` (in) borrowed.\n* `model` (in) borrowed, prepared: the model whose gradients wait; NULL: all prepared models.\n\n* **return** OAR\\_E\\_STATE the model is not prepared, or the micro-batch before was not ended.\n* **threads** serial(accelerator, model); the same on every rank\n* **source** Accelerate 1.15 `accumulate`.\n* **since** 0.1"]
    pub fn oar_accelerator_accumulate_begin(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
    ) -> oar_status;
    #[doc = "End the micro-batch that oar\\_accelerator\\_accumulate\\_begin began. Backwards outside such a pair are synchronised.\n\n* `accelerator` (in) borrowed.\n\n* **return** OAR\\_E\\_STATE no micro-batch was begun.\n* **threads** serial(accelerator)\n* **since** 0.1"]
    pub fn oar_accelerator_accumulate_end(accelerator: *mut oar_accelerator) -> oar_status;
    #[doc = "Tell whether the micro-batch begun last synchronises gradients, so that oar\\_accelerator\\_step really steps.\n\n* `accelerator` (in) borrowed.\n* `out_sync` (out) 1: it does, also before the first micro-batch; 0: it only accumulates.\n\n* **threads** serial(accelerator)\n* **since** 0.1"]
    pub fn oar_accelerator_sync_gradients(
        accelerator: *const oar_accelerator,
        out_sync: *mut i32,
    ) -> oar_status;
    #[doc = "Add the gradients of `loss` / accelerator.gradient\\_accumulation\\_steps to the parameters.\n\nWhen gradients are synchronised, they are averaged over the ranks while the backward still runs, and on return\nevery rank holds the same; buffers (running statistics) become rank 0's. The division is made at every\nmicro-batch, also in a short accumulation at an epoch's end.\n\n* `accelerator` (in) borrowed.\n* `loss` (in) borrowed; one floating-point element that a forward in training mode gave. Unchanged.\n\n* **return** OAR\\_E\\_ARGUMENT the loss has more than one element or is not floating-point.\n* **return** OAR\\_E\\_STATE the loss has no graph, its graph was used by an earlier backward, or a parameter of a\n  prepared model got no gradient on this rank (the text names it; see\n  ddp.find\\_unused\\_parameters).\n  On several ranks a backward that fails for another reason than its argument or a missing gradient aborts\n  the state: a second one for one forward, too.\n* **threads** collective(state) when gradients are synchronised, serial(accelerator) otherwise\n* **source** Accelerate 1.15 `backward`.\n* **since** 0.1"]
    pub fn oar_accelerator_backward(
        accelerator: *mut oar_accelerator,
        loss: *const oar_tensor,
    ) -> oar_status;
    #[doc = "Hand over one gradient of a foreign model, as soon as the host's backward has it; its average over the ranks may\nbegin to travel at once. In any order; each parameter once per backward, which oar\\_accelerator\\_gradients\\_done ends.\n\nThe gradient, divided by accelerator.gradient\\_accumulation\\_steps, is added to the parameter's own. Where it is the\nfirst since the last step, nothing is divided and it lies in memory as its parameter does, it is not copied: its\nmemory is kept until the step, and averaging and clipping are done in it. Do not write there before the step.\n\n* `accelerator` (in) borrowed.\n* `model` (in) borrowed; foreign, prepared.\n* `name` (in) of a registered parameter.\n* `gradient` (in,out) retained until the step, and written to, if it is not copied. Shape, dtype and device of\n  the parameter; any strides.\n\n* **return** OAR\\_E\\_ARGUMENT shape, dtype or device differ (the text gives both), or it lies in the parameter's memory.\n* **return** OAR\\_E\\_NOT\\_FOUND the model has no parameter of that name.\n* **return** OAR\\_E\\_STATE the model is not prepared; this backward has given the parameter's gradient already; its\n  memory holds one that no step has used; or an earlier reduction failed.\n* **return** OAR\\_E\\_UNSUPPORTED the model is a program: oar\\_accelerator\\_backward makes its gradients.\n* **threads** serial(accelerator, model, gradient); does not wait for peers\n* **since** 0.1"]
    pub fn oar_accelerator_gradient_ready(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        gradient: *mut oar_tensor,
    ) -> oar_status;
    #[doc = "End the backward of a foreign model. When gradients are synchronised, waits until those of all ranks are averaged:\non return every rank holds the same, and buffers are rank 0's.\n\nUntil then clip, step, save, load, accumulate and oar\\_accelerator\\_backward give OAR\\_E\\_STATE.\n\n* `accelerator` (in) borrowed.\n* `model` (in) borrowed; foreign, prepared.\n\n* **return** OAR\\_E\\_STATE the model is not prepared, or parameters got no gradient on this rank: the text names\n  them; peers still got what they wait for. See ddp.find\\_unused\\_parameters.\n* **return** OAR\\_E\\_UNSUPPORTED the model is a program.\n* **threads** collective(state) when gradients are synchronised, serial(accelerator, model) otherwise\n* **since** 0.1"]
    pub fn oar_accelerator_gradients_done(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
    ) -> oar_status;
    #[doc = "Scale the model's gradients so that their total norm is at most `max_norm`.\n\nBetween synchronisations nothing is done and the norm is 0. Every rank finds the same norm from its own, equal\ngradients; no communication.\n\n* `accelerator` (in) borrowed.\n* `model` (in) borrowed, prepared.\n* `max_norm` (in) \\> 0.\n* `norm_type` (in) p \\> 0 of the p-norm; infinity for the largest absolute value. 2 is usual.\n* `out_norm` (out) the norm before scaling; NULL: not wanted.\n\n* **return** OAR\\_E\\_ARGUMENT max\\_norm or norm\\_type is out of range.\n* **return** OAR\\_E\\_STATE the model is not prepared.\n* **threads** serial(accelerator, model)\n* **source** torch.nn.utils.clip\\_grad\\_norm\\_: coefficient min(1, max\\_norm / (norm + 1e-6)).\n* **since** 0.1"]
    pub fn oar_accelerator_clip_grad_norm(
        accelerator: *mut oar_accelerator,
        model: *mut oar_model,
        max_norm: f64,
        norm_type: f64,
        out_norm: *mut f64,
    ) -> oar_status;
    #[doc = "Step the optimizer, then the scheduler, then drop the gradients. Between synchronisations nothing is done.\n\nThe scheduler is stepped once, so its total\\_steps count optimizer steps whatever the number of ranks. Differs:\nthe reference steps it once per rank unless batches are split; \"compat\": \"accelerate\" does so here.\n\n* `accelerator` (in) borrowed.\n* `optimizer` (in) borrowed, prepared.\n* `scheduler` (in) borrowed, prepared; NULL: none.\n\n* **return** OAR\\_E\\_STATE the optimizer or scheduler is not prepared; or, with more than one rank, no prepared model\n  holds one of the optimizer's parameters (the text names it).\n* **threads** serial(accelerator, optimizer, scheduler); the same on every rank\n* **source** Accelerate 1.15 `AcceleratedOptimizer.step`, `AcceleratedScheduler.step`, `zero_grad`.\n* **since** 0.1"]
    pub fn oar_accelerator_step(
        accelerator: *mut oar_accelerator,
        optimizer: *mut oar_optimizer,
        scheduler: *mut oar_scheduler,
    ) -> oar_status;
    #[doc = "Give every rank the rows of all ranks, each sample once.\n\nRows lie in rank order. In the last round of the active loader's epoch the samples that were repeated to make the\nranks' batches even are left out, so that over an epoch exactly oar\\_loader\\_num\\_samples rows come back. Call it\nbetween oar\\_loader\\_next of the batch and the next one. A tensor with k rows per sample keeps k rows of each\nsample. A tensor without dimensions gives one value per rank, of which none is left out; so does one whose rows\nare no multiple of the round's, and one of which ranks gave different numbers of rows.\n\n* `accelerator` (in) borrowed.\n* `tensor` (in) borrowed. Shape \\[n, ...\\]; n may differ between ranks, the rest may not.\n* `out` (out) owned: \\[sum of n - duplicates, ...\\], without gradient. With one rank it may share\n  `tensor`'s memory.\n\n* **return** OAR\\_E\\_MISMATCH ranks gave other dtypes or other sizes behind the first; the text has both.\n* **threads** collective(state)\n* **source** Accelerate 1.15 `gather_for_metrics`.\n* **since** 0.1"]
    pub fn oar_accelerator_gather_for_metrics(
        accelerator: *mut oar_accelerator,
        tensor: *const oar_tensor,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    #[doc = "The mean of one number per rank, on every rank.\n\n* `accelerator` (in) borrowed.\n* `value` (in) this rank's.\n* `out_mean` (out) sum over ranks in double precision / number of ranks. Untouched on failure.\n\n* **return** OAR\\_E\\_TIMEOUT a rank did not come; the text names it.\n* **threads** collective(state)\n* **source** Accelerate 1.15 `reduce(reduction=\"mean\")`.\n* **since** 0.1"]
    pub fn oar_accelerator_reduce_mean(
        accelerator: *mut oar_accelerator,
        value: f64,
        out_mean: *mut f64,
    ) -> oar_status;
    #[doc = "Write a checkpoint of everything prepared, and of what a resumed run needs to go on bit for bit: models,\noptimizers, schedulers, the loaders' places, the accumulation counter, gradients that no step has used yet, every\nrank's random state, and its buffers where they may differ from rank 0's.\n\nThe directory is complete or not there, whatever is killed when. It fails on all ranks or on none.\n\n* `accelerator` (in) borrowed.\n* `directory` (in) must not exist. NULL: \\<project\\_dir\\>/checkpoints/checkpoint\\_\\<n\\>, the next n, after which\n  all but the newest checkpoint.total\\_limit ones there are removed. Rank 0's value counts.\n* `user_json` (in) any JSON of the caller's, kept in the manifest; rank 0's counts. NULL: none.\n\n* **return** OAR\\_E\\_EXISTS the directory is there already; it is untouched.\n* **return** OAR\\_E\\_NO\\_SPACE the disk is full; older checkpoints are untouched.\n* **return** OAR\\_E\\_ARGUMENT rank 0's user\\_json is not JSON.\n* **threads** collective(state); blocks until the checkpoint is on the disk\n* **source** Accelerate 1.15 `save_state`.\n* **since** 0.1"]
    pub fn oar_accelerator_save(
        accelerator: *mut oar_accelerator,
        directory: *const ::core::ffi::c_char,
        user_json: *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "Put a checkpoint back into what is prepared: the same objects, in the same order, as in the run that saved it.\n\nWith the same number of ranks the run goes on bit for bit, from the middle of an epoch too. With another number,\nloaders go on where the samples done so far make whole rounds of the new size, random states are seeded anew and an\nunfinished accumulation starts anew; a warning says so. Every file is read and verified on all ranks before the\nfirst object is changed; after OAR\\_E\\_ARGUMENT the objects before the one that the text names hold the checkpoint's\nvalues already. It fails on all ranks or on none.\n\n* `accelerator` (in) borrowed.\n* `directory` (in) NULL: the newest complete one of \\<project\\_dir\\>/checkpoints. Rank 0's value counts for\n  NULL.\n\n* **return** OAR\\_E\\_NOT\\_FOUND there is no checkpoint; nothing was changed.\n* **return** OAR\\_E\\_CORRUPT a file's bytes are not those that were written; the text names the file. Nothing was\n  changed.\n* **return** OAR\\_E\\_STATE the checkpoint holds other numbers of objects than are prepared. Nothing was changed.\n* **return** OAR\\_E\\_ARGUMENT names or shapes of a model or optimizer differ, or a loader cannot go on at that sample;\n  the text says which.\n* **threads** collective(state)\n* **source** Accelerate 1.15 `load_state`.\n* **since** 0.1"]
    pub fn oar_accelerator_load(
        accelerator: *mut oar_accelerator,
        directory: *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "Let go of everything prepared. Later calls give OAR\\_E\\_STATE; a second close does nothing.\n\n* `accelerator` (in) borrowed.\n\n* **threads** serial(accelerator)\n* **since** 0.1"]
    pub fn oar_accelerator_close(accelerator: *mut oar_accelerator) -> oar_status;
    #[doc = "Add a reference.\n\n* `accelerator` (in) gets one more reference; end it with oar\\_accelerator\\_release.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_accelerator_retain(accelerator: *mut oar_accelerator) -> oar_status;
    #[doc = "Drop a reference; the last one ends the accelerator. Never blocks or communicates.\n\n* `accelerator` (in) NULL does nothing.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_accelerator_release(accelerator: *mut oar_accelerator);
    #[doc = "Copy bytes into an object.\n\n* `data` (in) borrowed; NULL only if size is 0.\n* `size` (in) how many.\n* `out` (out) owned; end with oar\\_bytes\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT `data` is NULL and `size` is not 0.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_bytes_create(
        data: *const ::core::ffi::c_void,
        size: usize,
        out: *mut *mut oar_bytes,
    ) -> oar_status;
    #[doc = "Where the bytes are.\n\n* `bytes` (in) borrowed.\n* `out_data` (out) borrowed from `bytes`; never NULL, and followed by one NUL that does not count.\n* `out_size` (out) how many.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_bytes_view(
        bytes: *const oar_bytes,
        out_data: *mut *const ::core::ffi::c_void,
        out_size: *mut usize,
    ) -> oar_status;
    #[doc = "One more reference.\n\n* `bytes` (in) borrowed; each retain needs one more oar\\_bytes\\_release.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_bytes_retain(bytes: *mut oar_bytes) -> oar_status;
    #[doc = "One reference fewer; the last one frees the bytes.\n\n* `bytes` (in) NULL does nothing.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_bytes_release(bytes: *mut oar_bytes);
    #[doc = "Find the newest complete checkpoint: the `checkpoint_<n>` below a directory with the largest n.\n\nIncomplete ones (no manifest, a file missing or of another size) are passed over with a warning in the log; what a\nkilled save left is not looked at. A complete one that is damaged is still the newest: opening it tells the damage.\n\n* `directory` (in) where the checkpoints lie: \\<project\\_dir\\>/checkpoints.\n* `buf` (out) receives the path, `directory`/checkpoint\\_\\<n\\>, NUL-terminated; NULL asks for the length.\n* `len` (in,out) in: room in `buf`; out: bytes of the path with its NUL, also when the room was too small.\n\n* **return** OAR\\_E\\_NOT\\_FOUND no complete checkpoint there, or no such directory.\n* **return** OAR\\_E\\_ARGUMENT `buf` is too small.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_checkpoint_find_latest(
        directory: *const ::core::ffi::c_char,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "Open a checkpoint: reads its manifest and checks that every file which that lists is there with its size.\n\n* `path` (in) the checkpoint's own directory.\n* `out` (out) owned; end with oar\\_checkpoint\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND no such directory, or no manifest in it: the save never ended.\n* **return** OAR\\_E\\_CORRUPT the manifest does not match its checksum or form, or a file is missing or cut short; the\n  text names file and byte offset.\n* **return** OAR\\_E\\_VERSION written in a newer major format; the text gives both.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_checkpoint_open(
        path: *const ::core::ffi::c_char,
        out: *mut *mut oar_checkpoint,
    ) -> oar_status;
    #[doc = "Read every file of the checkpoint and compare it with its XXH3-128 checksum and its own format.\n\n* `checkpoint` (in) borrowed.\n\n* **return** OAR\\_E\\_CORRUPT the text names the first damaged file, the bytes concerned, and both checksums.\n* **return** OAR\\_E\\_IO a file could not be read; the text has the system's reason.\n* **threads** serial(checkpoint)\n* **since** 0.1"]
    pub fn oar_checkpoint_verify(checkpoint: *const oar_checkpoint) -> oar_status;
    #[doc = "Give the manifest as JSON text, with the keys that this release does not know.\n\n* `checkpoint` (in) borrowed.\n* `buf` (out) receives the text, NUL-terminated; NULL asks for the length.\n* `len` (in,out) in: room in `buf`; out: bytes of the text with its NUL, also when the room was too small.\n\n* **return** OAR\\_E\\_ARGUMENT `buf` is too small.\n* **threads** serial(checkpoint)\n* **since** 0.1"]
    pub fn oar_checkpoint_manifest(
        checkpoint: *const oar_checkpoint,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "Give the JSON that the program handed to oar\\_accelerator\\_save as `user_json`; \"null\" if it gave none.\n\n* `checkpoint` (in) borrowed.\n* `buf` (out) receives the text, NUL-terminated; NULL asks for the length.\n* `len` (in,out) in: room in `buf`; out: bytes of the text with its NUL, also when the room was too small.\n\n* **return** OAR\\_E\\_ARGUMENT `buf` is too small.\n* **threads** serial(checkpoint)\n* **since** 0.1"]
    pub fn oar_checkpoint_user_json(
        checkpoint: *const oar_checkpoint,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "Count the model's tensors.\n\n* `checkpoint` (in) borrowed.\n* `out_num_tensors` (out) how many; tied ones count under each of their names.\n\n* **return** OAR\\_E\\_NOT\\_FOUND the checkpoint holds no model.\n* **return** OAR\\_E\\_CORRUPT the file does not match its checksum or format; the text names it and the bytes concerned.\n* **threads** serial(checkpoint)\n* **since** 0.1"]
    pub fn oar_checkpoint_num_tensors(
        checkpoint: *const oar_checkpoint,
        out_num_tensors: *mut i64,
    ) -> oar_status;
    #[doc = "Tell the name of one of the model's tensors, in the order of the file.\n\n* `checkpoint` (in) borrowed.\n* `index` (in) in \\[0, number of tensors).\n* `buf` (out) receives the name, NUL-terminated; NULL asks for the length.\n* `len` (in,out) in: room in `buf`; out: bytes of the name with its NUL, also when the room was too small.\n\n* **return** OAR\\_E\\_ARGUMENT index out of range, or `buf` is too small.\n* **return** OAR\\_E\\_NOT\\_FOUND the checkpoint holds no model.\n* **return** OAR\\_E\\_CORRUPT the file does not match its checksum or format; the text names it and the bytes concerned.\n* **threads** serial(checkpoint)\n* **since** 0.1"]
    pub fn oar_checkpoint_tensor_name(
        checkpoint: *const oar_checkpoint,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "Give one tensor of the model.\n\nThe first call reads the model's file once to verify its checksum; after that nothing is copied: the tensor is a\nread-only view of the mapped file, which it keeps, also beyond the checkpoint's release and removal.\n\n* `checkpoint` (in) borrowed.\n* `name` (in) as in the model's state dict: \"fc.weight\".\n* `out` (out) owned; end with oar\\_tensor\\_release. Contiguous, on the CPU. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND no such tensor, or the checkpoint holds no model.\n* **return** OAR\\_E\\_CORRUPT the file does not match its checksum or format; the text names it and the bytes concerned.\n* **threads** serial(checkpoint)\n* **since** 0.1"]
    pub fn oar_checkpoint_tensor(
        checkpoint: *const oar_checkpoint,
        name: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    #[doc = "Add a reference.\n\n* `checkpoint` (in) one more oar\\_checkpoint\\_release ends it.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_checkpoint_retain(checkpoint: *mut oar_checkpoint) -> oar_status;
    #[doc = "Drop a reference; the last one closes the checkpoint. Never blocks. Tensors that came from it live on.\n\n* `checkpoint` (in) NULL does nothing.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_checkpoint_release(checkpoint: *mut oar_checkpoint);
    #[doc = "Combine the ranks' tensors element by element and give every rank the result, in place.\n\nUp to `comm.inline_bytes` (64 KiB) ranks are combined in the order 0, 1, ..., N-1; above, in an order of the backend\nthat is the same for every rank. The arithmetic is the element type's own: float16 and bfloat16 round after each\nrank.\n\n* `group` (in) borrowed.\n* `tensor` (in,out) retained until the work is done. Same number of elements and dtype on all ranks; zero\n  elements are fine. Not expanded (no two elements share memory).\n* `reduce_op` (in) OAR\\_REDUCE\\_\\*; the same on all ranks.\n* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value (comm.timeout\\_ms); negative\n  is refused.\n* `out_work` (out) owned; end with oar\\_work\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT reduce\\_op does not exist or does not fit the dtype; a negative time-out.\n* **return** OAR\\_E\\_UNSUPPORTED a dtype without arithmetic (float8, uint16, uint32, uint64), or a tensor that is not on\n  the CPU.\n* **return** OAR\\_E\\_ABORTED the group is dead; the text tells since what.\n  What only peers can reveal (OAR\\_E\\_MISMATCH, OAR\\_E\\_TIMEOUT, OAR\\_E\\_PEER\\_LOST) arrives with oar\\_work\\_wait.\n* **threads** serial(group, tensor); does not wait for peers\n* **source** Accelerate 1.15 `reduce`.\n* **since** 0.1"]
    pub fn oar_group_all_reduce(
        group: *mut oar_group,
        tensor: *mut oar_tensor,
        reduce_op: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    #[doc = "Give every rank the root's tensor, in place. Any dtype; the bytes arrive as they are.\n\n* `group` (in) borrowed.\n* `tensor` (in,out) retained until the work is done. On the root read, elsewhere written. Same number of\n  elements and dtype on all ranks; zero elements are fine.\n* `root` (in) the rank whose tensor is given; the same on all ranks.\n* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.\n* `out_work` (out) owned; end with oar\\_work\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT root is no rank of the group; an expanded tensor; a negative time-out.\n* **return** OAR\\_E\\_ABORTED the group is dead; the text tells since what.\n  What only peers can reveal (OAR\\_E\\_MISMATCH, OAR\\_E\\_TIMEOUT, OAR\\_E\\_PEER\\_LOST) arrives with oar\\_work\\_wait.\n* **threads** serial(group, tensor); does not wait for peers\n* **source** Accelerate 1.15 `broadcast`.\n* **since** 0.1"]
    pub fn oar_group_broadcast(
        group: *mut oar_group,
        tensor: *mut oar_tensor,
        root: i32,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    #[doc = "Concatenate every rank's `input` along dim 0 and give all ranks the result.\n\nRank r's rows land at output\\[r\\*n, (r+1)\\*n), whatever order the ranks arrive in.\nAll ranks of the group make this call, in the same order, with the same n; pad first if n differs.\n\n* `group` (in) borrowed.\n* `input` (in) retained until the work is done. Shape \\[n, ...\\], n \\>= 0, any strides; or no dimensions.\n* `output` (out) retained until the work is done, then holds \\[n \\* size, ...\\] (\\[size\\] for an input without\n  dimensions); same dtype as `input`, any strides, no overlap with it.\n* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.\n* `out_work` (out) owned; end with oar\\_work\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT shape or dtype of the two tensors disagree (the text gives both), or they share memory.\n* **return** OAR\\_E\\_ABORTED the group is dead; the text tells since what.\n  What only peers can reveal (OAR\\_E\\_MISMATCH, OAR\\_E\\_TIMEOUT, OAR\\_E\\_PEER\\_LOST) arrives with oar\\_work\\_wait.\n* **threads** serial(group, input, output); does not wait for peers\n* **source** Accelerate 1.15 `gather`, for equal shapes.\n* **since** 0.1"]
    pub fn oar_group_all_gather(
        group: *mut oar_group,
        input: *mut oar_tensor,
        output: *mut oar_tensor,
        timeout_ms: i64,
        out_work: *mut *mut oar_work,
    ) -> oar_status;
    #[doc = "Wait until every rank has called this. Runs after all operations that this rank has started before.\n\n* `group` (in) borrowed.\n* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.\n\n* **return** OAR\\_E\\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.\n* **return** OAR\\_E\\_MISMATCH a rank called something else; the text gives both calls.\n* **return** OAR\\_E\\_PEER\\_LOST a rank ended or left; the text names it.\n* **return** OAR\\_E\\_ABORTED the group is dead; the text tells since what.\n* **threads** collective(group)\n* **source** Accelerate 1.15 `wait_for_everyone`.\n* **since** 0.1"]
    pub fn oar_group_barrier(group: *mut oar_group, timeout_ms: i64) -> oar_status;
    #[doc = "Make a config with the defaults, overlaid by environment variables (OARLOCK\\_\\*, and those of the reference that have a\ncounterpart).\n\n* `out` (out) owned; end with oar\\_config\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ENVIRONMENT a variable has a value that its option does not take; the text names both.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_config_create(out: *mut *mut oar_config) -> oar_status;
    #[doc = "Set the options that a JSON object names. All of them or, on failure, none.\n\nNested objects and dotted keys are the same: {\"comm\":{\"timeout\\_ms\":5000}} is {\"comm.timeout\\_ms\":5000}. Comments,\nduplicate keys and integers that a double cannot hold are refused.\n\n* `config` (in) borrowed, changed.\n* `json` (in) a JSON object, UTF-8.\n\n* **return** OAR\\_E\\_ARGUMENT no JSON object, an unknown key (the text names the nearest known one), or a value of another\n  type.\n* **threads** serial(config)\n* **since** 0.1"]
    pub fn oar_config_merge_json(
        config: *mut oar_config,
        json: *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "Set an option of type text, or any option by its JSON text: \"5000\" for a number.\n\n* `config` (in) borrowed, changed.\n* `key` (in) for example \"comm.backend\".\n* `value` (in) for a text option the text itself, for others JSON.\n\n* **return** OAR\\_E\\_ARGUMENT an unknown key (the text names the nearest known one), or a value that the option does not\n  take.\n* **threads** serial(config)\n* **since** 0.1"]
    pub fn oar_config_set_string(
        config: *mut oar_config,
        key: *const ::core::ffi::c_char,
        value: *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "Set an option of type integer. All 64 bits are kept.\n\n* `config` (in) borrowed, changed.\n* `key` (in) for example \"comm.timeout\\_ms\".\n* `value` (in) the value.\n\n* **return** OAR\\_E\\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.\n* **threads** serial(config)\n* **since** 0.1"]
    pub fn oar_config_set_int64(
        config: *mut oar_config,
        key: *const ::core::ffi::c_char,
        value: i64,
    ) -> oar_status;
    #[doc = "Set an option of type number.\n\n* `config` (in) borrowed, changed.\n* `key` (in) for example \"ddp.bucket\\_cap\\_mb\".\n* `value` (in) finite.\n\n* **return** OAR\\_E\\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.\n* **threads** serial(config)\n* **since** 0.1"]
    pub fn oar_config_set_double(
        config: *mut oar_config,
        key: *const ::core::ffi::c_char,
        value: f64,
    ) -> oar_status;
    #[doc = "Set an option of type flag.\n\n* `config` (in) borrowed, changed.\n* `key` (in) for example \"ddp.broadcast\\_buffers\".\n* `value` (in) 0 or 1.\n\n* **return** OAR\\_E\\_ARGUMENT an unknown key (the text names the nearest known one), or an option of another type.\n* **threads** serial(config)\n* **since** 0.1"]
    pub fn oar_config_set_bool(
        config: *mut oar_config,
        key: *const ::core::ffi::c_char,
        value: i32,
    ) -> oar_status;
    #[doc = "The value in force of an option, as text: texts as they are, everything else as JSON, \"\" if unset.\n\n* `config` (in) borrowed.\n* `key` (in) for example \"comm.timeout\\_ms\".\n* `buf` (out) the text, or NULL to ask for its length.\n* `len` (in,out) in: room in bytes; out: length with the closing NUL.\n\n* **return** OAR\\_E\\_ARGUMENT an unknown key (the text names the nearest known one), or too little room; then \\*len is the\n  need.\n* **threads** serial(config)\n* **since** 0.1"]
    pub fn oar_config_get_string(
        config: *const oar_config,
        key: *const ::core::ffi::c_char,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "Every option with its value in force, as one flat JSON object.\n\n* `config` (in) borrowed.\n* `buf` (out) the text, or NULL to ask for its length.\n* `len` (in,out) in: room in bytes; out: length with the closing NUL.\n\n* **return** OAR\\_E\\_ARGUMENT too little room; then \\*len is the need.\n* **threads** serial(config)\n* **since** 0.1"]
    pub fn oar_config_to_json(
        config: *const oar_config,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "One more reference.\n\n* `config` (in) borrowed; each retain needs one more oar\\_config\\_release.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_config_retain(config: *mut oar_config) -> oar_status;
    #[doc = "One reference fewer; the last one frees the config. What was made from it stays.\n\n* `config` (in) NULL does nothing.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_config_release(config: *mut oar_config);
    #[doc = "A data set over tensors in memory.\n\nColumn i is tensors\\[i\\], named names\\[i\\]. Nothing is copied: what is written into a tensor later shows in\nlater batches. Batches are copies.\n\n* `names` (in) borrowed; `count` names, not empty, all different.\n* `tensors` (in) retained; `count` tensors of shape \\[n, ...\\] with one n \\>= 0, any strides, dtypes and devices.\n* `count` (in) at least 1.\n* `out` (out) owned; end with oar\\_dataset\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT no columns, a name empty or twice, a tensor without dimensions or sparse, unequal numbers of\n  rows; the text names the columns.\n* **threads** serial(tensors)\n* **since** 0.1"]
    pub fn oar_dataset_from_tensors(
        names: *const *const ::core::ffi::c_char,
        tensors: *const *mut oar_tensor,
        count: usize,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    #[doc = "A data set over the tensors of a safetensors file.\n\nThe file is mapped, not read: only the rows that are asked for come from the disk. It must not change as long as the\ndata set lives. The format has no checksum, so data bytes that were altered on the disk cannot be seen.\n\n* `path` (in) borrowed.\n* `names` (in) borrowed; the columns wanted, in this order. NULL: every tensor of the file, in the file's order.\n* `count` (in) of `names`, at least 1; ignored when it is NULL.\n* `out` (out) owned; end with oar\\_dataset\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND no such file, or no such tensor in it; the text lists those it has.\n* **return** OAR\\_E\\_CORRUPT not a whole safetensors file; the text gives the byte offset.\n* **return** OAR\\_E\\_ARGUMENT the columns do not fit together, as for oar\\_dataset\\_from\\_tensors.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_dataset_from_safetensors(
        path: *const ::core::ffi::c_char,
        names: *const *const ::core::ffi::c_char,
        count: usize,
        out: *mut *mut oar_dataset,
    ) -> oar_status;
    #[doc = "How many samples there are.\n\n* `dataset` (in) borrowed.\n* `out_size` (out) at least 0.\n\n* **threads** serial(dataset)\n* **since** 0.1"]
    pub fn oar_dataset_size(dataset: *const oar_dataset, out_size: *mut i64) -> oar_status;
    #[doc = "The batch of these samples, in this order; a sample may be asked for more than once.\n\n* `dataset` (in) borrowed.\n* `indices` (in) borrowed; `count` numbers in \\[0, size). NULL only if count is 0.\n* `count` (in) 0 gives tensors with no rows.\n* `out_batch` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT an index out of range; the text gives it and the range.\n* **threads** serial(dataset); loaders over the same data set may run meanwhile\n* **since** 0.1"]
    pub fn oar_dataset_get(
        dataset: *mut oar_dataset,
        indices: *const i64,
        count: usize,
        out_batch: *mut *mut oar_tree,
    ) -> oar_status;
    #[doc = "One more reference.\n\n* `dataset` (in) borrowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_dataset_retain(dataset: *mut oar_dataset) -> oar_status;
    #[doc = "One reference less; loaders over the data set keep it alive.\n\n* `dataset` (in) ended; NULL is allowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_dataset_release(dataset: *mut oar_dataset);
    #[doc = "The text of the last failure on this thread.\n\nNever NULL; \"\" if the last fallible call of this thread succeeded, or none was made. Valid until the thread's next\nfallible call. Read it on the thread that made the call: tasks that move between threads read it before they yield.\n\n* **return** borrowed text, UTF-8.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_last_error() -> *const ::core::ffi::c_char;
    #[doc = "The name of a status code, for example \"OAR\\_E\\_ARGUMENT\".\n\n* `status` (in) any value.\n\n* **return** borrowed static text; \"an unknown status\" for a value that this version does not have.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_status_name(status: oar_status) -> *const ::core::ffi::c_char;
    #[doc = "Move this thread's error into an object that may go to other threads.\n\nDoes not clear the error on entry. Afterwards oar\\_last\\_error() is \"\".\n\n* `out` (out) owned; end with oar\\_error\\_release. NULL if the last fallible call of this thread succeeded.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_take(out: *mut *mut oar_error) -> oar_status;
    #[doc = "The status code of an error.\n\n* `error` (in) borrowed.\n* `out_code` (out) what the failed call returned.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_code(error: *const oar_error, out_code: *mut oar_status) -> oar_status;
    #[doc = "What failed, where, and what to do.\n\n* `error` (in) borrowed.\n* `out_message` (out) borrowed from the error; UTF-8, never NULL.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_message(
        error: *const oar_error,
        out_message: *mut *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "The header whose function failed, without its \".h\": \"config\", \"collectives\".\n\n* `error` (in) borrowed.\n* `out_component` (out) borrowed from the error; never NULL. \"guard\" if no memory was left to say more, \"work\" in\n  an error that oar\\_work\\_error gave.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_component(
        error: *const oar_error,
        out_component: *mut *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "What was being done: \"all\\_reduce\", or the name of the function that failed.\n\n* `error` (in) borrowed.\n* `out_operation` (out) borrowed from the error; never NULL.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_operation(
        error: *const oar_error,
        out_operation: *mut *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "The rank that the error is about: the one that died, or disagreed.\n\n* `error` (in) borrowed.\n* `out_rank` (out) -1 if it is about no rank.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_rank(error: *const oar_error, out_rank: *mut i32) -> oar_status;
    #[doc = "A number from below: errno of the operating system, or the value that the caller's callback returned.\n\n* `error` (in) borrowed.\n* `out_vendor_code` (out) 0 if there is none.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_vendor_code(error: *const oar_error, out_vendor_code: *mut i64) -> oar_status;
    #[doc = "One more reference.\n\n* `error` (in) borrowed; each retain needs one more oar\\_error\\_release.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_retain(error: *mut oar_error) -> oar_status;
    #[doc = "One reference fewer; the last one frees the error and the texts borrowed from it.\n\n* `error` (in) NULL does nothing.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_error_release(error: *mut oar_error);
    #[doc = "Look up an experimental function.\n\n* `name` (in) for example \"live\\_handle\\_count\".\n* `out` (out) the function; cast it to its type.\n\n* **return** OAR\\_E\\_NOT\\_FOUND this release has no experimental function of that name.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_experimental_get(
        name: *const ::core::ffi::c_char,
        out: *mut oar_function,
    ) -> oar_status;
    #[doc = "This process's number in the group, from 0.\n\n* `group` (in) borrowed.\n* `out_rank` (out) 0 \\<= rank \\< size.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_group_rank(group: *const oar_group, out_rank: *mut i32) -> oar_status;
    #[doc = "How many ranks the group has.\n\n* `group` (in) borrowed.\n* `out_size` (out) at least 1.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_group_size(group: *const oar_group, out_size: *mut i32) -> oar_status;
    #[doc = "Make the group dead on every rank. Calls that wait, here and on the peers, return OAR\\_E\\_ABORTED within 100 ms (plus\nthe network's time), with the reason and this rank's number; so do all later calls. Does not wait. Aborting twice is\nfine: the first reason stays.\n\n* `group` (in) borrowed.\n* `reason` (in) UTF-8, copied; every rank's error text contains it.\n\n* **threads** any, also while another thread waits in a call of this group\n* **since** 0.1"]
    pub fn oar_group_abort(group: *mut oar_group, reason: *const ::core::ffi::c_char)
    -> oar_status;
    #[doc = "Add a reference; each needs one oar\\_group\\_release.\n\n* `group` (in) borrowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_group_retain(group: *mut oar_group) -> oar_status;
    #[doc = "Drop a reference. Never waits and never communicates. When nothing uses the group any more (its state, works) it\nleaves: peers that still call it get OAR\\_E\\_PEER\\_LOST.\n\n* `group` (in) NULL is allowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_group_release(group: *mut oar_group);
    #[doc = "A loader over a data set, not sharded until oar\\_accelerator\\_prepare\\_loader or oar\\_loader\\_set\\_shard.\n\nWith shuffle, epoch e visits the samples in the order of torch.randperm(size) of a generator seeded with seed + e.\n\n* `dataset` (in) retained.\n* `options` (in) borrowed; a JSON object of the loader.\\* keys of options.h, without the prefix, for instance\n  {\"batch\\_size\":32,\"shuffle\":true,\"seed\":42,\"num\\_workers\":2}. NULL: defaults. A seed beyond 2^53\n  is given as a string; without one it is that of the default generator (oar\\_state\\_seed) now,\n  and rank 0's once the loader is prepared on several ranks.\n* `out` (out) owned; end with oar\\_loader\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT an unknown option (the text names the nearest), or a value out of range.\n* **threads** serial(dataset)\n* **source** Accelerate 1.15, SeedableRandomSampler.\n* **since** 0.1"]
    pub fn oar_loader_create(
        dataset: *mut oar_dataset,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_loader,
    ) -> oar_status;
    #[doc = "Give the loader one rank's part of each epoch. oar\\_accelerator\\_prepare\\_loader does it for the ranks of a state.\n\nA round has batch\\_size \\* world\\_size samples (batch\\_size with split\\_batches), cut into equal parts in rank order. What\nis left at the end of an epoch goes to nobody (drop\\_last), or is cut likewise so that ranks may get less or nothing\n(even\\_batches false), or is filled up with samples from the epoch's start, so that all ranks have equally many full\nbatches. One rank alone is never filled up.\n\n* `loader` (in) borrowed; between epochs.\n* `rank` (in) in \\[0, world\\_size).\n* `world_size` (in) at least 1.\n\n* **return** OAR\\_E\\_ARGUMENT rank outside the world, or split\\_batches with a batch\\_size that world\\_size does not divide.\n* **return** OAR\\_E\\_STATE batches of this epoch have been given already, or the loader is closed.\n* **threads** serial(loader)\n* **source** Accelerate 1.15, BatchSamplerShard.\n* **since** 0.1"]
    pub fn oar_loader_set_shard(loader: *mut oar_loader, rank: i32, world_size: i32) -> oar_status;
    #[doc = "The next batch of this rank, or the end of the epoch.\n\nThe end is told once, by NULL; the call after it starts the next epoch. A call that fails leaves the loader where it\nwas: it may be repeated, or the batch be left out by oar\\_loader\\_seek.\n\n* `loader` (in) borrowed.\n* `out_batch` (out) owned; a map by column name; end with oar\\_tree\\_release. NULL at the end of the epoch.\n  Untouched on failure.\n\n* **return** OAR\\_E\\_STATE the loader is closed.\n* **return** OAR\\_E\\_TIMEOUT no worker finished the batch within loader.timeout\\_ms.\n  What the data set reports comes with epoch, batch and sample in front.\n* **threads** serial(loader); waits for the workers\n* **since** 0.1"]
    pub fn oar_loader_next(loader: *mut oar_loader, out_batch: *mut *mut oar_tree) -> oar_status;
    #[doc = "Batches of this rank in an epoch; with even\\_batches false, ranks may differ by one.\n\n* `loader` (in) borrowed.\n* `out_num_batches` (out) at least 0.\n\n* **threads** serial(loader)\n* **since** 0.1"]
    pub fn oar_loader_num_batches(
        loader: *const oar_loader,
        out_num_batches: *mut i64,
    ) -> oar_status;
    #[doc = "Samples that all ranks together are given in an epoch, each counted once.\n\n* `loader` (in) borrowed.\n* `out_num_samples` (out) the size of the data set, or less with drop\\_last.\n\n* **threads** serial(loader)\n* **since** 0.1"]
    pub fn oar_loader_num_samples(
        loader: *const oar_loader,
        out_num_samples: *mut i64,
    ) -> oar_status;
    #[doc = "The epoch that the next batch belongs to, from 0.\n\n* `loader` (in) borrowed.\n* `out_epoch` (out) one more as soon as the end of an epoch was told.\n\n* **threads** serial(loader)\n* **since** 0.1"]
    pub fn oar_loader_epoch(loader: *const oar_loader, out_epoch: *mut i64) -> oar_status;
    #[doc = "Batches already given in this epoch.\n\n* `loader` (in) borrowed.\n* `out_batches_done` (out) from 0 to num\\_batches; num\\_batches while the last batch is in use.\n\n* **threads** serial(loader)\n* **since** 0.1"]
    pub fn oar_loader_position(loader: *const oar_loader, out_batches_done: *mut i64)
    -> oar_status;
    #[doc = "How many samples all ranks together have in the round of the batch given last; repeated ones are not counted.\n\nOver an epoch these sum to oar\\_loader\\_num\\_samples: what a progress bar advances by.\n\n* `loader` (in) borrowed.\n* `out_num_samples` (out) 0 before the first batch of an epoch.\n\n* **threads** serial(loader)\n* **since** 0.1"]
    pub fn oar_loader_samples_in_round(
        loader: *const oar_loader,
        out_num_samples: *mut i64,
    ) -> oar_status;
    #[doc = "Go to the point where `batches_done` batches of `epoch` have been given. Nothing is read or replayed.\n\nAfter leaving a loop early, oar\\_loader\\_seek(loader, epoch + 1, 0) begins the next epoch; without it the loader goes\non where it was.\n\n* `loader` (in) borrowed.\n* `epoch` (in) from 0 to 2^53 - 2.\n* `batches_done` (in) from 0 to num\\_batches.\n\n* **return** OAR\\_E\\_ARGUMENT there is no such point; the loader stays where it was.\n* **return** OAR\\_E\\_STATE the loader is closed.\n* **threads** serial(loader)\n* **since** 0.1"]
    pub fn oar_loader_seek(loader: *mut oar_loader, epoch: i64, batches_done: i64) -> oar_status;
    #[doc = "End the worker threads. May be called twice; afterwards the loader gives no more batches.\n\n* `loader` (in) borrowed.\n\n* **return** OAR\\_E\\_TIMEOUT a worker was still inside the data set after loader.timeout\\_ms; it ends with that read.\n* **threads** serial(loader); waits for reads that have begun\n* **since** 0.1"]
    pub fn oar_loader_close(loader: *mut oar_loader) -> oar_status;
    #[doc = "One more reference.\n\n* `loader` (in) borrowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_loader_retain(loader: *mut oar_loader) -> oar_status;
    #[doc = "One reference less; the last one ends the worker threads in the background.\n\n* `loader` (in) ended; NULL is allowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_loader_release(loader: *mut oar_loader);
    #[doc = "Send the messages of this process to a callback instead of standard error.\n\nReplaces the callback before; its release runs once no thread is inside it any more.\n\n* `flags` (in) 0: what threads of Oarlock's have to say (a rank is late) is queued, at most 1,000 messages,\n  and given by the next call that can fail, or by the one that waits at that moment.\n  OAR\\_CALLBACK\\_ANY\\_THREAD: `fn` is called at once, on those threads too.\n* `fn` (in) NULL goes back to standard error.\n* `user_data` (in) handed to `fn`; the library looks at it in no way.\n* `release` (in) NULL, or runs exactly once with `user_data`: when this callback is replaced by a later call, or\n  before this one returns if it fails or `fn` is NULL.\n\n* **return** OAR\\_E\\_ARGUMENT `flags` has unknown bits.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_log_set_callback(
        flags: i32,
        fn_: oar_log_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    #[doc = "Choose which messages are given: those of this level and above. The first value is OAR\\_LOG\\_WARNING.\n\n* `level` (in) one of OAR\\_LOG\\_\\*.\n\n* **return** OAR\\_E\\_ARGUMENT `level` is none of them.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_log_set_level(level: i32) -> oar_status;
    #[doc = "Load an exported program (.pt2) with its weights, onto the state's device.\n\nThe weights are copied into memory of the model; the file is not needed afterwards and is never written.\nParameters require gradients as they did at export; tied weights stay one tensor. The model starts in training\nmode.\n\nReading does not trust the file: any bytes give a model or an error. Running it does trust libtorch: a program may\ncall operators of aten only (more by model.operators), without those that open files or make tensors of unchecked\nmemory, but not every kernel of libtorch is proof against arguments made to harm. Run programs of people you trust.\n\n* `state` (in) borrowed; gives the device.\n* `path` (in) the file.\n* `options` (in) JSON object of model.\\* keys without the prefix ({\"weights\":\"w.safetensors\"}); what it does not\n  name, and all of it if NULL, is taken from the state's config.\n* `out` (out) owned; end with oar\\_model\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND there is no such file.\n* **return** OAR\\_E\\_CORRUPT truncated, altered, or not an exported program; the text says where.\n* **return** OAR\\_E\\_VERSION another archive or schema version than this build reads; the text names both.\n* **return** OAR\\_E\\_UNSUPPORTED an operator, region or kind of value that this build lacks or refuses; the text\n  names it with its node and module. Also programs that were exported without weights.\n* **threads** serial(state)\n* **source** torch/\\_export/serde/schema.py, schema version 8.\n* **since** 0.1"]
    pub fn oar_model_load(
        state: *mut oar_state,
        path: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_model,
    ) -> oar_status;
    #[doc = "Make a model without a program: the host runs forward and backward itself. Register its tensors before anything is\nmade of it.\n\n* `state` (in) borrowed; gives the device.\n* `out` (out) owned; end with oar\\_model\\_release. Untouched on failure.\n\n* **threads** serial(state)\n* **since** 0.1"]
    pub fn oar_model_create_foreign(state: *mut oar_state, out: *mut *mut oar_model) -> oar_status;
    #[doc = "Let a foreign model train a tensor. Nothing is copied: optimizer steps, rank 0's values (when the model is prepared)\nand loaded checkpoints are written into its memory, where the host's forward finds them.\n\nAll ranks register the same names, shapes and dtypes in the same order. Gradients become ready fastest when that is\nthe order of the forward: they are averaged from the last to the first.\n\n* `model` (in) borrowed; foreign.\n* `name` (in) borrowed; not empty, new in this model.\n* `tensor` (in) its memory is retained. Floating-point, on the model's device, writable, without gaps or overlaps;\n  any order of strides.\n\n* **return** OAR\\_E\\_ARGUMENT the tensor or the name does not fit, or the memory is registered already.\n* **return** OAR\\_E\\_STATE an optimizer was made of the model, or it was prepared.\n* **return** OAR\\_E\\_UNSUPPORTED the model is a program.\n* **threads** serial(model, tensor)\n* **since** 0.1"]
    pub fn oar_model_register_parameter(
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        tensor: *mut oar_tensor,
    ) -> oar_status;
    #[doc = "Let a foreign model keep a tensor that is not trained: running statistics, frozen weights. It is in checkpoints, and\nrank 0's values go to all ranks when the model is prepared and, unless ddp.broadcast\\_buffers is off, with every\nbackward that synchronises.\n\n* `model` (in) borrowed; foreign.\n* `name` (in) borrowed; not empty, new in this model.\n* `tensor` (in) its memory is retained. Any dtype; on the model's device, writable, without gaps or overlaps.\n\n* **return** OAR\\_E\\_ARGUMENT the tensor or the name does not fit.\n* **return** OAR\\_E\\_STATE an optimizer was made of the model, or it was prepared.\n* **return** OAR\\_E\\_UNSUPPORTED the model is a program.\n* **threads** serial(model, tensor)\n* **since** 0.1"]
    pub fn oar_model_register_buffer(
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        tensor: *mut oar_tensor,
    ) -> oar_status;
    #[doc = "Choose between training and evaluation for the forwards that follow.\n\nTraining: dropout on, batch statistics, running statistics updated, autograd recorded. Evaluation: dropout off,\nrunning statistics used, nothing recorded, and every buffer left bit for bit as it was. A program that was\nexported in evaluation mode has lost its training constants and runs alike in both.\n\nDropouts count as such when they are operators of their own, decomposed ones, or masks drawn by hand and divided by\nthe share they keep (stochastic depth). Any other draw of random numbers stays in evaluation too, and a warning\nnames its node and module once per model.\n\nA foreign model only remembers the mode: what it means is the host's.\n\n* `model` (in) borrowed.\n* `training` (in) 1: training; 0: evaluation.\n\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_set_training(model: *mut oar_model, training: i32) -> oar_status;
    #[doc = "Tell the mode.\n\n* `model` (in) borrowed.\n* `out_is_training` (out) 1: training; 0: evaluation.\n\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_is_training(model: *const oar_model, out_is_training: *mut i32) -> oar_status;
    #[doc = "Run the model.\n\nRandom operators (dropout) draw from the default generator, in the order of the program. In training the outputs\ncarry their history, so that oar\\_accelerator\\_backward can go through them; it ends with the last tensor that\nholds it. The model keeps nothing of a run but what its buffers hold. Inputs are never written to: a program that\nchanges an input in place changes a copy.\n\n* `model` (in) borrowed.\n* `inputs` (in) borrowed. A map by input name (nested inputs by their path), or a list by position, with\n  every input of the program on the model's device.\n* `out_outputs` (out) owned; end with oar\\_tree\\_release. A map by output name if the exported module returned\n  one (a dict or an object with named fields), else a list; nested as it was. Untouched on\n  failure.\n\n* **return** OAR\\_E\\_ARGUMENT an input is missing, unknown, or has a number, dtype or shape that the program was not\n  exported for; the text names the input, what is expected and what was given. Also what an\n  operator itself refuses (a label out of range); the text then names its node and module.\n* **return** OAR\\_E\\_UNSUPPORTED the model is foreign: its forward is the host's own.\n* **threads** serial(model, inputs)\n* **since** 0.1"]
    pub fn oar_model_forward(
        model: *mut oar_model,
        inputs: *const oar_tree,
        out_outputs: *mut *mut oar_tree,
    ) -> oar_status;
    #[doc = "Count the inputs.\n\n* `model` (in) borrowed.\n* `out_num_inputs` (out) how many tensors or numbers a forward takes.\n\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_num_inputs(model: *const oar_model, out_num_inputs: *mut i64) -> oar_status;
    #[doc = "Tell the name of an input: that of the exported module's forward (\"images\"; \"batch.images\" inside a dict).\n\n* `model` (in) borrowed.\n* `index` (in) in \\[0, number of inputs).\n* `buf` (out) filled with the name and a NUL; NULL asks for the length only.\n* `len` (in,out) in: room in bytes; out: length with the NUL.\n\n* **return** OAR\\_E\\_ARGUMENT index out of range, or too little room.\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_input_name(
        model: *const oar_model,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "Count the parameters that are trained. Tied ones count once, frozen ones not.\n\n* `model` (in) borrowed.\n* `out_num_parameters` (out) how many.\n\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_num_parameters(
        model: *const oar_model,
        out_num_parameters: *mut i64,
    ) -> oar_status;
    #[doc = "Tell the name of a trained parameter, in the program's order. A tied one has its first name.\n\n* `model` (in) borrowed.\n* `index` (in) in \\[0, number of parameters).\n* `buf` (out) filled with the name and a NUL; NULL asks for the length only.\n* `len` (in,out) in: room in bytes; out: length with the NUL.\n\n* **return** OAR\\_E\\_ARGUMENT index out of range, or too little room.\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_parameter_name(
        model: *const oar_model,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "Give a parameter or buffer, sharing its memory: what is written there the model uses.\n\nDo not write between a forward and its backward. Carries no autograd history.\n\n* `model` (in) borrowed.\n* `name` (in) of a parameter (tied and frozen ones too) or buffer.\n* `out` (out) owned; end with oar\\_tensor\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND the model has none of that name.\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_tensor(
        model: *const oar_model,
        name: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    #[doc = "Give the gradient of a parameter, sharing its memory.\n\n* `model` (in) borrowed.\n* `name` (in) of a parameter.\n* `out` (out) owned; end with oar\\_tensor\\_release. NULL if the parameter has no gradient: none was computed\n  since the last oar\\_accelerator\\_step, or it is frozen. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND the model has none of that name.\n* **return** OAR\\_E\\_ARGUMENT it is a buffer.\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_gradient(
        model: *const oar_model,
        name: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    #[doc = "Write every persistent parameter and buffer as one safetensors file, under all their names.\n\nA reader of `path` sees the old file or the new, whatever happens; the new one is on the disk when this returns.\n\n* `model` (in) borrowed.\n* `path` (in) replaced if it exists; its folder must exist.\n\n* **return** OAR\\_E\\_IO the system refused; the text has its reason.\n* **return** OAR\\_E\\_NO\\_SPACE the disk is full; the old file is as it was.\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_save_weights(
        model: *const oar_model,
        path: *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "Replace every persistent parameter and buffer by that of a safetensors file, in place.\n\nAll or nothing: names, dtypes and shapes must be exactly the model's; of tied weights one name is enough. The format\nhas no checksum, so data bytes that were altered on the disk cannot be seen; those of a checkpoint (checkpoint.h) and\nof a program are checked.\n\n* `model` (in) borrowed.\n* `path` (in) the file; not needed afterwards.\n\n* **return** OAR\\_E\\_ARGUMENT names are missing or unexpected, or a dtype or shape differs; the text lists them.\n* **return** OAR\\_E\\_NOT\\_FOUND there is no such file.\n* **return** OAR\\_E\\_CORRUPT it is no safetensors file, or a damaged one.\n* **threads** serial(model)\n* **since** 0.1"]
    pub fn oar_model_load_weights(
        model: *mut oar_model,
        path: *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "Add a reference.\n\n* `model` (in) borrowed; needs one oar\\_model\\_release more.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_model_retain(model: *mut oar_model) -> oar_status;
    #[doc = "Drop a reference. Tensors, outputs and optimizers that share the model's memory keep it.\n\n* `model` (in) NULL is fine.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_model_release(model: *mut oar_model);
    #[doc = "Give every rank the bytes of all ranks. Lengths may differ.\n\nThe room is looked at before anything is sent: a call that has too little of it, or that only asks for the number,\ndoes not communicate, and the peers go on waiting for one that has enough.\n\n* `group` (in) borrowed.\n* `data` (in) this rank's bytes, copied; NULL is allowed when `size` is 0.\n* `size` (in) how many.\n* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.\n* `sizes` (out) room for \\*count numbers: how many bytes each rank gave. NULL asks for the number of ranks\n  only, which leaves `out_bytes` untouched.\n* `count` (in,out) in: room; out: number of ranks, also when the room is too small.\n* `out_bytes` (out) owned; end with oar\\_bytes\\_release. All ranks' bytes one after another, in rank order.\n  Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT the room is too small, then \\*count holds the need; `data` is NULL though `size` is not 0; a\n  negative time-out.\n* **return** OAR\\_E\\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.\n* **return** OAR\\_E\\_MISMATCH a rank called something else; the text gives both calls.\n* **return** OAR\\_E\\_PEER\\_LOST a rank ended or left; the text names it.\n* **return** OAR\\_E\\_ABORTED the group is dead; the text tells since what.\n* **threads** collective(group)\n* **source** Accelerate 1.15 `gather_object`.\n* **since** 0.1"]
    pub fn oar_group_all_gather_bytes(
        group: *mut oar_group,
        data: *const ::core::ffi::c_void,
        size: usize,
        timeout_ms: i64,
        sizes: *mut u64,
        count: *mut usize,
        out_bytes: *mut *mut oar_bytes,
    ) -> oar_status;
    #[doc = "Give every rank the root's bytes.\n\n* `group` (in) borrowed.\n* `data` (in) on the root: its bytes, copied. Elsewhere ignored. NULL is allowed when `size` is 0.\n* `size` (in) how many; ignored where `data` is.\n* `root` (in) the rank whose bytes are given; the same on all ranks.\n* `timeout_ms` (in) milliseconds to wait for peers; 0 takes the group's own value; negative is refused.\n* `out_bytes` (out) owned; end with oar\\_bytes\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT root is no rank of the group; `data` is NULL though `size` is not 0; a negative time-out.\n* **return** OAR\\_E\\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.\n* **return** OAR\\_E\\_MISMATCH a rank called something else; the text gives both calls.\n* **return** OAR\\_E\\_PEER\\_LOST a rank ended or left; the text names it.\n* **return** OAR\\_E\\_ABORTED the group is dead; the text tells since what.\n* **threads** collective(group)\n* **source** Accelerate 1.15 `broadcast_object_list`.\n* **since** 0.1"]
    pub fn oar_group_broadcast_bytes(
        group: *mut oar_group,
        data: *const ::core::ffi::c_void,
        size: usize,
        root: i32,
        timeout_ms: i64,
        out_bytes: *mut *mut oar_bytes,
    ) -> oar_status;
    #[doc = "An optimizer over all parameters of a model.\n\n\"sgd\" takes lr, momentum, dampening, weight\\_decay, nesterov, maximize; \"adamw\" takes lr, betas, eps, weight\\_decay,\namsgrad, maximize. Names, defaults and rules are those of torch.optim.SGD and torch.optim.AdamW.\n\n* `model` (in) borrowed; its parameters are retained.\n* `name` (in) borrowed; \"sgd\" or \"adamw\".\n* `options` (in) borrowed; a JSON object of the optimizer.\\* keys of options.h, without the prefix, for instance\n  {\"lr\":0.001,\"betas\":\\[0.9,0.999\\]}. NULL: defaults.\n* `out` (out) owned; end with oar\\_optimizer\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT an unknown name or option (the text names the nearest), an option of the other optimizer,\n  a value out of range, or a model without parameters.\n* **return** OAR\\_E\\_UNSUPPORTED a parameter is not of a real floating dtype, or its memory has gaps or overlaps.\n* **threads** serial(model)\n* **source** Loshchilov and Hutter 2019, algorithm 2 (AdamW); torch.optim 2.11 with fused=True.\n* **since** 0.1"]
    pub fn oar_optimizer_create(
        model: *mut oar_model,
        name: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_optimizer,
    ) -> oar_status;
    #[doc = "Update the parameters by their gradients, at once. Programs with an accelerator call oar\\_accelerator\\_step instead.\n\nParameters without a gradient are left alone, with their state. Gradients stay.\n\n* `optimizer` (in) borrowed.\n\n* **return** OAR\\_E\\_ARGUMENT a gradient does not have its parameter's shape, dtype and device; nothing was updated.\n* **return** OAR\\_E\\_UNSUPPORTED a gradient is sparse; nothing was updated.\n* **threads** serial(optimizer), and no call on the model meanwhile\n* **since** 0.1"]
    pub fn oar_optimizer_step(optimizer: *mut oar_optimizer) -> oar_status;
    #[doc = "Drop all gradients; the next backward begins from none.\n\n* `optimizer` (in) borrowed.\n\n* **threads** serial(optimizer), and no call on the model meanwhile\n* **since** 0.1"]
    pub fn oar_optimizer_zero_grad(optimizer: *mut oar_optimizer) -> oar_status;
    #[doc = "The learning rate that the next step will use.\n\n* `optimizer` (in) borrowed.\n* `out_learning_rate` (out) at least 0.\n\n* **threads** serial(optimizer)\n* **since** 0.1"]
    pub fn oar_optimizer_learning_rate(
        optimizer: *const oar_optimizer,
        out_learning_rate: *mut f64,
    ) -> oar_status;
    #[doc = "Set the learning rate. A scheduler of this optimizer sets it again at its next step.\n\n* `optimizer` (in) borrowed.\n* `learning_rate` (in) finite, at least 0.\n\n* **return** OAR\\_E\\_ARGUMENT not so; the rate stays.\n* **threads** serial(optimizer)\n* **since** 0.1"]
    pub fn oar_optimizer_set_learning_rate(
        optimizer: *mut oar_optimizer,
        learning_rate: f64,
    ) -> oar_status;
    #[doc = "Steps made so far, those before a resume included.\n\n* `optimizer` (in) borrowed.\n* `out_num_steps` (out) at least 0.\n\n* **threads** serial(optimizer)\n* **since** 0.1"]
    pub fn oar_optimizer_num_steps(
        optimizer: *const oar_optimizer,
        out_num_steps: *mut i64,
    ) -> oar_status;
    #[doc = "One more reference.\n\n* `optimizer` (in) borrowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_optimizer_retain(optimizer: *mut oar_optimizer) -> oar_status;
    #[doc = "One reference less; schedulers and accelerators that use the optimizer keep it alive.\n\n* `optimizer` (in) ended; NULL is allowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_optimizer_release(optimizer: *mut oar_optimizer);
    #[doc = "Create a progress bar. Its clock starts now; nothing is shown before the first oar\\_progress\\_advance.\n\n* `state` (in) borrowed; only its main process shows anything.\n* `title` (in) \"epoch 3\".\n* `total` (in) units until the end, \\>= 0; 0: not known, so that neither percentage nor remaining time is shown.\n* `unit` (in) what is counted: \"samples\".\n* `out` (out) owned; end with oar\\_progress\\_close and oar\\_progress\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT `total` is negative, or option `progress` has a value that it does not take.\n* **threads** serial(state)\n* **since** 0.1"]
    pub fn oar_progress_create(
        state: *mut oar_state,
        title: *const ::core::ffi::c_char,
        total: i64,
        unit: *const ::core::ffi::c_char,
        out: *mut *mut oar_progress,
    ) -> oar_status;
    #[doc = "Send plain lines to a callback instead of standard error.\n\n* `progress` (in) borrowed.\n* `fn` (in) NULL goes back to standard error.\n* `user_data` (in) handed to `fn`.\n* `release` (in) release(user\\_data) runs exactly once: when another callback takes its place, when the progress\n  ends, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.\n\n* **threads** serial(progress)\n* **since** 0.1"]
    pub fn oar_progress_set_callback(
        progress: *mut oar_progress,
        fn_: oar_progress_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    #[doc = "Count more units as done, and draw if it is time to: at most ten times a second on a terminal. Costs next to nothing\notherwise.\n\n* `progress` (in) borrowed.\n* `count` (in) units done since the last call, \\>= 0. More than the total is allowed.\n* `note` (in) shown at the end: \"loss 0.123 lr 0.001\". NULL keeps the last one.\n\n* **return** OAR\\_E\\_ARGUMENT `count` is negative.\n* **return** OAR\\_E\\_STATE the progress is closed.\n* **return** OAR\\_E\\_CALLBACK the callback returned nonzero; the error object has the value. The units count as done.\n* **threads** serial(progress)\n* **since** 0.1"]
    pub fn oar_progress_advance(
        progress: *mut oar_progress,
        count: i64,
        note: *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "Show the final state and end the line. May be called twice.\n\n* `progress` (in) borrowed.\n\n* **return** OAR\\_E\\_CALLBACK the callback returned nonzero; the error object has the value. The progress is closed.\n* **threads** serial(progress)\n* **since** 0.1"]
    pub fn oar_progress_close(progress: *mut oar_progress) -> oar_status;
    #[doc = "Add a reference.\n\n* `progress` (in) one more oar\\_progress\\_release ends it.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_progress_retain(progress: *mut oar_progress) -> oar_status;
    #[doc = "Drop a reference. Never blocks. A bar that was not closed leaves the terminal on a fresh line.\n\n* `progress` (in) NULL does nothing.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_progress_release(progress: *mut oar_progress);
    #[doc = "A schedule for an optimizer. Sets its learning rate to that of step 0 at once.\n\n* `optimizer` (in) retained.\n* `name` (in) borrowed; \"constant\", \"linear\", \"cosine\" or \"step\".\n* `options` (in) borrowed; a JSON object of the scheduler.\\* keys of options.h, without the prefix, for instance\n  {\"warmup\\_steps\":10,\"total\\_steps\":100}. NULL: defaults. linear and cosine need total\\_steps,\n  step needs step\\_size.\n* `out` (out) owned; end with oar\\_scheduler\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT an unknown name or option (the text names the nearest), one that is missing or of another\n  schedule, or a value out of range. The learning rate stays.\n* **threads** serial(optimizer)\n* **source** transformers get\\_{constant,linear,cosine}\\_schedule\\_with\\_warmup; torch StepLR.\n* **since** 0.1"]
    pub fn oar_scheduler_create(
        optimizer: *mut oar_optimizer,
        name: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_scheduler,
    ) -> oar_status;
    #[doc = "Go on by one step and set the optimizer's learning rate. Programs with an accelerator call oar\\_accelerator\\_step\ninstead.\n\n* `scheduler` (in) borrowed.\n\n* **threads** serial(scheduler), and no call on its optimizer meanwhile\n* **since** 0.1"]
    pub fn oar_scheduler_step(scheduler: *mut oar_scheduler) -> oar_status;
    #[doc = "Steps made so far, those before a resume included.\n\n* `scheduler` (in) borrowed.\n* `out_num_steps` (out) at least 0.\n\n* **threads** serial(scheduler)\n* **since** 0.1"]
    pub fn oar_scheduler_num_steps(
        scheduler: *const oar_scheduler,
        out_num_steps: *mut i64,
    ) -> oar_status;
    #[doc = "One more reference.\n\n* `scheduler` (in) borrowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_scheduler_retain(scheduler: *mut oar_scheduler) -> oar_status;
    #[doc = "One reference less.\n\n* `scheduler` (in) ended; NULL is allowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_scheduler_release(scheduler: *mut oar_scheduler);
    #[doc = "Find this process's place and meet the other ranks. Returns when all have come.\n\nOptions and variables that contradict each other (a rank without a size, a rank beyond the size, something that is\nno number) are refused before anything is connected. Nothing of the host is changed but what options ask for: `seed`\nseeds libtorch's default generator, `threads.intra_op` sets its number of threads.\n\n* `config` (in) borrowed, copied; NULL takes the defaults and the environment.\n* `out` (out) owned; end with oar\\_state\\_close, then oar\\_state\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT an option out of range; or the program set a key of loaders, optimizers or schedules,\n  which no config reaches: the text names the create call to give it to.\n* **return** OAR\\_E\\_ENVIRONMENT contradicting variables or options (the text gives names, values and the way out); the\n  port is in use by another program; two processes with one rank.\n* **return** OAR\\_E\\_TIMEOUT ranks did not come within comm.connect\\_timeout\\_ms; the text names them, or address and\n  reason.\n* **return** OAR\\_E\\_PEER\\_LOST a rank ended while the others were awaited; the text names it.\n* **return** OAR\\_E\\_UNSUPPORTED a device or backend that this build does not have.\n* **return** OAR\\_E\\_ARGUMENT an option's value makes no sense (comm.timeout\\_ms of 0, an unknown log.level).\n* **threads** serial(config); waits for the other ranks\n* **source** Accelerate 1.15 `PartialState`.\n* **since** 0.1"]
    pub fn oar_state_create(config: *const oar_config, out: *mut *mut oar_state) -> oar_status;
    #[doc = "Meet the other ranks through the host's own communicator (an MPI sub-communicator, PMIx, ...): `fn` carries one\nsmall block of bytes per rank, from which all learn where rank 0 listens. Environment variables about ranks are not\nlooked at.\n\n* `config` (in) borrowed, copied; NULL takes the defaults and the environment.\n* `rank` (in) this process's number, 0 \\<= rank \\< world\\_size.\n* `world_size` (in) how many ranks call this, all with the same value.\n* `fn` (in) called once, on this thread; not at all when world\\_size is 1.\n* `user_data` (in) given to `fn`.\n* `release` (in) called with `user_data` exactly once before this returns, also on failure; NULL: not needed.\n* `out` (out) owned; end with oar\\_state\\_close, then oar\\_state\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT rank or world\\_size out of range; options as for oar\\_state\\_create.\n* **return** OAR\\_E\\_CALLBACK `fn` returned nonzero; the error object has the value.\n* **return** OAR\\_E\\_MISMATCH `fn` did not deliver every rank's block in rank order, or ranks gave other world sizes.\n* **return** OAR\\_E\\_TIMEOUT ranks did not come within comm.connect\\_timeout\\_ms; the text names them, or address and\n  reason.\n* **threads** serial(config); waits for the other ranks\n* **since** 0.1"]
    pub fn oar_state_create_with_exchange(
        config: *const oar_config,
        rank: i32,
        world_size: i32,
        fn_: oar_exchange_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
        out: *mut *mut oar_state,
    ) -> oar_status;
    #[doc = "This process's number among all ranks, from 0.\n\n* `state` (in) borrowed.\n* `out_rank` (out) 0 \\<= rank \\< world size.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_rank(state: *const oar_state, out_rank: *mut i32) -> oar_status;
    #[doc = "How many ranks there are.\n\n* `state` (in) borrowed.\n* `out_world_size` (out) at least 1.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_world_size(state: *const oar_state, out_world_size: *mut i32) -> oar_status;
    #[doc = "This process's number among the ranks on its host, from 0.\n\n* `state` (in) borrowed.\n* `out_local_rank` (out) 0 \\<= local rank \\< local world size.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_local_rank(state: *const oar_state, out_local_rank: *mut i32) -> oar_status;
    #[doc = "How many ranks are on this host.\n\n* `state` (in) borrowed.\n* `out_local_world_size` (out) at least 1.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_local_world_size(
        state: *const oar_state,
        out_local_world_size: *mut i32,
    ) -> oar_status;
    #[doc = "Whether this is rank 0: the one that logs, prints and writes what only one may write.\n\n* `state` (in) borrowed.\n* `out_is_main` (out) 1 or 0.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_is_main_process(state: *const oar_state, out_is_main: *mut i32) -> oar_status;
    #[doc = "Whether this is the first rank on its host.\n\n* `state` (in) borrowed.\n* `out_is_local_main` (out) 1 or 0.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_is_local_main_process(
        state: *const oar_state,
        out_is_local_main: *mut i32,
    ) -> oar_status;
    #[doc = "Whether this is the rank with the highest number.\n\n* `state` (in) borrowed.\n* `out_is_last` (out) 1 or 0.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_is_last_process(state: *const oar_state, out_is_last: *mut i32) -> oar_status;
    #[doc = "The device that this rank computes on, as text: \"cpu\".\n\n* `state` (in) borrowed.\n* `buf` (out) the text and a NUL; NULL asks for the length only.\n* `len` (in,out) in: room in `buf`; out: length with the NUL, also when the room is too small.\n\n* **return** OAR\\_E\\_ARGUMENT the room is too small.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_device(
        state: *const oar_state,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "The group of all ranks.\n\n* `state` (in) borrowed.\n* `out_group` (out) owned; end with oar\\_group\\_release. It stays valid after the state's release, not after its\n  close.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_group(state: *const oar_state, out_group: *mut *mut oar_group) -> oar_status;
    #[doc = "Wait until every rank has called this: oar\\_group\\_barrier of the group of all ranks.\n\n* `state` (in) borrowed.\n* `timeout_ms` (in) milliseconds to wait for peers; 0 takes comm.timeout\\_ms; negative is refused.\n\n* **return** OAR\\_E\\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.\n* **return** OAR\\_E\\_MISMATCH a rank called something else; the text gives both calls.\n* **return** OAR\\_E\\_PEER\\_LOST a rank ended or left; the text names it.\n* **return** OAR\\_E\\_ABORTED the group is dead; the text tells since what.\n* **threads** collective(state)\n* **source** Accelerate 1.15 `wait_for_everyone`.\n* **since** 0.1"]
    pub fn oar_state_barrier(state: *mut oar_state, timeout_ms: i64) -> oar_status;
    #[doc = "Write one line on the main process; other ranks do nothing. The only function of Oarlock that writes to standard\noutput.\n\n* `state` (in) borrowed.\n* `text` (in) UTF-8, without the newline at the end.\n\n* **return** OAR\\_E\\_CALLBACK the callback (oar\\_state\\_set\\_print\\_callback) returned nonzero; the error object has the value.\n* **return** OAR\\_E\\_NO\\_SPACE the disk behind standard output is full.\n* **return** OAR\\_E\\_IO standard output takes nothing, as when it is closed.\n* **threads** serial(state)\n* **source** Accelerate 1.15 `print`.\n* **since** 0.1"]
    pub fn oar_state_print(state: *const oar_state, text: *const ::core::ffi::c_char)
    -> oar_status;
    #[doc = "Give what oar\\_state\\_print writes to a function instead of standard output.\n\n* `state` (in) borrowed.\n* `fn` (in) called on the thread that prints, with no lock held; NULL: standard output again.\n* `user_data` (in) given to `fn`.\n* `release` (in) called with `user_data` exactly once: when another callback takes its place, when the state\n  ends, or before this returns if it fails or `fn` is NULL. NULL: not needed.\n\n* **threads** serial(state)\n* **since** 0.1"]
    pub fn oar_state_set_print_callback(
        state: *mut oar_state,
        fn_: oar_print_fn,
        user_data: *mut ::core::ffi::c_void,
        release: oar_release_fn,
    ) -> oar_status;
    #[doc = "Seed libtorch's default generator of this process, which initialisation, dropout and unseeded shuffling draw from.\nEqual to torch.manual\\_seed. Local: give all ranks the same seed for equal draws.\n\n* `state` (in) borrowed.\n* `seed` (in) any value; a negative one counts as seed + 2^64, as in torch.\n\n* **threads** serial(state); no other thread may draw random numbers meanwhile\n* **source** Accelerate 1.15 `set_seed`.\n* **since** 0.1"]
    pub fn oar_state_seed(state: *mut oar_state, seed: i64) -> oar_status;
    #[doc = "Ask all ranks to stop, at the step where they next call oar\\_state\\_should\\_stop. Async-signal-safe: one atomic store,\nso a signal handler may call it. Does not touch the thread's error; the caller must hold a reference to the state.\n\n* `state` (in) borrowed.\n\n* **return** OAR\\_E\\_HANDLE `state` is no live state.\n* **threads** any, and signal handlers\n* **source** Accelerate 1.15 `set_trigger`.\n* **since** 0.1"]
    pub fn oar_state_request_stop(state: *mut oar_state) -> oar_status;
    #[doc = "Tell every rank alike whether any rank was asked to stop. Once asked, the answer stays 1.\n\n* `state` (in) borrowed.\n* `out_should_stop` (out) 1 on every rank or 0 on every rank.\n\n* **return** OAR\\_E\\_TIMEOUT ranks did not call it in time; the text names them. The group is dead then.\n* **return** OAR\\_E\\_MISMATCH a rank called something else; the text gives both calls.\n* **return** OAR\\_E\\_PEER\\_LOST a rank ended or left; the text names it.\n* **return** OAR\\_E\\_ABORTED the group is dead; the text tells since what.\n* **threads** collective(state)\n* **source** Accelerate 1.15 `check_trigger`.\n* **since** 0.1"]
    pub fn oar_state_should_stop(state: *mut oar_state, out_should_stop: *mut i32) -> oar_status;
    #[doc = "Write what this rank knows about its last 1024 operations as JSON: call, sequence number, state (queued, awaiting\nranks, moving data, done, failed), when, and why it failed. The file is written whole or not at all.\n\n* `state` (in) borrowed.\n* `path` (in) file to write; its folder must exist.\n\n* **return** OAR\\_E\\_NOT\\_FOUND the folder does not exist.\n* **return** OAR\\_E\\_IO the system refused; the text has its reason. OAR\\_E\\_NO\\_SPACE: the disk is full.\n* **threads** any, also while another thread waits in a call of this state\n* **since** 0.1"]
    pub fn oar_state_dump(state: *const oar_state, path: *const ::core::ffi::c_char) -> oar_status;
    #[doc = "Make the group of all ranks dead: oar\\_group\\_abort. All calls that wait return OAR\\_E\\_ABORTED within 100 ms.\n\n* `state` (in) borrowed.\n* `reason` (in) UTF-8, copied; every rank's error text contains it.\n\n* **threads** any, also while another thread waits in a call of this state\n* **since** 0.1"]
    pub fn oar_state_abort(state: *mut oar_state, reason: *const ::core::ffi::c_char)
    -> oar_status;
    #[doc = "Leave the world: peers that still call its group get OAR\\_E\\_PEER\\_LOST, running operations here OAR\\_E\\_ABORTED. Does\nnot wait for peers; ends the threads, at most a few seconds long. Later collective calls give OAR\\_E\\_STATE. May be\ncalled twice.\n\n* `state` (in) borrowed; release it afterwards.\n\n* **threads** serial(state)\n* **source** Accelerate 1.15 `end_training`.\n* **since** 0.1"]
    pub fn oar_state_close(state: *mut oar_state) -> oar_status;
    #[doc = "Add a reference; each needs one oar\\_state\\_release.\n\n* `state` (in) borrowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_retain(state: *mut oar_state) -> oar_status;
    #[doc = "Drop a reference. Never waits and never communicates; a state that was not closed is closed by a later call of the\nlibrary.\n\n* `state` (in) NULL is allowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_state_release(state: *mut oar_state);
    #[doc = "Take over a tensor of another library, without a copy.\n\nStrides may be NULL, which is row-major. A producer's read-only flag makes a read-only tensor.\n\n* `managed` (in) owned on success only: its deleter then runs once, when the last use of the memory ends, on any\n  thread. On failure it is the caller's as before.\n* `stream` (in) the stream on which the caller will use the data; NULL for memory of the CPU.\n* `out` (out) owned; end with oar\\_tensor\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_VERSION the major version is not 1; nothing behind the version was read.\n* **return** OAR\\_E\\_UNSUPPORTED memory of a device, or an element type that has no OAR\\_\\* number.\n* **return** OAR\\_E\\_ARGUMENT sizes, strides or address that no tensor can have: negative, overflowing, unaligned, NULL.\n* **threads** any\n* **source** DLPack 1.3, struct DLManagedTensorVersioned.\n* **since** 0.1"]
    pub fn oar_tensor_from_dlpack(
        managed: *mut DLManagedTensorVersioned,
        stream: *mut ::core::ffi::c_void,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    #[doc = "Give a tensor to another library, without a copy.\n\nStrides are always written. The result keeps the memory alive, whatever happens to `tensor`; it carries no autograd\nhistory, and the read-only flag if the tensor is read-only.\n\n* `tensor` (in) borrowed; on the CPU.\n* `stream` (in) the consumer's stream; NULL for memory of the CPU.\n* `out` (out) owned: the receiver calls (\\*out)-\\>deleter(\\*out) once. Untouched on failure.\n\n* **return** OAR\\_E\\_UNSUPPORTED a sparse or lazily conjugated tensor, one on a device, or one without an OAR\\_\\* type.\n* **threads** serial(tensor)\n* **source** DLPack 1.3.\n* **since** 0.1"]
    pub fn oar_tensor_to_dlpack(
        tensor: *mut oar_tensor,
        stream: *mut ::core::ffi::c_void,
        out: *mut *mut DLManagedTensorVersioned,
    ) -> oar_status;
    #[doc = "A tensor over an array of the host, without a copy.\n\nA column-major (Fortran, Julia) array of shape \\[m, n\\] has the strides {1, m}.\n\n* `data` (in) retained until the last use of the tensor's memory ends, then released. A multiple of the\n  element type's size; NULL only if there are no elements.\n* `dtype` (in) OAR\\_FLOAT32 ... of types.h.\n* `shape` (in) borrowed; num\\_dims sizes \\>= 0. NULL if num\\_dims is 0.\n* `strides` (in) borrowed; num\\_dims strides in elements, \\>= 0, such that no two indices share an element.\n  NULL is row-major.\n* `num_dims` (in) 0 (one element) to 64.\n* `user_data` (in) handed to `release`; not looked at.\n* `release` (in) called exactly once, on any thread, when the memory is not used any more: also if this call\n  fails, then before it returns. NULL: nobody is told.\n* `out` (out) owned; end with oar\\_tensor\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT unknown dtype, negative or overflowing sizes, negative or overlapping strides, unaligned\n  data.\n* **threads** any\n* **since** 0.1"]
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
    #[doc = "A new tensor of zeros on the CPU, row-major.\n\n* `dtype` (in) OAR\\_FLOAT32 ... of types.h.\n* `shape` (in) borrowed; num\\_dims sizes \\>= 0. NULL if num\\_dims is 0.\n* `num_dims` (in) 0 (one element) to 64.\n* `out` (out) owned; end with oar\\_tensor\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT unknown dtype, or sizes that are negative or overflow.\n* **return** OAR\\_E\\_OUT\\_OF\\_MEMORY the text gives the bytes that were asked for.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tensor_zeros(
        dtype: i32,
        shape: *const i64,
        num_dims: usize,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    #[doc = "How many dimensions the tensor has; a single value has 0.\n\n* `tensor` (in) borrowed.\n* `out_num_dims` (out) 0 to 64. Untouched on failure.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_num_dims(tensor: *const oar_tensor, out_num_dims: *mut i64) -> oar_status;
    #[doc = "The tensor's sizes.\n\n* `tensor` (in) borrowed.\n* `shape` (out) room for \\*count sizes; NULL asks for the number only.\n* `count` (in,out) in: room; out: number of dimensions, also when the room is too small.\n\n* **return** OAR\\_E\\_ARGUMENT the room is too small; \\*count holds the need.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_shape(
        tensor: *const oar_tensor,
        shape: *mut i64,
        count: *mut usize,
    ) -> oar_status;
    #[doc = "The tensor's strides, in elements.\n\n* `tensor` (in) borrowed.\n* `strides` (out) room for \\*count strides; NULL asks for the number only.\n* `count` (in,out) in: room; out: number of dimensions, also when the room is too small.\n\n* **return** OAR\\_E\\_ARGUMENT the room is too small; \\*count holds the need.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_strides(
        tensor: *const oar_tensor,
        strides: *mut i64,
        count: *mut usize,
    ) -> oar_status;
    #[doc = "How many elements the tensor has: the product of its sizes.\n\n* `tensor` (in) borrowed.\n* `out_numel` (out) Untouched on failure.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_numel(tensor: *const oar_tensor, out_numel: *mut i64) -> oar_status;
    #[doc = "The tensor's element type, as an OAR\\_\\* number of types.h.\n\n* `tensor` (in) borrowed.\n* `out_dtype` (out) Untouched on failure.\n\n* **return** OAR\\_E\\_UNSUPPORTED a type of libtorch that has no such number (quantised ones); the text names it.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_dtype(tensor: *const oar_tensor, out_dtype: *mut i32) -> oar_status;
    #[doc = "Where the tensor's memory is: \"cpu\", \"cuda:0\".\n\n* `tensor` (in) borrowed.\n* `buf` (out) room for \\*len bytes; NULL asks for the length only.\n* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.\n\n* **return** OAR\\_E\\_ARGUMENT the room is too small.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_device(
        tensor: *const oar_tensor,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "Whether the memory must not be written to.\n\n* `tensor` (in) borrowed.\n* `out_is_read_only` (out) 1 or 0. Untouched on failure.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_is_read_only(
        tensor: *const oar_tensor,
        out_is_read_only: *mut i32,
    ) -> oar_status;
    #[doc = "The address of the first element, of a tensor on the CPU. The strides say where the others are.\n\n* `tensor` (in) borrowed.\n* `out_data` (out) borrowed: valid as long as any reference to the tensor's memory is. NULL only if there are no\n  elements. Not to be written to if the tensor is read-only. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT the tensor is on a device.\n* **return** OAR\\_E\\_UNSUPPORTED a sparse or lazily conjugated tensor; oar\\_tensor\\_contiguous makes a plain one of the\n  latter.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_data(
        tensor: *mut oar_tensor,
        out_data: *mut *mut ::core::ffi::c_void,
    ) -> oar_status;
    #[doc = "The same values in row-major order: a copy, or the same memory where it is so already.\n\nA copy of a tensor that autograd records is recorded too.\n\n* `tensor` (in) borrowed.\n* `out` (out) owned; end with oar\\_tensor\\_release. Untouched on failure.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_contiguous(
        tensor: *const oar_tensor,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    #[doc = "The value of a tensor of one element. Integers beyond 2^53 are rounded.\n\n* `tensor` (in) borrowed; on a device the call waits for its value.\n* `out_value` (out) bool gives 0 or 1. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT more or fewer than one element, or a complex type.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tensor_item(tensor: *const oar_tensor, out_value: *mut f64) -> oar_status;
    #[doc = "Write the source's values into the tensor, in place, converting the element type; autograd does not see it.\n\n* `tensor` (in) borrowed; written to. A parameter is fine.\n* `source` (in) borrowed; the same shape, any strides. May be a view of the same memory.\n\n* **return** OAR\\_E\\_ARGUMENT the shapes differ (the text gives both), the tensor is read-only or a broadcast view, or\n  complex values would go into a real tensor. Nothing was written.\n* **threads** serial(tensor, source)\n* **since** 0.1"]
    pub fn oar_tensor_copy_from(tensor: *mut oar_tensor, source: *const oar_tensor) -> oar_status;
    #[doc = "One more reference to the handle; it takes one more oar\\_tensor\\_release to end it.\n\n* `tensor` (in) borrowed.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tensor_retain(tensor: *mut oar_tensor) -> oar_status;
    #[doc = "Drop one reference. The memory lives on as long as something else uses it.\n\n* `tensor` (in) NULL is allowed.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tensor_release(tensor: *mut oar_tensor);
    #[doc = "Create a tracker.\n\n\"jsonl\" appends one line of JSON per call to a file: {\"step\":12,\"time\":1767225599.123,\"loss\":0.5}; time is UTC, in\nseconds since 1970. Each line is handed to the system at once. A resumed run appends; a last line that a crash cut\nshort is mended when the file is opened.\n\n* `state` (in) borrowed; tells which process is the main one.\n* `name` (in) the product: \"jsonl\".\n* `options` (in) JSON object of tracker.\\* options, named without \"tracker.\": {\"path\":\"run/metrics.jsonl\"}; what\n  it does not name, and all of it if NULL, is taken from the state's config. Missing directories\n  of the path are made.\n* `out` (out) owned; end with oar\\_tracker\\_close and oar\\_tracker\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND no product of that name; the text lists the known ones.\n* **return** OAR\\_E\\_ARGUMENT an unknown option (the text names the nearest), or no path.\n* **return** OAR\\_E\\_IO the file cannot be opened for writing; the text has path and reason.\n* **return** OAR\\_E\\_CORRUPT the file holds something else than metrics; it is left alone.\n* **threads** serial(state)\n* **since** 0.1"]
    pub fn oar_tracker_create(
        state: *mut oar_state,
        name: *const ::core::ffi::c_char,
        options: *const ::core::ffi::c_char,
        out: *mut *mut oar_tracker,
    ) -> oar_status;
    #[doc = "Log numbers of one step. Those that are not finite are written as \"NaN\", \"Infinity\" and \"-Infinity\".\n\n* `tracker` (in) borrowed.\n* `step` (in) any number; by custom the optimizer's step. The same step may be logged again.\n* `names` (in) `count` different names; \"step\" and \"time\" are the tracker's own.\n* `values` (in) `count` numbers.\n* `count` (in) 0 writes a line with step and time only.\n\n* **return** OAR\\_E\\_ARGUMENT a name is NULL, taken, no UTF-8, or given twice.\n* **return** OAR\\_E\\_STATE the tracker is closed.\n* **return** OAR\\_E\\_NO\\_SPACE the disk is full; the line is not written, those before it are whole. Likewise OAR\\_E\\_IO.\n* **threads** serial(tracker)\n* **since** 0.1"]
    pub fn oar_tracker_log(
        tracker: *mut oar_tracker,
        step: i64,
        names: *const *const ::core::ffi::c_char,
        values: *const f64,
        count: usize,
    ) -> oar_status;
    #[doc = "Log any JSON object of one step: texts, lists, nested objects.\n\n* `tracker` (in) borrowed.\n* `step` (in) as in oar\\_tracker\\_log.\n* `json` (in) an object: {\"loss\":0.5,\"note\":\"warm-up ended\"}. \"step\" and \"time\" are the tracker's own.\n\n* **return** OAR\\_E\\_ARGUMENT no valid JSON (the text has the offset), no object, or a name that is taken.\n* **return** OAR\\_E\\_STATE the tracker is closed.\n* **return** OAR\\_E\\_NO\\_SPACE the disk is full; the line is not written, those before it are whole. Likewise OAR\\_E\\_IO.\n* **threads** serial(tracker)\n* **since** 0.1"]
    pub fn oar_tracker_log_json(
        tracker: *mut oar_tracker,
        step: i64,
        json: *const ::core::ffi::c_char,
    ) -> oar_status;
    #[doc = "Close the tracker and its file. May be called twice.\n\n* `tracker` (in) borrowed; later calls that log give OAR\\_E\\_STATE.\n\n* **return** OAR\\_E\\_IO the system reports a write that failed late.\n* **threads** serial(tracker)\n* **since** 0.1"]
    pub fn oar_tracker_close(tracker: *mut oar_tracker) -> oar_status;
    #[doc = "Add a reference.\n\n* `tracker` (in) one more oar\\_tracker\\_release ends it.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tracker_retain(tracker: *mut oar_tracker) -> oar_status;
    #[doc = "Drop a reference; the last one closes the tracker, without telling late errors. Never blocks.\n\n* `tracker` (in) NULL does nothing.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tracker_release(tracker: *mut oar_tracker);
    #[doc = "An empty list.\n\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_create_list(out: *mut *mut oar_tree) -> oar_status;
    #[doc = "An empty map. It keeps the order in which keys were set first.\n\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_create_map(out: *mut *mut oar_tree) -> oar_status;
    #[doc = "A tree that is one integer.\n\n* `value` (in) kept exactly.\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_from_int64(value: i64, out: *mut *mut oar_tree) -> oar_status;
    #[doc = "A tree that is one floating-point number.\n\n* `value` (in) any, also NaN and infinities.\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_from_double(value: f64, out: *mut *mut oar_tree) -> oar_status;
    #[doc = "A tree that is one truth value.\n\n* `value` (in) 0 is false, everything else true.\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_from_bool(value: i32, out: *mut *mut oar_tree) -> oar_status;
    #[doc = "A tree that is nothing: Python's None, JSON's null.\n\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_from_none(out: *mut *mut oar_tree) -> oar_status;
    #[doc = "A tree that is one text.\n\n* `text` (in) borrowed; UTF-8, copied.\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_from_string(
        text: *const ::core::ffi::c_char,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    #[doc = "A tree that is one tensor.\n\n* `tensor` (in) retained until the tree, and what was copied from it, ends.\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n* **threads** serial(tensor)\n* **since** 0.1"]
    pub fn oar_tree_from_tensor(tensor: *mut oar_tensor, out: *mut *mut oar_tree) -> oar_status;
    #[doc = "What the tree is.\n\n* `tree` (in) borrowed.\n* `out_kind` (out) OAR\\_TREE\\_NONE ... OAR\\_TREE\\_MAP. Untouched on failure.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_kind(tree: *const oar_tree, out_kind: *mut i32) -> oar_status;
    #[doc = "How many entries a list or map has; a leaf has 0.\n\n* `tree` (in) borrowed.\n* `out_size` (out) Untouched on failure.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_size(tree: *const oar_tree, out_size: *mut i64) -> oar_status;
    #[doc = "The key of one entry of a map.\n\n* `tree` (in) borrowed; a map.\n* `index` (in) 0 to size - 1, in the order in which keys were set first.\n* `buf` (out) room for \\*len bytes; NULL asks for the length only.\n* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.\n\n* **return** OAR\\_E\\_ARGUMENT not a map, an index outside it, or too little room.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_key(
        tree: *const oar_tree,
        index: i64,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "A copy of one entry of a list or map; its tensors are shared.\n\nWith oar\\_tree\\_key the way through a tree whatever its keys are: paths (oar\\_tree\\_get) do not reach an empty key.\n\n* `tree` (in) borrowed; a list or a map.\n* `index` (in) 0 to size - 1; of a map in the order in which keys were set first.\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_ARGUMENT neither list nor map, or index out of range.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_at(tree: *const oar_tree, index: i64, out: *mut *mut oar_tree) -> oar_status;
    #[doc = "Put a copy of `item` at the end of a list.\n\n* `tree` (in) borrowed; a list.\n* `item` (in) borrowed; its tensors are shared.\n\n* **return** OAR\\_E\\_ARGUMENT not a list, or it would be more than 64 deep.\n* **threads** serial(tree, item)\n* **since** 0.1"]
    pub fn oar_tree_append(tree: *mut oar_tree, item: *const oar_tree) -> oar_status;
    #[doc = "Put a tensor at the end of a list.\n\n* `tree` (in) borrowed; a list.\n* `tensor` (in) retained until the tree, and what was copied from it, ends.\n\n* **return** OAR\\_E\\_ARGUMENT not a list.\n* **threads** serial(tree, tensor)\n* **since** 0.1"]
    pub fn oar_tree_append_tensor(tree: *mut oar_tree, tensor: *mut oar_tensor) -> oar_status;
    #[doc = "Give a key of a map a copy of `item`; what it had before is replaced.\n\n* `tree` (in) borrowed; a map.\n* `key` (in) borrowed; UTF-8.\n* `item` (in) borrowed; its tensors are shared.\n\n* **return** OAR\\_E\\_ARGUMENT not a map, or it would be more than 64 deep.\n* **threads** serial(tree, item)\n* **since** 0.1"]
    pub fn oar_tree_set(
        tree: *mut oar_tree,
        key: *const ::core::ffi::c_char,
        item: *const oar_tree,
    ) -> oar_status;
    #[doc = "Give a key of a map a tensor; what it had before is replaced.\n\n* `tree` (in) borrowed; a map.\n* `key` (in) borrowed; UTF-8.\n* `tensor` (in) retained until the tree, and what was copied from it, ends.\n\n* **return** OAR\\_E\\_ARGUMENT not a map.\n* **threads** serial(tree, tensor)\n* **since** 0.1"]
    pub fn oar_tree_set_tensor(
        tree: *mut oar_tree,
        key: *const ::core::ffi::c_char,
        tensor: *mut oar_tensor,
    ) -> oar_status;
    #[doc = "A copy of a part of the tree; its tensors are shared.\n\n* `tree` (in) borrowed.\n* `path` (in) borrowed; NULL or \"\" is the whole tree.\n* `out` (out) owned; end with oar\\_tree\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND the text names the step of the path that failed, and what there is.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_get(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out: *mut *mut oar_tree,
    ) -> oar_status;
    #[doc = "The tensor at a path.\n\n* `tree` (in) borrowed.\n* `path` (in) borrowed; NULL or \"\" is the tree itself.\n* `out` (out) owned, shares the tree's memory; end with oar\\_tensor\\_release. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND there is no such entry.\n* **return** OAR\\_E\\_ARGUMENT the entry is no tensor; the text says what it is.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_get_tensor(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out: *mut *mut oar_tensor,
    ) -> oar_status;
    #[doc = "The number at a path: an int, double, bool, or a tensor of one element. Integers beyond 2^53 are rounded.\n\n* `tree` (in) borrowed.\n* `path` (in) borrowed; NULL or \"\" is the tree itself.\n* `out_value` (out) Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND there is no such entry.\n* **return** OAR\\_E\\_ARGUMENT the entry is no number; the text says what it is.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_get_double(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out_value: *mut f64,
    ) -> oar_status;
    #[doc = "The integer at a path, exactly.\n\n* `tree` (in) borrowed.\n* `path` (in) borrowed; NULL or \"\" is the tree itself.\n* `out_value` (out) Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND there is no such entry.\n* **return** OAR\\_E\\_ARGUMENT the entry is of another kind than OAR\\_TREE\\_INT; the text says which.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_get_int64(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out_value: *mut i64,
    ) -> oar_status;
    #[doc = "The truth value at a path.\n\n* `tree` (in) borrowed.\n* `path` (in) borrowed; NULL or \"\" is the tree itself.\n* `out_value` (out) 1 or 0. Untouched on failure.\n\n* **return** OAR\\_E\\_NOT\\_FOUND there is no such entry.\n* **return** OAR\\_E\\_ARGUMENT the entry is of another kind than OAR\\_TREE\\_BOOL; the text says which.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_get_bool(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        out_value: *mut i32,
    ) -> oar_status;
    #[doc = "The text at a path.\n\n* `tree` (in) borrowed.\n* `path` (in) borrowed; NULL or \"\" is the tree itself.\n* `buf` (out) room for \\*len bytes; NULL asks for the length only.\n* `len` (in,out) in: room; out: length with the closing NUL, also when the room is too small.\n\n* **return** OAR\\_E\\_NOT\\_FOUND there is no such entry.\n* **return** OAR\\_E\\_ARGUMENT the entry is no text, or there is too little room.\n* **threads** serial(tree)\n* **since** 0.1"]
    pub fn oar_tree_get_string(
        tree: *const oar_tree,
        path: *const ::core::ffi::c_char,
        buf: *mut ::core::ffi::c_char,
        len: *mut usize,
    ) -> oar_status;
    #[doc = "One more reference to the handle; it takes one more oar\\_tree\\_release to end it.\n\n* `tree` (in) borrowed.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_retain(tree: *mut oar_tree) -> oar_status;
    #[doc = "Drop one reference.\n\n* `tree` (in) NULL is allowed.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_tree_release(tree: *mut oar_tree);
    #[doc = "The ABI version of the library that is loaded: major \\<\\< 16 | minor.\n\nFrom 1.0 on, a program needs the major number that it was compiled with and at least its minor number. A library of\nmajor number 0 makes no promise beyond its own minor number.\n\n* **return** the version.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_abi_version() -> i32;
    #[doc = "The version of the library that is loaded, for example \"0.1.0\".\n\n* **return** borrowed static text.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_version() -> *const ::core::ffi::c_char;
    #[doc = "Version and file of the libtorch that is really loaded, for example \"2.11.0 (/opt/torch/lib/libtorch\\_cpu.so)\".\n\nEvery other fallible function gives OAR\\_E\\_VERSION if its major and minor number are not those that the library was\nbuilt for; this one answers all the same.\n\n* `buf` (out) the text, or NULL to ask for its length.\n* `len` (in,out) in: room in bytes; out: length with the closing NUL.\n\n* **return** OAR\\_E\\_ARGUMENT the room is too small; then \\*len is the need.\n* **threads** any\n* **since** 0.1"]
    pub fn oar_torch_version(buf: *mut ::core::ffi::c_char, len: *mut usize) -> oar_status;
    #[doc = "Wait until the operation is done, and learn how it ended.\n\nA time-out here only ends the waiting: the operation goes on, its tensors stay in use, and one may wait again. The\noperation's own time-out is that of the call which started it; when it runs out the group is dead.\nMay be called again after the end; the answer is the same.\n\n* `work` (in) borrowed.\n* `timeout_ms` (in) milliseconds to wait; 0 waits until the operation has ended by itself, which its own time-out\n  bounds; negative is refused.\n\n* **return** OAR\\_E\\_TIMEOUT not done yet, or ranks did not call the operation in time; the text names them.\n* **return** OAR\\_E\\_MISMATCH ranks made different calls; the text gives both.\n* **return** OAR\\_E\\_PEER\\_LOST a rank ended or left; the text names it, the operation and its sequence number.\n* **return** OAR\\_E\\_ABORTED the group was aborted or closed meanwhile, or was dead before.\n* **threads** serial(work)\n* **since** 0.1"]
    pub fn oar_work_wait(work: *mut oar_work, timeout_ms: i64) -> oar_status;
    #[doc = "Tell whether the operation has ended, well or not. Does not wait.\n\n* `work` (in) borrowed.\n* `out_is_done` (out) 1 or 0.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_work_is_done(work: *const oar_work, out_is_done: *mut i32) -> oar_status;
    #[doc = "Give the operation's own error. Does not wait, and does not touch the calling thread's error.\n\n* `work` (in) borrowed.\n* `out_error` (out) owned; end with oar\\_error\\_release. NULL while the operation runs and when it succeeded.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_work_error(work: *const oar_work, out_error: *mut *mut oar_error) -> oar_status;
    #[doc = "Add a reference; each needs one oar\\_work\\_release.\n\n* `work` (in) borrowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_work_retain(work: *mut oar_work) -> oar_status;
    #[doc = "Drop a reference. Neither waits for the operation nor cancels it: the tensors stay in use until it has ended.\n\n* `work` (in) NULL is allowed.\n\n* **threads** any\n* **since** 0.1"]
    pub fn oar_work_release(work: *mut oar_work);
}
