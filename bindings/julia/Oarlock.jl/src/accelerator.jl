@handle Accelerator oar_accelerator """
    Accelerator(state, options = nothing; keywords...)
    Accelerator(f, state, options = nothing; keywords...)

Prepares model, optimizer, scheduler and loaders for the ranks of a state, and owns the semantics of the training loop.
Without options it takes those of the state: `Accelerator(state, accelerator = (gradient_accumulation_steps = 4,))`.
With a function first it is closed when that ends.
"""

function Accelerator(state::State, options::StateOptions = nothing; keywords...)
    config = options === nothing && isempty(keywords) ? C_NULL : as_config(options, keywords)
    owned(out -> Lib.oar_accelerator_create(state, config, out), Accelerator)
end
Accelerator(f, state::State, options::StateOptions = nothing; keywords...) = closing(f, Accelerator(state, options; keywords...))

prepare_one(accelerator, model::Model) = check(Lib.oar_accelerator_prepare_model(accelerator, model))
prepare_one(accelerator, optimizer::Optimizer) = check(Lib.oar_accelerator_prepare_optimizer(accelerator, optimizer))
prepare_one(accelerator, scheduler::Scheduler) = check(Lib.oar_accelerator_prepare_scheduler(accelerator, scheduler))
prepare_one(accelerator, loader::Loader) = check(Lib.oar_accelerator_prepare_loader(accelerator, loader))

"""
    prepare!(accelerator, objects...)

Let the accelerator train models data-parallel over all ranks, step optimizers and schedulers, give this rank its share
of loaders' batches, and keep all of them in checkpoints. The same objects in the same order on all ranks, and when a
run is resumed. Gives the object, or a tuple of the objects.
"""
function prepare!(accelerator::Accelerator, objects...)
    foreach(object -> prepare_one(accelerator, object), objects)
    length(objects) == 1 ? objects[1] : objects
end

"""
    accumulating(f, accelerator, model = nothing)

Run `f()`, one micro-batch of an accumulation: gradients are averaged over ranks, and steps made, at every
`accelerator.gradient_accumulation_steps`-th one only, and at the last batch of an epoch.
"""
function accumulating(f, accelerator::Accelerator, model::Union{Model,Nothing} = nothing)
    check(Lib.oar_accelerator_accumulate_begin(accelerator, or_null(model)))
    result = try
        f()
    catch
        Lib.oar_accelerator_accumulate_end(accelerator)  # the failure of f is what counts
        rethrow()
    end
    check(Lib.oar_accelerator_accumulate_end(accelerator))
    result
end

"Whether the micro-batch begun last averages gradients, so that `step!` really steps."
sync_gradients(accelerator::Accelerator) = value(out -> Lib.oar_accelerator_sync_gradients(accelerator, out), Int32) != 0

"""
    backward!(accelerator, loss)

Add the gradients of the loss (over the accumulation steps) to the parameters, and average them over the ranks
meanwhile.
"""
function backward!(accelerator::Accelerator, loss::Tensor)
    thread = Threads.threadid()
    outer, BACKWARDS[thread] = BACKWARDS[thread], accelerator
    status = Lib.oar_accelerator_backward(accelerator, loss)
    BACKWARDS[thread] = outer
    check(status)
end

"""
    backward_weighted!(accelerator, loss_sum, weight; model = nothing)

Add the gradients of a sum over `weight` tokens. Where gradients are averaged over the ranks, they are divided by the
weights of all micro-batches and ranks: the exact mean. `model`: the one that the loss trains; `nothing`: all.
"""
function backward_weighted!(accelerator::Accelerator, loss_sum::Tensor, weight::Real; model::Union{Model,Nothing} = nothing)
    thread = Threads.threadid()
    outer, BACKWARDS[thread] = BACKWARDS[thread], accelerator
    status = Lib.oar_accelerator_backward_weighted(accelerator, or_null(model), loss_sum, weight)
    BACKWARDS[thread] = outer
    check(status)
end

"""
    without_sync(f, accelerator, model = nothing)

Run `f()`, in which backwards only add to this rank's gradients; the next one after it averages what is there.
"""
function without_sync(f, accelerator::Accelerator, model::Union{Model,Nothing} = nothing)
    check(Lib.oar_accelerator_no_sync_begin(accelerator, or_null(model)))
    try
        f()
    finally
        Lib.oar_accelerator_no_sync_end(accelerator)
    end
end

"""
    local_sgd(f, accelerator, model, num_steps)

Run `f()`, in which each rank trains the model by itself; at every `num_steps`-th `local_step!` parameters become their
mean over the ranks.
"""
function local_sgd(f, accelerator::Accelerator, model::Model, num_steps::Integer)
    check(Lib.oar_accelerator_local_sgd_begin(accelerator, model, num_steps))
    result = f()
    check(Lib.oar_accelerator_local_end(accelerator))
    result
end

"""
    diloco(f, accelerator, model, num_steps = 500; learning_rate = 0.7, momentum = 0.9, nesterov = true)

As `local_sgd`, but where the ranks meet, the way that they went is the gradient of an outer SGD with momentum.
"""
function diloco(f, accelerator::Accelerator, model::Model, num_steps::Integer = 500; learning_rate::Real = 0.7,
                momentum::Real = 0.9, nesterov::Bool = true)
    check(Lib.oar_accelerator_diloco_begin(accelerator, model, num_steps, learning_rate, momentum, nesterov))
    result = f()
    check(Lib.oar_accelerator_local_end(accelerator))
    result
end

"Count a step of `local_sgd` or `diloco`, after `step!`; whether the ranks were brought together."
local_step!(accelerator::Accelerator) = value(out -> Lib.oar_accelerator_local_step(accelerator, out), Int32) != 0

"Let the next backward average gradients, though it is inside of `without_sync` or only accumulates."
trigger_sync!(accelerator::Accelerator, model::Union{Model,Nothing} = nothing) =
    check(Lib.oar_accelerator_trigger_sync(accelerator, or_null(model)))

"Say whether clipping and `step!` act, until the next micro-batch: for loops that count accumulations themselves."
sync_gradients!(accelerator::Accelerator, sync::Bool) = check(Lib.oar_accelerator_set_sync_gradients(accelerator, sync))

"Micro-batches per step."
accumulation_steps(accelerator::Accelerator) =
    value(out -> Lib.oar_accelerator_accumulation_steps(accelerator, out), Int64)

"Change the number of micro-batches per step from here on."
accumulation_steps!(accelerator::Accelerator, steps::Integer) =
    check(Lib.oar_accelerator_set_accumulation_steps(accelerator, steps))

"""
    clip_grad_norm!(accelerator, model, max_norm; norm_type = 2) -> Float64

Scale the gradients so that their total norm is at most `max_norm`; gives the norm before that. `nothing` as the model:
those of all prepared models as one vector.
"""
clip_grad_norm!(accelerator::Accelerator, model::Union{Model,Nothing}, max_norm::Real; norm_type::Real = 2) =
    value(out -> Lib.oar_accelerator_clip_grad_norm(accelerator, or_null(model), max_norm, norm_type, out), Float64)

"Bring every element of the gradients into [-clip_value, clip_value]."
clip_grad_value!(accelerator::Accelerator, model::Union{Model,Nothing}, clip_value::Real) =
    check(Lib.oar_accelerator_clip_grad_value(accelerator, or_null(model), clip_value))

step!(accelerator::Accelerator, optimizer::Optimizer, scheduler::Union{Scheduler,Nothing} = nothing) =
    check(Lib.oar_accelerator_step(accelerator, optimizer, or_null(scheduler)))
step!(closure, accelerator::Accelerator, optimizer::Optimizer, scheduler::Union{Scheduler,Nothing} = nothing) =
    value(out -> Lib.oar_accelerator_step_closure(accelerator, optimizer, or_null(scheduler), Lib.@oar_closure_fn(run_closure),
                                                  root!(closure), SEM_POST[], out), Float64)

"The rows of all ranks in rank order, each sample once: those repeated to make batches even are left out."
gather_for_metrics(accelerator::Accelerator, tensor) =
    owned(out -> Lib.oar_accelerator_gather_for_metrics(accelerator, as_brief_tensor(tensor), out), Tensor)

"The mean of one number per rank, on every rank."
reduce_mean(accelerator::Accelerator, number::Real) =
    value(out -> Lib.oar_accelerator_reduce_mean(accelerator, number, out), Float64)

"""
    save(accelerator, directory = nothing; user = nothing)

Write a checkpoint of everything prepared, whole or not at all; without a directory the next below `project_dir`.
`user`: any JSON text or plain values, kept in the manifest. Gives the directory that was written.
"""
function save(accelerator::Accelerator, directory = nothing; user = nothing)
    check(Lib.oar_accelerator_save(accelerator, or_null(directory), user_text(user)))
    last_checkpoint(accelerator)
end

"The directory of the last save or load that succeeded."
last_checkpoint(accelerator::Accelerator) =
    read_text((buf, len) -> Lib.oar_accelerator_last_checkpoint(accelerator, buf, len))

user_text(::Nothing) = C_NULL
user_text(text::AbstractString) = String(text)
user_text(value) = json(value)

"""
    load!(accelerator, directory = nothing)

Put a checkpoint back into what is prepared: the same objects in the same order. Without a directory the newest of
`project_dir`.
"""
load!(accelerator::Accelerator, directory = nothing) = check(Lib.oar_accelerator_load(accelerator, or_null(directory)))

"""
Let go of everything prepared, and give memory that allocators keep back. The accelerator is as new, but for its loss
scale.
"""
free_memory!(accelerator::Accelerator) = check(Lib.oar_accelerator_free_memory(accelerator))

"Let go of everything prepared. Later calls are `:STATE` errors. May be called twice."
Base.close(accelerator::Accelerator) = check(Lib.oar_accelerator_close(accelerator))

"""
    gradient_ready!(accelerator, model, name, gradient)

Hand over one gradient of a foreign model (a tensor or an array) as soon as the program's backward has it; averaging it
over the ranks may begin at once. It is written to and kept until the step: make it anew for the next backward.
"""
gradient_ready!(accelerator::Accelerator, model::Model, name::AbstractString, gradient) =
    check(Lib.oar_accelerator_gradient_ready(accelerator, model, name, as_tensor(gradient)))

"""
    backward!(f, accelerator, model)

The backward of a foreign model: `f(ready)` calls `ready(name, gradient)` for each parameter as soon as its gradient is
computed, as [`gradient_ready!`](@ref); when it ends, the averages of all ranks are waited for.
"""
function backward!(f, accelerator::Accelerator, model::Model)
    f((name, gradient) -> gradient_ready!(accelerator, model, name, gradient))
    gradients_done!(accelerator, model)
end

"End the backward of a foreign model: waits until the gradients of all ranks are averaged."
gradients_done!(accelerator::Accelerator, model::Model) = check(Lib.oar_accelerator_gradients_done(accelerator, model))
