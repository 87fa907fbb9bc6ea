# Made by bindings/julia/generate.py from capi/api.json; do not edit.

# The functions whose addresses bind() looks up, in the order of ADDRESSES.
const FUNCTIONS = (
    :oar_abi_version, :oar_accelerator_accumulate_begin, :oar_accelerator_accumulate_end,
    :oar_accelerator_accumulation_steps, :oar_accelerator_autocast_begin, :oar_accelerator_autocast_end,
    :oar_accelerator_backward, :oar_accelerator_backward_weighted, :oar_accelerator_check_trigger,
    :oar_accelerator_clip_grad_norm, :oar_accelerator_clip_grad_value, :oar_accelerator_close, :oar_accelerator_create,
    :oar_accelerator_diloco_begin, :oar_accelerator_free_memory, :oar_accelerator_gather_for_metrics,
    :oar_accelerator_gather_tree_for_metrics, :oar_accelerator_gradient_ready, :oar_accelerator_gradients_done,
    :oar_accelerator_last_checkpoint, :oar_accelerator_load, :oar_accelerator_load_scaler_state,
    :oar_accelerator_local_end, :oar_accelerator_local_sgd_begin, :oar_accelerator_local_step,
    :oar_accelerator_loss_scale, :oar_accelerator_mixed_precision, :oar_accelerator_no_sync_begin,
    :oar_accelerator_no_sync_end, :oar_accelerator_prepare_loader, :oar_accelerator_prepare_model,
    :oar_accelerator_prepare_optimizer, :oar_accelerator_prepare_scheduler, :oar_accelerator_reduce_mean,
    :oar_accelerator_release, :oar_accelerator_retain, :oar_accelerator_save, :oar_accelerator_scaler_state,
    :oar_accelerator_set_accumulation_steps, :oar_accelerator_set_sync_gradients, :oar_accelerator_set_trigger,
    :oar_accelerator_step, :oar_accelerator_step_closure, :oar_accelerator_step_was_skipped,
    :oar_accelerator_sync_gradients, :oar_accelerator_trigger_sync, :oar_accelerator_unscale_gradients,
    :oar_bytes_create, :oar_bytes_release, :oar_bytes_retain, :oar_bytes_view, :oar_checkpoint_find_latest,
    :oar_checkpoint_manifest, :oar_checkpoint_num_tensors, :oar_checkpoint_open, :oar_checkpoint_release,
    :oar_checkpoint_retain, :oar_checkpoint_tensor, :oar_checkpoint_tensor_name, :oar_checkpoint_user_json,
    :oar_checkpoint_verify, :oar_config_copy, :oar_config_create, :oar_config_get_bool, :oar_config_get_double,
    :oar_config_get_int64, :oar_config_get_string, :oar_config_merge_json, :oar_config_release, :oar_config_retain,
    :oar_config_set_bool, :oar_config_set_double, :oar_config_set_int64, :oar_config_set_string, :oar_config_to_json,
    :oar_config_type, :oar_dataset_concatenate, :oar_dataset_from_csv, :oar_dataset_from_safetensors,
    :oar_dataset_from_samples, :oar_dataset_from_stream, :oar_dataset_from_tensors, :oar_dataset_from_tokens,
    :oar_dataset_get, :oar_dataset_pack, :oar_dataset_release, :oar_dataset_retain, :oar_dataset_size,
    :oar_dataset_subset, :oar_dtype_name, :oar_dtype_size, :oar_error_code, :oar_error_component, :oar_error_message,
    :oar_error_operation, :oar_error_rank, :oar_error_release, :oar_error_retain, :oar_error_set, :oar_error_take,
    :oar_error_vendor_code, :oar_experimental_get, :oar_group_abort, :oar_group_all_gather, :oar_group_all_gather_bytes,
    :oar_group_all_gather_coalesced, :oar_group_all_gather_rows, :oar_group_all_reduce, :oar_group_all_reduce_coalesced,
    :oar_group_all_to_all, :oar_group_all_to_all_rows, :oar_group_alloc_shared, :oar_group_arrival_skew,
    :oar_group_barrier, :oar_group_broadcast, :oar_group_broadcast_bytes, :oar_group_broadcast_coalesced,
    :oar_group_broadcast_object, :oar_group_broadcast_tree, :oar_group_close, :oar_group_copy_tree,
    :oar_group_create_subgroup, :oar_group_gather, :oar_group_gather_objects, :oar_group_gather_tree,
    :oar_group_pad_tree, :oar_group_rank, :oar_group_receive, :oar_group_reduce, :oar_group_reduce_scatter,
    :oar_group_reduce_scatter_coalesced, :oar_group_reduce_tree, :oar_group_release, :oar_group_retain,
    :oar_group_scatter, :oar_group_send, :oar_group_set_tag, :oar_group_size, :oar_group_split,
    :oar_group_translate_rank, :oar_group_world_ranks, :oar_last_error, :oar_load_library, :oar_loader_close,
    :oar_loader_create, :oar_loader_create_dispatched, :oar_loader_epoch, :oar_loader_load_state, :oar_loader_next,
    :oar_loader_num_batches, :oar_loader_num_samples, :oar_loader_position, :oar_loader_release, :oar_loader_retain,
    :oar_loader_samples_in_round, :oar_loader_seek, :oar_loader_set_batch_sampler, :oar_loader_set_collate,
    :oar_loader_set_indices, :oar_loader_set_padding, :oar_loader_set_sampler, :oar_loader_set_shard,
    :oar_loader_set_weights, :oar_loader_state, :oar_log_set_callback, :oar_log_set_level, :oar_memory_report,
    :oar_mesh_coordinate, :oar_mesh_create, :oar_mesh_flatten, :oar_mesh_group, :oar_mesh_rank_at, :oar_mesh_release,
    :oar_mesh_retain, :oar_mesh_size, :oar_model_add_lora, :oar_model_create_foreign, :oar_model_describe,
    :oar_model_enter_scope, :oar_model_exit_scope, :oar_model_forward, :oar_model_forward_unit,
    :oar_model_forward_with_values, :oar_model_freeze, :oar_model_gradient, :oar_model_input_name,
    :oar_model_is_training, :oar_model_load, :oar_model_load_lora, :oar_model_load_weights, :oar_model_merge_lora,
    :oar_model_num_inputs, :oar_model_num_outputs, :oar_model_num_parameters, :oar_model_num_units,
    :oar_model_output_name, :oar_model_parameter, :oar_model_parameter_name, :oar_model_profile_save_trace,
    :oar_model_profile_start, :oar_model_profile_stop, :oar_model_profile_table, :oar_model_register_buffer,
    :oar_model_register_parameter, :oar_model_release, :oar_model_retain, :oar_model_run, :oar_model_save_lora,
    :oar_model_save_weights, :oar_model_set_backward, :oar_model_set_forward, :oar_model_set_recompute,
    :oar_model_set_training, :oar_model_set_units, :oar_model_tensor, :oar_model_trace, :oar_model_unit_name,
    :oar_op_call, :oar_op_call_no_grad, :oar_op_names, :oar_op_signatures, :oar_optimizer_create,
    :oar_optimizer_create_foreign, :oar_optimizer_group_options, :oar_optimizer_learning_rate,
    :oar_optimizer_load_state_dict, :oar_optimizer_num_groups, :oar_optimizer_num_steps, :oar_optimizer_release,
    :oar_optimizer_retain, :oar_optimizer_set_group_options, :oar_optimizer_set_learning_rate,
    :oar_optimizer_set_training, :oar_optimizer_state_dict, :oar_optimizer_step, :oar_optimizer_step_closure,
    :oar_optimizer_zero_grad, :oar_profile_begin, :oar_profile_end, :oar_profile_step, :oar_progress_advance,
    :oar_progress_close, :oar_progress_create, :oar_progress_release, :oar_progress_retain, :oar_progress_set_callback,
    :oar_rows_split, :oar_scheduler_create, :oar_scheduler_from_factors, :oar_scheduler_load_state_dict,
    :oar_scheduler_num_steps, :oar_scheduler_release, :oar_scheduler_retain, :oar_scheduler_state_dict,
    :oar_scheduler_step, :oar_scheduler_step_metric, :oar_session_create, :oar_session_release, :oar_session_retain,
    :oar_session_run, :oar_session_writes_in_place, :oar_state_abort, :oar_state_barrier, :oar_state_close,
    :oar_state_create, :oar_state_create_with_exchange, :oar_state_device, :oar_state_dump, :oar_state_group,
    :oar_state_is_last_process, :oar_state_is_local_main_process, :oar_state_is_main_process, :oar_state_local_rank,
    :oar_state_local_world_size, :oar_state_log, :oar_state_next_batch_size, :oar_state_print, :oar_state_rank,
    :oar_state_release, :oar_state_request_stop, :oar_state_retain, :oar_state_seed, :oar_state_set_deterministic,
    :oar_state_set_print_callback, :oar_state_should_stop, :oar_state_shrink, :oar_state_synchronize_rng,
    :oar_state_world_size, :oar_status_name, :oar_tensor_contiguous, :oar_tensor_copy_from, :oar_tensor_data,
    :oar_tensor_device, :oar_tensor_dtype, :oar_tensor_from_dlpack, :oar_tensor_from_memory, :oar_tensor_from_npy,
    :oar_tensor_from_read_only_memory, :oar_tensor_from_torch, :oar_tensor_is_read_only, :oar_tensor_item,
    :oar_tensor_num_dims, :oar_tensor_numel, :oar_tensor_release, :oar_tensor_retain, :oar_tensor_shape,
    :oar_tensor_strides, :oar_tensor_to_dlpack, :oar_tensor_to_torch, :oar_tensor_zeros, :oar_timer_begin,
    :oar_timer_end, :oar_timer_report, :oar_timer_report_all_ranks, :oar_timer_reset, :oar_torch_version,
    :oar_tracker_close, :oar_tracker_create, :oar_tracker_log, :oar_tracker_log_json, :oar_tracker_release,
    :oar_tracker_retain, :oar_tree_append, :oar_tree_append_tensor, :oar_tree_at, :oar_tree_batch_size,
    :oar_tree_concatenate, :oar_tree_create_list, :oar_tree_create_map, :oar_tree_device, :oar_tree_from_bool,
    :oar_tree_from_double, :oar_tree_from_int64, :oar_tree_from_json, :oar_tree_from_none, :oar_tree_from_string,
    :oar_tree_from_tensor, :oar_tree_get, :oar_tree_get_bool, :oar_tree_get_double, :oar_tree_get_int64,
    :oar_tree_get_string, :oar_tree_get_tensor, :oar_tree_key, :oar_tree_kind, :oar_tree_pad_to_multiple,
    :oar_tree_release, :oar_tree_retain, :oar_tree_set, :oar_tree_set_tensor, :oar_tree_size, :oar_tree_slice,
    :oar_tree_split, :oar_tree_to_device, :oar_tree_to_float32, :oar_tree_to_json, :oar_tree_to_numbers, :oar_version,
    :oar_work_error, :oar_work_is_done, :oar_work_release, :oar_work_retain, :oar_work_wait,
)
const ADDRESSES = fill(C_NULL, length(FUNCTIONS))

"""
    oar_abi_version() -> int32_t

The ABI version of the library that is loaded: major << 16 | minor.

From 1.0 on, a program needs the major number that it was compiled with and at least its minor number. A library of
major number 0 makes no promise beyond its own minor number.

Threads: any.
"""
oar_abi_version() =
    ccall(@inbounds(ADDRESSES[1]), Int32, ())

"""
    oar_accelerator_accumulate_begin(accelerator, model) -> oar_status

Begin a micro-batch of an accumulation.

Decides whether gradients are synchronised in it: at every accelerator.gradient_accumulation_steps-th micro-batch
and, unless accelerator.sync_with_dataloader is off, at the last batch of the active loader's epoch, after which
counting starts anew. In the others the backward only adds to this rank's gradients, and clip and step do
nothing. The active loader is the prepared one that gave a batch last and is not at its end.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): borrowed, prepared: the model whose gradients wait; NULL: all prepared models.

Threads: serial(accelerator, model); the same on every rank.
"""
oar_accelerator_accumulate_begin(accelerator, model) =
    ccall(@inbounds(ADDRESSES[2]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}), accelerator, model)

"""
    oar_accelerator_accumulate_end(accelerator) -> oar_status

End the micro-batch that oar_accelerator_accumulate_begin began. Backwards outside such a pair are synchronised.

- `accelerator` (`oar_accelerator *`): borrowed.

Threads: serial(accelerator).
"""
oar_accelerator_accumulate_end(accelerator) =
    ccall(@inbounds(ADDRESSES[3]), Int32, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_accumulation_steps(accelerator, out_steps) -> oar_status

Tell the number of micro-batches per step.

- `accelerator` (`const oar_accelerator *`): borrowed.
- `out_steps` (`int64_t *`): >= 1.

Threads: serial(accelerator).
"""
oar_accelerator_accumulation_steps(accelerator, out_steps) =
    ccall(@inbounds(ADDRESSES[4]), Int32, (Ptr{oar_accelerator}, Ptr{Int64}), accelerator, out_steps)

"""
    oar_accelerator_autocast_begin(accelerator, enabled) -> oar_status

Begin a region in which the host's own calls of operators (oar_op_call with the accelerator's state) run under autocast,
as the forwards of prepared models do, or, inside of such a forward, without it.

Regions nest; the innermost counts: one that is not enabled is an island of full precision. They belong to the state,
not to a thread. Forwards of models do not see regions that were begun outside of them, and must end their own.
With mixed precision \"no\" a region changes nothing. Do not step inside of a region.

- `accelerator` (`oar_accelerator *`): borrowed.
- `enabled` (`int32_t`): 1: compute in 16 bits what can be; 0: compute in what operators are given.

Threads: serial(accelerator), and no operator of its state called meanwhile.
"""
oar_accelerator_autocast_begin(accelerator, enabled) =
    ccall(@inbounds(ADDRESSES[5]), Int32, (Ptr{oar_accelerator}, Int32), accelerator, enabled)

"""
    oar_accelerator_autocast_end(accelerator) -> oar_status

End the innermost region that oar_accelerator_autocast_begin began.

- `accelerator` (`oar_accelerator *`): borrowed.

Threads: serial(accelerator), and no operator of its state called meanwhile.
"""
oar_accelerator_autocast_end(accelerator) =
    ccall(@inbounds(ADDRESSES[6]), Int32, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_backward(accelerator, loss) -> oar_status

Add the gradients of `loss` / accelerator.gradient_accumulation_steps to the parameters.

When gradients are synchronised, they are averaged over the ranks while the backward still runs, and on return
every rank holds the same; buffers (running statistics) become rank 0's. The division is made at every
micro-batch, also in a short accumulation at an epoch's end.

- `accelerator` (`oar_accelerator *`): borrowed.
- `loss` (`const oar_tensor *`): borrowed; one floating-point element that a forward in training mode gave. Unchanged.

Threads: collective(state) when gradients are synchronised, serial(accelerator) otherwise.
"""
oar_accelerator_backward(accelerator, loss) =
    ccall(@inbounds(ADDRESSES[7]), Int32, (Ptr{oar_accelerator}, Ptr{oar_tensor}), accelerator, loss)

"""
    oar_accelerator_backward_weighted(accelerator, model, loss_sum, weight) -> oar_status

Add the gradients of a sum over `weight` things (tokens, samples) to the parameters. When gradients are synchronised,
they become those of the sums of all micro-batches and ranks, divided by all their weights: the exact mean.

Nothing is divided by accelerator.gradient_accumulation_steps. The sum of weights travels behind the last gradients.
An accumulation is weighted as a whole or not at all. Between synchronisations gradients are sums; where they never
meet (oar_accelerator_no_sync_begin), clip and step divide them by this rank's own weights. With a total weight of 0
gradients stay what the losses gave.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): borrowed, prepared: the model that the loss trains. NULL: all prepared models; where there
  are several and a loss does not train them all, name it.
- `loss_sum` (`const oar_tensor *`): borrowed; one floating-point element that a forward in training mode gave, e.g. the
  sum of the tokens' losses. Unchanged.
- `weight` (`double`): number of things in the sum, >= 0 and finite; 0 for a micro-batch without any.

Threads: collective(state) when gradients are synchronised, serial(accelerator) otherwise.
"""
oar_accelerator_backward_weighted(accelerator, model, loss_sum, weight) =
    ccall(@inbounds(ADDRESSES[8]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}, Ptr{oar_tensor}, Float64), accelerator, model, loss_sum, weight)

"""
    oar_accelerator_check_trigger(accelerator, out_is_set) -> oar_status

Tell all ranks whether one of them has set its flag since the last time that this was so; takes all flags back then.

- `accelerator` (`oar_accelerator *`): borrowed.
- `out_is_set` (`int32_t *`): 1 or 0, the same on all ranks. Untouched on failure.

Threads: collective(state).
"""
oar_accelerator_check_trigger(accelerator, out_is_set) =
    ccall(@inbounds(ADDRESSES[9]), Int32, (Ptr{oar_accelerator}, Ptr{Int32}), accelerator, out_is_set)

"""
    oar_accelerator_clip_grad_norm(accelerator, model, max_norm, norm_type, out_norm) -> oar_status

Scale gradients so that their total norm is at most `max_norm`.

Between synchronisations nothing is done and the norm is 0. Every rank finds the same norm from its own, equal
gradients; no communication.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): borrowed, prepared: its gradients; NULL: those of all prepared models, as one vector.
- `max_norm` (`double`): >= 0.
- `norm_type` (`double`): p > 0 of the p-norm; infinity for the largest absolute value. 2 is usual.
- `out_norm` (`double *`): the norm before scaling; NULL: not wanted.

Threads: serial(accelerator, model); collective(state) with a gradient scaler (precision.h), which unscales first.
"""
oar_accelerator_clip_grad_norm(accelerator, model, max_norm, norm_type, out_norm) =
    ccall(@inbounds(ADDRESSES[10]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}, Float64, Float64, Ptr{Float64}), accelerator, model, max_norm, norm_type, out_norm)

"""
    oar_accelerator_clip_grad_value(accelerator, model, clip_value) -> oar_status

Bring every element of the gradients into [-clip_value, clip_value]; NaN stays NaN. Between synchronisations nothing is
done.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): borrowed, prepared; NULL: all prepared models.
- `clip_value` (`double`): >= 0.

Threads: serial(accelerator, model).
"""
oar_accelerator_clip_grad_value(accelerator, model, clip_value) =
    ccall(@inbounds(ADDRESSES[11]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}, Float64), accelerator, model, clip_value)

"""
    oar_accelerator_close(accelerator) -> oar_status

Let go of everything prepared. Later calls give OAR_E_STATE; a second close does nothing.

- `accelerator` (`oar_accelerator *`): borrowed.

Threads: serial(accelerator).
"""
oar_accelerator_close(accelerator) =
    ccall(@inbounds(ADDRESSES[12]), Int32, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_create(state, config, out) -> oar_status

Make an accelerator for the ranks of `state`.

Keys read: accelerator.*, autocast.*, scaler.*, ddp.*, checkpoint.total_limit, project_dir, compat. All ranks pass
the same values.

- `state` (`oar_state *`): retained.
- `config` (`const oar_config *`): copied; NULL takes the configuration of `state`.
- `out` (`oar_accelerator **`): owned; end with oar_accelerator_close and oar_accelerator_release. Untouched on failure.

Threads: serial(state, config).
"""
oar_accelerator_create(state, config, out) =
    ccall(@inbounds(ADDRESSES[13]), Int32, (Ptr{oar_state}, Ptr{oar_config}, Ptr{Ptr{oar_accelerator}}), state, config, out)

"""
    oar_accelerator_diloco_begin(accelerator, model, num_steps, learning_rate, momentum, nesterov) -> oar_status

The same, but where the ranks meet, the way that they went in the mean is a gradient of an outer SGD: it moves the
parameters that the round began with, and all ranks go on from there.

The inner optimizer is the program's, usually AdamW; the paper takes 500 steps, 0.7 and 0.9 with Nesterov. Runs on
one rank, too.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): retained until the end; prepared.
- `num_steps` (`int64_t`): >= 1: steps of the inner optimizer between two outer ones.
- `learning_rate` (`double`): > 0, of the outer SGD.
- `momentum` (`double`): in [0, 1), of the outer SGD.
- `nesterov` (`int32_t`): 1: Nesterov's momentum; 0: plain.

Threads: serial(accelerator, model); the same on every rank.
"""
oar_accelerator_diloco_begin(accelerator, model, num_steps, learning_rate, momentum, nesterov) =
    ccall(@inbounds(ADDRESSES[14]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}, Int64, Float64, Float64, Int32), accelerator, model, num_steps, learning_rate, momentum, nesterov)

"""
    oar_accelerator_free_memory(accelerator) -> oar_status

Let go of everything prepared, and give memory that allocators keep back to the system and the device.

The accelerator is as new, but for its loss scale: other objects may be prepared. Models, optimizers and loaders that
the host still holds live on, unprepared. Gradients that no step has used stay with their parameters.

- `accelerator` (`oar_accelerator *`): borrowed.

Threads: serial(accelerator).
"""
oar_accelerator_free_memory(accelerator) =
    ccall(@inbounds(ADDRESSES[15]), Int32, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_gather_for_metrics(accelerator, tensor, out) -> oar_status

Give every rank the rows of all ranks, each sample once.

Rows lie in rank order. In the last round of the active loader's epoch the samples that were repeated to make the
ranks' batches even are left out, so that over an epoch exactly oar_loader_num_samples rows come back. Call it
between oar_loader_next of the batch and the next one. A tensor with k rows per sample keeps k rows of each
sample. A tensor without dimensions gives one value per rank, of which none is left out; so does one whose rows
are no multiple of the round's, and one of which ranks gave different numbers of rows.

- `accelerator` (`oar_accelerator *`): borrowed.
- `tensor` (`const oar_tensor *`): borrowed. Shape [n, ...]; n may differ between ranks, the rest may not.
- `out` (`oar_tensor **`): owned: [sum of n - duplicates, ...], without gradient. With one rank it may share `tensor`'s
  memory.

Threads: collective(state).
"""
oar_accelerator_gather_for_metrics(accelerator, tensor, out) =
    ccall(@inbounds(ADDRESSES[16]), Int32, (Ptr{oar_accelerator}, Ptr{oar_tensor}, Ptr{Ptr{oar_tensor}}), accelerator, tensor, out)

"""
    oar_accelerator_gather_tree_for_metrics(accelerator, tree, use_objects, out) -> oar_status

The same for every leaf of a tree, and for values other than tensors.

A tree of tensors gives its structure with each leaf as oar_accelerator_gather_for_metrics would; trees of all ranks
have the same structure, which they compare first. If leaves are no tensors, or `use_objects` says so, lists are
joined in rank order and what repeats samples is cut from their end, too: a list of texts, one per sample, gives
every sample's text once. Maps are joined key by key, tensors in them by rows, lone values become lists of one per
rank. A list is always joined as such, whatever its items are.

- `accelerator` (`oar_accelerator *`): borrowed.
- `tree` (`const oar_tree *`): borrowed; with `use_objects` or values other than tensors any ranks' lists may differ.
- `use_objects` (`int32_t`): other than 0: lists of tensors are joined like lists of texts.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: collective(state).
"""
oar_accelerator_gather_tree_for_metrics(accelerator, tree, use_objects, out) =
    ccall(@inbounds(ADDRESSES[17]), Int32, (Ptr{oar_accelerator}, Ptr{oar_tree}, Int32, Ptr{Ptr{oar_tree}}), accelerator, tree, use_objects, out)

"""
    oar_accelerator_gradient_ready(accelerator, model, name, gradient) -> oar_status

Hand over one gradient of a foreign model, as soon as the host's backward has it; its average over the ranks may begin
to travel at once. In any order; each parameter once per backward, which oar_accelerator_gradients_done ends.

The gradient, divided by accelerator.gradient_accumulation_steps, is added to the parameter's own. Where it is the
first since the last step, nothing is divided or scaled, and it lies in memory as its parameter does, it is not
copied: its memory is kept until the step, and averaging and clipping are done in it. Do not write there before the
step.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): borrowed; foreign, prepared.
- `name` (`const char *`): of a registered parameter.
- `gradient` (`oar_tensor *`): retained until the step, and written to, if it is not copied. Shape, dtype and device of
  the parameter; any strides.

Threads: serial(accelerator, model, gradient); does not wait for peers.
"""
oar_accelerator_gradient_ready(accelerator, model, name, gradient) =
    ccall(@inbounds(ADDRESSES[18]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}, Cstring, Ptr{oar_tensor}), accelerator, model, name, gradient)

"""
    oar_accelerator_gradients_done(accelerator, model) -> oar_status

End the backward of a foreign model. When gradients are synchronised, waits until those of all ranks are averaged: on
return every rank holds the same, and buffers are rank 0's.

Until then clip, step, save, load, accumulate and oar_accelerator_backward give OAR_E_STATE. A host whose backward
fails in its middle calls oar_state_abort instead: peers are told why at once, and do not step by half a gradient.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): borrowed; foreign, prepared.

Threads: collective(state) when gradients are synchronised, serial(accelerator, model) otherwise.
"""
oar_accelerator_gradients_done(accelerator, model) =
    ccall(@inbounds(ADDRESSES[19]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}), accelerator, model)

"""
    oar_accelerator_last_checkpoint(accelerator, buf, len) -> oar_status

Tell the directory of the last save or load that succeeded: which checkpoint_<n> a NULL directory was.

- `accelerator` (`const oar_accelerator *`): borrowed.
- `buf` (`char *`): the path and a NUL; NULL asks for the length only.
- `len` (`size_t *`): in: room in `buf`; out: length with the NUL, also when the room is too small.

Threads: serial(accelerator).
"""
oar_accelerator_last_checkpoint(accelerator, buf, len) =
    ccall(@inbounds(ADDRESSES[20]), Int32, (Ptr{oar_accelerator}, Ptr{UInt8}, Ptr{Csize_t}), accelerator, buf, len)

"""
    oar_accelerator_load(accelerator, directory) -> oar_status

Put a checkpoint back into what is prepared: the same objects, in the same order, as in the run that saved it.

With the same number of ranks the run goes on bit for bit, from the middle of an epoch too. With another number,
loaders go on where the samples done so far make whole rounds of the new size, random states are seeded anew and an
unfinished accumulation starts anew; a warning says so. Every file is read and verified on all ranks before the
first object is changed; after OAR_E_ARGUMENT the objects before the one that the text names hold the checkpoint's
values already. It fails on all ranks or on none.

- `accelerator` (`oar_accelerator *`): borrowed.
- `directory` (`const char *`): NULL: the newest complete one of <project_dir>/checkpoints. Rank 0's value counts for
  NULL.

Threads: collective(state).
"""
oar_accelerator_load(accelerator, directory) =
    ccall(@inbounds(ADDRESSES[21]), Int32, (Ptr{oar_accelerator}, Cstring), accelerator, directory)

"""
    oar_accelerator_load_scaler_state(accelerator, state_json) -> oar_status

Go on from a scaler's state, of oar_accelerator_scaler_state or of a torch.amp.GradScaler. Gradients that were not used
yet count as not unscaled. All ranks pass the same.

- `accelerator` (`oar_accelerator *`): borrowed.
- `state_json` (`const char *`): all five values; {} only without a scaler.

Threads: serial(accelerator).
"""
oar_accelerator_load_scaler_state(accelerator, state_json) =
    ccall(@inbounds(ADDRESSES[22]), Int32, (Ptr{oar_accelerator}, Cstring), accelerator, state_json)

"""
    oar_accelerator_local_end(accelerator) -> oar_status

Bring the ranks together once more and end the local training: gradients are averaged again from the next backward on.

- `accelerator` (`oar_accelerator *`): borrowed.

Threads: collective(state).
"""
oar_accelerator_local_end(accelerator) =
    ccall(@inbounds(ADDRESSES[23]), Int32, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_local_sgd_begin(accelerator, model, num_steps) -> oar_status

From here on, train `model` on each rank by itself; every `num_steps` steps parameters become their mean over the ranks.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): retained until the end; prepared.
- `num_steps` (`int64_t`): >= 1: steps between two means.

Threads: serial(accelerator, model); the same on every rank.
"""
oar_accelerator_local_sgd_begin(accelerator, model, num_steps) =
    ccall(@inbounds(ADDRESSES[24]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}, Int64), accelerator, model, num_steps)

"""
    oar_accelerator_local_step(accelerator, out_met) -> oar_status

Count a step of the local training; the last of a round brings the ranks together. Call it after oar_accelerator_step.

Micro-batches that only accumulate are not counted. Differs: the reference counts every call; \"compat\": \"accelerate\"
does so here.

- `accelerator` (`oar_accelerator *`): borrowed.
- `out_met` (`int32_t *`): 1: the ranks were brought together; 0: they were not. NULL: not wanted.

Threads: collective(state) where the ranks meet, serial(accelerator) otherwise.
"""
oar_accelerator_local_step(accelerator, out_met) =
    ccall(@inbounds(ADDRESSES[25]), Int32, (Ptr{oar_accelerator}, Ptr{Int32}), accelerator, out_met)

"""
    oar_accelerator_loss_scale(accelerator, out_scale) -> oar_status

Tell by what the next loss will be multiplied: 1 without a scaler.

- `accelerator` (`const oar_accelerator *`): borrowed.
- `out_scale` (`double *`): the scale.

Threads: serial(accelerator).
"""
oar_accelerator_loss_scale(accelerator, out_scale) =
    ccall(@inbounds(ADDRESSES[26]), Int32, (Ptr{oar_accelerator}, Ptr{Float64}), accelerator, out_scale)

"""
    oar_accelerator_mixed_precision(accelerator, buf, len) -> oar_status

Tell the precision that the accelerator was made with: \"no\", \"bf16\" or \"fp16\".

- `accelerator` (`const oar_accelerator *`): borrowed.
- `buf` (`char *`): room for the text; NULL asks for the length only.
- `len` (`size_t *`): in: room in buf; out: length with the final NUL, also when the room is too little.

Threads: serial(accelerator).
"""
oar_accelerator_mixed_precision(accelerator, buf, len) =
    ccall(@inbounds(ADDRESSES[27]), Int32, (Ptr{oar_accelerator}, Ptr{UInt8}, Ptr{Csize_t}), accelerator, buf, len)

"""
    oar_accelerator_no_sync_begin(accelerator, model) -> oar_status

Let backwards only add to this rank's gradients, until oar_accelerator_no_sync_end: several backwards then cost one
average. Clip and step are not held back. With one rank nothing changes.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): borrowed, prepared: the model whose gradients stay; NULL: all prepared models.

Threads: serial(accelerator, model); the same on every rank.
"""
oar_accelerator_no_sync_begin(accelerator, model) =
    ccall(@inbounds(ADDRESSES[28]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}), accelerator, model)

"""
    oar_accelerator_no_sync_end(accelerator) -> oar_status

End what oar_accelerator_no_sync_begin began. The next backward averages what is there.

- `accelerator` (`oar_accelerator *`): borrowed.

Threads: serial(accelerator).
"""
oar_accelerator_no_sync_end(accelerator) =
    ccall(@inbounds(ADDRESSES[29]), Int32, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_prepare_loader(accelerator, loader) -> oar_status

Give this rank its share of the loader's batches, and keep the loader's place in checkpoints.

On more than one rank, checks that all ranks' loaders have the same number of samples, options and place, and takes
rank 0's seed where loader.seed was not given. A loader that already has a shard (oar_loader_set_shard) keeps it;
with shards of one rank, each rank has an order and a data set of its own. With \"compat\": \"accelerate\" each epoch
of the loader draws one number from the default generator, as a PyTorch DataLoader does.

- `accelerator` (`oar_accelerator *`): borrowed.
- `loader` (`oar_loader *`): retained until oar_accelerator_close. A second call for the same one does nothing.

Threads: collective(state).
"""
oar_accelerator_prepare_loader(accelerator, loader) =
    ccall(@inbounds(ADDRESSES[30]), Int32, (Ptr{oar_accelerator}, Ptr{oar_loader}), accelerator, loader)

"""
    oar_accelerator_prepare_model(accelerator, model) -> oar_status

Train `model` data-parallel over all ranks of the state.

Checks that all ranks have the same parameters and buffers by name, shape and dtype, then copies rank 0's values
to all. From here on a backward through this accelerator averages the model's gradients over the ranks. With one
rank nothing is copied. A second call for the same model does nothing. The number of the call names the model's
file in checkpoints: model.safetensors, model_1.safetensors, ...

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): retained until oar_accelerator_close.

Threads: collective(state).
"""
oar_accelerator_prepare_model(accelerator, model) =
    ccall(@inbounds(ADDRESSES[31]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}), accelerator, model)

"""
    oar_accelerator_prepare_optimizer(accelerator, optimizer) -> oar_status

Let the accelerator step `optimizer`, and keep its state in checkpoints.

- `accelerator` (`oar_accelerator *`): borrowed.
- `optimizer` (`oar_optimizer *`): retained until oar_accelerator_close. A second call for the same one does nothing.

Threads: serial(accelerator, optimizer).
"""
oar_accelerator_prepare_optimizer(accelerator, optimizer) =
    ccall(@inbounds(ADDRESSES[32]), Int32, (Ptr{oar_accelerator}, Ptr{oar_optimizer}), accelerator, optimizer)

"""
    oar_accelerator_prepare_scheduler(accelerator, scheduler) -> oar_status

Let the accelerator step `scheduler`, and keep its state in checkpoints.

- `accelerator` (`oar_accelerator *`): borrowed.
- `scheduler` (`oar_scheduler *`): retained until oar_accelerator_close. A second call for the same one does nothing.

Threads: serial(accelerator, scheduler).
"""
oar_accelerator_prepare_scheduler(accelerator, scheduler) =
    ccall(@inbounds(ADDRESSES[33]), Int32, (Ptr{oar_accelerator}, Ptr{oar_scheduler}), accelerator, scheduler)

"""
    oar_accelerator_reduce_mean(accelerator, value, out_mean) -> oar_status

The mean of one number per rank, on every rank.

- `accelerator` (`oar_accelerator *`): borrowed.
- `value` (`double`): this rank's.
- `out_mean` (`double *`): sum over ranks in double precision / number of ranks. Untouched on failure.

Threads: collective(state).
"""
oar_accelerator_reduce_mean(accelerator, value, out_mean) =
    ccall(@inbounds(ADDRESSES[34]), Int32, (Ptr{oar_accelerator}, Float64, Ptr{Float64}), accelerator, value, out_mean)

"""
    oar_accelerator_release(accelerator) -> void

Drop a reference; the last one ends the accelerator. Never blocks or communicates.

- `accelerator` (`oar_accelerator *`): NULL does nothing.

Threads: any.
"""
oar_accelerator_release(accelerator) =
    ccall(@inbounds(ADDRESSES[35]), Cvoid, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_retain(accelerator) -> oar_status

Add a reference.

- `accelerator` (`oar_accelerator *`): gets one more reference; end it with oar_accelerator_release.

Threads: any.
"""
oar_accelerator_retain(accelerator) =
    ccall(@inbounds(ADDRESSES[36]), Int32, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_save(accelerator, directory, user_json) -> oar_status

Write a checkpoint of everything prepared, and of what a resumed run needs to go on bit for bit: models, optimizers,
schedulers, the loaders' places, the accumulation counter, gradients that no step has used yet, every rank's random
state, and its buffers where they may differ from rank 0's.

The directory is complete or not there, whatever is killed when. It fails on all ranks or on none.

- `accelerator` (`oar_accelerator *`): borrowed.
- `directory` (`const char *`): must not exist. NULL: <project_dir>/checkpoints/checkpoint_<n>, the next n, after which
  all but the newest checkpoint.total_limit ones there are removed. Rank 0's value counts.
- `user_json` (`const char *`): any JSON of the caller's, kept in the manifest; rank 0's counts. NULL: none.

Threads: collective(state); blocks until the checkpoint is on the disk.
"""
oar_accelerator_save(accelerator, directory, user_json) =
    ccall(@inbounds(ADDRESSES[37]), Int32, (Ptr{oar_accelerator}, Cstring, Cstring), accelerator, directory, user_json)

"""
    oar_accelerator_scaler_state(accelerator, buf, len) -> oar_status

Give the scaler's state as JSON, with the names of torch.amp.GradScaler.state_dict: {\"scale\", \"growth_factor\",
\"backoff_factor\", \"growth_interval\", \"_growth_tracker\"}; {} without a scaler. Checkpoints have it, too.

- `accelerator` (`const oar_accelerator *`): borrowed.
- `buf` (`char *`): room for the text; NULL asks for the length only.
- `len` (`size_t *`): in: room in buf; out: length with the final NUL, also when the room is too little.

Threads: serial(accelerator).
"""
oar_accelerator_scaler_state(accelerator, buf, len) =
    ccall(@inbounds(ADDRESSES[38]), Int32, (Ptr{oar_accelerator}, Ptr{UInt8}, Ptr{Csize_t}), accelerator, buf, len)

"""
    oar_accelerator_set_accumulation_steps(accelerator, steps) -> oar_status

Change the number of micro-batches per step from here on, in place of accelerator.gradient_accumulation_steps.

The count of micro-batches goes on: after 3 of them, 4 per step make the next one synchronise. Checkpoints do not
hold the number.

- `accelerator` (`oar_accelerator *`): borrowed.
- `steps` (`int64_t`): >= 1.

Threads: serial(accelerator); the same on every rank.
"""
oar_accelerator_set_accumulation_steps(accelerator, steps) =
    ccall(@inbounds(ADDRESSES[39]), Int32, (Ptr{oar_accelerator}, Int64), accelerator, steps)

"""
    oar_accelerator_set_sync_gradients(accelerator, sync) -> oar_status

Say whether clip and step act, until the next oar_accelerator_accumulate_begin says it anew: for loops that count their
accumulations themselves. What a backward does is not changed; see oar_accelerator_no_sync_begin.

- `accelerator` (`oar_accelerator *`): borrowed.
- `sync` (`int32_t`): 1: they act; 0: they do nothing.

Threads: serial(accelerator); the same on every rank.
"""
oar_accelerator_set_sync_gradients(accelerator, sync) =
    ccall(@inbounds(ADDRESSES[40]), Int32, (Ptr{oar_accelerator}, Int32), accelerator, sync)

"""
    oar_accelerator_set_trigger(accelerator) -> oar_status

Set this rank's flag, which oar_accelerator_check_trigger of all ranks will see: to stop early, say, because of what one
rank has measured.

- `accelerator` (`oar_accelerator *`): borrowed.

Threads: serial(accelerator); does not wait for peers.
"""
oar_accelerator_set_trigger(accelerator) =
    ccall(@inbounds(ADDRESSES[41]), Int32, (Ptr{oar_accelerator},), accelerator)

"""
    oar_accelerator_step(accelerator, optimizer, scheduler) -> oar_status

Step the optimizer, then the scheduler, then drop the gradients. Between synchronisations nothing is done. With a
gradient scaler (precision.h) a step whose gradients are not finite is left out, and the scheduler's with it.

The scheduler is stepped once, so its total_steps count optimizer steps whatever the number of ranks. Differs:
the reference steps it once per rank unless batches are split; \"compat\": \"accelerate\" does so here. With
accelerator.adjust_scheduler it counts micro-batches: it is stepped between synchronisations, too.

- `accelerator` (`oar_accelerator *`): borrowed.
- `optimizer` (`oar_optimizer *`): borrowed, prepared.
- `scheduler` (`oar_scheduler *`): borrowed, prepared; NULL: none.

Threads: serial(accelerator, optimizer, scheduler); the same on every rank, collective(state) with a gradient scaler.
"""
oar_accelerator_step(accelerator, optimizer, scheduler) =
    ccall(@inbounds(ADDRESSES[42]), Int32, (Ptr{oar_accelerator}, Ptr{oar_optimizer}, Ptr{oar_scheduler}), accelerator, optimizer, scheduler)

"""
    oar_accelerator_step_closure(accelerator, optimizer, scheduler, fn, user_data, release, out_loss) -> oar_status

The same for all ranks together: oar_accelerator_step with gradients that `fn` makes.

`fn` runs its backward by oar_accelerator_backward, which averages the gradients; the losses are averaged over the
ranks here, so that all of them decide alike. An accumulation lies within `fn`: all of its micro-batches, the last
one synchronised. Then the scheduler is stepped and the gradients are dropped.

- `accelerator` (`oar_accelerator *`): borrowed.
- `optimizer` (`oar_optimizer *`): borrowed, prepared.
- `scheduler` (`oar_scheduler *`): borrowed, prepared; NULL: none.
- `fn` (`oar_closure_fn`): not NULL.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once, before this returns. NULL: nothing to free.
- `out_loss` (`double *`): the mean over the ranks of what `fn` told first. NULL: not wanted. Untouched on failure.

Threads: collective(state).
"""
oar_accelerator_step_closure(accelerator, optimizer, scheduler, fn, user_data, release, out_loss) =
    ccall(@inbounds(ADDRESSES[43]), Int32, (Ptr{oar_accelerator}, Ptr{oar_optimizer}, Ptr{oar_scheduler}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}), accelerator, optimizer, scheduler, fn, user_data, release, out_loss)

"""
    oar_accelerator_step_was_skipped(accelerator, optimizer, out_skipped) -> oar_status

Tell whether the last oar_accelerator_step of an optimizer was left out because gradients were not finite.

A call of step between synchronisations is none that was left out. (Differs: the reference goes on telling of the
step before.)

- `accelerator` (`const oar_accelerator *`): borrowed.
- `optimizer` (`const oar_optimizer *`): borrowed, prepared; NULL: whether that of any prepared optimizer was.
- `out_skipped` (`int32_t *`): 1: left out, on all ranks; 0: not.

Threads: serial(accelerator, optimizer).
"""
oar_accelerator_step_was_skipped(accelerator, optimizer, out_skipped) =
    ccall(@inbounds(ADDRESSES[44]), Int32, (Ptr{oar_accelerator}, Ptr{oar_optimizer}, Ptr{Int32}), accelerator, optimizer, out_skipped)

"""
    oar_accelerator_sync_gradients(accelerator, out_sync) -> oar_status

Tell whether the micro-batch begun last synchronises gradients, so that oar_accelerator_step really steps.

- `accelerator` (`const oar_accelerator *`): borrowed.
- `out_sync` (`int32_t *`): 1: it does, also before the first micro-batch; 0: it only accumulates.

Threads: serial(accelerator).
"""
oar_accelerator_sync_gradients(accelerator, out_sync) =
    ccall(@inbounds(ADDRESSES[45]), Int32, (Ptr{oar_accelerator}, Ptr{Int32}), accelerator, out_sync)

"""
    oar_accelerator_trigger_sync(accelerator, model) -> oar_status

Let the next backward synchronise, though gradients are held (oar_accelerator_no_sync_begin) or accumulate: of several
backwards the last.

- `accelerator` (`oar_accelerator *`): borrowed.
- `model` (`oar_model *`): borrowed, prepared; NULL: all prepared models.

Threads: serial(accelerator, model); the same on every rank.
"""
oar_accelerator_trigger_sync(accelerator, model) =
    ccall(@inbounds(ADDRESSES[46]), Int32, (Ptr{oar_accelerator}, Ptr{oar_model}), accelerator, model)

"""
    oar_accelerator_unscale_gradients(accelerator, optimizer) -> oar_status

Divide gradients by the loss scale now, before the host reads or changes them. oar_accelerator_clip_grad_norm and
oar_accelerator_step do so by themselves where this was not called.

Without a scaler, and between synchronisations, nothing is done.

- `accelerator` (`oar_accelerator *`): borrowed.
- `optimizer` (`oar_optimizer *`): borrowed, prepared: whose gradients; NULL: those of all prepared optimizers.

Threads: collective(state) with a scaler, serial(accelerator, optimizer) without.
"""
oar_accelerator_unscale_gradients(accelerator, optimizer) =
    ccall(@inbounds(ADDRESSES[47]), Int32, (Ptr{oar_accelerator}, Ptr{oar_optimizer}), accelerator, optimizer)

"""
    oar_bytes_create(data, size, out) -> oar_status

Copy bytes into an object.

- `data` (`const void *`): borrowed; NULL only if size is 0.
- `size` (`size_t`): how many.
- `out` (`oar_bytes **`): owned; end with oar_bytes_release. Untouched on failure.

Threads: any.
"""
oar_bytes_create(data, size, out) =
    ccall(@inbounds(ADDRESSES[48]), Int32, (Ptr{Cvoid}, Csize_t, Ptr{Ptr{oar_bytes}}), data, size, out)

"""
    oar_bytes_release(bytes) -> void

One reference fewer; the last one frees the bytes.

- `bytes` (`oar_bytes *`): NULL does nothing.

Threads: any.
"""
oar_bytes_release(bytes) =
    ccall(@inbounds(ADDRESSES[49]), Cvoid, (Ptr{oar_bytes},), bytes)

"""
    oar_bytes_retain(bytes) -> oar_status

One more reference.

- `bytes` (`oar_bytes *`): borrowed; each retain needs one more oar_bytes_release.

Threads: any.
"""
oar_bytes_retain(bytes) =
    ccall(@inbounds(ADDRESSES[50]), Int32, (Ptr{oar_bytes},), bytes)

"""
    oar_bytes_view(bytes, out_data, out_size) -> oar_status

Where the bytes are.

- `bytes` (`const oar_bytes *`): borrowed.
- `out_data` (`const void **`): borrowed from `bytes`; never NULL, and followed by one NUL that does not count.
- `out_size` (`size_t *`): how many.

Threads: any.
"""
oar_bytes_view(bytes, out_data, out_size) =
    ccall(@inbounds(ADDRESSES[51]), Int32, (Ptr{oar_bytes}, Ptr{Ptr{Cvoid}}, Ptr{Csize_t}), bytes, out_data, out_size)

"""
    oar_checkpoint_find_latest(directory, buf, len) -> oar_status

Find the newest complete checkpoint: the `checkpoint_<n>` below a directory with the largest n.

Incomplete ones (no manifest, a file missing or of another size) are passed over with a warning in the log; what a
killed save left is not looked at. A complete one that is damaged is still the newest: opening it tells the damage.

- `directory` (`const char *`): where the checkpoints lie: <project_dir>/checkpoints.
- `buf` (`char *`): receives the path, `directory`/checkpoint_<n>, NUL-terminated; NULL asks for the length.
- `len` (`size_t *`): in: room in `buf`; out: bytes of the path with its NUL, also when the room was too small.

Threads: any.
"""
oar_checkpoint_find_latest(directory, buf, len) =
    ccall(@inbounds(ADDRESSES[52]), Int32, (Cstring, Ptr{UInt8}, Ptr{Csize_t}), directory, buf, len)

"""
    oar_checkpoint_manifest(checkpoint, buf, len) -> oar_status

Give the manifest as JSON text, with the keys that this release does not know.

- `checkpoint` (`const oar_checkpoint *`): borrowed.
- `buf` (`char *`): receives the text, NUL-terminated; NULL asks for the length.
- `len` (`size_t *`): in: room in `buf`; out: bytes of the text with its NUL, also when the room was too small.

Threads: serial(checkpoint).
"""
oar_checkpoint_manifest(checkpoint, buf, len) =
    ccall(@inbounds(ADDRESSES[53]), Int32, (Ptr{oar_checkpoint}, Ptr{UInt8}, Ptr{Csize_t}), checkpoint, buf, len)

"""
    oar_checkpoint_num_tensors(checkpoint, out_num_tensors) -> oar_status

Count the model's tensors.

- `checkpoint` (`const oar_checkpoint *`): borrowed.
- `out_num_tensors` (`int64_t *`): how many; tied ones count under each of their names.

Threads: serial(checkpoint).
"""
oar_checkpoint_num_tensors(checkpoint, out_num_tensors) =
    ccall(@inbounds(ADDRESSES[54]), Int32, (Ptr{oar_checkpoint}, Ptr{Int64}), checkpoint, out_num_tensors)

"""
    oar_checkpoint_open(path, out) -> oar_status

Open a checkpoint: reads its manifest and checks that every file which that lists is there with its size.

- `path` (`const char *`): the checkpoint's own directory.
- `out` (`oar_checkpoint **`): owned; end with oar_checkpoint_release. Untouched on failure.

Threads: any.
"""
oar_checkpoint_open(path, out) =
    ccall(@inbounds(ADDRESSES[55]), Int32, (Cstring, Ptr{Ptr{oar_checkpoint}}), path, out)

"""
    oar_checkpoint_release(checkpoint) -> void

Drop a reference; the last one closes the checkpoint. Never blocks. Tensors that came from it live on.

- `checkpoint` (`oar_checkpoint *`): NULL does nothing.

Threads: any.
"""
oar_checkpoint_release(checkpoint) =
    ccall(@inbounds(ADDRESSES[56]), Cvoid, (Ptr{oar_checkpoint},), checkpoint)

"""
    oar_checkpoint_retain(checkpoint) -> oar_status

Add a reference.

- `checkpoint` (`oar_checkpoint *`): one more oar_checkpoint_release ends it.

Threads: any.
"""
oar_checkpoint_retain(checkpoint) =
    ccall(@inbounds(ADDRESSES[57]), Int32, (Ptr{oar_checkpoint},), checkpoint)

"""
    oar_checkpoint_tensor(checkpoint, name, out) -> oar_status

Give one tensor of the model.

The first call reads the model's file once to verify its checksum; after that nothing is copied: the tensor is a
read-only view of the mapped file, which it keeps, also beyond the checkpoint's release and removal.

- `checkpoint` (`const oar_checkpoint *`): borrowed.
- `name` (`const char *`): as in the model's state dict: \"fc.weight\".
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Contiguous, on the CPU. Untouched on failure.

Threads: serial(checkpoint).
"""
oar_checkpoint_tensor(checkpoint, name, out) =
    ccall(@inbounds(ADDRESSES[58]), Int32, (Ptr{oar_checkpoint}, Cstring, Ptr{Ptr{oar_tensor}}), checkpoint, name, out)

"""
    oar_checkpoint_tensor_name(checkpoint, index, buf, len) -> oar_status

Tell the name of one of the model's tensors, in the order of the file.

- `checkpoint` (`const oar_checkpoint *`): borrowed.
- `index` (`int64_t`): in [0, number of tensors).
- `buf` (`char *`): receives the name, NUL-terminated; NULL asks for the length.
- `len` (`size_t *`): in: room in `buf`; out: bytes of the name with its NUL, also when the room was too small.

Threads: serial(checkpoint).
"""
oar_checkpoint_tensor_name(checkpoint, index, buf, len) =
    ccall(@inbounds(ADDRESSES[59]), Int32, (Ptr{oar_checkpoint}, Int64, Ptr{UInt8}, Ptr{Csize_t}), checkpoint, index, buf, len)

"""
    oar_checkpoint_user_json(checkpoint, buf, len) -> oar_status

Give the JSON that the program handed to oar_accelerator_save as `user_json`; \"null\" if it gave none.

- `checkpoint` (`const oar_checkpoint *`): borrowed.
- `buf` (`char *`): receives the text, NUL-terminated; NULL asks for the length.
- `len` (`size_t *`): in: room in `buf`; out: bytes of the text with its NUL, also when the room was too small.

Threads: serial(checkpoint).
"""
oar_checkpoint_user_json(checkpoint, buf, len) =
    ccall(@inbounds(ADDRESSES[60]), Int32, (Ptr{oar_checkpoint}, Ptr{UInt8}, Ptr{Csize_t}), checkpoint, buf, len)

"""
    oar_checkpoint_verify(checkpoint) -> oar_status

Read every file of the checkpoint and compare it with its XXH3-128 checksum and its own format.

- `checkpoint` (`const oar_checkpoint *`): borrowed.

Threads: serial(checkpoint).
"""
oar_checkpoint_verify(checkpoint) =
    ccall(@inbounds(ADDRESSES[61]), Int32, (Ptr{oar_checkpoint},), checkpoint)

"""
    oar_config_copy(config, out) -> oar_status

A config of its own with the same values.

- `config` (`const oar_config *`): borrowed.
- `out` (`oar_config **`): owned; end with oar_config_release. Untouched on failure.

Threads: serial(config).
"""
oar_config_copy(config, out) =
    ccall(@inbounds(ADDRESSES[62]), Int32, (Ptr{oar_config}, Ptr{Ptr{oar_config}}), config, out)

"""
    oar_config_create(out) -> oar_status

Make a config with the defaults, overlaid by environment variables (OARLOCK_*, and those of the reference that have a
counterpart).

- `out` (`oar_config **`): owned; end with oar_config_release. Untouched on failure.

Threads: any.
"""
oar_config_create(out) =
    ccall(@inbounds(ADDRESSES[63]), Int32, (Ptr{Ptr{oar_config}},), out)

"""
    oar_config_get_bool(config, key, out_value) -> oar_status

The value in force of an option of type flag.

- `config` (`const oar_config *`): borrowed.
- `key` (`const char *`): for example \"ddp.broadcast_buffers\".
- `out_value` (`int32_t *`): 0 or 1. Untouched on failure.

Threads: serial(config).
"""
oar_config_get_bool(config, key, out_value) =
    ccall(@inbounds(ADDRESSES[64]), Int32, (Ptr{oar_config}, Cstring, Ptr{Int32}), config, key, out_value)

"""
    oar_config_get_double(config, key, out_value) -> oar_status

The value in force of an option of type number.

- `config` (`const oar_config *`): borrowed.
- `key` (`const char *`): for example \"ddp.bucket_cap_mb\".
- `out_value` (`double *`): finite. Untouched on failure.

Threads: serial(config).
"""
oar_config_get_double(config, key, out_value) =
    ccall(@inbounds(ADDRESSES[65]), Int32, (Ptr{oar_config}, Cstring, Ptr{Float64}), config, key, out_value)

"""
    oar_config_get_int64(config, key, out_value) -> oar_status

The value in force of an option of type integer.

- `config` (`const oar_config *`): borrowed.
- `key` (`const char *`): for example \"comm.timeout_ms\".
- `out_value` (`int64_t *`): all 64 bits. Untouched on failure.

Threads: serial(config).
"""
oar_config_get_int64(config, key, out_value) =
    ccall(@inbounds(ADDRESSES[66]), Int32, (Ptr{oar_config}, Cstring, Ptr{Int64}), config, key, out_value)

"""
    oar_config_get_string(config, key, buf, len) -> oar_status

The value in force of an option, as text: texts as they are, everything else as JSON, \"\" if unset.

- `config` (`const oar_config *`): borrowed.
- `key` (`const char *`): for example \"comm.timeout_ms\".
- `buf` (`char *`): the text, or NULL to ask for its length.
- `len` (`size_t *`): in: room in bytes; out: length with the closing NUL.

Threads: serial(config).
"""
oar_config_get_string(config, key, buf, len) =
    ccall(@inbounds(ADDRESSES[67]), Int32, (Ptr{oar_config}, Cstring, Ptr{UInt8}, Ptr{Csize_t}), config, key, buf, len)

"""
    oar_config_merge_json(config, json) -> oar_status

Set the options that a JSON object names. All of them or, on failure, none.

Nested objects and dotted keys are the same: {\"comm\":{\"timeout_ms\":5000}} is {\"comm.timeout_ms\":5000}. Comments,
duplicate keys and integers that a double cannot hold are refused.

- `config` (`oar_config *`): borrowed, changed.
- `json` (`const char *`): a JSON object, UTF-8.

Threads: serial(config).
"""
oar_config_merge_json(config, json) =
    ccall(@inbounds(ADDRESSES[68]), Int32, (Ptr{oar_config}, Cstring), config, json)

"""
    oar_config_release(config) -> void

One reference fewer; the last one frees the config. What was made from it stays.

- `config` (`oar_config *`): NULL does nothing.

Threads: any.
"""
oar_config_release(config) =
    ccall(@inbounds(ADDRESSES[69]), Cvoid, (Ptr{oar_config},), config)

"""
    oar_config_retain(config) -> oar_status

One more reference.

- `config` (`oar_config *`): borrowed; each retain needs one more oar_config_release.

Threads: any.
"""
oar_config_retain(config) =
    ccall(@inbounds(ADDRESSES[70]), Int32, (Ptr{oar_config},), config)

"""
    oar_config_set_bool(config, key, value) -> oar_status

Set an option of type flag.

- `config` (`oar_config *`): borrowed, changed.
- `key` (`const char *`): for example \"ddp.broadcast_buffers\".
- `value` (`int32_t`): 0 or 1.

Threads: serial(config).
"""
oar_config_set_bool(config, key, value) =
    ccall(@inbounds(ADDRESSES[71]), Int32, (Ptr{oar_config}, Cstring, Int32), config, key, value)

"""
    oar_config_set_double(config, key, value) -> oar_status

Set an option of type number.

- `config` (`oar_config *`): borrowed, changed.
- `key` (`const char *`): for example \"ddp.bucket_cap_mb\".
- `value` (`double`): finite.

Threads: serial(config).
"""
oar_config_set_double(config, key, value) =
    ccall(@inbounds(ADDRESSES[72]), Int32, (Ptr{oar_config}, Cstring, Float64), config, key, value)

"""
    oar_config_set_int64(config, key, value) -> oar_status

Set an option of type integer. All 64 bits are kept.

- `config` (`oar_config *`): borrowed, changed.
- `key` (`const char *`): for example \"comm.timeout_ms\".
- `value` (`int64_t`): the value.

Threads: serial(config).
"""
oar_config_set_int64(config, key, value) =
    ccall(@inbounds(ADDRESSES[73]), Int32, (Ptr{oar_config}, Cstring, Int64), config, key, value)

"""
    oar_config_set_string(config, key, value) -> oar_status

Set an option of type text, or any option by its JSON text: \"5000\" for a number.

- `config` (`oar_config *`): borrowed, changed.
- `key` (`const char *`): for example \"comm.backend\".
- `value` (`const char *`): for a text option the text itself, for others JSON.

Threads: serial(config).
"""
oar_config_set_string(config, key, value) =
    ccall(@inbounds(ADDRESSES[74]), Int32, (Ptr{oar_config}, Cstring, Cstring), config, key, value)

"""
    oar_config_to_json(config, buf, len) -> oar_status

Every option with its value in force, as one flat JSON object.

- `config` (`const oar_config *`): borrowed.
- `buf` (`char *`): the text, or NULL to ask for its length.
- `len` (`size_t *`): in: room in bytes; out: length with the closing NUL.

Threads: serial(config).
"""
oar_config_to_json(config, buf, len) =
    ccall(@inbounds(ADDRESSES[75]), Int32, (Ptr{oar_config}, Ptr{UInt8}, Ptr{Csize_t}), config, buf, len)

"""
    oar_config_type(config, key, out_type) -> oar_status

The type of an option.

- `config` (`const oar_config *`): borrowed.
- `key` (`const char *`): for example \"comm.timeout_ms\".
- `out_type` (`int32_t *`): OAR_CONFIG_BOOL ... OAR_CONFIG_DOUBLE_LIST. Untouched on failure.

Threads: serial(config).
"""
oar_config_type(config, key, out_type) =
    ccall(@inbounds(ADDRESSES[76]), Int32, (Ptr{oar_config}, Cstring, Ptr{Int32}), config, key, out_type)

"""
    oar_dataset_concatenate(datasets, count, out) -> oar_status

Data sets one behind the other. Samples of different parts may come into one batch: their structures agree then.

Streams make a stream: each pass reads the parts' passes one after the other. It is read by one loader at a time, and
a resume reads it again from its start.

- `datasets` (`oar_dataset *const *`): retained; `count` of them, all with numbered samples or all streams.
- `count` (`size_t`): at least 1.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: serial(datasets).
"""
oar_dataset_concatenate(datasets, count, out) =
    ccall(@inbounds(ADDRESSES[77]), Int32, (Ptr{Ptr{oar_dataset}}, Csize_t, Ptr{Ptr{oar_dataset}}), datasets, count, out)

"""
    oar_dataset_from_csv(path, names, num_names, dtypes, num_dtypes, delimiter, flags, out) -> oar_status

A data set over the rows of a CSV file: in a batch, a column of numbers is a tensor [samples], one of texts a list.

UTF-8, lines ended by LF or CR LF. A field in quotes may hold delimiters, line ends, and quotes written twice; spaces
belong to a field. Numbers are read now (8 bytes of memory each at most), texts stay in the file, which is mapped and
must not change as long as the data set lives.

- `path` (`const char *`): borrowed.
- `names` (`const char *const *`): borrowed; the columns wanted, in this order. NULL: every column of the header.
- `num_names` (`size_t`): of `names`; ignored when it is NULL.
- `dtypes` (`const int32_t *`): borrowed; what each of `names` holds: OAR_CSV_FOUND, OAR_CSV_TEXT, OAR_BOOL (0 and 1),
  signed integers, OAR_UINT8 or floating-point numbers. NULL: all OAR_CSV_FOUND.
- `num_dtypes` (`size_t`): num_names, or 0 for NULL.
- `delimiter` (`const char *`): one ASCII character; NULL: a comma.
- `flags` (`int32_t`): 0, or OAR_CSV_NO_HEADER: then `names` are all columns of the file.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: any.
"""
oar_dataset_from_csv(path, names, num_names, dtypes, num_dtypes, delimiter, flags, out) =
    ccall(@inbounds(ADDRESSES[78]), Int32, (Cstring, Ptr{Cstring}, Csize_t, Ptr{Int32}, Csize_t, Cstring, Int32, Ptr{Ptr{oar_dataset}}), path, names, num_names, dtypes, num_dtypes, delimiter, flags, out)

"""
    oar_dataset_from_safetensors(path, names, count, out) -> oar_status

A data set over the tensors of a safetensors file.

The file is mapped, not read: only the rows that are asked for come from the disk. It must not change as long as the
data set lives. The format has no checksum, so data bytes that were altered on the disk cannot be seen.

- `path` (`const char *`): borrowed.
- `names` (`const char *const *`): borrowed; the columns wanted, in this order. NULL: every tensor of the file, in the
  file's order.
- `count` (`size_t`): of `names`, at least 1; ignored when it is NULL.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: any.
"""
oar_dataset_from_safetensors(path, names, count, out) =
    ccall(@inbounds(ADDRESSES[79]), Int32, (Cstring, Ptr{Cstring}, Csize_t, Ptr{Ptr{oar_dataset}}), path, names, count, out)

"""
    oar_dataset_from_samples(num_samples, flags, fn, user_data, release, out) -> oar_status

A data set whose samples the host makes, by number.

- `num_samples` (`int64_t`): at least 0.
- `flags` (`int32_t`): 0, or OAR_CALLBACK_ANY_THREAD: loader workers may call `fn`, several at once. Without it samples
  are made on the thread that asks for a batch, and workers are not used.
- `fn` (`oar_sample_fn`): makes one sample.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once: when the data set ends, or before this returns if
  it fails. NULL: nothing to free.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: any.
"""
oar_dataset_from_samples(num_samples, flags, fn, user_data, release, out) =
    ccall(@inbounds(ADDRESSES[80]), Int32, (Int64, Int32, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{oar_dataset}}), num_samples, flags, fn, user_data, release, out)

"""
    oar_dataset_from_stream(flags, fn, user_data, release, out) -> oar_status

A data set whose samples come one after the other, nobody knows how many. Only a loader reads it; there is no shuffle.
Every rank reads the whole stream and keeps its own part.

A resume of a stream that is not seekable reads it again from its start, and says so in the log.

- `flags` (`int32_t`): 0, or OAR_CALLBACK_ANY_THREAD: a loader worker may call `fn`; or OAR_STREAM_SEEKABLE; or both
  added.
- `fn` (`oar_stream_fn`): makes one sample.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): as for oar_dataset_from_samples.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: any.
"""
oar_dataset_from_stream(flags, fn, user_data, release, out) =
    ccall(@inbounds(ADDRESSES[81]), Int32, (Int32, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{oar_dataset}}), flags, fn, user_data, release, out)

"""
    oar_dataset_from_tensors(names, tensors, count, out) -> oar_status

A data set over tensors in memory.

Column i is tensors[i], named names[i]. Nothing is copied: what is written into a tensor later shows in
later batches. Batches are copies.

- `names` (`const char *const *`): borrowed; `count` names, not empty, all different.
- `tensors` (`oar_tensor *const *`): retained; `count` tensors of shape [n, ...] with one n >= 0, any strides, dtypes
  and devices.
- `count` (`size_t`): at least 1.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: serial(tensors).
"""
oar_dataset_from_tensors(names, tensors, count, out) =
    ccall(@inbounds(ADDRESSES[82]), Int32, (Ptr{Cstring}, Ptr{Ptr{oar_tensor}}, Csize_t, Ptr{Ptr{oar_dataset}}), names, tensors, count, out)

"""
    oar_dataset_from_tokens(path, dtype, sequence_length, stride, with_labels, out) -> oar_status

A data set of windows of a flat file of token numbers: sample i is the window that begins at token i * stride.

A batch has the column \"tokens\", int64 [samples, sequence_length]; with labels also \"labels\", the tokens one further.
Tokens at the end that make no whole window are left out. The file is mapped: only what is asked for comes from the
disk. It must not change as long as the data set lives.

- `path` (`const char *`): borrowed.
- `dtype` (`int32_t`): of the file, little-endian: OAR_UINT8, OAR_UINT16, OAR_INT32, OAR_UINT32 or OAR_INT64.
- `sequence_length` (`int64_t`): tokens of a sample, at least 1.
- `stride` (`int64_t`): tokens from one sample's begin to the next one's; 0: sequence_length.
- `with_labels` (`int32_t`): other than 0: labels too.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: any.
"""
oar_dataset_from_tokens(path, dtype, sequence_length, stride, with_labels, out) =
    ccall(@inbounds(ADDRESSES[83]), Int32, (Cstring, Int32, Int64, Int64, Int32, Ptr{Ptr{oar_dataset}}), path, dtype, sequence_length, stride, with_labels, out)

"""
    oar_dataset_get(dataset, indices, count, out_batch) -> oar_status

The batch of these samples, in this order; a sample may be asked for more than once.

- `dataset` (`oar_dataset *`): borrowed.
- `indices` (`const int64_t *`): borrowed; `count` numbers in [0, size). NULL only if count is 0.
- `count` (`size_t`): 0 gives tensors with no rows.
- `out_batch` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(dataset); loaders over the same data set may run meanwhile.
"""
oar_dataset_get(dataset, indices, count, out_batch) =
    ccall(@inbounds(ADDRESSES[84]), Int32, (Ptr{oar_dataset}, Ptr{Int64}, Csize_t, Ptr{Ptr{oar_tree}}), dataset, indices, count, out_batch)

"""
    oar_dataset_pack(dataset, column, row_length, pad_value, out) -> oar_status

Token sequences of any lengths, packed into rows of one length: a data set whose samples are the rows.

Documents go into rows in their order: into the row that is being filled if there is room, else a new row begins. One
longer than a row is cut at the rows' ends. Every token lies in exactly one row. A row has three columns of
`row_length`: `column`, padded at the end; \"positions\", int64, each token's place in its document, 0 where padded;
\"documents\", int64, 0, 1, ... for the documents of the row and -1 where padded: where it changes, attention ends.

Every sample is read once now, for its length.

- `dataset` (`oar_dataset *`): retained; samples with numbers.
- `column` (`const char *`): borrowed; the path of a tensor [tokens] in each sample, of one dtype.
- `row_length` (`int64_t`): tokens of a row, at least 1.
- `pad_value` (`double`): what fills the rows' ends.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: serial(dataset).
"""
oar_dataset_pack(dataset, column, row_length, pad_value, out) =
    ccall(@inbounds(ADDRESSES[85]), Int32, (Ptr{oar_dataset}, Cstring, Int64, Float64, Ptr{Ptr{oar_dataset}}), dataset, column, row_length, pad_value, out)

"""
    oar_dataset_release(dataset) -> void

One reference less; loaders over the data set keep it alive.

- `dataset` (`oar_dataset *`): ended; NULL is allowed.

Threads: any.
"""
oar_dataset_release(dataset) =
    ccall(@inbounds(ADDRESSES[86]), Cvoid, (Ptr{oar_dataset},), dataset)

"""
    oar_dataset_retain(dataset) -> oar_status

One more reference.

- `dataset` (`oar_dataset *`): borrowed.

Threads: any.
"""
oar_dataset_retain(dataset) =
    ccall(@inbounds(ADDRESSES[87]), Int32, (Ptr{oar_dataset},), dataset)

"""
    oar_dataset_size(dataset, out_size) -> oar_status

How many samples there are.

- `dataset` (`const oar_dataset *`): borrowed.
- `out_size` (`int64_t *`): at least 0.

Threads: serial(dataset).
"""
oar_dataset_size(dataset, out_size) =
    ccall(@inbounds(ADDRESSES[88]), Int32, (Ptr{oar_dataset}, Ptr{Int64}), dataset, out_size)

"""
    oar_dataset_subset(dataset, indices, count, out) -> oar_status

Some samples of a data set: sample i is sample indices[i] of `dataset`.

- `dataset` (`oar_dataset *`): retained.
- `indices` (`const int64_t *`): borrowed; `count` numbers in [0, size), each as often as wanted. NULL only if count is
  0.
- `count` (`size_t`): 0 gives a data set without samples.
- `out` (`oar_dataset **`): owned; end with oar_dataset_release. Untouched on failure.

Threads: serial(dataset).
"""
oar_dataset_subset(dataset, indices, count, out) =
    ccall(@inbounds(ADDRESSES[89]), Int32, (Ptr{oar_dataset}, Ptr{Int64}, Csize_t, Ptr{Ptr{oar_dataset}}), dataset, indices, count, out)

"""
    oar_dtype_name(dtype) -> const char *

The name of an element type, for example \"float32\" for OAR_FLOAT32; as in torch and numpy.

- `dtype` (`int32_t`): any value.

Threads: any.
"""
oar_dtype_name(dtype) =
    ccall(@inbounds(ADDRESSES[90]), Cstring, (Int32,), dtype)

"""
    oar_dtype_size(dtype, out_size) -> oar_status

The size of one element.

- `dtype` (`int32_t`): OAR_FLOAT32 ... of types.h.
- `out_size` (`size_t *`): bytes. Untouched on failure.

Threads: any.
"""
oar_dtype_size(dtype, out_size) =
    ccall(@inbounds(ADDRESSES[91]), Int32, (Int32, Ptr{Csize_t}), dtype, out_size)

"""
    oar_error_code(error, out_code) -> oar_status

The status code of an error.

- `error` (`const oar_error *`): borrowed.
- `out_code` (`oar_status *`): what the failed call returned.

Threads: any.
"""
oar_error_code(error, out_code) =
    ccall(@inbounds(ADDRESSES[92]), Int32, (Ptr{oar_error}, Ptr{Int32}), error, out_code)

"""
    oar_error_component(error, out_component) -> oar_status

The header whose function failed, without its \".h\": \"config\", \"collectives\".

- `error` (`const oar_error *`): borrowed.
- `out_component` (`const char **`): borrowed from the error; never NULL. \"guard\" if no memory was left to say more,
  \"work\" in an error that oar_work_error gave.

Threads: any.
"""
oar_error_component(error, out_component) =
    ccall(@inbounds(ADDRESSES[93]), Int32, (Ptr{oar_error}, Ptr{Cstring}), error, out_component)

"""
    oar_error_message(error, out_message) -> oar_status

What failed, where, and what to do.

- `error` (`const oar_error *`): borrowed.
- `out_message` (`const char **`): borrowed from the error; UTF-8, never NULL.

Threads: any.
"""
oar_error_message(error, out_message) =
    ccall(@inbounds(ADDRESSES[94]), Int32, (Ptr{oar_error}, Ptr{Cstring}), error, out_message)

"""
    oar_error_operation(error, out_operation) -> oar_status

What was being done: \"all_reduce\", or the name of the function that failed.

- `error` (`const oar_error *`): borrowed.
- `out_operation` (`const char **`): borrowed from the error; never NULL.

Threads: any.
"""
oar_error_operation(error, out_operation) =
    ccall(@inbounds(ADDRESSES[95]), Int32, (Ptr{oar_error}, Ptr{Cstring}), error, out_operation)

"""
    oar_error_rank(error, out_rank) -> oar_status

The rank that the error is about: the one that died, or disagreed.

- `error` (`const oar_error *`): borrowed.
- `out_rank` (`int32_t *`): -1 if it is about no rank.

Threads: any.
"""
oar_error_rank(error, out_rank) =
    ccall(@inbounds(ADDRESSES[96]), Int32, (Ptr{oar_error}, Ptr{Int32}), error, out_rank)

"""
    oar_error_release(error) -> void

One reference fewer; the last one frees the error and the texts borrowed from it.

- `error` (`oar_error *`): NULL does nothing.

Threads: any.
"""
oar_error_release(error) =
    ccall(@inbounds(ADDRESSES[97]), Cvoid, (Ptr{oar_error},), error)

"""
    oar_error_retain(error) -> oar_status

One more reference.

- `error` (`oar_error *`): borrowed; each retain needs one more oar_error_release.

Threads: any.
"""
oar_error_retain(error) =
    ccall(@inbounds(ADDRESSES[98]), Int32, (Ptr{oar_error},), error)

"""
    oar_error_set(code, component, operation, message, rank, vendor_code) -> oar_status

Make a failure of a library that is built on this one the last failure of this thread, so that its callers find the text
of every failure in one place. liboarlock_mpi does so.

It ends the function that failed: `return oar_error_set(OAR_E_STATE, \"site\", \"site_open\", text, -1, 0);`

- `code` (`oar_status`): what the function returns: OAR_E_ARGUMENT to OAR_E_INTERNAL.
- `component` (`const char *`): copied; the library or the part of it that failed, for oar_error_component.
- `operation` (`const char *`): copied; the function that failed, for oar_error_operation.
- `message` (`const char *`): copied, UTF-8; what failed, where, and what to do.
- `rank` (`int32_t`): the rank that it is about; -1 if it is about no rank.
- `vendor_code` (`int64_t`): a number from below; 0 if there is none.

Threads: any.
"""
oar_error_set(code, component, operation, message, rank, vendor_code) =
    ccall(@inbounds(ADDRESSES[99]), Int32, (Int32, Cstring, Cstring, Cstring, Int32, Int64), code, component, operation, message, rank, vendor_code)

"""
    oar_error_take(out) -> oar_status

Move this thread's error into an object that may go to other threads.

Does not clear the error on entry. Afterwards oar_last_error() is \"\".

- `out` (`oar_error **`): owned; end with oar_error_release. NULL if the last fallible call of this thread succeeded.

Threads: any.
"""
oar_error_take(out) =
    ccall(@inbounds(ADDRESSES[100]), Int32, (Ptr{Ptr{oar_error}},), out)

"""
    oar_error_vendor_code(error, out_vendor_code) -> oar_status

A number from below: errno of the operating system, or the value that the caller's callback returned.

- `error` (`const oar_error *`): borrowed.
- `out_vendor_code` (`int64_t *`): 0 if there is none.

Threads: any.
"""
oar_error_vendor_code(error, out_vendor_code) =
    ccall(@inbounds(ADDRESSES[101]), Int32, (Ptr{oar_error}, Ptr{Int64}), error, out_vendor_code)

"""
    oar_experimental_get(name, out) -> oar_status

Look up an experimental function.

- `name` (`const char *`): for example \"live_handle_count\".
- `out` (`oar_function *`): the function; cast it to its type.

Threads: any.
"""
oar_experimental_get(name, out) =
    ccall(@inbounds(ADDRESSES[102]), Int32, (Cstring, Ptr{Ptr{Cvoid}}), name, out)

"""
    oar_group_abort(group, reason) -> oar_status

Make the group dead on every rank. Calls that wait, here and on the peers, return OAR_E_ABORTED within 100 ms (plus the
network's time), with the reason and this rank's number; so do all later calls. Does not wait. Aborting twice is fine:
the first reason stays.

- `group` (`oar_group *`): borrowed.
- `reason` (`const char *`): UTF-8, copied; every rank's error text contains it.

Threads: any, also while another thread waits in a call of this group.
"""
oar_group_abort(group, reason) =
    ccall(@inbounds(ADDRESSES[103]), Int32, (Ptr{oar_group}, Cstring), group, reason)

"""
    oar_group_all_gather(group, input, output, timeout_ms, out_work) -> oar_status

Concatenate every rank's `input` along dim 0 and give all ranks the result.

Rank r's rows land at output[r*n, (r+1)*n), whatever order the ranks arrive in.
All ranks of the group make this call, in the same order, with the same n; oar_group_all_gather_rows
takes different ones.

- `group` (`oar_group *`): borrowed.
- `input` (`oar_tensor *`): retained until the work is done. Shape [n, ...], n >= 0, any strides; or no dimensions.
- `output` (`oar_tensor *`): retained until the work is done, then holds [n * size, ...] ([size] for an input without
  dimensions); same dtype as `input`, any strides, no overlap with it.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, input, output); waits for peers only if out_work is NULL.
"""
oar_group_all_gather(group, input, output, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[104]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Ptr{oar_tensor}, Int64, Ptr{Ptr{oar_work}}), group, input, output, timeout_ms, out_work)

"""
    oar_group_all_gather_bytes(group, data, size, timeout_ms, sizes, count, out_bytes) -> oar_status

Give every rank the bytes of all ranks. Lengths may differ.

The room is looked at before anything is sent: a call that has too little of it, or that only asks for the number,
does not communicate, and the peers go on waiting for one that has enough.

- `group` (`oar_group *`): borrowed.
- `data` (`const void *`): this rank's bytes, copied; NULL is allowed when `size` is 0.
- `size` (`size_t`): how many.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `sizes` (`uint64_t *`): room for *count numbers: how many bytes each rank gave. NULL asks for the number of ranks
  only, which leaves `out_bytes` untouched.
- `count` (`size_t *`): in: room; out: number of ranks, also when the room is too small.
- `out_bytes` (`oar_bytes **`): owned; end with oar_bytes_release. All ranks' bytes one after another, in rank order.
  Untouched on failure.

Threads: collective(group).
"""
oar_group_all_gather_bytes(group, data, size, timeout_ms, sizes, count, out_bytes) =
    ccall(@inbounds(ADDRESSES[105]), Int32, (Ptr{oar_group}, Ptr{Cvoid}, Csize_t, Int64, Ptr{UInt64}, Ptr{Csize_t}, Ptr{Ptr{oar_bytes}}), group, data, size, timeout_ms, sizes, count, out_bytes)

"""
    oar_group_all_gather_coalesced(group, inputs, num_inputs, outputs, num_outputs, timeout_ms, out_work) -> oar_status

Concatenate every rank's inputs[i] along dim 0 into outputs[i], for all i, and give all ranks the results.

- `group` (`oar_group *`): borrowed.
- `inputs` (`oar_tensor *const *`): retained until the work is done. inputs[i] has the shape [n_i, ...] or no
  dimensions.
- `num_inputs` (`size_t`): how many.
- `outputs` (`oar_tensor *const *`): retained until the work is done, then outputs[i] holds [n_i * size, ...], rank r's
  rows at [r*n_i, (r+1)*n_i).
- `num_outputs` (`size_t`): how many: as many as inputs.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, inputs, outputs); waits for peers only if out_work is NULL.
"""
oar_group_all_gather_coalesced(group, inputs, num_inputs, outputs, num_outputs, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[106]), Int32, (Ptr{oar_group}, Ptr{Ptr{oar_tensor}}, Csize_t, Ptr{Ptr{oar_tensor}}, Csize_t, Int64, Ptr{Ptr{oar_work}}), group, inputs, num_inputs, outputs, num_outputs, timeout_ms, out_work)

"""
    oar_group_all_gather_rows(group, input, output, rows, num_rows, timeout_ms, out_work) -> oar_status

Concatenate the ranks' inputs along dim 0 where ranks have different numbers of rows, and give all ranks the result.

Rank r's rows[r] rows come after those of the ranks before it. Who does not know the other ranks' numbers asks first:
an oar_group_all_gather of one int64 per rank tells all of them.

- `group` (`oar_group *`): borrowed.
- `input` (`oar_tensor *`): retained until the work is done. Shape [rows[rank], ...], any strides, at least one
  dimension.
- `output` (`oar_tensor *`): retained until the work is done, then holds [sum of rows, ...]; same dtype as `input`, any
  strides, no overlap with it.
- `rows` (`const int64_t *`): by rank, how many rows it gives; 0 is fine. The same numbers on all ranks, which are
  compared before data moves. Read during the call.
- `num_rows` (`size_t`): how many numbers: the size of the group.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, input, output); waits for peers only if out_work is NULL.
"""
oar_group_all_gather_rows(group, input, output, rows, num_rows, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[107]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Ptr{oar_tensor}, Ptr{Int64}, Csize_t, Int64, Ptr{Ptr{oar_work}}), group, input, output, rows, num_rows, timeout_ms, out_work)

"""
    oar_group_all_reduce(group, tensor, reduce_op, timeout_ms, out_work) -> oar_status

Combine the ranks' tensors element by element and give every rank the result, in place.

Ranks are combined in the order 0, 1, ..., N-1; among ranks of several hosts and above `comm.inline_bytes` (64 KiB)
in an order of the backend that is the same for every rank. The arithmetic is the element type's own: float16 and
bfloat16 round after each rank.

- `group` (`oar_group *`): borrowed.
- `tensor` (`oar_tensor *`): retained until the work is done. Same number of elements and dtype on all ranks; zero
  elements are fine. Not expanded (no two elements share memory).
- `reduce_op` (`int32_t`): OAR_REDUCE_*; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value (comm.timeout_ms); negative is
  refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, tensor); waits for peers only if out_work is NULL.
"""
oar_group_all_reduce(group, tensor, reduce_op, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[108]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Int32, Int64, Ptr{Ptr{oar_work}}), group, tensor, reduce_op, timeout_ms, out_work)

"""
    oar_group_all_reduce_coalesced(group, tensors, count, reduce_op, timeout_ms, out_work) -> oar_status

Combine the ranks' tensors element by element and give every rank the results, in place.

- `group` (`oar_group *`): borrowed.
- `tensors` (`oar_tensor *const *`): retained until the work is done. Same numbers of elements and dtype on all ranks.
- `count` (`size_t`): how many tensors.
- `reduce_op` (`int32_t`): OAR_REDUCE_*; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, tensors); waits for peers only if out_work is NULL.
"""
oar_group_all_reduce_coalesced(group, tensors, count, reduce_op, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[109]), Int32, (Ptr{oar_group}, Ptr{Ptr{oar_tensor}}, Csize_t, Int32, Int64, Ptr{Ptr{oar_work}}), group, tensors, count, reduce_op, timeout_ms, out_work)

"""
    oar_group_all_to_all(group, input, output, timeout_ms, out_work) -> oar_status

Exchange parts between all ranks: rows [p*n, (p+1)*n) of the input go to rank p, where they become rows [r*n, (r+1)*n)
of the output, r being this rank.

- `group` (`oar_group *`): borrowed.
- `input` (`oar_tensor *`): retained until the work is done. Shape [n * size, ...], any strides, at least one dimension.
- `output` (`oar_tensor *`): retained until the work is done. Same shape and dtype as `input`, any strides, no overlap
  with it.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, input, output); waits for peers only if out_work is NULL.
"""
oar_group_all_to_all(group, input, output, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[110]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Ptr{oar_tensor}, Int64, Ptr{Ptr{oar_work}}), group, input, output, timeout_ms, out_work)

"""
    oar_group_all_to_all_rows(group, input, output, rows, num_rows, received_rows, num_received_rows, timeout_ms, out_work) -> oar_status

Exchange rows between all ranks, as many as each pair agrees on.

The first rows[0] rows of the input go to rank 0, the next rows[1] to rank 1 and so on; the output holds
received_rows[0] rows of rank 0, then received_rows[1] of rank 1 and so on. What this rank says that it receives must
be what the peer says that it sends; that is compared before data moves. Who does not know it asks first: an
oar_group_all_to_all of the numbers tells.

- `group` (`oar_group *`): borrowed.
- `input` (`oar_tensor *`): retained until the work is done. Shape [sum of rows, ...], any strides, at least one
  dimension.
- `output` (`oar_tensor *`): retained until the work is done. Shape [sum of received_rows, ...]; same dtype and other
  dimensions as `input`, any strides, no overlap with it.
- `rows` (`const int64_t *`): by rank, how many rows go to it; 0 is fine. Read during the call.
- `num_rows` (`size_t`): how many numbers: the size of the group.
- `received_rows` (`const int64_t *`): by rank, how many rows come from it. Read during the call.
- `num_received_rows` (`size_t`): how many numbers: the size of the group.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, input, output); waits for peers only if out_work is NULL.
"""
oar_group_all_to_all_rows(group, input, output, rows, num_rows, received_rows, num_received_rows, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[111]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Ptr{oar_tensor}, Ptr{Int64}, Csize_t, Ptr{Int64}, Csize_t, Int64, Ptr{Ptr{oar_work}}), group, input, output, rows, num_rows, received_rows, num_received_rows, timeout_ms, out_work)

"""
    oar_group_alloc_shared(group, dtype, shape, num_dims, timeout_ms, out) -> oar_status

Make a tensor of zeros, row-major on the CPU, whose memory the ranks of one host share: oar_group_all_reduce reads and
writes it where it lies, without copies, if every rank gives the same part of it. Anything else may be done with it as
with any tensor; peers touch it only inside operations. In a group whose ranks share no memory it is an ordinary tensor.
Collective.

- `group` (`oar_group *`): borrowed. The tensor may outlive it.
- `dtype` (`int32_t`): OAR_FLOAT32 ... of types.h; the same on all ranks.
- `shape` (`const int64_t *`): borrowed; num_dims sizes >= 0, as many elements on all ranks. NULL if num_dims is 0.
- `num_dims` (`size_t`): 0 (one element) to 64.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: serial(group); waits for peers.
"""
oar_group_alloc_shared(group, dtype, shape, num_dims, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[112]), Int32, (Ptr{oar_group}, Int32, Ptr{Int64}, Csize_t, Int64, Ptr{Ptr{oar_tensor}}), group, dtype, shape, num_dims, timeout_ms, out)

"""
    oar_group_arrival_skew(group, timeout_ms, out_json) -> oar_status

Say how late each rank came to the last operations (at most 1024), so that a straggler is named while nothing has failed
yet. The state must be made with the option comm.arrival_skew on all ranks; it costs one look at the clock per
operation, and nothing where it is off. The first and the last rank of each operation are rank 0's view: among ranks
that share memory when each called, else when rank 0 heard of it. Sends and receives are not counted. Collective.

JSON: {\"num_operations\": n, \"num_recorded\": n, \"straggler\": rank or null, \"ranks\": [{\"rank\": 0, \"late_us_p50\": x,
\"late_us_p95\": x, \"late_us_max\": x, \"waited_us_p50\": x, \"waited_us_p95\": x, \"late_us_sum\": x, \"num_last\": n}, ...]}:
microseconds behind the first rank and of waiting for the last one, and how often the rank was the last. The
straggler is to blame for more than three quarters of all lateness.

- `group` (`oar_group *`): borrowed.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_json` (`oar_bytes **`): owned; end with oar_bytes_release. The same on all ranks, without a NUL. Untouched on
  failure.

Threads: serial(group); waits for peers.
"""
oar_group_arrival_skew(group, timeout_ms, out_json) =
    ccall(@inbounds(ADDRESSES[113]), Int32, (Ptr{oar_group}, Int64, Ptr{Ptr{oar_bytes}}), group, timeout_ms, out_json)

"""
    oar_group_barrier(group, timeout_ms, out_work) -> oar_status

Meet every rank: the work is done when all have called this. It comes after all operations that this rank has started
before. oar_state_barrier waits at once.

- `group` (`oar_group *`): borrowed.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group); waits for peers only if out_work is NULL.
"""
oar_group_barrier(group, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[114]), Int32, (Ptr{oar_group}, Int64, Ptr{Ptr{oar_work}}), group, timeout_ms, out_work)

"""
    oar_group_broadcast(group, tensor, root, timeout_ms, out_work) -> oar_status

Give every rank the root's tensor, in place. Any dtype; the bytes arrive as they are.

- `group` (`oar_group *`): borrowed.
- `tensor` (`oar_tensor *`): retained until the work is done. On the root read, elsewhere written. Same number of
  elements and dtype on all ranks; zero elements are fine.
- `root` (`int32_t`): the rank whose tensor is given; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, tensor); waits for peers only if out_work is NULL.
"""
oar_group_broadcast(group, tensor, root, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[115]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Int32, Int64, Ptr{Ptr{oar_work}}), group, tensor, root, timeout_ms, out_work)

"""
    oar_group_broadcast_bytes(group, data, size, root, timeout_ms, out_bytes) -> oar_status

Give every rank the root's bytes.

- `group` (`oar_group *`): borrowed.
- `data` (`const void *`): on the root: its bytes, copied. Elsewhere ignored. NULL is allowed when `size` is 0.
- `size` (`size_t`): how many; ignored where `data` is.
- `root` (`int32_t`): the rank whose bytes are given; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_bytes` (`oar_bytes **`): owned; end with oar_bytes_release. Untouched on failure.

Threads: collective(group).
"""
oar_group_broadcast_bytes(group, data, size, root, timeout_ms, out_bytes) =
    ccall(@inbounds(ADDRESSES[116]), Int32, (Ptr{oar_group}, Ptr{Cvoid}, Csize_t, Int32, Int64, Ptr{Ptr{oar_bytes}}), group, data, size, root, timeout_ms, out_bytes)

"""
    oar_group_broadcast_coalesced(group, tensors, count, root, timeout_ms, out_work) -> oar_status

Give every rank the root's tensors, in place.

- `group` (`oar_group *`): borrowed.
- `tensors` (`oar_tensor *const *`): retained until the work is done. On the root read, elsewhere written. Same numbers
  of elements and dtype on all ranks.
- `count` (`size_t`): how many tensors.
- `root` (`int32_t`): the rank whose tensors are given; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, tensors); waits for peers only if out_work is NULL.
"""
oar_group_broadcast_coalesced(group, tensors, count, root, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[117]), Int32, (Ptr{oar_group}, Ptr{Ptr{oar_tensor}}, Csize_t, Int32, Int64, Ptr{Ptr{oar_work}}), group, tensors, count, root, timeout_ms, out_work)

"""
    oar_group_broadcast_object(group, object, root, timeout_ms, out) -> oar_status

Give every rank the root's object: a tree of any kind, tensors among it.

- `group` (`oar_group *`): borrowed.
- `object` (`const oar_tree *`): borrowed; on the root what is given. Elsewhere ignored, and may be NULL.
- `root` (`int32_t`): the rank whose object is given; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out` (`oar_tree **`): owned; end with oar_tree_release. On the root a copy that shares the tensors. Untouched on
  failure.

Threads: collective(group).
"""
oar_group_broadcast_object(group, object, root, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[118]), Int32, (Ptr{oar_group}, Ptr{oar_tree}, Int32, Int64, Ptr{Ptr{oar_tree}}), group, object, root, timeout_ms, out)

"""
    oar_group_broadcast_tree(group, tree, root, timeout_ms) -> oar_status

Give every rank the values of the root's leaves, in place. With one rank nothing is done.

- `group` (`oar_group *`): borrowed.
- `tree` (`oar_tree *`): borrowed; all its leaves are tensors: on the root read, elsewhere written.
- `root` (`int32_t`): the rank whose values are given; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.

Threads: collective(group).
"""
oar_group_broadcast_tree(group, tree, root, timeout_ms) =
    ccall(@inbounds(ADDRESSES[119]), Int32, (Ptr{oar_group}, Ptr{oar_tree}, Int32, Int64), group, tree, root, timeout_ms)

"""
    oar_group_close(group) -> oar_status

Leave a group that was made of another one, and close those that were made of it: peers that still call them get
OAR_E_PEER_LOST, running operations here OAR_E_ABORTED. Does not wait for peers; ends the threads, at most a few seconds
long. Later collective calls give OAR_E_STATE. May be called twice. The parent goes on.

- `group` (`oar_group *`): borrowed; release it afterwards.

Threads: serial(group).
"""
oar_group_close(group) =
    ccall(@inbounds(ADDRESSES[120]), Int32, (Ptr{oar_group},), group)

"""
    oar_group_copy_tree(group, tree, timeout_ms, out) -> oar_status

Give every rank a tree that one rank holds: its structure, plain values and tensors. Nobody else need know what it is.

- `group` (`oar_group *`): borrowed.
- `tree` (`const oar_tree *`): borrowed; on exactly one rank not NULL, whichever it is.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out` (`oar_tree **`): owned; end with oar_tree_release. On the rank that holds it a copy that shares its tensors.
  Untouched on failure.

Threads: collective(group).
"""
oar_group_copy_tree(group, tree, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[121]), Int32, (Ptr{oar_group}, Ptr{oar_tree}, Int64, Ptr{Ptr{oar_tree}}), group, tree, timeout_ms, out)

"""
    oar_group_create_subgroup(group, ranks, num_ranks, group_timeout_ms, timeout_ms, out_group) -> oar_status

Make a group of some ranks. Every rank of `group` calls this with the same list, also the ranks that are not in it; it
is a collective of `group` with a sequence number as any other, so groups are made in the same order on all ranks.
Returns when the new group is there on all its ranks; if any of them fails all fail.

- `group` (`oar_group *`): borrowed, retained by the new group.
- `ranks` (`const int32_t *`): borrowed. num_ranks ranks of `group`, each once, the same on all ranks: ranks[i] becomes
  rank i.
- `num_ranks` (`size_t`): at least 1.
- `group_timeout_ms` (`int64_t`): what a time-out of 0 means in the new group; 0 takes that of `group`; negative is
  refused.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
  refused.
- `out_group` (`oar_group **`): owned; end with oar_group_release. NULL on ranks that are not in the list. Untouched on
  failure.

Threads: collective(group).
"""
oar_group_create_subgroup(group, ranks, num_ranks, group_timeout_ms, timeout_ms, out_group) =
    ccall(@inbounds(ADDRESSES[122]), Int32, (Ptr{oar_group}, Ptr{Int32}, Csize_t, Int64, Int64, Ptr{Ptr{oar_group}}), group, ranks, num_ranks, group_timeout_ms, timeout_ms, out_group)

"""
    oar_group_gather(group, input, output, root, timeout_ms, out_work) -> oar_status

Concatenate every rank's `input` along dim 0 and give the root the result.

Rank r's rows land at output[r*n, (r+1)*n). Other ranks than the root need no memory for it.

- `group` (`oar_group *`): borrowed.
- `input` (`oar_tensor *`): retained until the work is done. Shape [n, ...], n >= 0, any strides; or no dimensions.
- `output` (`oar_tensor *`): on the root: retained until the work is done, then holds [n * size, ...] ([size] for an
  input without dimensions); same dtype as `input`, no overlap with it. Elsewhere not looked at; NULL is fine.
- `root` (`int32_t`): the rank that gets the result; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, input, output); waits for peers only if out_work is NULL.
"""
oar_group_gather(group, input, output, root, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[123]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Ptr{oar_tensor}, Int32, Int64, Ptr{Ptr{oar_work}}), group, input, output, root, timeout_ms, out_work)

"""
    oar_group_gather_objects(group, list, timeout_ms, out) -> oar_status

Join the ranks' lists of objects (trees of any kind, tensors among them) in rank order, and give all ranks the result.

Lists may have different lengths, also 0, and different contents. With one rank the result is a copy of `list`.
oar_tree_from_json and oar_tree_to_json (tree.h) make objects of JSON text and back.

- `group` (`oar_group *`): borrowed.
- `list` (`const oar_tree *`): borrowed; a list. Tensors in it are copied.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out` (`oar_tree **`): owned: a list; end with oar_tree_release. Untouched on failure.

Threads: collective(group).
"""
oar_group_gather_objects(group, list, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[124]), Int32, (Ptr{oar_group}, Ptr{oar_tree}, Int64, Ptr{Ptr{oar_tree}}), group, list, timeout_ms, out)

"""
    oar_group_gather_tree(group, tree, timeout_ms, out) -> oar_status

Concatenate every leaf of all ranks along its dim 0, in rank order, and give all ranks the result.

Leaves without dimensions become one-dimensional: one element per rank. Shapes are equal on all ranks; pad first if
they are not (oar_group_pad_tree). With one rank the result is a copy of `tree` as it is, its tensors shared.

- `group` (`oar_group *`): borrowed.
- `tree` (`const oar_tree *`): borrowed; all its leaves are tensors.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: collective(group).
"""
oar_group_gather_tree(group, tree, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[125]), Int32, (Ptr{oar_group}, Ptr{oar_tree}, Int64, Ptr{Ptr{oar_tree}}), group, tree, timeout_ms, out)

"""
    oar_group_pad_tree(group, tree, dim, pad_value, pad_first, timeout_ms, out) -> oar_status

Make every leaf as long in one dimension as the longest of all ranks, so that it can be gathered.

Only the ranks' shapes travel. A leaf that has no such dimension, or is long enough already, stays as it is, its
memory shared; so does a nested (ragged) tensor, with a warning in the log. Other dimensions may differ between
ranks: pad them by a call of their own. Integers and truth values keep their dtype; if the value is a fraction, all
ranks' leaves of them become float32 when one rank's is padded.

- `group` (`oar_group *`): borrowed.
- `tree` (`const oar_tree *`): borrowed; all its leaves are tensors.
- `dim` (`int64_t`): the dimension; negative counts from each leaf's last. The same on all ranks.
- `pad_value` (`double`): what the new elements are; the same on all ranks.
- `pad_first` (`int32_t`): 0: new elements come behind the old ones; otherwise before them. The same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: collective(group).
"""
oar_group_pad_tree(group, tree, dim, pad_value, pad_first, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[126]), Int32, (Ptr{oar_group}, Ptr{oar_tree}, Int64, Float64, Int32, Int64, Ptr{Ptr{oar_tree}}), group, tree, dim, pad_value, pad_first, timeout_ms, out)

"""
    oar_group_rank(group, out_rank) -> oar_status

This process's number in the group, from 0.

- `group` (`const oar_group *`): borrowed.
- `out_rank` (`int32_t *`): 0 <= rank < size.

Threads: any.
"""
oar_group_rank(group, out_rank) =
    ccall(@inbounds(ADDRESSES[127]), Int32, (Ptr{oar_group}, Ptr{Int32}), group, out_rank)

"""
    oar_group_receive(group, tensor, peer, timeout_ms, out_work) -> oar_status

Receive a tensor from one rank, which sends it by oar_group_send.

- `group` (`oar_group *`): borrowed.
- `tensor` (`oar_tensor *`): retained until the work is done. Same dtype and number of elements as what is sent, any
  shape and strides, not expanded; its rows are filled in order.
- `peer` (`int32_t`): the rank that sends; not this one.
- `timeout_ms` (`int64_t`): milliseconds to wait for the peer; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, tensor); waits for peers only if out_work is NULL.
"""
oar_group_receive(group, tensor, peer, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[128]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Int32, Int64, Ptr{Ptr{oar_work}}), group, tensor, peer, timeout_ms, out_work)

"""
    oar_group_reduce(group, tensor, root, reduce_op, timeout_ms, out_work) -> oar_status

Combine the ranks' tensors element by element and give the root the result, in place.

As oar_group_all_reduce, but on other ranks than the root the tensor is only read.

- `group` (`oar_group *`): borrowed.
- `tensor` (`oar_tensor *`): retained until the work is done. Same number of elements and dtype on all ranks; on the
  root the result, which may not be expanded there.
- `root` (`int32_t`): the rank that gets the result; the same on all ranks.
- `reduce_op` (`int32_t`): OAR_REDUCE_*; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, tensor); waits for peers only if out_work is NULL.
"""
oar_group_reduce(group, tensor, root, reduce_op, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[129]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Int32, Int32, Int64, Ptr{Ptr{oar_work}}), group, tensor, root, reduce_op, timeout_ms, out_work)

"""
    oar_group_reduce_scatter(group, input, output, reduce_op, timeout_ms, out_work) -> oar_status

Combine the ranks' inputs element by element and give each rank its part of the result.

The result has the shape of the inputs; rank r gets its rows [r*n, (r+1)*n). The inputs stay as they are.

- `group` (`oar_group *`): borrowed.
- `input` (`oar_tensor *`): retained until the work is done. Shape [n * size, ...] ([size] for an output without
  dimensions), any strides.
- `output` (`oar_tensor *`): retained until the work is done, then holds this rank's part, [n, ...]; same dtype as
  `input`, any strides, no overlap with it.
- `reduce_op` (`int32_t`): OAR_REDUCE_*; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, input, output); waits for peers only if out_work is NULL.
"""
oar_group_reduce_scatter(group, input, output, reduce_op, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[130]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Ptr{oar_tensor}, Int32, Int64, Ptr{Ptr{oar_work}}), group, input, output, reduce_op, timeout_ms, out_work)

"""
    oar_group_reduce_scatter_coalesced(group, inputs, num_inputs, outputs, num_outputs, reduce_op, timeout_ms, out_work) -> oar_status

Combine the ranks' inputs element by element and give each rank its part of each result.

- `group` (`oar_group *`): borrowed.
- `inputs` (`oar_tensor *const *`): retained until the work is done. inputs[i] has the shape [n_i * size, ...].
- `num_inputs` (`size_t`): how many.
- `outputs` (`oar_tensor *const *`): retained until the work is done, then outputs[i] holds this rank's rows [r*n_i,
  (r+1)*n_i) of the result.
- `num_outputs` (`size_t`): how many: as many as inputs.
- `reduce_op` (`int32_t`): OAR_REDUCE_*; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, inputs, outputs); waits for peers only if out_work is NULL.
"""
oar_group_reduce_scatter_coalesced(group, inputs, num_inputs, outputs, num_outputs, reduce_op, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[131]), Int32, (Ptr{oar_group}, Ptr{Ptr{oar_tensor}}, Csize_t, Ptr{Ptr{oar_tensor}}, Csize_t, Int32, Int64, Ptr{Ptr{oar_work}}), group, inputs, num_inputs, outputs, num_outputs, reduce_op, timeout_ms, out_work)

"""
    oar_group_reduce_tree(group, tree, reduce_op, timeout_ms, out) -> oar_status

Combine every leaf over all ranks, element by element, into a new tree. With one rank: a copy with memory of its own.

- `group` (`oar_group *`): borrowed.
- `tree` (`const oar_tree *`): borrowed, unchanged; all its leaves are tensors.
- `reduce_op` (`int32_t`): OAR_REDUCE_* (collectives.h); the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: collective(group).
"""
oar_group_reduce_tree(group, tree, reduce_op, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[132]), Int32, (Ptr{oar_group}, Ptr{oar_tree}, Int32, Int64, Ptr{Ptr{oar_tree}}), group, tree, reduce_op, timeout_ms, out)

"""
    oar_group_release(group) -> void

Drop a reference. Never waits and never communicates. When nothing uses the group any more (its state, works) it leaves:
peers that still call it get OAR_E_PEER_LOST.

- `group` (`oar_group *`): NULL is allowed.

Threads: any.
"""
oar_group_release(group) =
    ccall(@inbounds(ADDRESSES[133]), Cvoid, (Ptr{oar_group},), group)

"""
    oar_group_retain(group) -> oar_status

Add a reference; each needs one oar_group_release.

- `group` (`oar_group *`): borrowed.

Threads: any.
"""
oar_group_retain(group) =
    ccall(@inbounds(ADDRESSES[134]), Int32, (Ptr{oar_group},), group)

"""
    oar_group_scatter(group, input, output, root, timeout_ms, out_work) -> oar_status

Give every rank its part of the root's `input`: rank r gets rows [r*n, (r+1)*n).

- `group` (`oar_group *`): borrowed.
- `input` (`oar_tensor *`): on the root: retained until the work is done. Shape [n * size, ...] ([size] for an output
  without dimensions), any strides. Elsewhere not looked at; NULL is fine.
- `output` (`oar_tensor *`): retained until the work is done, then holds this rank's part, [n, ...]; any strides, no
  overlap with `input`. Same shape and dtype on all ranks.
- `root` (`int32_t`): the rank that gives; the same on all ranks.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, input, output); waits for peers only if out_work is NULL.
"""
oar_group_scatter(group, input, output, root, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[135]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Ptr{oar_tensor}, Int32, Int64, Ptr{Ptr{oar_work}}), group, input, output, root, timeout_ms, out_work)

"""
    oar_group_send(group, tensor, peer, timeout_ms, out_work) -> oar_status

Send a tensor to one rank, which receives it by oar_group_receive.

- `group` (`oar_group *`): borrowed.
- `tensor` (`oar_tensor *`): retained until the work is done, and not to be written before. Any dtype, shape and
  strides; zero elements are fine.
- `peer` (`int32_t`): the rank that receives; not this one.
- `timeout_ms` (`int64_t`): milliseconds to wait for the peer; 0 takes the group's own value; negative is refused.
- `out_work` (`oar_work **`): owned; end with oar_work_release. Untouched on failure. NULL: see above.

Threads: serial(group, tensor); waits for peers only if out_work is NULL.
"""
oar_group_send(group, tensor, peer, timeout_ms, out_work) =
    ccall(@inbounds(ADDRESSES[136]), Int32, (Ptr{oar_group}, Ptr{oar_tensor}, Int32, Int64, Ptr{Ptr{oar_work}}), group, tensor, peer, timeout_ms, out_work)

"""
    oar_group_set_tag(group, tag) -> oar_status

Name the collectives that this rank calls from now on, its own and those that other calls (oar_accelerator_step, say)
make in this group. Ranks compare the name with the rest of the signature, so that two calls of one shape that mean
different things (a loss's and a gradient's) are an OAR_E_MISMATCH; texts of errors and oar_state_dump give it. Sends
and receives are not compared by it. It costs a few nanoseconds a call.

- `group` (`oar_group *`): borrowed.
- `tag` (`const char *`): UTF-8, copied, at most 63 bytes. NULL or \"\": no name any more.

Threads: any.
"""
oar_group_set_tag(group, tag) =
    ccall(@inbounds(ADDRESSES[137]), Int32, (Ptr{oar_group}, Cstring), group, tag)

"""
    oar_group_size(group, out_size) -> oar_status

How many ranks the group has.

- `group` (`const oar_group *`): borrowed.
- `out_size` (`int32_t *`): at least 1.

Threads: any.
"""
oar_group_size(group, out_size) =
    ccall(@inbounds(ADDRESSES[138]), Int32, (Ptr{oar_group}, Ptr{Int32}), group, out_size)

"""
    oar_group_split(group, color, key, group_timeout_ms, timeout_ms, out_group) -> oar_status

Divide a group: ranks that give the same color make a group. Collective, as oar_group_create_subgroup.

- `group` (`oar_group *`): borrowed, retained by the new group.
- `color` (`int32_t`): which group; negative (OAR_GROUP_NO_COLOR): none.
- `key` (`int32_t`): the order in the new group; of equal keys the order in `group`.
- `group_timeout_ms` (`int64_t`): what a time-out of 0 means in the new group; 0 takes that of `group`; negative is
  refused.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
  refused.
- `out_group` (`oar_group **`): owned; end with oar_group_release. NULL on ranks of negative color. Untouched on
  failure.

Threads: collective(group).
"""
oar_group_split(group, color, key, group_timeout_ms, timeout_ms, out_group) =
    ccall(@inbounds(ADDRESSES[139]), Int32, (Ptr{oar_group}, Int32, Int32, Int64, Int64, Ptr{Ptr{oar_group}}), group, color, key, group_timeout_ms, timeout_ms, out_group)

"""
    oar_group_translate_rank(group, rank, other, out_rank) -> oar_status

The number that a process has in another group of the same world.

- `group` (`const oar_group *`): borrowed.
- `rank` (`int32_t`): in `group`.
- `other` (`const oar_group *`): borrowed.
- `out_rank` (`int32_t *`): the same process in `other`.

Threads: any.
"""
oar_group_translate_rank(group, rank, other, out_rank) =
    ccall(@inbounds(ADDRESSES[140]), Int32, (Ptr{oar_group}, Int32, Ptr{oar_group}, Ptr{Int32}), group, rank, other, out_rank)

"""
    oar_group_world_ranks(group, ranks, count) -> oar_status

Which ranks of the world, the group that a state was made with, the ranks of this group are.

- `group` (`const oar_group *`): borrowed.
- `ranks` (`int32_t *`): by rank of this group; NULL asks for the count only.
- `count` (`size_t *`): in: room in `ranks`; out: the group's size, also when the room is too small.

Threads: any.
"""
oar_group_world_ranks(group, ranks, count) =
    ccall(@inbounds(ADDRESSES[141]), Int32, (Ptr{oar_group}, Ptr{Int32}, Ptr{Csize_t}), group, ranks, count)

"""
    oar_last_error() -> const char *

The text of the last failure on this thread.

Never NULL; \"\" if the last fallible call of this thread succeeded, or none was made. Valid until the thread's next
fallible call. Read it on the thread that made the call: tasks that move between threads read it before they yield.

Threads: any.
"""
oar_last_error() =
    ccall(@inbounds(ADDRESSES[142]), Cstring, ())

"""
    oar_load_library(path) -> oar_status

Load a library of custom operators (TORCH_LIBRARY), before a program that calls them is loaded.

The operators that it registers may then be called by oar_op_call and by programs. It stays loaded until the process
ends, and a second call for the same file does nothing. The library's code runs when it is loaded: load what you
trust. An exception there would end the process, so another process loads it first (/bin/echo with LD_PRELOAD, a
child of the host for a moment, given 60 seconds).

- `path` (`const char *`): of the file, not searched for. No colon and no white space in its real path.

Threads: any.
"""
oar_load_library(path) =
    ccall(@inbounds(ADDRESSES[143]), Int32, (Cstring,), path)

"""
    oar_loader_close(loader) -> oar_status

End the worker threads. May be called twice; afterwards the loader gives no more batches.

- `loader` (`oar_loader *`): borrowed.

Threads: serial(loader); waits for reads that have begun.
"""
oar_loader_close(loader) =
    ccall(@inbounds(ADDRESSES[144]), Int32, (Ptr{oar_loader},), loader)

"""
    oar_loader_create(dataset, options, out) -> oar_status

A loader over a data set, not sharded until oar_accelerator_prepare_loader or oar_loader_set_shard.

With shuffle, epoch e visits the samples in the order of torch.randperm(size) of a generator seeded with seed + e.
sampler.h has other orders.

- `dataset` (`oar_dataset *`): retained.
- `options` (`const char *`): borrowed; a JSON object of the loader.* keys of options.h, without the prefix, for
  instance {\"batch_size\":32,\"shuffle\":true,\"seed\":42,\"num_workers\":2}. NULL: defaults. A seed beyond 2^53 is
  given as a string; without one it is that of the default generator (oar_state_seed) now, and rank 0's once the loader
  is prepared on several ranks.
- `out` (`oar_loader **`): owned; end with oar_loader_release. Untouched on failure.

Threads: serial(dataset).
"""
oar_loader_create(dataset, options, out) =
    ccall(@inbounds(ADDRESSES[145]), Int32, (Ptr{oar_dataset}, Cstring, Ptr{Ptr{oar_loader}}), dataset, options, out)

"""
    oar_loader_create_dispatched(dataset, options, group, out) -> oar_status

A loader of which rank 0 reads for all ranks: for sources that only one rank has, or that are dear to read.

Rank 0 reads a round (loader.h) at a time, and every rank takes its part: rows, in rank order, of each tensor and of
each list of texts; other values whole. The last round is divided anew: equal parts of what is left, filled up with
the epoch's first samples where it does not divide (loader.even_batches false: the first ranks take one more). The
other ranks' data sets are asked for their size only.

oar_loader_next is collective then: all ranks call it, and a failure of the data set on rank 0 is that of all ranks.
The loader cannot be sharded; oar_accelerator_prepare_loader takes it as it is.

- `dataset` (`oar_dataset *`): retained.
- `options` (`const char *`): borrowed; as for oar_loader_create, the same on all ranks.
- `group` (`oar_group *`): retained.
- `out` (`oar_loader **`): owned; end with oar_loader_release. Untouched on failure.

Threads: serial(dataset, group); does not wait for peers.
"""
oar_loader_create_dispatched(dataset, options, group, out) =
    ccall(@inbounds(ADDRESSES[146]), Int32, (Ptr{oar_dataset}, Cstring, Ptr{oar_group}, Ptr{Ptr{oar_loader}}), dataset, options, group, out)

"""
    oar_loader_epoch(loader, out_epoch) -> oar_status

The epoch that the next batch belongs to, from 0.

- `loader` (`const oar_loader *`): borrowed.
- `out_epoch` (`int64_t *`): one more as soon as the end of an epoch was told.

Threads: serial(loader).
"""
oar_loader_epoch(loader, out_epoch) =
    ccall(@inbounds(ADDRESSES[147]), Int32, (Ptr{oar_loader}, Ptr{Int64}), loader, out_epoch)

"""
    oar_loader_load_state(loader, state) -> oar_status

Go to where the loader was that gave `state`. The batches that follow are those that would have followed there.

Another world size or batch size is taken where the samples that were done make whole rounds of the new size.

- `loader` (`oar_loader *`): borrowed; over the same data, with the same order. A seed that was not given is the
  state's.
- `state` (`const char *`): borrowed; what oar_loader_state gave.

Threads: serial(loader).
"""
oar_loader_load_state(loader, state) =
    ccall(@inbounds(ADDRESSES[148]), Int32, (Ptr{oar_loader}, Cstring), loader, state)

"""
    oar_loader_next(loader, out_batch) -> oar_status

The next batch of this rank, or the end of the epoch.

The end is told once, by NULL; the call after it starts the next epoch. A call that fails leaves the loader where it
was: it may be repeated, or the batch be left out by oar_loader_seek.

- `loader` (`oar_loader *`): borrowed.
- `out_batch` (`oar_tree **`): owned; a map by column name; end with oar_tree_release. NULL at the end of the epoch.
  Untouched on failure.

Threads: serial(loader); waits for the workers.
"""
oar_loader_next(loader, out_batch) =
    ccall(@inbounds(ADDRESSES[149]), Int32, (Ptr{oar_loader}, Ptr{Ptr{oar_tree}}), loader, out_batch)

"""
    oar_loader_num_batches(loader, out_num_batches) -> oar_status

Batches of this rank in the epoch; with even_batches false, ranks may differ by one. The host's sampler
(oar_loader_set_sampler) is asked for the epoch's order, if it has not been.

- `loader` (`const oar_loader *`): borrowed.
- `out_num_batches` (`int64_t *`): at least 0.

Threads: serial(loader).
"""
oar_loader_num_batches(loader, out_num_batches) =
    ccall(@inbounds(ADDRESSES[150]), Int32, (Ptr{oar_loader}, Ptr{Int64}), loader, out_num_batches)

"""
    oar_loader_num_samples(loader, out_num_samples) -> oar_status

Samples that all ranks together are given in the epoch, each counted once. The host's sampler is asked as for
oar_loader_num_batches.

- `loader` (`const oar_loader *`): borrowed.
- `out_num_samples` (`int64_t *`): what the order visits, or less with drop_last.

Threads: serial(loader).
"""
oar_loader_num_samples(loader, out_num_samples) =
    ccall(@inbounds(ADDRESSES[151]), Int32, (Ptr{oar_loader}, Ptr{Int64}), loader, out_num_samples)

"""
    oar_loader_position(loader, out_batches_done) -> oar_status

Batches already given in this epoch.

- `loader` (`const oar_loader *`): borrowed.
- `out_batches_done` (`int64_t *`): from 0 to num_batches; num_batches while the last batch is in use.

Threads: serial(loader).
"""
oar_loader_position(loader, out_batches_done) =
    ccall(@inbounds(ADDRESSES[152]), Int32, (Ptr{oar_loader}, Ptr{Int64}), loader, out_batches_done)

"""
    oar_loader_release(loader) -> void

One reference less; the last one ends the worker threads in the background.

- `loader` (`oar_loader *`): ended; NULL is allowed.

Threads: any.
"""
oar_loader_release(loader) =
    ccall(@inbounds(ADDRESSES[153]), Cvoid, (Ptr{oar_loader},), loader)

"""
    oar_loader_retain(loader) -> oar_status

One more reference.

- `loader` (`oar_loader *`): borrowed.

Threads: any.
"""
oar_loader_retain(loader) =
    ccall(@inbounds(ADDRESSES[154]), Int32, (Ptr{oar_loader},), loader)

"""
    oar_loader_samples_in_round(loader, out_num_samples) -> oar_status

How many samples all ranks together have in the round of the batch given last; repeated ones are not counted.

Over an epoch these sum to oar_loader_num_samples: what a progress bar advances by.

- `loader` (`const oar_loader *`): borrowed.
- `out_num_samples` (`int64_t *`): 0 before the first batch of an epoch.

Threads: serial(loader).
"""
oar_loader_samples_in_round(loader, out_num_samples) =
    ccall(@inbounds(ADDRESSES[155]), Int32, (Ptr{oar_loader}, Ptr{Int64}), loader, out_num_samples)

"""
    oar_loader_seek(loader, epoch, batches_done) -> oar_status

Go to the point where `batches_done` batches of `epoch` have been given. Nothing is read or replayed, except that the
next call reads a stream that is not seekable again from its start.

After leaving a loop early, oar_loader_seek(loader, epoch + 1, 0) begins the next epoch; without it the loader goes
on where it was.

- `loader` (`oar_loader *`): borrowed.
- `epoch` (`int64_t`): from 0 to 2^53 - 2.
- `batches_done` (`int64_t`): from 0 to num_batches; a stream tells at the next call whether it has so many.

Threads: serial(loader).
"""
oar_loader_seek(loader, epoch, batches_done) =
    ccall(@inbounds(ADDRESSES[156]), Int32, (Ptr{oar_loader}, Int64, Int64), loader, epoch, batches_done)

"""
    oar_loader_set_batch_sampler(loader, fn, user_data, release) -> oar_status

Let the host make the batches, of whatever sizes, epoch by epoch.

On N ranks each round takes N batches, in rank order. At the epoch's end ranks without one get none with
loader.drop_last or without loader.even_batches, else the epoch's first batches again.

- `loader` (`oar_loader *`): borrowed; between epochs, without loader.shuffle, loader.batch_size and
  loader.split_batches.
- `fn` (`oar_sampler_fn`): gives a list of tensors: the batches of an epoch, none empty.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): as for oar_loader_set_sampler.

Threads: serial(loader).
"""
oar_loader_set_batch_sampler(loader, fn, user_data, release) =
    ccall(@inbounds(ADDRESSES[157]), Int32, (Ptr{oar_loader}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), loader, fn, user_data, release)

"""
    oar_loader_set_collate(loader, flags, fn, user_data, release) -> oar_status

Let the host join samples to batches. Padding (oar_loader_set_padding) is done before.

- `loader` (`oar_loader *`): borrowed; between epochs.
- `flags` (`int32_t`): 0, or OAR_CALLBACK_ANY_THREAD: loader workers may call `fn`, several at once. Without it batches
  are made on the thread that asks for them, and workers are not used.
- `fn` (`oar_collate_fn`): makes a batch.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once: when the loader ends or is given another function,
  or before this returns if it fails. NULL: nothing to free.

Threads: serial(loader).
"""
oar_loader_set_collate(loader, flags, fn, user_data, release) =
    ccall(@inbounds(ADDRESSES[158]), Int32, (Ptr{oar_loader}, Int32, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), loader, flags, fn, user_data, release)

"""
    oar_loader_set_indices(loader, indices, count) -> oar_status

Visit these samples only: in this order, or with loader.shuffle in a new one each epoch.

- `loader` (`oar_loader *`): borrowed; between epochs.
- `indices` (`const int64_t *`): borrowed; `count` numbers of samples, each as often as it is to come. NULL only if
  count is 0.
- `count` (`size_t`): 0: epochs have no batches.

Threads: serial(loader).
"""
oar_loader_set_indices(loader, indices, count) =
    ccall(@inbounds(ADDRESSES[159]), Int32, (Ptr{oar_loader}, Ptr{Int64}, Csize_t), loader, indices, count)

"""
    oar_loader_set_padding(loader, column, pad_value, multiple_of, pad_first, mask) -> oar_status

Make a column of tensors equally long in its first dimension before the samples of a batch are joined: as long as the
batch's longest, or the next multiple of `multiple_of`.

One call per column; another call for the same column replaces the first.

- `loader` (`oar_loader *`): borrowed; between epochs.
- `column` (`const char *`): borrowed; the path of a tensor in each sample: \"tokens\", \"target.boxes\".
- `pad_value` (`double`): what the new elements are.
- `multiple_of` (`int64_t`): at least 1.
- `pad_first` (`int32_t`): 0: new elements come behind the old ones; otherwise before them.
- `mask` (`const char *`): borrowed; the name of a new column of the samples: int64 [length], 1 for old elements and 0
  for new ones. NULL: none.

Threads: serial(loader).
"""
oar_loader_set_padding(loader, column, pad_value, multiple_of, pad_first, mask) =
    ccall(@inbounds(ADDRESSES[160]), Int32, (Ptr{oar_loader}, Cstring, Float64, Int64, Int32, Cstring), loader, column, pad_value, multiple_of, pad_first, mask)

"""
    oar_loader_set_sampler(loader, fn, user_data, release) -> oar_status

Let the host give the order of the samples, epoch by epoch.

- `loader` (`oar_loader *`): borrowed; between epochs, without loader.shuffle.
- `fn` (`oar_sampler_fn`): gives a tensor: the samples of an epoch. It is cut into batches and over ranks as any order
  is.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once: when the loader ends or is given another order, or
  before this returns if it fails. NULL: nothing to free.

Threads: serial(loader).
"""
oar_loader_set_sampler(loader, fn, user_data, release) =
    ccall(@inbounds(ADDRESSES[161]), Int32, (Ptr{oar_loader}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), loader, fn, user_data, release)

"""
    oar_loader_set_shard(loader, rank, world_size) -> oar_status

Give the loader one rank's part of each epoch. oar_accelerator_prepare_loader does it for the ranks of a state.

A round has batch_size * world_size samples (batch_size with split_batches), cut into equal parts in rank order. What
is left at the end of an epoch goes to nobody (drop_last), or is cut likewise so that ranks may get less or nothing
(even_batches false), or is filled up with samples from the epoch's start, so that all ranks have equally many full
batches. One rank alone is never filled up.

- `loader` (`oar_loader *`): borrowed; between epochs.
- `rank` (`int32_t`): in [0, world_size).
- `world_size` (`int32_t`): at least 1.

Threads: serial(loader).
"""
oar_loader_set_shard(loader, rank, world_size) =
    ccall(@inbounds(ADDRESSES[162]), Int32, (Ptr{oar_loader}, Int32, Int32), loader, rank, world_size)

"""
    oar_loader_set_weights(loader, weights, num_samples, replacement) -> oar_status

Draw the samples of an epoch by weight.

- `loader` (`oar_loader *`): borrowed; between epochs, without loader.shuffle.
- `weights` (`oar_tensor *`): borrowed, copied. One number >= 0 for each sample, of any dtype; they need not sum to 1.
- `num_samples` (`int64_t`): how many samples an epoch has, at least 1.
- `replacement` (`int32_t`): other than 0: a sample may come more than once in an epoch.

Threads: serial(loader, weights).
"""
oar_loader_set_weights(loader, weights, num_samples, replacement) =
    ccall(@inbounds(ADDRESSES[163]), Int32, (Ptr{oar_loader}, Ptr{oar_tensor}, Int64, Int32), loader, weights, num_samples, replacement)

"""
    oar_loader_state(loader, buf, len) -> oar_status

Where the loader is, as JSON: epoch, batches given, seed and what fixes the order. A few hundred bytes, whatever was
read. Checkpoints of an accelerator have it for every prepared loader.

- `loader` (`const oar_loader *`): borrowed.
- `buf` (`char *`): room for *len bytes; NULL asks for the length only.
- `len` (`size_t *`): in: room; out: length with the closing NUL, also when the room is too small.

Threads: serial(loader).
"""
oar_loader_state(loader, buf, len) =
    ccall(@inbounds(ADDRESSES[164]), Int32, (Ptr{oar_loader}, Ptr{UInt8}, Ptr{Csize_t}), loader, buf, len)

"""
    oar_log_set_callback(flags, fn, user_data, release) -> oar_status

Send the messages of this process to a callback instead of standard error.

Replaces the callback before; its release runs once no thread is inside it any more.

- `flags` (`int32_t`): 0: what threads of Oarlock's have to say (a rank is late) is queued, at most 1,000 messages, and
  given by the next call that can fail, or by the one that waits at that moment. OAR_CALLBACK_ANY_THREAD: `fn` is called
  at once, on those threads too.
- `fn` (`oar_log_fn`): NULL goes back to standard error.
- `user_data` (`void *`): handed to `fn`; the library looks at it in no way.
- `release` (`oar_release_fn`): NULL, or runs exactly once with `user_data`: when this callback is replaced by a later
  call, or before this one returns if it fails or `fn` is NULL.

Threads: any.
"""
oar_log_set_callback(flags, fn, user_data, release) =
    ccall(@inbounds(ADDRESSES[165]), Int32, (Int32, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), flags, fn, user_data, release)

"""
    oar_log_set_level(level) -> oar_status

Choose which messages are given: those of this level and above. The first value is OAR_LOG_WARNING.

- `level` (`int32_t`): one of OAR_LOG_*.

Threads: any.
"""
oar_log_set_level(level) =
    ccall(@inbounds(ADDRESSES[166]), Int32, (Int32,), level)

"""
    oar_memory_report(out_json) -> oar_status

The memory of this process in bytes, as the kernel counts it.

JSON: {\"rss\": n, \"rss_anonymous\": n, \"rss_file\": n, \"rss_shared\": n, \"rss_peak\": n}: what is resident, and of that
the heap and stacks, mapped files, and memory shared between processes; and the most that was resident since the
process began.

- `out_json` (`oar_bytes **`): owned; end with oar_bytes_release. Without a NUL. Untouched on failure.

Threads: any.
"""
oar_memory_report(out_json) =
    ccall(@inbounds(ADDRESSES[167]), Int32, (Ptr{Ptr{oar_bytes}},), out_json)

"""
    oar_mesh_coordinate(mesh, axis, out_coordinate) -> oar_status

Where this rank stands on an axis, which is its rank in the axis's group.

- `mesh` (`const oar_mesh *`): borrowed.
- `axis` (`const char *`): a name.
- `out_coordinate` (`int32_t *`): 0 <= coordinate < size of the axis.

Threads: serial(mesh).
"""
oar_mesh_coordinate(mesh, axis, out_coordinate) =
    ccall(@inbounds(ADDRESSES[168]), Int32, (Ptr{oar_mesh}, Cstring, Ptr{Int32}), mesh, axis, out_coordinate)

"""
    oar_mesh_create(group, names, sizes, num_axes, timeout_ms, out) -> oar_status

Make a mesh and, for every axis, the group of the ranks that differ from this one in that axis alone. Every rank of
`group` calls this with the same axes.

- `group` (`oar_group *`): borrowed, retained by the mesh.
- `names` (`const char *const *`): borrowed. num_axes names, each once, without spaces, commas and equals signs.
- `sizes` (`const int32_t *`): borrowed. num_axes sizes of at least 1, whose product is the size of the group.
- `num_axes` (`size_t`): at least 1.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
  refused.
- `out` (`oar_mesh **`): owned; end with oar_mesh_release. Untouched on failure.

Threads: collective(group).
"""
oar_mesh_create(group, names, sizes, num_axes, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[169]), Int32, (Ptr{oar_group}, Ptr{Cstring}, Ptr{Int32}, Csize_t, Int64, Ptr{Ptr{oar_mesh}}), group, names, sizes, num_axes, timeout_ms, out)

"""
    oar_mesh_flatten(mesh, axes, num_axes, name, timeout_ms) -> oar_status

Take several axes for one, under a new name that the functions below know too: dp_shard and cp, say, over which
parameters are divided together. Every rank of the mesh's group calls this with the same names.

- `mesh` (`oar_mesh *`): borrowed.
- `axes` (`const char *const *`): borrowed. num_axes axes that the mesh was made with, each once; the last runs fastest.
- `num_axes` (`size_t`): at least 1.
- `name` (`const char *`): UTF-8, of no axis yet.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
  refused.

Threads: collective(mesh).
"""
oar_mesh_flatten(mesh, axes, num_axes, name, timeout_ms) =
    ccall(@inbounds(ADDRESSES[170]), Int32, (Ptr{oar_mesh}, Ptr{Cstring}, Csize_t, Cstring, Int64), mesh, axes, num_axes, name, timeout_ms)

"""
    oar_mesh_group(mesh, axis, out_group) -> oar_status

The group along an axis: this rank and those that differ from it in that axis alone, in the order of their coordinates.

- `mesh` (`const oar_mesh *`): borrowed.
- `axis` (`const char *`): a name.
- `out_group` (`oar_group **`): owned; end with oar_group_release. It is the same group each time.

Threads: serial(mesh).
"""
oar_mesh_group(mesh, axis, out_group) =
    ccall(@inbounds(ADDRESSES[171]), Int32, (Ptr{oar_mesh}, Cstring, Ptr{Ptr{oar_group}}), mesh, axis, out_group)

"""
    oar_mesh_rank_at(mesh, coordinates, num_axes, out_rank) -> oar_status

The rank of the mesh's group that stands at these coordinates.

- `mesh` (`const oar_mesh *`): borrowed.
- `coordinates` (`const int32_t *`): borrowed. One per axis that the mesh was made with, in that order.
- `num_axes` (`size_t`): how many those are.
- `out_rank` (`int32_t *`): 0 <= rank < size of the group.

Threads: serial(mesh).
"""
oar_mesh_rank_at(mesh, coordinates, num_axes, out_rank) =
    ccall(@inbounds(ADDRESSES[172]), Int32, (Ptr{oar_mesh}, Ptr{Int32}, Csize_t, Ptr{Int32}), mesh, coordinates, num_axes, out_rank)

"""
    oar_mesh_release(mesh) -> void

Drop a reference. Never waits and never communicates. Groups that were had from the mesh live on.

- `mesh` (`oar_mesh *`): NULL is allowed.

Threads: any.
"""
oar_mesh_release(mesh) =
    ccall(@inbounds(ADDRESSES[173]), Cvoid, (Ptr{oar_mesh},), mesh)

"""
    oar_mesh_retain(mesh) -> oar_status

Add a reference; each needs one oar_mesh_release.

- `mesh` (`oar_mesh *`): borrowed.

Threads: any.
"""
oar_mesh_retain(mesh) =
    ccall(@inbounds(ADDRESSES[174]), Int32, (Ptr{oar_mesh},), mesh)

"""
    oar_mesh_size(mesh, axis, out_size) -> oar_status

How many ranks an axis has.

- `mesh` (`const oar_mesh *`): borrowed.
- `axis` (`const char *`): a name.
- `out_size` (`int32_t *`): at least 1.

Threads: serial(mesh).
"""
oar_mesh_size(mesh, axis, out_size) =
    ccall(@inbounds(ADDRESSES[175]), Int32, (Ptr{oar_mesh}, Cstring, Ptr{Int32}), mesh, axis, out_size)

"""
    oar_model_add_lora(model, options) -> oar_status

Give linear layers adapters: where a target computes y from x, y gains (alpha / rank) * B(A(dropout(x))).

Options, a JSON object:
\"targets\"  list of patterns of module paths: [\"*.q_proj\", \"h.*.attn.c_attn\"]. Required.
\"rank\"     rows of A and columns of B, at least 1. Default 8.
\"alpha\"    default 8.
\"dropout\"  in [0, 1): the share of x that training leaves out before A. Default 0.
\"freeze\"   true, the default: everything but the adapters is frozen. false: nothing is.

A module is a linear layer if it multiplies by a weight of its own: linear, addmm, matmul, mm, with the weight as it
is or transposed (GPT-2's Conv1D). A and B are parameters \"<module>.lora_A.weight\" [rank, in] and
\"<module>.lora_B.weight\" [out, rank] of the weight's type; A is drawn as torch.nn.init.kaiming_uniform_(a=sqrt(5))
draws it, from the default generator, B is zero, so the model's results are those of before until it is trained. A
module that is called several times has one adapter.

- `model` (`oar_model *`): borrowed; a program.
- `options` (`const char *`): JSON as above.

Threads: serial(model).
"""
oar_model_add_lora(model, options) =
    ccall(@inbounds(ADDRESSES[176]), Int32, (Ptr{oar_model}, Cstring), model, options)

"""
    oar_model_create_foreign(state, out) -> oar_status

Make a model without a program: the host runs forward and backward itself. Register its tensors before anything is made
of it.

- `state` (`oar_state *`): borrowed; gives the device.
- `out` (`oar_model **`): owned; end with oar_model_release. Untouched on failure.

Threads: serial(state).
"""
oar_model_create_foreign(state, out) =
    ccall(@inbounds(ADDRESSES[177]), Int32, (Ptr{oar_state}, Ptr{Ptr{oar_model}}), state, out)

"""
    oar_model_describe(model, out) -> oar_status

Tell what names a program has.

JSON: {\"inputs\": [{\"name\", \"dtype\", \"shape\"}], \"outputs\": [the same], \"parameters\": [{\"name\", \"dtype\", \"shape\",
\"trained\"}], \"units\": [{\"name\", \"class\", \"parameters\": [names], \"inputs\": [names of values], \"outputs\": [names of
values], \"segments\": n}], \"nodes\": [{\"name\", \"target\", \"module\", \"outputs\": [names of values]}], \"symbols\": [{\"name\",
\"min\", \"max\"}]}. Sizes that are not fixed are given by the symbol's name, or null where they follow from others or
are not known. An output of what was recorded by oar_model_trace has dtype \"tensor\" and shape null if its shape
depends on what tensors hold.

- `model` (`const oar_model *`): borrowed; a program.
- `out` (`oar_bytes **`): owned; UTF-8 text; end with oar_bytes_release. Untouched on failure.

Threads: serial(model).
"""
oar_model_describe(model, out) =
    ccall(@inbounds(ADDRESSES[178]), Int32, (Ptr{oar_model}, Ptr{Ptr{oar_bytes}}), model, out)

"""
    oar_model_enter_scope(model, name, class_name) -> oar_status

Enter a scope: a part of the model with a name of its own, as a module is in Python.

Until oar_model_exit_scope the names given to oar_model_register_parameter, oar_model_register_buffer and
oar_model_parameter are relative to it: \"weight\" in scope \"attention\" of scope \"blocks.0\" is
\"blocks.0.attention.weight\". Operators that are called meanwhile belong to it. A forward leaves the scopes that it
enters.

- `model` (`oar_model *`): borrowed; foreign.
- `name` (`const char *`): not empty; parts between dots are scopes of their own.
- `class_name` (`const char *`): what kind of part it is (\"Attention\"), for policies that choose parts by kind. NULL:
  none.

Threads: serial(model).
"""
oar_model_enter_scope(model, name, class_name) =
    ccall(@inbounds(ADDRESSES[179]), Int32, (Ptr{oar_model}, Cstring, Cstring), model, name, class_name)

"""
    oar_model_exit_scope(model) -> oar_status

Leave the scope that was entered last.

- `model` (`oar_model *`): borrowed; foreign.

Threads: serial(model).
"""
oar_model_exit_scope(model) =
    ccall(@inbounds(ADDRESSES[180]), Int32, (Ptr{oar_model},), model)

"""
    oar_model_forward(model, inputs, out_outputs) -> oar_status

Run the model.

Random operators (dropout) draw from the default generator, in the order of the program. In training the outputs
carry their history, so that oar_accelerator_backward can go through them; it ends with the last tensor that
holds it. The model keeps nothing of a run but what its buffers hold. Inputs are never written to: a program that
changes an input in place changes a copy.

- `model` (`oar_model *`): borrowed.
- `inputs` (`const oar_tree *`): borrowed. A map by input name (nested inputs by their path), or a list by position,
  with every input of the program on the model's device.
- `out_outputs` (`oar_tree **`): owned; end with oar_tree_release. A map by output name if the exported module returned
  one (a dict or an object with named fields), else a list; nested as it was. Untouched on failure.

Threads: serial(model, inputs).
"""
oar_model_forward(model, inputs, out_outputs) =
    ccall(@inbounds(ADDRESSES[181]), Int32, (Ptr{oar_model}, Ptr{oar_tree}, Ptr{Ptr{oar_tree}}), model, inputs, out_outputs)

"""
    oar_model_forward_unit(model, unit, inputs, out_outputs) -> oar_status

Run one unit on its own, in the model's mode. What goes in and comes out is what flows into the unit and out of it in a
forward, by the names of the values (oar_model_describe tells them).

- `model` (`oar_model *`): borrowed; a program.
- `unit` (`const char *`): a unit's name; not the root's.
- `inputs` (`const oar_tree *`): borrowed; a map with every input of the unit.
- `out_outputs` (`oar_tree **`): owned; a map; end with oar_tree_release. Untouched on failure.

Threads: serial(model, inputs).
"""
oar_model_forward_unit(model, unit, inputs, out_outputs) =
    ccall(@inbounds(ADDRESSES[182]), Int32, (Ptr{oar_model}, Cstring, Ptr{oar_tree}, Ptr{Ptr{oar_tree}}), model, unit, inputs, out_outputs)

"""
    oar_model_forward_with_values(model, inputs, names, count, out_outputs, out_values) -> oar_status

Run the model and also give values that it computes on the way.

A name is that of a value (\"linear_1\", oar_model_describe lists them) or of a module (\"encoder.0.fc1\": the last
tensor that it computes). In training they carry their history as the outputs do. They are as they stand when the
forward ends: where a later operator writes in place, as relu(inplace=True) does, they show what it wrote. Calls with
the same names one after the other are as fast as oar_model_forward.

- `model` (`oar_model *`): borrowed; a program.
- `inputs` (`const oar_tree *`): borrowed; as of oar_model_forward.
- `names` (`const char *const *`): borrowed; `count` names.
- `count` (`size_t`): how many.
- `out_outputs` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.
- `out_values` (`oar_tree **`): owned; a map by the names given; end with oar_tree_release. Untouched on failure.

Threads: serial(model, inputs).
"""
oar_model_forward_with_values(model, inputs, names, count, out_outputs, out_values) =
    ccall(@inbounds(ADDRESSES[183]), Int32, (Ptr{oar_model}, Ptr{oar_tree}, Ptr{Cstring}, Csize_t, Ptr{Ptr{oar_tree}}, Ptr{Ptr{oar_tree}}), model, inputs, names, count, out_outputs, out_values)

"""
    oar_model_freeze(model, pattern, frozen, out_count) -> oar_status

Take parameters out of training, or put them back.

A frozen parameter gets no gradient, no optimizer state and no part in averages over ranks; weights and checkpoints
hold it as before. Of tied parameters one name is enough.

- `model` (`oar_model *`): borrowed.
- `pattern` (`const char *`): of names in the state dict: \"encoder.*\", \"*.bias\".
- `frozen` (`int32_t`): 1: freeze; 0: train.
- `out_count` (`int64_t *`): how many names fitted. Untouched on failure.

Threads: serial(model).
"""
oar_model_freeze(model, pattern, frozen, out_count) =
    ccall(@inbounds(ADDRESSES[184]), Int32, (Ptr{oar_model}, Cstring, Int32, Ptr{Int64}), model, pattern, frozen, out_count)

"""
    oar_model_gradient(model, name, out) -> oar_status

Give the gradient of a parameter, sharing its memory.

- `model` (`const oar_model *`): borrowed.
- `name` (`const char *`): of a parameter.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. NULL if the parameter has no gradient: none was computed
  since the last oar_accelerator_step, or it is frozen. Untouched on failure.

Threads: serial(model).
"""
oar_model_gradient(model, name, out) =
    ccall(@inbounds(ADDRESSES[185]), Int32, (Ptr{oar_model}, Cstring, Ptr{Ptr{oar_tensor}}), model, name, out)

"""
    oar_model_input_name(model, index, buf, len) -> oar_status

Tell the name of an input: that of the exported module's forward (\"images\"; \"batch.images\" inside a dict).

- `model` (`const oar_model *`): borrowed.
- `index` (`int64_t`): in [0, number of inputs).
- `buf` (`char *`): filled with the name and a NUL; NULL asks for the length only.
- `len` (`size_t *`): in: room in bytes; out: length with the NUL.

Threads: serial(model).
"""
oar_model_input_name(model, index, buf, len) =
    ccall(@inbounds(ADDRESSES[186]), Int32, (Ptr{oar_model}, Int64, Ptr{UInt8}, Ptr{Csize_t}), model, index, buf, len)

"""
    oar_model_is_training(model, out_is_training) -> oar_status

Tell the mode.

- `model` (`const oar_model *`): borrowed.
- `out_is_training` (`int32_t *`): 1: training; 0: evaluation.

Threads: serial(model).
"""
oar_model_is_training(model, out_is_training) =
    ccall(@inbounds(ADDRESSES[187]), Int32, (Ptr{oar_model}, Ptr{Int32}), model, out_is_training)

"""
    oar_model_load(state, path, options, out) -> oar_status

Load an exported program (.pt2) with its weights, onto the state's device.

The weights are copied into memory of the model; the file is not needed afterwards and is never written.
Parameters require gradients as they did at export; tied weights stay one tensor. The model starts in training
mode.

Reading does not trust the file: any bytes give a model or an error. Running it does trust libtorch: a program may
call operators of aten only (more by model.operators), without those that open files or make tensors of unchecked
memory, but not every kernel of libtorch is proof against arguments made to harm. Run programs of people you trust.

- `state` (`oar_state *`): borrowed; gives the device.
- `path` (`const char *`): the file.
- `options` (`const char *`): JSON object of model.* keys without the prefix ({\"weights\":\"w.safetensors\"}); what it
  does not name, and all of it if NULL, is taken from the state's config.
- `out` (`oar_model **`): owned; end with oar_model_release. Untouched on failure.

Threads: serial(state).
"""
oar_model_load(state, path, options, out) =
    ccall(@inbounds(ADDRESSES[188]), Int32, (Ptr{oar_state}, Cstring, Cstring, Ptr{Ptr{oar_model}}), state, path, options, out)

"""
    oar_model_load_lora(model, directory) -> oar_status

Read adapters that oar_model_save_lora or PEFT wrote. A model without any gets them, and the rest of it is frozen; else
they must be those that the model has, and the values are replaced.

All or nothing. Every name, shape and type must fit. Of adapter_config.json are read r, lora_alpha, lora_dropout
(when the adapters are new) and use_rslora; what would change the mathematics otherwise is refused by name.

- `model` (`oar_model *`): borrowed; a program.
- `directory` (`const char *`): the folder.

Threads: serial(model).
"""
oar_model_load_lora(model, directory) =
    ccall(@inbounds(ADDRESSES[189]), Int32, (Ptr{oar_model}, Cstring), model, directory)

"""
    oar_model_load_weights(model, path) -> oar_status

Replace every persistent parameter and buffer by that of a safetensors file, in place.

All or nothing: names, dtypes and shapes must be exactly the model's; of tied weights one name is enough. The format
has no checksum, so data bytes that were altered on the disk cannot be seen; those of a checkpoint (checkpoint.h) and
of a program are checked.

- `model` (`oar_model *`): borrowed.
- `path` (`const char *`): the file; not needed afterwards.

Threads: serial(model).
"""
oar_model_load_weights(model, path) =
    ccall(@inbounds(ADDRESSES[190]), Int32, (Ptr{oar_model}, Cstring), model, path)

"""
    oar_model_merge_lora(model) -> oar_status

Put the adapters into the weights, W + (alpha / rank) * B A, and take them away: the model has the parameters of before,
still frozen (oar_model_freeze with 0 thaws them if nothing was made of the model).

Each merged weight is the exact one, computed in double precision, rounded once to the weight's type. Training is
over with it: an optimizer or accelerator that was made of the model has nothing left to train.

- `model` (`oar_model *`): borrowed.

Threads: serial(model).
"""
oar_model_merge_lora(model) =
    ccall(@inbounds(ADDRESSES[191]), Int32, (Ptr{oar_model},), model)

"""
    oar_model_num_inputs(model, out_num_inputs) -> oar_status

Count the inputs.

- `model` (`const oar_model *`): borrowed.
- `out_num_inputs` (`int64_t *`): how many tensors or numbers a forward takes.

Threads: serial(model).
"""
oar_model_num_inputs(model, out_num_inputs) =
    ccall(@inbounds(ADDRESSES[192]), Int32, (Ptr{oar_model}, Ptr{Int64}), model, out_num_inputs)

"""
    oar_model_num_outputs(model, out_num_outputs) -> oar_status

Count the outputs: the tensors and numbers in what oar_model_forward returns.

- `model` (`const oar_model *`): borrowed.
- `out_num_outputs` (`int64_t *`): the number of outputs; 0 for a foreign model.

Threads: serial(model).
"""
oar_model_num_outputs(model, out_num_outputs) =
    ccall(@inbounds(ADDRESSES[193]), Int32, (Ptr{oar_model}, Ptr{Int64}), model, out_num_outputs)

"""
    oar_model_num_parameters(model, out_num_parameters) -> oar_status

Count the parameters that are trained. Tied ones count once, frozen ones not.

- `model` (`const oar_model *`): borrowed.
- `out_num_parameters` (`int64_t *`): how many.

Threads: serial(model).
"""
oar_model_num_parameters(model, out_num_parameters) =
    ccall(@inbounds(ADDRESSES[194]), Int32, (Ptr{oar_model}, Ptr{Int64}), model, out_num_parameters)

"""
    oar_model_num_units(model, out_num_units) -> oar_status

Count the units, the root included.

- `model` (`const oar_model *`): borrowed; a program.
- `out_num_units` (`int64_t *`): at least 1.

Threads: serial(model).
"""
oar_model_num_units(model, out_num_units) =
    ccall(@inbounds(ADDRESSES[195]), Int32, (Ptr{oar_model}, Ptr{Int64}), model, out_num_units)

"""
    oar_model_output_name(model, index, buf, len) -> oar_status

Tell the path of an output in the tree that oar_model_forward returns (\"loss\"; \"0\"; \"hidden.1\" inside a dict).

- `model` (`const oar_model *`): borrowed.
- `index` (`int64_t`): in [0, number of outputs).
- `buf` (`char *`): filled with the path and a NUL; NULL asks for the length only.
- `len` (`size_t *`): in: room in bytes; out: length with the NUL.

Threads: serial(model).
"""
oar_model_output_name(model, index, buf, len) =
    ccall(@inbounds(ADDRESSES[196]), Int32, (Ptr{oar_model}, Int64, Ptr{UInt8}, Ptr{Csize_t}), model, index, buf, len)

"""
    oar_model_parameter(model, name, out) -> oar_status

Give a registered parameter or buffer itself, for operators: with its place in autograd, which oar_model_tensor leaves
out.

- `model` (`const oar_model *`): borrowed; foreign.
- `name` (`const char *`): of a parameter or buffer. In a scope (oar_model_enter_scope) relative to it.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: serial(model).
"""
oar_model_parameter(model, name, out) =
    ccall(@inbounds(ADDRESSES[197]), Int32, (Ptr{oar_model}, Cstring, Ptr{Ptr{oar_tensor}}), model, name, out)

"""
    oar_model_parameter_name(model, index, buf, len) -> oar_status

Tell the name of a trained parameter, in the program's order. A tied one has its first name.

- `model` (`const oar_model *`): borrowed.
- `index` (`int64_t`): in [0, number of parameters).
- `buf` (`char *`): filled with the name and a NUL; NULL asks for the length only.
- `len` (`size_t *`): in: room in bytes; out: length with the NUL.

Threads: serial(model).
"""
oar_model_parameter_name(model, index, buf, len) =
    ccall(@inbounds(ADDRESSES[198]), Int32, (Ptr{oar_model}, Int64, Ptr{UInt8}, Ptr{Csize_t}), model, index, buf, len)

"""
    oar_model_profile_save_trace(model, path) -> oar_status

Write what was measured as a Chrome trace (chrome://tracing, ui.perfetto.dev).

- `model` (`const oar_model *`): borrowed; a program.
- `path` (`const char *`): the file: old or new, whatever happens.

Threads: serial(model).
"""
oar_model_profile_save_trace(model, path) =
    ccall(@inbounds(ADDRESSES[199]), Int32, (Ptr{oar_model}, Cstring), model, path)

"""
    oar_model_profile_start(model) -> oar_status

Begin to measure units: time of forward and backward, calls, memory. What was measured before is forgotten.

Memory of a backward is measured in those of oar_accelerator_backward, all of it only where no other profiler of
libtorch is at work on the thread.

- `model` (`oar_model *`): borrowed; a program.

Threads: serial(model).
"""
oar_model_profile_start(model) =
    ccall(@inbounds(ADDRESSES[200]), Int32, (Ptr{oar_model},), model)

"""
    oar_model_profile_stop(model) -> oar_status

End the measurement; what was measured stays.

- `model` (`oar_model *`): borrowed; a program.

Threads: serial(model).
"""
oar_model_profile_stop(model) =
    ccall(@inbounds(ADDRESSES[201]), Int32, (Ptr{oar_model},), model)

"""
    oar_model_profile_table(model, out) -> oar_status

Give what was measured as a table: one line per unit, that with the most time first, columns aligned. Times of the root
are those of the whole model, its units included.

- `model` (`const oar_model *`): borrowed; a program.
- `out` (`oar_bytes **`): owned; UTF-8 text; end with oar_bytes_release. Untouched on failure.

Threads: serial(model).
"""
oar_model_profile_table(model, out) =
    ccall(@inbounds(ADDRESSES[202]), Int32, (Ptr{oar_model}, Ptr{Ptr{oar_bytes}}), model, out)

"""
    oar_model_register_buffer(model, name, tensor) -> oar_status

Let a foreign model keep a tensor that is not trained: running statistics, frozen weights. It is in checkpoints, and
rank 0's values go to all ranks when the model is prepared and, unless ddp.broadcast_buffers is off, with every backward
that synchronises.

- `model` (`oar_model *`): borrowed; foreign.
- `name` (`const char *`): borrowed; not empty, new in this model. In a scope (oar_model_enter_scope) relative to it.
- `tensor` (`oar_tensor *`): its memory is retained. Any dtype; on the model's device, writable, without gaps or
  overlaps.

Threads: serial(model, tensor).
"""
oar_model_register_buffer(model, name, tensor) =
    ccall(@inbounds(ADDRESSES[203]), Int32, (Ptr{oar_model}, Cstring, Ptr{oar_tensor}), model, name, tensor)

"""
    oar_model_register_parameter(model, name, tensor) -> oar_status

Let a foreign model train a tensor. Nothing is copied: optimizer steps, rank 0's values (when the model is prepared) and
loaded checkpoints are written into its memory, where the host's forward finds them.

All ranks register the same names, shapes and dtypes in the same order. Gradients become ready fastest when that is
the order of the forward: they are averaged from the last to the first.

- `model` (`oar_model *`): borrowed; foreign.
- `name` (`const char *`): borrowed; not empty, new in this model. In a scope (oar_model_enter_scope) relative to it.
- `tensor` (`oar_tensor *`): its memory is retained. Floating-point, on the model's device, writable, without gaps or
  overlaps; any order of strides.

Threads: serial(model, tensor).
"""
oar_model_register_parameter(model, name, tensor) =
    ccall(@inbounds(ADDRESSES[204]), Int32, (Ptr{oar_model}, Cstring, Ptr{oar_tensor}), model, name, tensor)

"""
    oar_model_release(model) -> void

Drop a reference. Tensors, outputs and optimizers that share the model's memory keep it.

- `model` (`oar_model *`): NULL is fine.

Threads: any.
"""
oar_model_release(model) =
    ccall(@inbounds(ADDRESSES[205]), Cvoid, (Ptr{oar_model},), model)

"""
    oar_model_retain(model) -> oar_status

Add a reference.

- `model` (`oar_model *`): borrowed; needs one oar_model_release more.

Threads: any.
"""
oar_model_retain(model) =
    ccall(@inbounds(ADDRESSES[206]), Int32, (Ptr{oar_model},), model)

"""
    oar_model_run(model, inputs, num_inputs, outputs, num_outputs) -> oar_status

Run the model on the caller's arrays with a session of the model's own: for hosts with one thread.

- `model` (`oar_model *`): borrowed; a program.
- `inputs` (`oar_tensor *const *`): borrowed; as for oar_session_run.
- `num_inputs` (`size_t`): oar_model_num_inputs.
- `outputs` (`oar_tensor *const *`): borrowed; as for oar_session_run.
- `num_outputs` (`size_t`): oar_model_num_outputs.

Threads: serial(model, inputs, outputs).
"""
oar_model_run(model, inputs, num_inputs, outputs, num_outputs) =
    ccall(@inbounds(ADDRESSES[207]), Int32, (Ptr{oar_model}, Ptr{Ptr{oar_tensor}}, Csize_t, Ptr{Ptr{oar_tensor}}, Csize_t), model, inputs, num_inputs, outputs, num_outputs)

"""
    oar_model_save_lora(model, directory) -> oar_status

Write the adapters alone, as a folder that PEFT's PeftModel.from_pretrained reads: adapter_config.json and
adapter_model.safetensors.

The folder is complete or not there, whatever is killed when. Names of modules are the program's: they are those of
the Python model if that was exported itself, not inside another module.

- `model` (`const oar_model *`): borrowed.
- `directory` (`const char *`): must not exist; its parent is made if needed.

Threads: serial(model).
"""
oar_model_save_lora(model, directory) =
    ccall(@inbounds(ADDRESSES[208]), Int32, (Ptr{oar_model}, Cstring), model, directory)

"""
    oar_model_save_weights(model, path) -> oar_status

Write every persistent parameter and buffer as one safetensors file, under all their names.

A reader of `path` sees the old file or the new, whatever happens; the new one is on the disk when this returns.

- `model` (`const oar_model *`): borrowed.
- `path` (`const char *`): replaced if it exists; its folder must exist.

Threads: serial(model).
"""
oar_model_save_weights(model, path) =
    ccall(@inbounds(ADDRESSES[209]), Int32, (Ptr{oar_model}, Cstring), model, path)

"""
    oar_model_set_backward(model, fn, user_data, release) -> oar_status

Give a foreign model whose forward computes without operators its backward: oar_accelerator_backward runs it.

In training, what oar_model_forward gives then has a place in autograd: a loss computed from it by operators, or one
of the outputs itself, leads back to `fn`, which gets the outputs' gradients and hands over those of the parameters
with oar_accelerator_gradient_ready as it has them, so that their averages travel meanwhile. They carry the scale of
the loss: they are not divided by accelerator.gradient_accumulation_steps again. The backward's end is implied
(oar_accelerator_gradients_done does nothing there). Nothing flows back into the inputs.

One backward per forward, and after a second forward in training only that one can be gone back through; by the
function that was set when the forward ran. Inside `fn` calls that train or save give OAR_E_STATE. Where it fails on
one of several ranks, the others are told at once and the state is aborted.

- `model` (`oar_model *`): borrowed; foreign.
- `fn` (`oar_backward_fn`): NULL takes the present one away.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once: when neither the model nor an output of its
  forwards needs `fn` any more, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.

Threads: serial(model).
"""
oar_model_set_backward(model, fn, user_data, release) =
    ccall(@inbounds(ADDRESSES[210]), Int32, (Ptr{oar_model}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), model, fn, user_data, release)

"""
    oar_model_set_forward(model, fn, user_data, release) -> oar_status

Give a foreign model its forward: oar_model_forward runs it from now on.

It calls operators on the tensors of oar_model_parameter, or computes however it likes. In training the operators
record autograd, in evaluation not.

- `model` (`oar_model *`): borrowed; foreign.
- `fn` (`oar_forward_fn`): NULL takes the present one away.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once: when another forward takes its place, when the
  model ends, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.

Threads: serial(model).
"""
oar_model_set_forward(model, fn, user_data, release) =
    ccall(@inbounds(ADDRESSES[211]), Int32, (Ptr{oar_model}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), model, fn, user_data, release)

"""
    oar_model_set_recompute(model, unit_pattern, enabled) -> oar_status

Turn activation checkpointing of units on or off, from the next training forward on.

A unit with it drops its activations after its forward and computes them again in the backward, with the random state
and the autocast state of the forward: the same gradients, dropout included, for less memory and a second forward.
Running statistics are not changed a second time. A unit that writes in place over its border keeps its activations,
and a warning says why. Evaluation is not affected. Gradients of gradients do not go through.

- `model` (`oar_model *`): borrowed; a program.
- `unit_pattern` (`const char *`): of units' names; \"*\" is all but the root.
- `enabled` (`int32_t`): 1: on; 0: off.

Threads: serial(model).
"""
oar_model_set_recompute(model, unit_pattern, enabled) =
    ccall(@inbounds(ADDRESSES[212]), Int32, (Ptr{oar_model}, Cstring, Int32), model, unit_pattern, enabled)

"""
    oar_model_set_training(model, training) -> oar_status

Choose between training and evaluation for the forwards that follow.

Training: dropout on, batch statistics, running statistics updated, autograd recorded. Evaluation: dropout off,
running statistics used, nothing recorded, and every buffer left bit for bit as it was. A program that was
exported in evaluation mode has lost its training constants and runs alike in both.

Dropouts count as such when they are operators of their own, decomposed ones, or masks drawn by hand and divided by
the share they keep (stochastic depth). Any other draw of random numbers stays in evaluation too, and a warning
names its node and module once per model.

A foreign model remembers the mode, and its forward (foreign.h) records no autograd in evaluation; what else it means
is the host's.

- `model` (`oar_model *`): borrowed.
- `training` (`int32_t`): 1: training; 0: evaluation.

Threads: serial(model).
"""
oar_model_set_training(model, training) =
    ccall(@inbounds(ADDRESSES[213]), Int32, (Ptr{oar_model}, Int32), model, training)

"""
    oar_model_set_units(model, policy) -> oar_status

Choose the units. A module inside a unit is no unit of its own: of what fits, the outermost is taken. What was set for
the units before is forgotten.

The policy's keys, any of which makes a module a unit: \"classes\", a list of class names, full or their last part;
\"paths\", a list of patterns of module paths (\"encoder.layer.*\"); \"min_parameters\", the smallest subtrees that use at
least so many elements of parameters. A parameter belongs to the unit that uses it; one that several use, and one
that nobody uses, is the root's.

- `model` (`oar_model *`): borrowed; a program.
- `policy` (`const char *`): JSON object.

Threads: serial(model).
"""
oar_model_set_units(model, policy) =
    ccall(@inbounds(ADDRESSES[214]), Int32, (Ptr{oar_model}, Cstring), model, policy)

"""
    oar_model_tensor(model, name, out) -> oar_status

Give a parameter or buffer, sharing its memory: what is written there the model uses.

Do not write between a forward and its backward. Carries no autograd history.

- `model` (`const oar_model *`): borrowed.
- `name` (`const char *`): of a parameter (tied and frozen ones too) or buffer.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: serial(model).
"""
oar_model_tensor(model, name, out) =
    ccall(@inbounds(ADDRESSES[215]), Int32, (Ptr{oar_model}, Cstring, Ptr{Ptr{oar_tensor}}), model, name, out)

"""
    oar_model_trace(model, inputs, dynamic_dims, out) -> oar_status

Record the forward of a foreign model as a program: from then on a model as one that was loaded from a file.

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

- `model` (`oar_model *`): borrowed; foreign, with a forward.
- `inputs` (`const oar_tree *`): borrowed. Example inputs: a map by name, of tensors; nested ones get paths
  (\"batch.x\").
- `dynamic_dims` (`const char *`): JSON: for inputs, dimensions and their names: {\"tokens\": {\"0\": \"batch\", \"1\":
  \"length\"}, \"labels\": {\"0\": \"batch\"}}. Equal names are equal sizes. NULL: none.
- `out` (`oar_model **`): owned; end with oar_model_release. Untouched on failure.

Threads: serial(model, inputs).
"""
oar_model_trace(model, inputs, dynamic_dims, out) =
    ccall(@inbounds(ADDRESSES[216]), Int32, (Ptr{oar_model}, Ptr{oar_tree}, Cstring, Ptr{Ptr{oar_model}}), model, inputs, dynamic_dims, out)

"""
    oar_model_unit_name(model, index, buf, len) -> oar_status

Tell the name of a unit: its module path. Units are in the order of the program, the root first.

- `model` (`const oar_model *`): borrowed; a program.
- `index` (`int64_t`): in [0, number of units).
- `buf` (`char *`): filled with the name and a NUL; NULL asks for the length only.
- `len` (`size_t *`): size of buf; on return the bytes needed, the NUL included.

Threads: serial(model).
"""
oar_model_unit_name(model, index, buf, len) =
    ccall(@inbounds(ADDRESSES[217]), Int32, (Ptr{oar_model}, Int64, Ptr{UInt8}, Ptr{Csize_t}), model, index, buf, len)

"""
    oar_op_call(state, name, arguments, num_arguments, outputs, count) -> oar_status

Call an operator.

Without an overload (\"aten::add\") the first one that takes the arguments runs, in the order in which Python tries
them. Values are brought to what the signature asks for: an integer serves for a float, a number for a tensor, one
integer for a list of a fixed length, a text for a dtype, layout, memory format or device; arguments that are left
out have their defaults, the device that of the state. In a region of oar_accelerator_autocast_begin, and in the
forward of a model that was prepared with mixed precision, operators compute in 16 bits what they can.

Autograd records, so that results lead back to the parameters they come from; not in the forward of a model in
evaluation mode, nor by oar_op_call_no_grad. Operators whose names end in \"_\" write to their first argument.

- `state` (`oar_state *`): borrowed; gives the device.
- `name` (`const char *`): \"aten::linear\", or with an overload \"aten::add.Tensor\".
- `arguments` (`const oar_value *`): borrowed; those by position, then those by keyword. NULL only if there are none.
- `num_arguments` (`size_t`): how many.
- `outputs` (`oar_tensor **`): owned; filled with the results, end each with oar_tensor_release. Lists of tensors are
  spread in order; numbers are tensors of no dimensions (int64, float64, bool); NULL stands for no tensor. NULL drops
  the results. Untouched on failure.
- `count` (`size_t *`): in: room in `outputs`; out: number of results, also when the room is too little. NULL only if
  `outputs` is.

Threads: serial(state).
"""
oar_op_call(state, name, arguments, num_arguments, outputs, count) =
    ccall(@inbounds(ADDRESSES[218]), Int32, (Ptr{oar_state}, Cstring, Ptr{oar_value}, Csize_t, Ptr{Ptr{oar_tensor}}, Ptr{Csize_t}), state, name, arguments, num_arguments, outputs, count)

"""
    oar_op_call_no_grad(state, name, arguments, num_arguments, outputs, count) -> oar_status

Call an operator as oar_op_call does, but without recording autograd.

The results lead back to nothing, so that what they were computed from may be freed. Operators may write to the
parameters of a model (oar_model_parameter): aten::sub_ makes a step of an optimizer of the host's own. It is this
call alone: nothing is switched that would have to be switched back, and other calls and threads are as before. In a
forward that is traced, the program does not record it either.

- `state` (`oar_state *`): borrowed; gives the device.
- `name` (`const char *`): as for oar_op_call.
- `arguments` (`const oar_value *`): as for oar_op_call.
- `num_arguments` (`size_t`): how many.
- `outputs` (`oar_tensor **`): owned; as for oar_op_call.
- `count` (`size_t *`): as for oar_op_call.

Threads: serial(state).
"""
oar_op_call_no_grad(state, name, arguments, num_arguments, outputs, count) =
    ccall(@inbounds(ADDRESSES[219]), Int32, (Ptr{oar_state}, Cstring, Ptr{oar_value}, Csize_t, Ptr{Ptr{oar_tensor}}, Ptr{Csize_t}), state, name, arguments, num_arguments, outputs, count)

"""
    oar_op_names(name_space, out) -> oar_status

Tell the names of all operators, as a JSON list of texts, sorted, without overloads.

- `name_space` (`const char *`): \"aten\", or that of a library of custom operators. NULL: all.
- `out` (`oar_bytes **`): owned; end with oar_bytes_release. Untouched on failure.

Threads: any.
"""
oar_op_names(name_space, out) =
    ccall(@inbounds(ADDRESSES[220]), Int32, (Cstring, Ptr{Ptr{oar_bytes}}), name_space, out)

"""
    oar_op_signatures(name, out) -> oar_status

Tell the signatures of an operator, as JSON: for generators of bindings, and for people.

A list with an object for each overload, in the order in which oar_op_call tries them:
{\"name\",\"overload\",\"arguments\":[{\"name\",\"type\",\"default\",\"keyword_only\",\"is_written\"}],\"returns\":[{\"name\",\"type\"}],
\"schema\"}. \"default\" is left out where there is none; sizes that may be symbolic are \"int\".

- `name` (`const char *`): as for oar_op_call; with an overload the list has that one.
- `out` (`oar_bytes **`): owned; end with oar_bytes_release. Untouched on failure.

Threads: any.
"""
oar_op_signatures(name, out) =
    ccall(@inbounds(ADDRESSES[221]), Int32, (Cstring, Ptr{Ptr{oar_bytes}}), name, out)

"""
    oar_optimizer_create(model, name, options, out) -> oar_status

An optimizer of parameters of a model.

Names: \"adadelta\", \"adafactor\", \"adafactor_transformers\", \"adagrad\", \"adam\", \"adamax\", \"adamw\", \"asgd\", \"lion\",
\"muon\", \"nadam\", \"radam\", \"rmsprop\", \"rprop\", \"schedule_free_adamw\", \"sgd\". Options, defaults and rules are those of
torch.optim, of transformers and of the packages lion-pytorch and schedulefree; docs/optimizers.md lists them.

Every optimizer takes two more: \"params\", a list of names or patterns ('*': any text), leaves only those parameters
to it; \"groups\", a list of objects of \"params\" and options that differ for them, makes parameter groups in that
order. What no group takes is one more group, the last, with the options given outside. For instance
{\"lr\":0.001,\"weight_decay\":0.1,\"groups\":[{\"params\":[\"*.bias\",\"norm*\"],\"weight_decay\":0}]}

- `model` (`oar_model *`): borrowed; its parameters are retained.
- `name` (`const char *`): borrowed.
- `options` (`const char *`): borrowed; a JSON object of the optimizer.* keys of options.h, without the prefix, for
  instance {\"lr\":0.001,\"betas\":[0.9,0.999]}. NULL: defaults.
- `out` (`oar_optimizer **`): owned; end with oar_optimizer_release. Untouched on failure.

Threads: serial(model).
"""
oar_optimizer_create(model, name, options, out) =
    ccall(@inbounds(ADDRESSES[222]), Int32, (Ptr{oar_model}, Cstring, Cstring, Ptr{Ptr{oar_optimizer}}), model, name, options, out)

"""
    oar_optimizer_create_foreign(model, name, options, fn, user_data, release, out) -> oar_status

An optimizer whose rule is a function of the host's. Every rank makes it alike.

A step calls `fn` for each parameter that has a gradient; a step that fails leaves those that `fn` updated already
as they are, and does not count. Checkpoints, and the state dicts of state_dict.h, keep state and options.

- `model` (`oar_model *`): borrowed; its parameters are retained.
- `name` (`const char *`): borrowed; kept in checkpoints, which only an optimizer of the same name loads. Not one of
  oar_optimizer_create.
- `options` (`const char *`): borrowed; a JSON object of options of the rule's own: numbers, booleans, texts and lists
  of numbers, which keep their kind. \"lr\" is there always (0.001). \"params\" and \"groups\" are those of
  oar_optimizer_create; groups give other values to options that are there. NULL: \"lr\" only.
- `fn` (`oar_update_fn`): not NULL.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once: when the optimizer ends, or before this returns if
  it fails. NULL: nothing to free.
- `out` (`oar_optimizer **`): owned; end with oar_optimizer_release. Untouched on failure.

Threads: serial(model).
"""
oar_optimizer_create_foreign(model, name, options, fn, user_data, release, out) =
    ccall(@inbounds(ADDRESSES[223]), Int32, (Ptr{oar_model}, Cstring, Cstring, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{oar_optimizer}}), model, name, options, fn, user_data, release, out)

"""
    oar_optimizer_group_options(optimizer, group_index, buf, len) -> oar_status

The options in force for a group, and the names of its parameters: {\"params\":[\"fc.bias\"],\"lr\":0.001,...}.

- `optimizer` (`const oar_optimizer *`): borrowed.
- `group_index` (`int64_t`): from 0, below oar_optimizer_num_groups.
- `buf` (`char *`): the JSON text, or NULL to ask for its length.
- `len` (`size_t *`): in: room in bytes; out: length with the closing NUL.

Threads: serial(optimizer).
"""
oar_optimizer_group_options(optimizer, group_index, buf, len) =
    ccall(@inbounds(ADDRESSES[224]), Int32, (Ptr{oar_optimizer}, Int64, Ptr{UInt8}, Ptr{Csize_t}), optimizer, group_index, buf, len)

"""
    oar_optimizer_learning_rate(optimizer, out_learning_rate) -> oar_status

The learning rate that the next step will use; with several groups the first one's.

- `optimizer` (`const oar_optimizer *`): borrowed.
- `out_learning_rate` (`double *`): at least 0.

Threads: serial(optimizer).
"""
oar_optimizer_learning_rate(optimizer, out_learning_rate) =
    ccall(@inbounds(ADDRESSES[225]), Int32, (Ptr{oar_optimizer}, Ptr{Float64}), optimizer, out_learning_rate)

"""
    oar_optimizer_load_state_dict(optimizer, state_dict) -> oar_status

Take over a state that torch's class of the same name gave. Hyper-parameters become those of the state.

State is copied, cast to its parameter's dtype. How torch computes (foreach, fused, capturable, differentiable) does
not matter here. oar_optimizer_num_steps becomes the largest \"step\" in it, where the optimizer counts steps.

- `optimizer` (`oar_optimizer *`): borrowed.
- `state_dict` (`const oar_tree *`): borrowed.

Threads: serial(optimizer, state_dict).
"""
oar_optimizer_load_state_dict(optimizer, state_dict) =
    ccall(@inbounds(ADDRESSES[226]), Int32, (Ptr{oar_optimizer}, Ptr{oar_tree}), optimizer, state_dict)

"""
    oar_optimizer_num_groups(optimizer, out_num_groups) -> oar_status

How many parameter groups there are.

- `optimizer` (`const oar_optimizer *`): borrowed.
- `out_num_groups` (`int64_t *`): at least 1.

Threads: serial(optimizer).
"""
oar_optimizer_num_groups(optimizer, out_num_groups) =
    ccall(@inbounds(ADDRESSES[227]), Int32, (Ptr{oar_optimizer}, Ptr{Int64}), optimizer, out_num_groups)

"""
    oar_optimizer_num_steps(optimizer, out_num_steps) -> oar_status

Steps made so far, those before a resume included.

- `optimizer` (`const oar_optimizer *`): borrowed.
- `out_num_steps` (`int64_t *`): at least 0.

Threads: serial(optimizer).
"""
oar_optimizer_num_steps(optimizer, out_num_steps) =
    ccall(@inbounds(ADDRESSES[228]), Int32, (Ptr{oar_optimizer}, Ptr{Int64}), optimizer, out_num_steps)

"""
    oar_optimizer_release(optimizer) -> void

One reference less; schedulers and accelerators that use the optimizer keep it alive.

- `optimizer` (`oar_optimizer *`): ended; NULL is allowed.

Threads: any.
"""
oar_optimizer_release(optimizer) =
    ccall(@inbounds(ADDRESSES[229]), Cvoid, (Ptr{oar_optimizer},), optimizer)

"""
    oar_optimizer_retain(optimizer) -> oar_status

One more reference.

- `optimizer` (`oar_optimizer *`): borrowed.

Threads: any.
"""
oar_optimizer_retain(optimizer) =
    ccall(@inbounds(ADDRESSES[230]), Int32, (Ptr{oar_optimizer},), optimizer)

"""
    oar_optimizer_set_group_options(optimizer, group_index, options) -> oar_status

Change options of one group from the next step on. State stays; what an option needs more is made anew.

- `optimizer` (`oar_optimizer *`): borrowed.
- `group_index` (`int64_t`): from 0, below oar_optimizer_num_groups.
- `options` (`const char *`): borrowed; a JSON object as for oar_optimizer_create, without \"params\" and \"groups\".

Threads: serial(optimizer).
"""
oar_optimizer_set_group_options(optimizer, group_index, options) =
    ccall(@inbounds(ADDRESSES[231]), Int32, (Ptr{oar_optimizer}, Int64, Cstring), optimizer, group_index, options)

"""
    oar_optimizer_set_learning_rate(optimizer, learning_rate) -> oar_status

Set the learning rate of every group. A scheduler of this optimizer sets it again at its next step.

- `optimizer` (`oar_optimizer *`): borrowed.
- `learning_rate` (`double`): finite, at least 0.

Threads: serial(optimizer).
"""
oar_optimizer_set_learning_rate(optimizer, learning_rate) =
    ccall(@inbounds(ADDRESSES[232]), Int32, (Ptr{oar_optimizer}, Float64), optimizer, learning_rate)

"""
    oar_optimizer_set_training(optimizer, training) -> oar_status

Make the parameters those to evaluate with, or those to train with again.

\"schedule_free_adamw\" needs it before an evaluation or a save for others, and again before the next training step;
for every other optimizer nothing changes. An optimizer starts in training.

- `optimizer` (`oar_optimizer *`): borrowed.
- `training` (`int32_t`): 0: evaluation; anything else: training.

Threads: serial(optimizer), and no call on the model meanwhile.
"""
oar_optimizer_set_training(optimizer, training) =
    ccall(@inbounds(ADDRESSES[233]), Int32, (Ptr{oar_optimizer}, Int32), optimizer, training)

"""
    oar_optimizer_state_dict(optimizer, out) -> oar_status

Give an optimizer's state as torch's class of the same name has it.

- `optimizer` (`const oar_optimizer *`): borrowed.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Its tensors share the optimizer's memory: a later step
  changes them. Untouched on failure.

Threads: serial(optimizer).
"""
oar_optimizer_state_dict(optimizer, out) =
    ccall(@inbounds(ADDRESSES[234]), Int32, (Ptr{oar_optimizer}, Ptr{Ptr{oar_tree}}), optimizer, out)

"""
    oar_optimizer_step(optimizer) -> oar_status

Update the parameters by their gradients, at once. Programs with an accelerator call oar_accelerator_step instead.

Parameters without a gradient are left alone, with their state. Gradients stay.

- `optimizer` (`oar_optimizer *`): borrowed.

Threads: serial(optimizer), and no call on the model meanwhile.
"""
oar_optimizer_step(optimizer) =
    ccall(@inbounds(ADDRESSES[235]), Int32, (Ptr{oar_optimizer},), optimizer)

"""
    oar_optimizer_step_closure(optimizer, fn, user_data, release, out_loss) -> oar_status

Update the parameters by gradients that `fn` makes. Programs with an accelerator call oar_accelerator_step_closure.

Gradients are dropped before each call of `fn`; those of its last one stay. When the step fails, in `fn` or
elsewhere, parameters and the optimizer's state are what they were before it.

- `optimizer` (`oar_optimizer *`): borrowed.
- `fn` (`oar_closure_fn`): not NULL.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once, before this returns. NULL: nothing to free.
- `out_loss` (`double *`): what `fn` told first: the loss before the step. NULL: not wanted. Untouched on failure.

Threads: serial(optimizer); only `fn` calls the model meanwhile.
"""
oar_optimizer_step_closure(optimizer, fn, user_data, release, out_loss) =
    ccall(@inbounds(ADDRESSES[236]), Int32, (Ptr{oar_optimizer}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}), optimizer, fn, user_data, release, out_loss)

"""
    oar_optimizer_zero_grad(optimizer) -> oar_status

Drop all gradients; the next backward begins from none.

- `optimizer` (`oar_optimizer *`): borrowed.

Threads: serial(optimizer), and no call on the model meanwhile.
"""
oar_optimizer_zero_grad(optimizer) =
    ccall(@inbounds(ADDRESSES[237]), Int32, (Ptr{oar_optimizer},), optimizer)

"""
    oar_profile_begin(state, options) -> oar_status

Begin a profile; the next step is number 0. One at a time in a process.

- `state` (`oar_state *`): borrowed; its rank names the files. Closing it ends the profile without a report.
- `options` (`const char *`): JSON object of profile.* options, named without \"profile.\"; what it does not name, and
  all of it if NULL, is taken from the state's config.

Threads: serial(state).
"""
oar_profile_begin(state, options) =
    ccall(@inbounds(ADDRESSES[238]), Int32, (Ptr{oar_state}, Cstring), state, options)

"""
    oar_profile_end(state, out_report) -> oar_status

End the profile. With profile.directory all ranks wait for each other, so that all traces are there when it returns.

- `state` (`oar_state *`): borrowed.
- `out_report` (`oar_bytes **`): owned; end with oar_bytes_release. Of what was being recorded; NULL if nothing was.
  Untouched on failure.

Threads: collective(state) with profile.directory, else serial(state); on the thread of the begin.
"""
oar_profile_end(state, out_report) =
    ccall(@inbounds(ADDRESSES[239]), Int32, (Ptr{oar_state}, Ptr{Ptr{oar_bytes}}), state, out_report)

"""
    oar_profile_step(state, out_report) -> oar_status

A step of the run has ended.

- `state` (`oar_state *`): borrowed.
- `out_report` (`oar_bytes **`): owned; end with oar_bytes_release. NULL unless a record ended with this step. Untouched
  on failure.

Threads: serial(state); on the thread of the begin.
"""
oar_profile_step(state, out_report) =
    ccall(@inbounds(ADDRESSES[240]), Int32, (Ptr{oar_state}, Ptr{Ptr{oar_bytes}}), state, out_report)

"""
    oar_progress_advance(progress, count, note) -> oar_status

Count more units as done, and draw if it is time to: at most ten times a second on a terminal. Costs next to nothing
otherwise. The line of the whole total is oar_progress_close's.

- `progress` (`oar_progress *`): borrowed.
- `count` (`int64_t`): units done since the last call, >= 0. More than the total is allowed.
- `note` (`const char *`): shown at the end: \"loss 0.123 lr 0.001\". NULL keeps the last one.

Threads: serial(progress).
"""
oar_progress_advance(progress, count, note) =
    ccall(@inbounds(ADDRESSES[241]), Int32, (Ptr{oar_progress}, Int64, Cstring), progress, count, note)

"""
    oar_progress_close(progress) -> oar_status

Show the final state and end the line. May be called twice.

- `progress` (`oar_progress *`): borrowed.

Threads: serial(progress).
"""
oar_progress_close(progress) =
    ccall(@inbounds(ADDRESSES[242]), Int32, (Ptr{oar_progress},), progress)

"""
    oar_progress_create(state, title, total, unit, out) -> oar_status

Create a progress bar. Its clock starts now; nothing is shown before the first oar_progress_advance.

- `state` (`oar_state *`): borrowed; only its main process shows anything.
- `title` (`const char *`): \"epoch 3\".
- `total` (`int64_t`): units until the end, >= 0; 0: not known, so that neither percentage nor remaining time is shown.
- `unit` (`const char *`): what is counted: \"samples\".
- `out` (`oar_progress **`): owned; end with oar_progress_close and oar_progress_release. Untouched on failure.

Threads: serial(state).
"""
oar_progress_create(state, title, total, unit, out) =
    ccall(@inbounds(ADDRESSES[243]), Int32, (Ptr{oar_state}, Cstring, Int64, Cstring, Ptr{Ptr{oar_progress}}), state, title, total, unit, out)

"""
    oar_progress_release(progress) -> void

Drop a reference. Never blocks. A bar that was not closed leaves the terminal on a fresh line.

- `progress` (`oar_progress *`): NULL does nothing.

Threads: any.
"""
oar_progress_release(progress) =
    ccall(@inbounds(ADDRESSES[244]), Cvoid, (Ptr{oar_progress},), progress)

"""
    oar_progress_retain(progress) -> oar_status

Add a reference.

- `progress` (`oar_progress *`): one more oar_progress_release ends it.

Threads: any.
"""
oar_progress_retain(progress) =
    ccall(@inbounds(ADDRESSES[245]), Int32, (Ptr{oar_progress},), progress)

"""
    oar_progress_set_callback(progress, fn, user_data, release) -> oar_status

Send plain lines to a callback instead of standard error.

- `progress` (`oar_progress *`): borrowed.
- `fn` (`oar_progress_fn`): NULL goes back to standard error.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once: when another callback takes its place, when the
  progress ends, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.

Threads: serial(progress).
"""
oar_progress_set_callback(progress, fn, user_data, release) =
    ccall(@inbounds(ADDRESSES[246]), Int32, (Ptr{oar_progress}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), progress, fn, user_data, release)

"""
    oar_rows_split(num_rows, part, num_parts, out_begin, out_end) -> oar_status

Which of `num_rows` rows are a part's: [begin, end).

- `num_rows` (`int64_t`): at least 0.
- `part` (`int32_t`): in [0, num_parts): a rank.
- `num_parts` (`int32_t`): at least 1: the number of ranks.
- `out_begin` (`int64_t *`): the first row. Untouched on failure.
- `out_end` (`int64_t *`): the row behind the last. Untouched on failure.

Threads: any.
"""
oar_rows_split(num_rows, part, num_parts, out_begin, out_end) =
    ccall(@inbounds(ADDRESSES[247]), Int32, (Int64, Int32, Int32, Ptr{Int64}, Ptr{Int64}), num_rows, part, num_parts, out_begin, out_end)

"""
    oar_scheduler_create(optimizer, name, options, out) -> oar_status

A schedule for an optimizer. Sets its learning rates to those of step 0 at once; \"one_cycle\" and \"cyclic\" set
momentum, or the first beta, too.

- `optimizer` (`oar_optimizer *`): retained.
- `name` (`const char *`): borrowed; one of the names above.
- `options` (`const char *`): borrowed; a JSON object of the scheduler.* keys of options.h, without the prefix, for
  instance {\"warmup_steps\":10,\"total_steps\":100}. NULL: defaults. \"sequential\" and \"chained\" take \"schedules\",
  a list of objects of \"name\" and options.
- `out` (`oar_scheduler **`): owned; end with oar_scheduler_release. Untouched on failure.

Threads: serial(optimizer).
"""
oar_scheduler_create(optimizer, name, options, out) =
    ccall(@inbounds(ADDRESSES[248]), Int32, (Ptr{oar_optimizer}, Cstring, Cstring, Ptr{Ptr{oar_scheduler}}), optimizer, name, options, out)

"""
    oar_scheduler_from_factors(optimizer, name, fn, user_data, release, out) -> oar_status

A schedule by a function of the host's. Sets the optimizer's learning rates to those of step 0 at once.

Checkpoints keep step and rates, not the function: give the same one before a resume. With \"compat\": \"accelerate\" an
accelerator makes one step per rank, here too.

- `optimizer` (`oar_optimizer *`): retained.
- `name` (`const char *`): borrowed. \"lambda\": a rate is the group's initial one times the factor of its step;
  \"multiplicative\": the rate of the step before times the factor, and the initial one at step 0.
- `fn` (`oar_factor_fn`): not NULL.
- `user_data` (`void *`): handed to `fn`.
- `release` (`oar_release_fn`): release(user_data) runs exactly once: when the scheduler ends, or before this returns if
  it fails. NULL: nothing to free.
- `out` (`oar_scheduler **`): owned; end with oar_scheduler_release. Untouched on failure.

Threads: serial(optimizer).
"""
oar_scheduler_from_factors(optimizer, name, fn, user_data, release, out) =
    ccall(@inbounds(ADDRESSES[249]), Int32, (Ptr{oar_optimizer}, Cstring, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{oar_scheduler}}), optimizer, name, fn, user_data, release, out)

"""
    oar_scheduler_load_state_dict(scheduler, state_dict) -> oar_status

Take over a state that a scheduler of torch or of transformers gave: its step and rates, which become the optimizer's.

- `scheduler` (`oar_scheduler *`): borrowed.
- `state_dict` (`const oar_tree *`): borrowed.

Threads: serial(scheduler, state_dict), and no call on its optimizer meanwhile.
"""
oar_scheduler_load_state_dict(scheduler, state_dict) =
    ccall(@inbounds(ADDRESSES[250]), Int32, (Ptr{oar_scheduler}, Ptr{oar_tree}), scheduler, state_dict)

"""
    oar_scheduler_num_steps(scheduler, out_num_steps) -> oar_status

Steps made so far, those before a resume included.

- `scheduler` (`const oar_scheduler *`): borrowed.
- `out_num_steps` (`int64_t *`): at least 0.

Threads: serial(scheduler).
"""
oar_scheduler_num_steps(scheduler, out_num_steps) =
    ccall(@inbounds(ADDRESSES[251]), Int32, (Ptr{oar_scheduler}, Ptr{Int64}), scheduler, out_num_steps)

"""
    oar_scheduler_release(scheduler) -> void

One reference less.

- `scheduler` (`oar_scheduler *`): ended; NULL is allowed.

Threads: any.
"""
oar_scheduler_release(scheduler) =
    ccall(@inbounds(ADDRESSES[252]), Cvoid, (Ptr{oar_scheduler},), scheduler)

"""
    oar_scheduler_retain(scheduler) -> oar_status

One more reference.

- `scheduler` (`oar_scheduler *`): borrowed.

Threads: any.
"""
oar_scheduler_retain(scheduler) =
    ccall(@inbounds(ADDRESSES[253]), Int32, (Ptr{oar_scheduler},), scheduler)

"""
    oar_scheduler_state_dict(scheduler, out) -> oar_status

Give a scheduler's state as torch's class has it: \"last_epoch\", \"base_lrs\", \"_last_lr\" and what the class needs
more.

Options are not in it: a scheduler of torch that loads it keeps those that it was made with.

- `scheduler` (`const oar_scheduler *`): borrowed.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(scheduler).
"""
oar_scheduler_state_dict(scheduler, out) =
    ccall(@inbounds(ADDRESSES[254]), Int32, (Ptr{oar_scheduler}, Ptr{Ptr{oar_tree}}), scheduler, out)

"""
    oar_scheduler_step(scheduler) -> oar_status

Go on by one step and set the optimizer's learning rates. Programs with an accelerator call oar_accelerator_step
instead.

When it fails, step and rates are those of before.

- `scheduler` (`oar_scheduler *`): borrowed.

Threads: serial(scheduler), and no call on its optimizer meanwhile.
"""
oar_scheduler_step(scheduler) =
    ccall(@inbounds(ADDRESSES[255]), Int32, (Ptr{oar_scheduler},), scheduler)

"""
    oar_scheduler_step_metric(scheduler, metric) -> oar_status

Tell \"plateau\" the metric of an evaluation: after `patience` evaluations without an improvement the learning rates
fall by `factor`. With an accelerator, call it beside oar_accelerator_step without a scheduler there; all ranks with one
value.

- `scheduler` (`oar_scheduler *`): borrowed.
- `metric` (`double`): not NaN.

Threads: serial(scheduler), and no call on its optimizer meanwhile.
"""
oar_scheduler_step_metric(scheduler, metric) =
    ccall(@inbounds(ADDRESSES[256]), Int32, (Ptr{oar_scheduler}, Float64), scheduler, metric)

"""
    oar_session_create(model, out) -> oar_status

Make one thread's session of a model. Any number may run at a time.

The session keeps the model: release either first. It reads the model's weights where they are, so that steps of an
optimizer, oar_model_load_weights and adapters show in the next run. Do not run while another thread changes the
model (by a forward in training, a step, loading, freezing, adding or merging adapters).

- `model` (`oar_model *`): retained; a program.
- `out` (`oar_session **`): owned; end with oar_session_release. Untouched on failure.

Threads: serial(model).
"""
oar_session_create(model, out) =
    ccall(@inbounds(ADDRESSES[257]), Int32, (Ptr{oar_model}, Ptr{Ptr{oar_session}}), model, out)

"""
    oar_session_release(session) -> void

Drop an owner; the last one frees the session.

- `session` (`oar_session *`): NULL is allowed.

Threads: any; never blocks.
"""
oar_session_release(session) =
    ccall(@inbounds(ADDRESSES[258]), Cvoid, (Ptr{oar_session},), session)

"""
    oar_session_retain(session) -> oar_status

Add an owner.

- `session` (`oar_session *`): borrowed.

Threads: any.
"""
oar_session_retain(session) =
    ccall(@inbounds(ADDRESSES[259]), Int32, (Ptr{oar_session},), session)

"""
    oar_session_run(session, inputs, num_inputs, outputs, num_outputs) -> oar_status

Run the model on the caller's arrays.

What is not asked for is not computed: with the loss among the outputs NULL, labels may be NULL too.

- `session` (`oar_session *`): borrowed.
- `inputs` (`oar_tensor *const *`): borrowed; in the order of oar_model_input_name. Dtypes, shapes and device as
  exported, any strides. Numbers as tensors without dimensions (int64, float64, bool). An element may be NULL if no
  wanted output needs it.
- `num_inputs` (`size_t`): oar_model_num_inputs.
- `outputs` (`oar_tensor *const *`): borrowed; in the order of oar_model_output_name. An element that is NULL is not
  wanted, any other is written: writable, with the dtype and shape of the output, any strides.
- `num_outputs` (`size_t`): oar_model_num_outputs.

Threads: serial(session, inputs, outputs); other sessions of the model are free.
"""
oar_session_run(session, inputs, num_inputs, outputs, num_outputs) =
    ccall(@inbounds(ADDRESSES[260]), Int32, (Ptr{oar_session}, Ptr{Ptr{oar_tensor}}, Csize_t, Ptr{Ptr{oar_tensor}}, Csize_t), session, inputs, num_inputs, outputs, num_outputs)

"""
    oar_session_writes_in_place(session, index, out_writes_in_place) -> oar_status

Tell whether an output's operator writes straight into the caller's memory, all outputs wanted and no memory shared.

- `session` (`const oar_session *`): borrowed.
- `index` (`int64_t`): in [0, oar_model_num_outputs).
- `out_writes_in_place` (`int32_t *`): 1: written by its operator; 0: copied once.

Threads: serial(session).
"""
oar_session_writes_in_place(session, index, out_writes_in_place) =
    ccall(@inbounds(ADDRESSES[261]), Int32, (Ptr{oar_session}, Int64, Ptr{Int32}), session, index, out_writes_in_place)

"""
    oar_state_abort(state, reason) -> oar_status

Make the group of all ranks dead: oar_group_abort. All calls that wait return OAR_E_ABORTED within 100 ms.

- `state` (`oar_state *`): borrowed.
- `reason` (`const char *`): UTF-8, copied; every rank's error text contains it.

Threads: any, also while another thread waits in a call of this state.
"""
oar_state_abort(state, reason) =
    ccall(@inbounds(ADDRESSES[262]), Int32, (Ptr{oar_state}, Cstring), state, reason)

"""
    oar_state_barrier(state, timeout_ms) -> oar_status

Wait until every rank has called this: oar_group_barrier of the group of all ranks, and oar_work_wait.

- `state` (`oar_state *`): borrowed.
- `timeout_ms` (`int64_t`): milliseconds to wait for peers; 0 takes comm.timeout_ms; negative is refused.

Threads: collective(state).
"""
oar_state_barrier(state, timeout_ms) =
    ccall(@inbounds(ADDRESSES[263]), Int32, (Ptr{oar_state}, Int64), state, timeout_ms)

"""
    oar_state_close(state) -> oar_status

Leave the world: peers that still call its group get OAR_E_PEER_LOST, running operations here OAR_E_ABORTED. Does not
wait for peers; ends the threads, at most a few seconds long. Later collective calls give OAR_E_STATE. May be called
twice.

- `state` (`oar_state *`): borrowed; release it afterwards.

Threads: serial(state).
"""
oar_state_close(state) =
    ccall(@inbounds(ADDRESSES[264]), Int32, (Ptr{oar_state},), state)

"""
    oar_state_create(config, out) -> oar_status

Find this process's place and meet the other ranks. Returns when all have come.

Options and variables that contradict each other (a rank without a size, a rank beyond the size, something that is
no number) are refused before anything is connected. Nothing of the host is changed but what options ask for: `seed`
seeds libtorch's default generator, `threads.intra_op` sets its number of threads.

- `config` (`const oar_config *`): borrowed, copied; NULL takes the defaults and the environment.
- `out` (`oar_state **`): owned; end with oar_state_close, then oar_state_release. Untouched on failure.

Threads: serial(config); waits for the other ranks.
"""
oar_state_create(config, out) =
    ccall(@inbounds(ADDRESSES[265]), Int32, (Ptr{oar_config}, Ptr{Ptr{oar_state}}), config, out)

"""
    oar_state_create_with_exchange(config, rank, world_size, fn, user_data, release, out) -> oar_status

Meet the other ranks through the host's own communicator (an MPI sub-communicator, PMIx, ...): `fn` carries one small
block of bytes per rank, from which all learn where rank 0 listens. Environment variables about ranks are not looked at.
With an MPI communicator oar_state_create_with_mpi does it for you.

- `config` (`const oar_config *`): borrowed, copied; NULL takes the defaults and the environment.
- `rank` (`int32_t`): this process's number, 0 <= rank < world_size.
- `world_size` (`int32_t`): how many ranks call this, all with the same value.
- `fn` (`oar_exchange_fn`): called once, on this thread; not at all when world_size is 1.
- `user_data` (`void *`): given to `fn`.
- `release` (`oar_release_fn`): called with `user_data` exactly once before this returns, also on failure; NULL: not
  needed.
- `out` (`oar_state **`): owned; end with oar_state_close, then oar_state_release. Untouched on failure.

Threads: serial(config); waits for the other ranks.
"""
oar_state_create_with_exchange(config, rank, world_size, fn, user_data, release, out) =
    ccall(@inbounds(ADDRESSES[266]), Int32, (Ptr{oar_config}, Int32, Int32, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{oar_state}}), config, rank, world_size, fn, user_data, release, out)

"""
    oar_state_device(state, buf, len) -> oar_status

The device that this rank computes on, as text: \"cpu\".

- `state` (`const oar_state *`): borrowed.
- `buf` (`char *`): the text and a NUL; NULL asks for the length only.
- `len` (`size_t *`): in: room in `buf`; out: length with the NUL, also when the room is too small.

Threads: any.
"""
oar_state_device(state, buf, len) =
    ccall(@inbounds(ADDRESSES[267]), Int32, (Ptr{oar_state}, Ptr{UInt8}, Ptr{Csize_t}), state, buf, len)

"""
    oar_state_dump(state, path) -> oar_status

Write what this rank knows as JSON: who it and its peers are, and of each group why it is dead and the last 1024
operations: call, sequence number, state (queued, awaiting ranks, moving data, done, failed), when by the wall clock and
by the host's steady clock, and why it failed. The file is written whole or not at all. From the files of all ranks the
command `oarlock dump` tells who diverged where; with the option comm.dump_on_failure ranks write them themselves.

- `state` (`const oar_state *`): borrowed.
- `path` (`const char *`): file to write; its folder must exist.

Threads: any, also while another thread waits in a call of this state.
"""
oar_state_dump(state, path) =
    ccall(@inbounds(ADDRESSES[268]), Int32, (Ptr{oar_state}, Cstring), state, path)

"""
    oar_state_group(state, out_group) -> oar_status

The group of all ranks.

- `state` (`const oar_state *`): borrowed.
- `out_group` (`oar_group **`): owned; end with oar_group_release. It stays valid after the state's release, not after
  its close.

Threads: any.
"""
oar_state_group(state, out_group) =
    ccall(@inbounds(ADDRESSES[269]), Int32, (Ptr{oar_state}, Ptr{Ptr{oar_group}}), state, out_group)

"""
    oar_state_is_last_process(state, out_is_last) -> oar_status

Whether this is the rank with the highest number.

- `state` (`const oar_state *`): borrowed.
- `out_is_last` (`int32_t *`): 1 or 0.

Threads: any.
"""
oar_state_is_last_process(state, out_is_last) =
    ccall(@inbounds(ADDRESSES[270]), Int32, (Ptr{oar_state}, Ptr{Int32}), state, out_is_last)

"""
    oar_state_is_local_main_process(state, out_is_local_main) -> oar_status

Whether this is the first rank on its host.

- `state` (`const oar_state *`): borrowed.
- `out_is_local_main` (`int32_t *`): 1 or 0.

Threads: any.
"""
oar_state_is_local_main_process(state, out_is_local_main) =
    ccall(@inbounds(ADDRESSES[271]), Int32, (Ptr{oar_state}, Ptr{Int32}), state, out_is_local_main)

"""
    oar_state_is_main_process(state, out_is_main) -> oar_status

Whether this is rank 0: the one that logs, prints and writes what only one may write.

- `state` (`const oar_state *`): borrowed.
- `out_is_main` (`int32_t *`): 1 or 0.

Threads: any.
"""
oar_state_is_main_process(state, out_is_main) =
    ccall(@inbounds(ADDRESSES[272]), Int32, (Ptr{oar_state}, Ptr{Int32}), state, out_is_main)

"""
    oar_state_local_rank(state, out_local_rank) -> oar_status

This process's number among the ranks on its host, from 0.

- `state` (`const oar_state *`): borrowed.
- `out_local_rank` (`int32_t *`): 0 <= local rank < local world size.

Threads: any.
"""
oar_state_local_rank(state, out_local_rank) =
    ccall(@inbounds(ADDRESSES[273]), Int32, (Ptr{oar_state}, Ptr{Int32}), state, out_local_rank)

"""
    oar_state_local_world_size(state, out_local_world_size) -> oar_status

How many ranks are on this host.

- `state` (`const oar_state *`): borrowed.
- `out_local_world_size` (`int32_t *`): at least 1.

Threads: any.
"""
oar_state_local_world_size(state, out_local_world_size) =
    ccall(@inbounds(ADDRESSES[274]), Int32, (Ptr{oar_state}, Ptr{Int32}), state, out_local_world_size)

"""
    oar_state_log(state, level, ranks, text) -> oar_status

Say something as the library says its own messages: to the callback, or to standard error, if its level is given. The
text begins with \"[RANK <rank>] \", its component is \"program\".

- `state` (`oar_state *`): borrowed; tells the rank.
- `level` (`int32_t`): OAR_LOG_DEBUG to OAR_LOG_ERROR.
- `ranks` (`int32_t`): OAR_LOG_MAIN, OAR_LOG_EACH or OAR_LOG_IN_ORDER. In order, a rank speaks when those before it
  have, whatever their levels; how lines of different processes mix later is up to what reads them.
- `text` (`const char *`): one or more lines, without a newline at the end.

Threads: serial(state); in order collective(state).
"""
oar_state_log(state, level, ranks, text) =
    ccall(@inbounds(ADDRESSES[275]), Int32, (Ptr{oar_state}, Int32, Int32, Cstring), state, level, ranks, text)

"""
    oar_state_next_batch_size(state, batch_size, ran_out, reduced, out_next) -> oar_status

Tell the other ranks how the attempt with a batch size ended, and agree on the next one to try.

If an attempt ran out of memory on any rank, all get the smallest size that one of those proposes, and memory that
allocators keep is given back first. Attempts are the same on all ranks but for their luck: a rank that runs out of
memory while the others wait for it in a collective call leaves them there until they learn of the mismatch, which
ends the state; so release what an attempt holds and come here.

- `state` (`oar_state *`): borrowed.
- `batch_size` (`int64_t`): > 0: what was tried, the same on all ranks.
- `ran_out` (`int32_t`): 1: this rank's attempt ran out of memory; 0: it worked.
- `reduced` (`int64_t`): what to try next if it did, < batch_size; 0: batch_size * 0.9, rounded down.
- `out_next` (`int64_t *`): batch_size if every rank's attempt worked, else the next one.

Threads: collective(state).
"""
oar_state_next_batch_size(state, batch_size, ran_out, reduced, out_next) =
    ccall(@inbounds(ADDRESSES[276]), Int32, (Ptr{oar_state}, Int64, Int32, Int64, Ptr{Int64}), state, batch_size, ran_out, reduced, out_next)

"""
    oar_state_print(state, text) -> oar_status

Write one line on the main process; other ranks do nothing. The only function of Oarlock that writes to standard output.

- `state` (`const oar_state *`): borrowed.
- `text` (`const char *`): UTF-8, without the newline at the end.

Threads: serial(state).
"""
oar_state_print(state, text) =
    ccall(@inbounds(ADDRESSES[277]), Int32, (Ptr{oar_state}, Cstring), state, text)

"""
    oar_state_rank(state, out_rank) -> oar_status

This process's number among all ranks, from 0.

- `state` (`const oar_state *`): borrowed.
- `out_rank` (`int32_t *`): 0 <= rank < world size.

Threads: any.
"""
oar_state_rank(state, out_rank) =
    ccall(@inbounds(ADDRESSES[278]), Int32, (Ptr{oar_state}, Ptr{Int32}), state, out_rank)

"""
    oar_state_release(state) -> void

Drop a reference. Never waits and never communicates; a state that was not closed is closed by a later call of the
library.

- `state` (`oar_state *`): NULL is allowed.

Threads: any.
"""
oar_state_release(state) =
    ccall(@inbounds(ADDRESSES[279]), Cvoid, (Ptr{oar_state},), state)

"""
    oar_state_request_stop(state) -> oar_status

Ask all ranks to stop, at the step where they next call oar_state_should_stop. Async-signal-safe: one atomic store, so a
signal handler may call it. Does not touch the thread's error; the caller must hold a reference to the state.

- `state` (`oar_state *`): borrowed.

Threads: any, and signal handlers.
"""
oar_state_request_stop(state) =
    ccall(@inbounds(ADDRESSES[280]), Int32, (Ptr{oar_state},), state)

"""
    oar_state_retain(state) -> oar_status

Add a reference; each needs one oar_state_release.

- `state` (`oar_state *`): borrowed.

Threads: any.
"""
oar_state_retain(state) =
    ccall(@inbounds(ADDRESSES[281]), Int32, (Ptr{oar_state},), state)

"""
    oar_state_seed(state, seed) -> oar_status

Seed libtorch's default generator of this process, which initialisation, dropout and unseeded shuffling draw from. Equal
to torch.manual_seed. Local: give all ranks the same seed for equal draws.

- `state` (`oar_state *`): borrowed.
- `seed` (`int64_t`): any value; a negative one counts as seed + 2^64, as in torch.

Threads: serial(state); no other thread may draw random numbers meanwhile.
"""
oar_state_seed(state, seed) =
    ccall(@inbounds(ADDRESSES[282]), Int32, (Ptr{oar_state}, Int64), state, seed)

"""
    oar_state_set_deterministic(state, on, warn_only) -> oar_status

Make libtorch choose deterministic algorithms in the whole process, or not. Equal to torch.use_deterministic_algorithms.

- `state` (`oar_state *`): borrowed.
- `on` (`int32_t`): not 0: an operator that has no deterministic algorithm fails. 0: any algorithm.
- `warn_only` (`int32_t`): not 0: it warns instead.

Threads: serial(state); no other thread may run operators meanwhile.
"""
oar_state_set_deterministic(state, on, warn_only) =
    ccall(@inbounds(ADDRESSES[283]), Int32, (Ptr{oar_state}, Int32, Int32), state, on, warn_only)

"""
    oar_state_set_print_callback(state, fn, user_data, release) -> oar_status

Give what oar_state_print writes to a function instead of standard output.

- `state` (`oar_state *`): borrowed.
- `fn` (`oar_print_fn`): called on the thread that prints, with no lock held; NULL: standard output again.
- `user_data` (`void *`): given to `fn`.
- `release` (`oar_release_fn`): called with `user_data` exactly once: when another callback takes its place, when the
  state ends, or before this returns if it fails or `fn` is NULL. NULL: not needed.

Threads: serial(state).
"""
oar_state_set_print_callback(state, fn, user_data, release) =
    ccall(@inbounds(ADDRESSES[284]), Int32, (Ptr{oar_state}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), state, fn, user_data, release)

"""
    oar_state_should_stop(state, out_should_stop) -> oar_status

Tell every rank alike whether any rank was asked to stop. Once asked, the answer stays 1.

- `state` (`oar_state *`): borrowed.
- `out_should_stop` (`int32_t *`): 1 on every rank or 0 on every rank.

Threads: collective(state).
"""
oar_state_should_stop(state, out_should_stop) =
    ccall(@inbounds(ADDRESSES[285]), Int32, (Ptr{oar_state}, Ptr{Int32}), state, out_should_stop)

"""
    oar_state_shrink(state, min_size, timeout_ms, out) -> oar_status

Go on without the ranks that are lost: those that are left make a smaller world, in their old order.

For when a call has failed because a rank died (OAR_E_PEER_LOST), by a time-out or by an abort. Every rank that goes
on calls this with its old state. That aborts what is left of the old world, so that ranks which still wait in it
hear of it and can call this too. The lowest rank that lives gathers the others. It waits until every rank has
come or is known to be gone (its process has ended, or it has closed its state) or the time is over; who has not
come by then is left out, and gets OAR_E_ABORTED when it calls. That no rank is lost is no error.

The new state has the options of the old one, state.generation raised by one, and rank, world size, local rank and
node rank anew; a request to stop goes over to it, a print callback does not. Groups, meshes, loaders and
accelerators of the old state are of its world: make new ones with the new state and load the last checkpoint. The
old state can then only be closed and released; after a failure this may be called again with it.

- `state` (`oar_state *`): borrowed; not closed.
- `min_size` (`int32_t`): fewer ranks do not go on: 1 to the world size; the largest that any rank gives counts. 0: more
  than half of the ranks if they are on several hosts, 1 if all are on one. A broken network can make two halves of a
  world each believe the other lost; with more than half of the ranks two worlds cannot come about.
- `timeout_ms` (`int64_t`): milliseconds to wait for the other ranks; 0 takes comm.connect_timeout_ms; negative is
  refused. The survivors then meet, for which they have twenty seconds more.
- `out` (`oar_state **`): owned; end with oar_state_close, then oar_state_release. Untouched on failure.

Threads: serial(state); waits for the other ranks.
"""
oar_state_shrink(state, min_size, timeout_ms, out) =
    ccall(@inbounds(ADDRESSES[286]), Int32, (Ptr{oar_state}, Int32, Int64, Ptr{Ptr{oar_state}}), state, min_size, timeout_ms, out)

"""
    oar_state_synchronize_rng(state) -> oar_status

Give the default generator of every rank the state of rank 0's, so that all draw the same numbers from here on.

- `state` (`oar_state *`): borrowed.

Threads: collective(state); no other thread may draw random numbers meanwhile.
"""
oar_state_synchronize_rng(state) =
    ccall(@inbounds(ADDRESSES[287]), Int32, (Ptr{oar_state},), state)

"""
    oar_state_world_size(state, out_world_size) -> oar_status

How many ranks there are.

- `state` (`const oar_state *`): borrowed.
- `out_world_size` (`int32_t *`): at least 1.

Threads: any.
"""
oar_state_world_size(state, out_world_size) =
    ccall(@inbounds(ADDRESSES[288]), Int32, (Ptr{oar_state}, Ptr{Int32}), state, out_world_size)

"""
    oar_status_name(status) -> const char *

The name of a status code, for example \"OAR_E_ARGUMENT\".

- `status` (`oar_status`): any value.

Threads: any.
"""
oar_status_name(status) =
    ccall(@inbounds(ADDRESSES[289]), Cstring, (Int32,), status)

"""
    oar_tensor_contiguous(tensor, out) -> oar_status

The same values in row-major order: a copy, or the same memory where it is so already.

A copy of a tensor that autograd records is recorded too.

- `tensor` (`const oar_tensor *`): borrowed.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: serial(tensor).
"""
oar_tensor_contiguous(tensor, out) =
    ccall(@inbounds(ADDRESSES[290]), Int32, (Ptr{oar_tensor}, Ptr{Ptr{oar_tensor}}), tensor, out)

"""
    oar_tensor_copy_from(tensor, source) -> oar_status

Write the source's values into the tensor, in place, converting the element type; autograd does not see it.

- `tensor` (`oar_tensor *`): borrowed; written to. A parameter is fine.
- `source` (`const oar_tensor *`): borrowed; the same shape, any strides. May be a view of the same memory.

Threads: serial(tensor, source).
"""
oar_tensor_copy_from(tensor, source) =
    ccall(@inbounds(ADDRESSES[291]), Int32, (Ptr{oar_tensor}, Ptr{oar_tensor}), tensor, source)

"""
    oar_tensor_data(tensor, out_data) -> oar_status

The address of the first element, of a tensor on the CPU. The strides say where the others are.

- `tensor` (`const oar_tensor *`): borrowed.
- `out_data` (`void **`): borrowed: valid as long as any reference to the tensor's memory is. NULL only if there are no
  elements. Not to be written to if the tensor is read-only. Untouched on failure.

Threads: serial(tensor).
"""
oar_tensor_data(tensor, out_data) =
    ccall(@inbounds(ADDRESSES[292]), Int32, (Ptr{oar_tensor}, Ptr{Ptr{Cvoid}}), tensor, out_data)

"""
    oar_tensor_device(tensor, buf, len) -> oar_status

Where the tensor's memory is: \"cpu\", \"cuda:0\".

- `tensor` (`const oar_tensor *`): borrowed.
- `buf` (`char *`): room for *len bytes; NULL asks for the length only.
- `len` (`size_t *`): in: room; out: length with the closing NUL, also when the room is too small.

Threads: serial(tensor).
"""
oar_tensor_device(tensor, buf, len) =
    ccall(@inbounds(ADDRESSES[293]), Int32, (Ptr{oar_tensor}, Ptr{UInt8}, Ptr{Csize_t}), tensor, buf, len)

"""
    oar_tensor_dtype(tensor, out_dtype) -> oar_status

The tensor's element type, as an OAR_* number of types.h.

- `tensor` (`const oar_tensor *`): borrowed.
- `out_dtype` (`int32_t *`): Untouched on failure.

Threads: serial(tensor).
"""
oar_tensor_dtype(tensor, out_dtype) =
    ccall(@inbounds(ADDRESSES[294]), Int32, (Ptr{oar_tensor}, Ptr{Int32}), tensor, out_dtype)

"""
    oar_tensor_from_dlpack(managed, stream, out) -> oar_status

Take over a tensor of another library, without a copy.

Strides may be NULL, which is row-major. A producer's read-only flag makes a read-only tensor.

- `managed` (`struct DLManagedTensorVersioned *`): owned on success only: its deleter then runs once, when the last use
  of the memory ends, on any thread. On failure it is the caller's as before.
- `stream` (`void *`): the stream on which the caller will use the data; NULL for memory of the CPU.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: any.
"""
oar_tensor_from_dlpack(managed, stream, out) =
    ccall(@inbounds(ADDRESSES[295]), Int32, (Ptr{DLManagedTensorVersioned}, Ptr{Cvoid}, Ptr{Ptr{oar_tensor}}), managed, stream, out)

"""
    oar_tensor_from_memory(data, dtype, shape, strides, num_dims, user_data, release, out) -> oar_status

A tensor over an array of the host, without a copy.

A column-major (Fortran, Julia) array of shape [m, n] has the strides {1, m}.

- `data` (`void *`): retained until the last use of the tensor's memory ends, then released. A multiple of the element
  type's size; NULL only if there are no elements.
- `dtype` (`int32_t`): OAR_FLOAT32 ... of types.h.
- `shape` (`const int64_t *`): borrowed; num_dims sizes >= 0. NULL if num_dims is 0.
- `strides` (`const int64_t *`): borrowed; num_dims strides in elements, >= 0, such that no two indices share an
  element. NULL is row-major.
- `num_dims` (`size_t`): 0 (one element) to 64.
- `user_data` (`void *`): handed to `release`; not looked at.
- `release` (`oar_release_fn`): called exactly once, on any thread, when the memory is not used any more: also if this
  call fails, then before it returns. NULL: nobody is told.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: any.
"""
oar_tensor_from_memory(data, dtype, shape, strides, num_dims, user_data, release, out) =
    ccall(@inbounds(ADDRESSES[296]), Int32, (Ptr{Cvoid}, Int32, Ptr{Int64}, Ptr{Int64}, Csize_t, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{oar_tensor}}), data, dtype, shape, strides, num_dims, user_data, release, out)

"""
    oar_tensor_from_npy(path, out) -> oar_status

The array of a NumPy .npy file, over the mapped file: read-only, and only what is looked at comes from the disk. With
oar_dataset_from_tensors its rows are samples. The file must not change as long as the tensor lives.

- `path` (`const char *`): borrowed; format 1.0, 2.0 or 3.0, row or column order.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: any.
"""
oar_tensor_from_npy(path, out) =
    ccall(@inbounds(ADDRESSES[297]), Int32, (Cstring, Ptr{Ptr{oar_tensor}}), path, out)

"""
    oar_tensor_from_read_only_memory(data, dtype, shape, strides, num_dims, user_data, release, out) -> oar_status

A read-only tensor over an array of the host, without a copy: of memory that must not be written to.

- `data` (`const void *`): retained until the last use of the tensor's memory ends, then released; never written to. A
  multiple of the element type's size; NULL only if there are no elements.
- `dtype` (`int32_t`): OAR_FLOAT32 ... of types.h.
- `shape` (`const int64_t *`): borrowed; num_dims sizes >= 0. NULL if num_dims is 0.
- `strides` (`const int64_t *`): borrowed; num_dims strides in elements, >= 0; indices may share an element (0 repeats
  one). NULL is row-major.
- `num_dims` (`size_t`): 0 (one element) to 64.
- `user_data` (`void *`): handed to `release`; not looked at.
- `release` (`oar_release_fn`): called exactly once, on any thread, when the memory is not used any more: also if this
  call fails, then before it returns. NULL: nobody is told.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: any.
"""
oar_tensor_from_read_only_memory(data, dtype, shape, strides, num_dims, user_data, release, out) =
    ccall(@inbounds(ADDRESSES[298]), Int32, (Ptr{Cvoid}, Int32, Ptr{Int64}, Ptr{Int64}, Csize_t, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{oar_tensor}}), data, dtype, shape, strides, num_dims, user_data, release, out)

"""
    oar_tensor_from_torch(tensor_impl, torch_version, out) -> oar_status

Share a tensor of C++ libtorch in the same process: the very tensor, with its place in autograd. What
oarlock::from_torch of torch.hpp calls.

- `tensor_impl` (`const void *`): borrowed: at::Tensor::unsafeGetTensorImpl() of a defined tensor. Not checked.
- `torch_version` (`const char *`): TORCH_VERSION of the headers that the caller was compiled with: \"2.11.0\".
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: any.
"""
oar_tensor_from_torch(tensor_impl, torch_version, out) =
    ccall(@inbounds(ADDRESSES[299]), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{oar_tensor}}), tensor_impl, torch_version, out)

"""
    oar_tensor_is_read_only(tensor, out_is_read_only) -> oar_status

Whether the memory must not be written to.

- `tensor` (`const oar_tensor *`): borrowed.
- `out_is_read_only` (`int32_t *`): 1 or 0. Untouched on failure.

Threads: serial(tensor).
"""
oar_tensor_is_read_only(tensor, out_is_read_only) =
    ccall(@inbounds(ADDRESSES[300]), Int32, (Ptr{oar_tensor}, Ptr{Int32}), tensor, out_is_read_only)

"""
    oar_tensor_item(tensor, out_value) -> oar_status

The value of a tensor of one element. Integers beyond 2^53 are rounded.

- `tensor` (`const oar_tensor *`): borrowed; on a device the call waits for its value.
- `out_value` (`double *`): bool gives 0 or 1. Untouched on failure.

Threads: serial(tensor).
"""
oar_tensor_item(tensor, out_value) =
    ccall(@inbounds(ADDRESSES[301]), Int32, (Ptr{oar_tensor}, Ptr{Float64}), tensor, out_value)

"""
    oar_tensor_num_dims(tensor, out_num_dims) -> oar_status

How many dimensions the tensor has; a single value has 0.

- `tensor` (`const oar_tensor *`): borrowed.
- `out_num_dims` (`int64_t *`): 0 to 64. Untouched on failure.

Threads: serial(tensor).
"""
oar_tensor_num_dims(tensor, out_num_dims) =
    ccall(@inbounds(ADDRESSES[302]), Int32, (Ptr{oar_tensor}, Ptr{Int64}), tensor, out_num_dims)

"""
    oar_tensor_numel(tensor, out_numel) -> oar_status

How many elements the tensor has: the product of its sizes.

- `tensor` (`const oar_tensor *`): borrowed.
- `out_numel` (`int64_t *`): Untouched on failure.

Threads: serial(tensor).
"""
oar_tensor_numel(tensor, out_numel) =
    ccall(@inbounds(ADDRESSES[303]), Int32, (Ptr{oar_tensor}, Ptr{Int64}), tensor, out_numel)

"""
    oar_tensor_release(tensor) -> void

Drop one reference. The memory lives on as long as something else uses it.

- `tensor` (`oar_tensor *`): NULL is allowed.

Threads: any.
"""
oar_tensor_release(tensor) =
    ccall(@inbounds(ADDRESSES[304]), Cvoid, (Ptr{oar_tensor},), tensor)

"""
    oar_tensor_retain(tensor) -> oar_status

One more reference to the handle; it takes one more oar_tensor_release to end it.

- `tensor` (`oar_tensor *`): borrowed.

Threads: any.
"""
oar_tensor_retain(tensor) =
    ccall(@inbounds(ADDRESSES[305]), Int32, (Ptr{oar_tensor},), tensor)

"""
    oar_tensor_shape(tensor, shape, count) -> oar_status

The tensor's sizes.

- `tensor` (`const oar_tensor *`): borrowed.
- `shape` (`int64_t *`): room for *count sizes; NULL asks for the number only.
- `count` (`size_t *`): in: room; out: number of dimensions, also when the room is too small.

Threads: serial(tensor).
"""
oar_tensor_shape(tensor, shape, count) =
    ccall(@inbounds(ADDRESSES[306]), Int32, (Ptr{oar_tensor}, Ptr{Int64}, Ptr{Csize_t}), tensor, shape, count)

"""
    oar_tensor_strides(tensor, strides, count) -> oar_status

The tensor's strides, in elements.

- `tensor` (`const oar_tensor *`): borrowed.
- `strides` (`int64_t *`): room for *count strides; NULL asks for the number only.
- `count` (`size_t *`): in: room; out: number of dimensions, also when the room is too small.

Threads: serial(tensor).
"""
oar_tensor_strides(tensor, strides, count) =
    ccall(@inbounds(ADDRESSES[307]), Int32, (Ptr{oar_tensor}, Ptr{Int64}, Ptr{Csize_t}), tensor, strides, count)

"""
    oar_tensor_to_dlpack(tensor, stream, out) -> oar_status

Give a tensor to another library, without a copy.

Strides are always written. The result keeps the memory alive, whatever happens to `tensor`; it carries no autograd
history, and the read-only flag if the tensor is read-only.

- `tensor` (`const oar_tensor *`): borrowed; on the CPU.
- `stream` (`void *`): the consumer's stream; NULL for memory of the CPU.
- `out` (`struct DLManagedTensorVersioned **`): owned: the receiver calls (*out)->deleter(*out) once. Untouched on
  failure.

Threads: serial(tensor).
"""
oar_tensor_to_dlpack(tensor, stream, out) =
    ccall(@inbounds(ADDRESSES[308]), Int32, (Ptr{oar_tensor}, Ptr{Cvoid}, Ptr{Ptr{DLManagedTensorVersioned}}), tensor, stream, out)

"""
    oar_tensor_to_torch(tensor, torch_version, out_tensor_impl) -> oar_status

Give the tensor of C++ libtorch that stands behind a handle, with its place in autograd. What oarlock::to_torch of
torch.hpp calls.

- `tensor` (`const oar_tensor *`): borrowed.
- `torch_version` (`const char *`): TORCH_VERSION of the headers that the caller was compiled with.
- `out_tensor_impl` (`void **`): a c10::TensorImpl, borrowed: valid as long as `tensor` is; take a reference of your own
  (c10::intrusive_ptr::reclaim_copy). Untouched on failure.

Threads: serial(tensor).
"""
oar_tensor_to_torch(tensor, torch_version, out_tensor_impl) =
    ccall(@inbounds(ADDRESSES[309]), Int32, (Ptr{oar_tensor}, Cstring, Ptr{Ptr{Cvoid}}), tensor, torch_version, out_tensor_impl)

"""
    oar_tensor_zeros(dtype, shape, num_dims, out) -> oar_status

A new tensor of zeros on the CPU, row-major.

- `dtype` (`int32_t`): OAR_FLOAT32 ... of types.h.
- `shape` (`const int64_t *`): borrowed; num_dims sizes >= 0. NULL if num_dims is 0.
- `num_dims` (`size_t`): 0 (one element) to 64.
- `out` (`oar_tensor **`): owned; end with oar_tensor_release. Untouched on failure.

Threads: any.
"""
oar_tensor_zeros(dtype, shape, num_dims, out) =
    ccall(@inbounds(ADDRESSES[310]), Int32, (Int32, Ptr{Int64}, Csize_t, Ptr{Ptr{oar_tensor}}), dtype, shape, num_dims, out)

"""
    oar_timer_begin(state, name) -> oar_status

Start a timer.

- `state` (`oar_state *`): borrowed; keeps the timer.
- `name` (`const char *`): any text but \"\".

Threads: serial(state).
"""
oar_timer_begin(state, name) =
    ccall(@inbounds(ADDRESSES[311]), Int32, (Ptr{oar_state}, Cstring), state, name)

"""
    oar_timer_end(state, name) -> oar_status

Stop a timer; what passed since its begin, by the steady clock, is one of its durations.

- `state` (`oar_state *`): borrowed.
- `name` (`const char *`): of a timer that runs.

Threads: serial(state); on the thread of the begin, so that a trace has it in the right place.
"""
oar_timer_end(state, name) =
    ccall(@inbounds(ADDRESSES[312]), Int32, (Ptr{oar_state}, Cstring), state, name)

"""
    oar_timer_report(state, out_json) -> oar_status

What this rank's timers measured since they were made or reset, in milliseconds. Quantiles are of the last 4096
durations, by nearest rank; the rest is of all.

JSON: {\"forward\": {\"count\": n, \"total_ms\": x, \"mean_ms\": x, \"min_ms\": x, \"p50_ms\": x, \"p95_ms\": x, \"max_ms\": x}}, in
the order of the names. Timers that never ended are left out.

- `state` (`const oar_state *`): borrowed.
- `out_json` (`oar_bytes **`): owned; end with oar_bytes_release. Without a NUL. Untouched on failure.

Threads: serial(state).
"""
oar_timer_report(state, out_json) =
    ccall(@inbounds(ADDRESSES[313]), Int32, (Ptr{oar_state}, Ptr{Ptr{oar_bytes}}), state, out_json)

"""
    oar_timer_report_all_ranks(state, out_json) -> oar_status

The reports of all ranks, and who is the slowest, the same on each rank. Ranks may have different timers.

JSON: {\"forward\": {\"count\": n, \"total_ms\": x, \"mean_ms\": x, \"min_ms\": x, \"max_ms\": x, \"slowest_rank\": r, \"ranks\":
[{\"rank\": 0, \"count\": n, ...}, ...]}}: the figures of all ranks' durations together; those of each rank that has the
timer, as oar_timer_report gives them; and the rank with the largest mean, the lowest of equals.

- `state` (`oar_state *`): borrowed.
- `out_json` (`oar_bytes **`): owned; end with oar_bytes_release. Without a NUL. Untouched on failure.

Threads: collective(state).
"""
oar_timer_report_all_ranks(state, out_json) =
    ccall(@inbounds(ADDRESSES[314]), Int32, (Ptr{oar_state}, Ptr{Ptr{oar_bytes}}), state, out_json)

"""
    oar_timer_reset(state) -> oar_status

Forget all durations. Timers that run go on.

- `state` (`oar_state *`): borrowed.

Threads: serial(state).
"""
oar_timer_reset(state) =
    ccall(@inbounds(ADDRESSES[315]), Int32, (Ptr{oar_state},), state)

"""
    oar_torch_version(buf, len) -> oar_status

Version and file of the libtorch that is really loaded, for example \"2.11.0 (/opt/torch/lib/libtorch_cpu.so)\".

Every other fallible function gives OAR_E_VERSION if its major and minor number are not those that the library was
built for; this one answers all the same.

- `buf` (`char *`): the text, or NULL to ask for its length.
- `len` (`size_t *`): in: room in bytes; out: length with the closing NUL.

Threads: any.
"""
oar_torch_version(buf, len) =
    ccall(@inbounds(ADDRESSES[316]), Int32, (Ptr{UInt8}, Ptr{Csize_t}), buf, len)

"""
    oar_tracker_close(tracker) -> oar_status

Close the tracker and its file. May be called twice.

- `tracker` (`oar_tracker *`): borrowed; later calls that log give OAR_E_STATE.

Threads: serial(tracker).
"""
oar_tracker_close(tracker) =
    ccall(@inbounds(ADDRESSES[317]), Int32, (Ptr{oar_tracker},), tracker)

"""
    oar_tracker_create(state, name, options, out) -> oar_status

Create a tracker.

\"jsonl\" appends one line of JSON per call to a file: {\"step\":12,\"time\":1767225599.123,\"loss\":0.5}; time is UTC, in
seconds since 1970. Each line is handed to the system at once. A resumed run appends; a last line that a crash cut
short is mended when the file is opened.

\"tensorboard\" writes what TensorBoard reads: an event file in the directory of the run, whose numbers are kept as
float32. A resumed run adds a file, and TensorBoard shows both as one run. With oar_tracker_log_json a text is a text
summary, and an object of numbers a group in one chart, {\"loss\":{\"train\":0.5}}, with a directory for each series.

- `state` (`oar_state *`): borrowed; tells which process is the main one.
- `name` (`const char *`): the product: \"jsonl\" or \"tensorboard\".
- `options` (`const char *`): JSON object of tracker.* options, named without \"tracker.\":
  {\"path\":\"run/metrics.jsonl\"}; what it does not name, and all of it if NULL, is taken from the state's config.
  Missing directories of the path are made.
- `out` (`oar_tracker **`): owned; end with oar_tracker_close and oar_tracker_release. Untouched on failure.

Threads: serial(state).
"""
oar_tracker_create(state, name, options, out) =
    ccall(@inbounds(ADDRESSES[318]), Int32, (Ptr{oar_state}, Cstring, Cstring, Ptr{Ptr{oar_tracker}}), state, name, options, out)

"""
    oar_tracker_log(tracker, step, names, values, count) -> oar_status

Log numbers of one step. In \"jsonl\" those that are not finite are written as \"NaN\", \"Infinity\" and \"-Infinity\".

- `tracker` (`oar_tracker *`): borrowed.
- `step` (`int64_t`): any number; by custom the optimizer's step. The same step may be logged again.
- `names` (`const char *const *`): `count` different names; \"step\" and \"time\" are the own ones of \"jsonl\".
- `values` (`const double *`): `count` numbers.
- `count` (`size_t`): 0 writes a line with step and time only.

Threads: serial(tracker).
"""
oar_tracker_log(tracker, step, names, values, count) =
    ccall(@inbounds(ADDRESSES[319]), Int32, (Ptr{oar_tracker}, Int64, Ptr{Cstring}, Ptr{Float64}, Csize_t), tracker, step, names, values, count)

"""
    oar_tracker_log_json(tracker, step, json) -> oar_status

Log any JSON object of one step: texts, lists, nested objects.

- `tracker` (`oar_tracker *`): borrowed.
- `step` (`int64_t`): as in oar_tracker_log.
- `json` (`const char *`): an object: {\"loss\":0.5,\"note\":\"warm-up ended\"}. \"step\" and \"time\" are the own names
  of \"jsonl\".

Threads: serial(tracker).
"""
oar_tracker_log_json(tracker, step, json) =
    ccall(@inbounds(ADDRESSES[320]), Int32, (Ptr{oar_tracker}, Int64, Cstring), tracker, step, json)

"""
    oar_tracker_release(tracker) -> void

Drop a reference; the last one closes the tracker, without telling late errors. Never blocks.

- `tracker` (`oar_tracker *`): NULL does nothing.

Threads: any.
"""
oar_tracker_release(tracker) =
    ccall(@inbounds(ADDRESSES[321]), Cvoid, (Ptr{oar_tracker},), tracker)

"""
    oar_tracker_retain(tracker) -> oar_status

Add a reference.

- `tracker` (`oar_tracker *`): one more oar_tracker_release ends it.

Threads: any.
"""
oar_tracker_retain(tracker) =
    ccall(@inbounds(ADDRESSES[322]), Int32, (Ptr{oar_tracker},), tracker)

"""
    oar_tree_append(tree, item) -> oar_status

Put a copy of `item` at the end of a list.

- `tree` (`oar_tree *`): borrowed; a list.
- `item` (`const oar_tree *`): borrowed; its tensors are shared.

Threads: serial(tree, item).
"""
oar_tree_append(tree, item) =
    ccall(@inbounds(ADDRESSES[323]), Int32, (Ptr{oar_tree}, Ptr{oar_tree}), tree, item)

"""
    oar_tree_append_tensor(tree, tensor) -> oar_status

Put a tensor at the end of a list.

- `tree` (`oar_tree *`): borrowed; a list.
- `tensor` (`oar_tensor *`): retained until the tree, and what was copied from it, ends.

Threads: serial(tree, tensor).
"""
oar_tree_append_tensor(tree, tensor) =
    ccall(@inbounds(ADDRESSES[324]), Int32, (Ptr{oar_tree}, Ptr{oar_tensor}), tree, tensor)

"""
    oar_tree_at(tree, index, out) -> oar_status

A copy of one entry of a list or map; its tensors are shared.

With oar_tree_key the way through a tree whatever its keys are: paths (oar_tree_get) do not reach an empty key.

- `tree` (`const oar_tree *`): borrowed; a list or a map.
- `index` (`int64_t`): 0 to size - 1; of a map in the order in which keys were set first.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_at(tree, index, out) =
    ccall(@inbounds(ADDRESSES[325]), Int32, (Ptr{oar_tree}, Int64, Ptr{Ptr{oar_tree}}), tree, index, out)

"""
    oar_tree_batch_size(tree, out_size) -> oar_status

How many samples a batch has: the first size of its first leaf, in the order of lists and of keys as they were set.

- `tree` (`const oar_tree *`): borrowed.
- `out_size` (`int64_t *`): Untouched on failure.

Threads: serial(tree).
"""
oar_tree_batch_size(tree, out_size) =
    ccall(@inbounds(ADDRESSES[326]), Int32, (Ptr{oar_tree}, Ptr{Int64}), tree, out_size)

"""
    oar_tree_concatenate(batches, dim, out) -> oar_status

Join batches of one structure: each tensor along `dim`, in the order of the list.

Structure is that of the first batch. A list of one batch that holds values other than tensors gives them as they
are; with more batches they are refused.

- `batches` (`const oar_tree *`): borrowed; a list of at least one tree.
- `dim` (`int64_t`): the dimension; negative counts from each tensor's last.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(batches).
"""
oar_tree_concatenate(batches, dim, out) =
    ccall(@inbounds(ADDRESSES[327]), Int32, (Ptr{oar_tree}, Int64, Ptr{Ptr{oar_tree}}), batches, dim, out)

"""
    oar_tree_create_list(out) -> oar_status

An empty list.

- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: any.
"""
oar_tree_create_list(out) =
    ccall(@inbounds(ADDRESSES[328]), Int32, (Ptr{Ptr{oar_tree}},), out)

"""
    oar_tree_create_map(out) -> oar_status

An empty map. It keeps the order in which keys were set first.

- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: any.
"""
oar_tree_create_map(out) =
    ccall(@inbounds(ADDRESSES[329]), Int32, (Ptr{Ptr{oar_tree}},), out)

"""
    oar_tree_device(tree, buf, len) -> oar_status

The device of the first tensor, depth first: \"cpu\". An empty text if there is no tensor.

- `tree` (`const oar_tree *`): borrowed.
- `buf` (`char *`): room for *len bytes; NULL asks for the length only.
- `len` (`size_t *`): in: room; out: length with the closing NUL, also when the room is too small.

Threads: serial(tree).
"""
oar_tree_device(tree, buf, len) =
    ccall(@inbounds(ADDRESSES[330]), Int32, (Ptr{oar_tree}, Ptr{UInt8}, Ptr{Csize_t}), tree, buf, len)

"""
    oar_tree_from_bool(value, out) -> oar_status

A tree that is one truth value.

- `value` (`int32_t`): 0 is false, everything else true.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: any.
"""
oar_tree_from_bool(value, out) =
    ccall(@inbounds(ADDRESSES[331]), Int32, (Int32, Ptr{Ptr{oar_tree}}), value, out)

"""
    oar_tree_from_double(value, out) -> oar_status

A tree that is one floating-point number.

- `value` (`double`): any, also NaN and infinities.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: any.
"""
oar_tree_from_double(value, out) =
    ccall(@inbounds(ADDRESSES[332]), Int32, (Float64, Ptr{Ptr{oar_tree}}), value, out)

"""
    oar_tree_from_int64(value, out) -> oar_status

A tree that is one integer.

- `value` (`int64_t`): kept exactly.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: any.
"""
oar_tree_from_int64(value, out) =
    ccall(@inbounds(ADDRESSES[333]), Int32, (Int64, Ptr{Ptr{oar_tree}}), value, out)

"""
    oar_tree_from_json(json, out) -> oar_status

The tree of a JSON text: objects are maps, arrays lists, null is none.

Numbers without fraction and exponent are integers if int64 holds them, all others floating-point.

- `json` (`const char *`): borrowed; UTF-8.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: any.
"""
oar_tree_from_json(json, out) =
    ccall(@inbounds(ADDRESSES[334]), Int32, (Cstring, Ptr{Ptr{oar_tree}}), json, out)

"""
    oar_tree_from_none(out) -> oar_status

A tree that is nothing: Python's None, JSON's null.

- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: any.
"""
oar_tree_from_none(out) =
    ccall(@inbounds(ADDRESSES[335]), Int32, (Ptr{Ptr{oar_tree}},), out)

"""
    oar_tree_from_string(text, out) -> oar_status

A tree that is one text.

- `text` (`const char *`): borrowed; UTF-8, copied.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: any.
"""
oar_tree_from_string(text, out) =
    ccall(@inbounds(ADDRESSES[336]), Int32, (Cstring, Ptr{Ptr{oar_tree}}), text, out)

"""
    oar_tree_from_tensor(tensor, out) -> oar_status

A tree that is one tensor.

- `tensor` (`oar_tensor *`): retained until the tree, and what was copied from it, ends.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(tensor).
"""
oar_tree_from_tensor(tensor, out) =
    ccall(@inbounds(ADDRESSES[337]), Int32, (Ptr{oar_tensor}, Ptr{Ptr{oar_tree}}), tensor, out)

"""
    oar_tree_get(tree, path, out) -> oar_status

A copy of a part of the tree; its tensors are shared.

- `tree` (`const oar_tree *`): borrowed.
- `path` (`const char *`): borrowed; NULL or \"\" is the whole tree.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_get(tree, path, out) =
    ccall(@inbounds(ADDRESSES[338]), Int32, (Ptr{oar_tree}, Cstring, Ptr{Ptr{oar_tree}}), tree, path, out)

"""
    oar_tree_get_bool(tree, path, out_value) -> oar_status

The truth value at a path.

- `tree` (`const oar_tree *`): borrowed.
- `path` (`const char *`): borrowed; NULL or \"\" is the tree itself.
- `out_value` (`int32_t *`): 1 or 0. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_get_bool(tree, path, out_value) =
    ccall(@inbounds(ADDRESSES[339]), Int32, (Ptr{oar_tree}, Cstring, Ptr{Int32}), tree, path, out_value)

"""
    oar_tree_get_double(tree, path, out_value) -> oar_status

The number at a path: an int, double, bool, or a tensor of one element. Integers beyond 2^53 are rounded.

- `tree` (`const oar_tree *`): borrowed.
- `path` (`const char *`): borrowed; NULL or \"\" is the tree itself.
- `out_value` (`double *`): Untouched on failure.

Threads: serial(tree).
"""
oar_tree_get_double(tree, path, out_value) =
    ccall(@inbounds(ADDRESSES[340]), Int32, (Ptr{oar_tree}, Cstring, Ptr{Float64}), tree, path, out_value)

"""
    oar_tree_get_int64(tree, path, out_value) -> oar_status

The integer at a path, exactly.

- `tree` (`const oar_tree *`): borrowed.
- `path` (`const char *`): borrowed; NULL or \"\" is the tree itself.
- `out_value` (`int64_t *`): Untouched on failure.

Threads: serial(tree).
"""
oar_tree_get_int64(tree, path, out_value) =
    ccall(@inbounds(ADDRESSES[341]), Int32, (Ptr{oar_tree}, Cstring, Ptr{Int64}), tree, path, out_value)

"""
    oar_tree_get_string(tree, path, buf, len) -> oar_status

The text at a path.

- `tree` (`const oar_tree *`): borrowed.
- `path` (`const char *`): borrowed; NULL or \"\" is the tree itself.
- `buf` (`char *`): room for *len bytes; NULL asks for the length only.
- `len` (`size_t *`): in: room; out: length with the closing NUL, also when the room is too small.

Threads: serial(tree).
"""
oar_tree_get_string(tree, path, buf, len) =
    ccall(@inbounds(ADDRESSES[342]), Int32, (Ptr{oar_tree}, Cstring, Ptr{UInt8}, Ptr{Csize_t}), tree, path, buf, len)

"""
    oar_tree_get_tensor(tree, path, out) -> oar_status

The tensor at a path.

- `tree` (`const oar_tree *`): borrowed.
- `path` (`const char *`): borrowed; NULL or \"\" is the tree itself.
- `out` (`oar_tensor **`): owned, shares the tree's memory; end with oar_tensor_release. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_get_tensor(tree, path, out) =
    ccall(@inbounds(ADDRESSES[343]), Int32, (Ptr{oar_tree}, Cstring, Ptr{Ptr{oar_tensor}}), tree, path, out)

"""
    oar_tree_key(tree, index, buf, len) -> oar_status

The key of one entry of a map.

- `tree` (`const oar_tree *`): borrowed; a map.
- `index` (`int64_t`): 0 to size - 1, in the order in which keys were set first.
- `buf` (`char *`): room for *len bytes; NULL asks for the length only.
- `len` (`size_t *`): in: room; out: length with the closing NUL, also when the room is too small.

Threads: serial(tree).
"""
oar_tree_key(tree, index, buf, len) =
    ccall(@inbounds(ADDRESSES[344]), Int32, (Ptr{oar_tree}, Int64, Ptr{UInt8}, Ptr{Csize_t}), tree, index, buf, len)

"""
    oar_tree_kind(tree, path, out_kind) -> oar_status

What the entry at a path is.

- `tree` (`const oar_tree *`): borrowed.
- `path` (`const char *`): borrowed; NULL or \"\" is the tree itself.
- `out_kind` (`int32_t *`): OAR_TREE_NONE ... OAR_TREE_MAP. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_kind(tree, path, out_kind) =
    ccall(@inbounds(ADDRESSES[345]), Int32, (Ptr{oar_tree}, Cstring, Ptr{Int32}), tree, path, out_kind)

"""
    oar_tree_pad_to_multiple(tree, batch_size, num_parts, out) -> oar_status

Append zeros to the first dimension of every tensor until `batch_size` rows are the next multiple of `num_parts`.

- `tree` (`const oar_tree *`): borrowed; all its leaves are tensors of `batch_size` rows.
- `batch_size` (`int64_t`): at least 0.
- `num_parts` (`int64_t`): at least 1: by what the new number of rows can be divided.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Shares memory where nothing was appended. Untouched on
  failure.

Threads: serial(tree).
"""
oar_tree_pad_to_multiple(tree, batch_size, num_parts, out) =
    ccall(@inbounds(ADDRESSES[346]), Int32, (Ptr{oar_tree}, Int64, Int64, Ptr{Ptr{oar_tree}}), tree, batch_size, num_parts, out)

"""
    oar_tree_release(tree) -> void

Drop one reference.

- `tree` (`oar_tree *`): NULL is allowed.

Threads: any.
"""
oar_tree_release(tree) =
    ccall(@inbounds(ADDRESSES[347]), Cvoid, (Ptr{oar_tree},), tree)

"""
    oar_tree_retain(tree) -> oar_status

One more reference to the handle; it takes one more oar_tree_release to end it.

- `tree` (`oar_tree *`): borrowed.

Threads: any.
"""
oar_tree_retain(tree) =
    ccall(@inbounds(ADDRESSES[348]), Int32, (Ptr{oar_tree},), tree)

"""
    oar_tree_set(tree, key, item) -> oar_status

Give a key of a map a copy of `item`; what it had before is replaced.

- `tree` (`oar_tree *`): borrowed; a map.
- `key` (`const char *`): borrowed; UTF-8.
- `item` (`const oar_tree *`): borrowed; its tensors are shared.

Threads: serial(tree, item).
"""
oar_tree_set(tree, key, item) =
    ccall(@inbounds(ADDRESSES[349]), Int32, (Ptr{oar_tree}, Cstring, Ptr{oar_tree}), tree, key, item)

"""
    oar_tree_set_tensor(tree, key, tensor) -> oar_status

Give a key of a map a tensor; what it had before is replaced.

- `tree` (`oar_tree *`): borrowed; a map.
- `key` (`const char *`): borrowed; UTF-8.
- `tensor` (`oar_tensor *`): retained until the tree, and what was copied from it, ends.

Threads: serial(tree, tensor).
"""
oar_tree_set_tensor(tree, key, tensor) =
    ccall(@inbounds(ADDRESSES[350]), Int32, (Ptr{oar_tree}, Cstring, Ptr{oar_tensor}), tree, key, tensor)

"""
    oar_tree_size(tree, path, out_size) -> oar_status

How many entries the list or map at a path has; a leaf has 0.

- `tree` (`const oar_tree *`): borrowed.
- `path` (`const char *`): borrowed; NULL or \"\" is the tree itself.
- `out_size` (`int64_t *`): Untouched on failure.

Threads: serial(tree).
"""
oar_tree_size(tree, path, out_size) =
    ccall(@inbounds(ADDRESSES[351]), Int32, (Ptr{oar_tree}, Cstring, Ptr{Int64}), tree, path, out_size)

"""
    oar_tree_slice(tree, start, stop, step, out) -> oar_status

Rows start, start + step, ... before `stop` of every tensor, as Python's tensor[start:stop:step].

- `tree` (`const oar_tree *`): borrowed.
- `start` (`int64_t`): negative counts from each tensor's end; beyond it is the end.
- `stop` (`int64_t`): the same; INT64_MAX is the end.
- `step` (`int64_t`): at least 1.
- `out` (`oar_tree **`): owned; its tensors share the memory of `tree`. End with oar_tree_release. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_slice(tree, start, stop, step, out) =
    ccall(@inbounds(ADDRESSES[352]), Int32, (Ptr{oar_tree}, Int64, Int64, Int64, Ptr{Ptr{oar_tree}}), tree, start, stop, step, out)

"""
    oar_tree_split(tree, part, num_parts, pad, out) -> oar_status

One part of a list's items or of a tensor's rows; of a map, of all that is in it at whatever depth. Other values, and
tensors without dimensions, stay whole.

- `tree` (`const oar_tree *`): borrowed.
- `part` (`int32_t`): in [0, num_parts): a rank.
- `num_parts` (`int32_t`): at least 1: the number of ranks.
- `pad` (`int32_t`): other than 0: every part is as long as the longest, by repeating the last item or row of all, so
  that results can be gathered; the first oar_tree_batch_size of `tree` of them count.
- `out` (`oar_tree **`): owned; its tensors share the memory of `tree` where nothing was added. End with
  oar_tree_release. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_split(tree, part, num_parts, pad, out) =
    ccall(@inbounds(ADDRESSES[353]), Int32, (Ptr{oar_tree}, Int32, Int32, Int32, Ptr{Ptr{oar_tree}}), tree, part, num_parts, pad, out)

"""
    oar_tree_to_device(tree, device, non_blocking, skip_keys, num_keys, out) -> oar_status

The tree with its tensors on a device. Tensors that are there already are shared.

- `tree` (`const oar_tree *`): borrowed.
- `device` (`const char *`): borrowed; a device as oar_state_device gives it: \"cpu\", \"cuda:0\".
- `non_blocking` (`int32_t`): other than 0: copies from page-locked memory may still run when the call returns.
- `skip_keys` (`const char *const *`): entries of maps, at whatever depth, that stay where they are; NULL: none.
- `num_keys` (`size_t`): how many.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_to_device(tree, device, non_blocking, skip_keys, num_keys, out) =
    ccall(@inbounds(ADDRESSES[354]), Int32, (Ptr{oar_tree}, Cstring, Int32, Ptr{Cstring}, Csize_t, Ptr{Ptr{oar_tree}}), tree, device, non_blocking, skip_keys, num_keys, out)

"""
    oar_tree_to_float32(tree, out) -> oar_status

The tree with its tensors of float16 and bfloat16 as float32; all others are shared.

- `tree` (`const oar_tree *`): borrowed.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_to_float32(tree, out) =
    ccall(@inbounds(ADDRESSES[355]), Int32, (Ptr{oar_tree}, Ptr{Ptr{oar_tree}}), tree, out)

"""
    oar_tree_to_json(tree, buf, len) -> oar_status

A tree without tensors as JSON text. oar_tree_from_json of it gives the tree again, but for NaN and infinities, which
JSON has not: they are the texts \"NaN\", \"Infinity\" and \"-Infinity\". With tensors: oar_tree_to_numbers (batch.h)
first.

- `tree` (`const oar_tree *`): borrowed.
- `buf` (`char *`): room for *len bytes; NULL asks for the length only.
- `len` (`size_t *`): in: room; out: length with the closing NUL, also when the room is too small.

Threads: serial(tree).
"""
oar_tree_to_json(tree, buf, len) =
    ccall(@inbounds(ADDRESSES[356]), Int32, (Ptr{oar_tree}, Ptr{UInt8}, Ptr{Csize_t}), tree, buf, len)

"""
    oar_tree_to_numbers(tree, out) -> oar_status

The tree with nested lists of numbers for its tensors: what oar_tree_to_json writes. A tensor without dimensions is one
number; truth values stay what they are.

- `tree` (`const oar_tree *`): borrowed.
- `out` (`oar_tree **`): owned; end with oar_tree_release. Untouched on failure.

Threads: serial(tree).
"""
oar_tree_to_numbers(tree, out) =
    ccall(@inbounds(ADDRESSES[357]), Int32, (Ptr{oar_tree}, Ptr{Ptr{oar_tree}}), tree, out)

"""
    oar_version() -> const char *

The version of the library that is loaded, for example \"0.1.0\".

Threads: any.
"""
oar_version() =
    ccall(@inbounds(ADDRESSES[358]), Cstring, ())

"""
    oar_work_error(work, out_error) -> oar_status

Give the operation's own error. Does not wait, and does not touch the calling thread's error.

- `work` (`const oar_work *`): borrowed.
- `out_error` (`oar_error **`): owned; end with oar_error_release. NULL while the operation runs and when it succeeded.

Threads: any.
"""
oar_work_error(work, out_error) =
    ccall(@inbounds(ADDRESSES[359]), Int32, (Ptr{oar_work}, Ptr{Ptr{oar_error}}), work, out_error)

"""
    oar_work_is_done(work, out_is_done) -> oar_status

Tell whether the operation has ended, well or not. Does not wait.

- `work` (`const oar_work *`): borrowed.
- `out_is_done` (`int32_t *`): 1 or 0.

Threads: any.
"""
oar_work_is_done(work, out_is_done) =
    ccall(@inbounds(ADDRESSES[360]), Int32, (Ptr{oar_work}, Ptr{Int32}), work, out_is_done)

"""
    oar_work_release(work) -> void

Drop a reference. Neither waits for the operation nor cancels it: the tensors stay in use until it has ended.

- `work` (`oar_work *`): NULL is allowed.

Threads: any.
"""
oar_work_release(work) =
    ccall(@inbounds(ADDRESSES[361]), Cvoid, (Ptr{oar_work},), work)

"""
    oar_work_retain(work) -> oar_status

Add a reference; each needs one oar_work_release.

- `work` (`oar_work *`): borrowed.

Threads: any.
"""
oar_work_retain(work) =
    ccall(@inbounds(ADDRESSES[362]), Int32, (Ptr{oar_work},), work)

"""
    oar_work_wait(work, timeout_ms) -> oar_status

Wait until the operation is done, and learn how it ended.

A time-out here only ends the waiting: the operation goes on, its tensors stay in use, and one may wait again. The
operation's own time-out is that of the call which started it; when it runs out the group is dead.
May be called again after the end; the answer is the same.

- `work` (`oar_work *`): borrowed.
- `timeout_ms` (`int64_t`): milliseconds to wait; 0 waits until the operation has ended by itself, which its own
  time-out bounds; negative is refused.

Threads: serial(work).
"""
oar_work_wait(work, timeout_ms) =
    ccall(@inbounds(ADDRESSES[363]), Int32, (Ptr{oar_work}, Int64), work, timeout_ms)
