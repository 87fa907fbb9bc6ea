"""
Train models on one process or many, from Julia: the binding of liboarlock.

    using Oarlock
    State(seed = 7) do state
        accelerator = Accelerator(state)
        loader = Loader(Dataset("train.safetensors"); batch_size = 32, shuffle = true)
        model = Model(state, "model.pt2")
        optimizer = Optimizer(model, "adamw"; lr = 0.003)
        prepare!(accelerator, model, optimizer, loader)
        for batch in loader                      # one epoch
            loss = model(batch)["loss"]
            backward!(accelerator, loss)
            step!(accelerator, optimizer)
        end
    end

Every C function is in `Oarlock.LibOarlock` under its own name, generated from the headers. What it calls an error is an
[`OarlockError`](@ref) here; objects end with the garbage collector, at once by `finalize`, and where they have
something to finish by `close`. Objects take one call at a time; different objects may be used by different threads.
"""
module Oarlock

export OarlockError
export Config
export State, world_size, local_rank, local_world_size, is_main_process, is_local_main_process, is_last_process
export request_stop, should_stop, shrink, device, on_print
export Group, Work, barrier, abort, set_tag, alloc_shared, all_reduce!, all_gather!, all_gather, broadcast_from!
export subgroup, world_ranks, translate_rank, Mesh, flatten!, coordinate, rank_at
export reduce!, all_gather_rows!, reduce_scatter!, gather!, scatter!, all_to_all!, send, receive!, start_send, start_receive!
export all_reduce_coalesced!, broadcast_coalesced!, all_gather_coalesced!, reduce_scatter_coalesced!
export start_all_reduce!, start_all_gather!, start_broadcast_from!, is_done, failure, all_gather_bytes, broadcast_bytes
export arrival_skew
export Tensor, asarray, memory_array, item, is_read_only, contiguous, to_dlpack, from_dlpack, read_npy
export Tree, native, batch_size, rows, concatenate, pad_to_multiple, to_device, to_float32, to_numbers, tree_from_json
export gather_tree, reduce_tree, broadcast_tree_from!, pad_tree, copy_tree, gather_objects, broadcast_object
export Dataset, stream_dataset, token_dataset, csv_dataset, Loader, num_samples, num_batches, samples_in_round, epoch, seek!, set_shard!, loader_state, load_state!
export set_indices!, set_weights!, set_sampler!, set_batch_sampler!, set_padding!, set_collate!, pack, dispatched_loader
export split_rows, split_tree
export Model, forward, training!, is_training, parameter_names, input_names, gradient, save_weights, load_weights!
export register_parameter!, register_buffer!, parameter, scope, set_forward!, set_backward!, trace
export freeze!, thaw!, add_lora!, save_lora, load_lora!, merge_lora!
export Session, run!, output_names, writes_in_place
export set_units!, units, set_recompute!, forward_unit, forward_with_values, describe, profile, profile_table, save_profile
export load_library, op, no_grad, op_signatures, op_names
export Optimizer, Scheduler, keep!, state_dict, load_state_dict!, step!, step_metric!, zero_grad!, learning_rate, set_learning_rate!, num_steps
export num_groups, group_options, set_group_options!
export Accelerator, prepare!, accumulating, sync_gradients, backward!, clip_grad_norm!, clip_grad_value!
export backward_weighted!, without_sync, trigger_sync!, sync_gradients!, accumulation_steps, accumulation_steps!, local_sgd, diloco, local_step!
export gather_for_metrics, reduce_mean
export gather_tree_for_metrics, set_trigger!, check_trigger
export find_executable_batch_size, free_memory!
export mixed_precision, autocast, unscale_gradients!, step_was_skipped, loss_scale, scaler_state, load_scaler_state!
export save, load!, last_checkpoint, gradient_ready!, gradients_done!
export Tracker, log!, Progress, advance!, on_progress, on_log, set_log_level
export timed, timer_report, reset_timers!, record_profile, log_by_rank, synchronize_rng!, set_deterministic!, memory_report
export Checkpoint, latest_checkpoint, verify, manifest, user_json

include("lowlevel.jl")
using .LibOarlock
using .LibOarlock: oar_accelerator, oar_bytes, oar_checkpoint, oar_config, oar_dataset, oar_error, oar_group, oar_loader,
    oar_mesh, oar_model, oar_optimizer, oar_progress, oar_scheduler, oar_session, oar_state, oar_tensor, oar_tracker, oar_tree, oar_value,
    oar_work
const Lib = LibOarlock

include("library.jl")
include("errors.jl")
include("memory.jl")
include("handles.jl")
include("roots.jl")
include("json.jl")
include("config.jl")
include("state.jl")
include("tensor.jl")
include("arrays.jl")
include("group.jl")
include("collectives.jl")
include("subgroup.jl")
include("mesh.jl")
include("tree.jl")
include("data.jl")
include("model.jl")
include("foreign.jl")
include("op.jl")
include("adapter.jl")
include("session.jl")
include("unit.jl")
include("optimizer.jl")
include("accelerator.jl")
include("precision.jl")
include("batch_size.jl")
include("nested.jl")
include("output.jl")
include("services.jl")
include("checkpoint.jl")

function __init__()
    open_library!()
    watch_memory!()
    SEM_POST[] = cglobal(:sem_post)
    resize!(FAILURES, isdefined(Threads, :maxthreadid) ? Threads.maxthreadid() : Threads.nthreads())
    fill!(FAILURES, nothing)
    append!(empty!(BACKWARDS), FAILURES)
end

end
