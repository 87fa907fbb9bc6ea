# Made by bindings/julia/generate.py from capi/api.json; do not edit.

"""
    @oar_backward_fn(function) -> Ptr{Cvoid}

Computes the gradients of a foreign model's parameters from those of its outputs, and hands them over.

- `model` (`oar_model *`): the model; valid during the call only.
- `output_gradients` (`const oar_tree *`): the outputs' structure; a tensor where an output has a gradient, None
  elsewhere. Valid during the call only.
- `user_data` (`void *`): as registered.

Threads: inside oar_accelerator_backward of a loss that came from this model.
"""
macro oar_backward_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Ptr{oar_model}, Ptr{oar_tree}, Ptr{Cvoid}))))
end

"""
    @oar_batch_size_fn(function) -> Ptr{Cvoid}

Makes one attempt of oar_find_executable_batch_size.

- `batch_size` (`int64_t`): what to try.
- `user_data` (`void *`): as given there.

Threads: inside oar_find_executable_batch_size.
"""
macro oar_batch_size_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Int64, Ptr{Cvoid}))))
end

"""
    @oar_closure_fn(function) -> Ptr{Cvoid}

Makes the gradients of the parameters as they are now, and tells the loss. Gradients of before are gone already.

- `out_loss` (`double *`): the loss; with an accelerator this rank's.
- `user_data` (`void *`): as given.

Threads: inside oar_optimizer_step_closure or oar_accelerator_step_closure; on the thread of that call.
"""
macro oar_closure_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Ptr{Float64}, Ptr{Cvoid}))))
end

"""
    @oar_collate_fn(function) -> Ptr{Cvoid}

Makes a batch of samples.

- `samples` (`const oar_tree *`): borrowed for the call; a list of samples, as the data set gives them.
- `out_batch` (`oar_tree **`): owned by the library from then on.
- `user_data` (`void *`): as registered.

Threads: inside oar_loader_next; with OAR_CALLBACK_ANY_THREAD also on loader workers, several at once.
"""
macro oar_collate_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Ptr{oar_tree}, Ptr{Ptr{oar_tree}}, Ptr{Cvoid}))))
end

"""
    @oar_exchange_fn(function) -> Ptr{Cvoid}

An all-gather over the host's own communicator.

- `mine` (`const void *`): this rank's bytes, valid during the call.
- `size` (`size_t`): how many; the same on all ranks.
- `all` (`void *`): room for world_size * size bytes: those of every rank go here, in rank order.
- `user_data` (`void *`): as registered.

Threads: inside oar_state_create_with_exchange, once.
"""
macro oar_exchange_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Ptr{Cvoid}, Csize_t, Ptr{Cvoid}, Ptr{Cvoid}))))
end

"""
    @oar_factor_fn(function) -> Ptr{Cvoid}

Tells the factor of a learning rate.

- `step` (`int64_t`): the step that the rate is for, from 0 (\"lambda\") or 1 (\"multiplicative\").
- `group_index` (`int64_t`): of the parameter group, from 0.
- `out_factor` (`double *`): the rate that it gives must be finite and at least 0.
- `user_data` (`void *`): as registered.

Threads: inside oar_scheduler_from_factors, oar_scheduler_step, oar_accelerator_step and oar_accelerator_step_closure.
"""
macro oar_factor_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Int64, Int64, Ptr{Float64}, Ptr{Cvoid}))))
end

"""
    @oar_forward_fn(function) -> Ptr{Cvoid}

Computes the outputs of a foreign model.

- `model` (`oar_model *`): the model; valid during the call only.
- `inputs` (`const oar_tree *`): what oar_model_forward was given; valid during the call only.
- `out_outputs` (`oar_tree **`): owned by the library from then on: a list or map of tensors and values.
- `user_data` (`void *`): as registered.

Threads: inside oar_model_forward or oar_model_trace of this model.
"""
macro oar_forward_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Ptr{oar_model}, Ptr{oar_tree}, Ptr{Ptr{oar_tree}}, Ptr{Cvoid}))))
end

"""
    @oar_live_handle_count_fn(function) -> Ptr{Cvoid}

\"live_handle_count\": how many handles are alive in this process. For leak tests.

- `out_count` (`int64_t *`): at least 0.

Threads: any.
"""
macro oar_live_handle_count_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Ptr{Int64},))))
end

"""
    @oar_log_fn(function) -> Ptr{Cvoid}

Takes one message. The texts are borrowed for the length of the call; calls into Oarlock are allowed but
oar_log_set_callback. On a thread of Oarlock's those that wait for other ranks or close a state give OAR_E_STATE.

- `level` (`int32_t`): one of OAR_LOG_*.
- `component` (`const char *`): the part of the library.
- `message` (`const char *`): one or more lines, without a newline at the end.
- `user_data` (`void *`): as registered.

Threads: any, several at a time; Oarlock's own only with OAR_CALLBACK_ANY_THREAD.
"""
macro oar_log_fn(trampoline)
    esc(:(@cfunction($trampoline, Cvoid, (Int32, Cstring, Cstring, Ptr{Cvoid}))))
end

"""
    @oar_print_fn(function) -> Ptr{Cvoid}

Takes a line that oar_state_print would write to standard output.

- `text` (`const char *`): one line without its newline, valid during the call.
- `user_data` (`void *`): as registered.

Threads: inside oar_state_print of this state.
"""
macro oar_print_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Cstring, Ptr{Cvoid}))))
end

"""
    @oar_progress_fn(function) -> Ptr{Cvoid}

Receives a line of progress.

- `text` (`const char *`): one line without newline; valid during the call only.
- `user_data` (`void *`): as registered.

Threads: inside oar_progress_advance or oar_progress_close of this progress.
"""
macro oar_progress_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Cstring, Ptr{Cvoid}))))
end

"""
    @oar_release_fn(function) -> Ptr{Cvoid}

Frees what `user_data` of a callback points to. Called exactly once, also if the registering call fails; but not any
more once the process is exiting.

It runs inside a call that can fail: the one that refuses or replaces the callback, or a later one on any handle; not
inside the oar_x_release that ends the object. Memory of a tensor is different: its last use may end inside
oar_tensor_release (then in the caller's floating-point environment) or on a thread of libtorch's.

- `user_data` (`void *`): as registered.

Threads: any.
"""
macro oar_release_fn(trampoline)
    esc(:(@cfunction($trampoline, Cvoid, (Ptr{Cvoid},))))
end

"""
    @oar_sample_fn(function) -> Ptr{Cvoid}

Makes one sample.

- `index` (`int64_t`): in [0, num_samples).
- `out_sample` (`oar_tree **`): owned by the library from then on.
- `user_data` (`void *`): as registered.

Threads: inside oar_loader_next or oar_dataset_get; with OAR_CALLBACK_ANY_THREAD also on loader workers, several at once.
"""
macro oar_sample_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Int64, Ptr{Ptr{oar_tree}}, Ptr{Cvoid}))))
end

"""
    @oar_sampler_fn(function) -> Ptr{Cvoid}

Gives the order of one epoch: of oar_loader_set_sampler a tensor, int64 [n], of numbers of samples; of
oar_loader_set_batch_sampler a list of such tensors, one per batch.

n, and the number of batches, may differ between epochs. Asked again for the same epoch it gives the same.

- `epoch` (`int64_t`): from 0.
- `out_order` (`oar_tree **`): owned by the library from then on.
- `user_data` (`void *`): as registered.

Threads: inside oar_loader_next, oar_loader_seek, oar_loader_load_state, oar_loader_num_batches and oar_loader_num_samples; once for each epoch, or more often after a jump to another.
"""
macro oar_sampler_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Int64, Ptr{Ptr{oar_tree}}, Ptr{Cvoid}))))
end

"""
    @oar_stream_fn(function) -> Ptr{Cvoid}

Makes the next sample of a pass over a stream, or tells that it is over.

- `epoch` (`int64_t`): the pass: what oar_loader_epoch says.
- `index` (`int64_t`): 0 begins the pass; then 1, 2, ... one after the other, except that one whose call failed is asked
  for again. A stream registered as OAR_STREAM_SEEKABLE is asked for any one.
- `out_sample` (`oar_tree **`): owned by the library from then on; left NULL: the pass has `index` samples and is over.
- `user_data` (`void *`): as registered.

Threads: inside oar_loader_next; with OAR_CALLBACK_ANY_THREAD also on a loader worker, one call at a time per loader.
"""
macro oar_stream_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Int64, Int64, Ptr{Ptr{oar_tree}}, Ptr{Cvoid}))))
end

"""
    @oar_throw_inside_core_fn(function) -> Ptr{Cvoid}

\"throw_inside_core\": throws an exception of the given kind inside the library, so that a host can test what it does
with failures that nobody foresaw. Returns what any function would return for it.

- `kind` (`int32_t`): one of OAR_THROW_*.

Threads: any.
"""
macro oar_throw_inside_core_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Int32,))))
end

"""
    @oar_update_fn(function) -> Ptr{Cvoid}

Updates one parameter in its memory.

- `name` (`const char *`): of the parameter.
- `parameter` (`oar_tensor *`): without autograd; valid during the call only, as all that follow.
- `gradient` (`oar_tensor *`): shape, dtype, device and strides of the parameter. May be changed.
- `state` (`oar_tree *`): what the optimizer keeps for this parameter: a map, empty at its first update. What is put in
  by oar_tree_set and oar_tree_set_tensor is there in the next one and in checkpoints: tensors and single values, not
  lists or maps; keys without dots. A loaded checkpoint is written into the memory of tensors that are there already.
- `options` (`const oar_tree *`): those in force for the parameter's group: a map, with \"lr\" as schedules set it.
- `user_data` (`void *`): as registered.

Threads: inside the call that steps the optimizer; one parameter after the other, in the optimizer's order.
"""
macro oar_update_fn(trampoline)
    esc(:(@cfunction($trampoline, Int32, (Cstring, Ptr{oar_tensor}, Ptr{oar_tensor}, Ptr{oar_tree}, Ptr{oar_tree}, Ptr{Cvoid}))))
end
