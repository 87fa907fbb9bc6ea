@handle Optimizer oar_optimizer """
    Optimizer(model, name, options = nothing; keywords...)

Updates of a model's parameters: `"adamw"`, `"sgd"`, `"lion"`, ... with the options of torch.optim (`lr`, `momentum`, `betas`,
`weight_decay`, ...) and `params` and `groups`; docs/optimizers.md lists them. Programs with an accelerator call `step!(accelerator,
optimizer)`.
"""

Optimizer(model::Model, name::AbstractString, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_optimizer_create(model, name, options_text(options, keywords), out), Optimizer)

function run_update(name, parameter, gradient, state, options, slot)
    trapped(slot) do f
        for handle in (parameter, gradient)
            check(Lib.oar_tensor_retain(handle))
        end
        for handle in (state, options)
            check(Lib.oar_tree_retain(handle))
        end
        f(unsafe_string(name), Tensor(parameter), Tensor(gradient), Tree(state), Tree(options))
    end
end

"""
    Optimizer(f, model, name, options = nothing; keywords...)

An optimizer whose rule is `f(name, parameter, gradient, state, options)`, which updates one parameter in its memory. `state` is a
[`Tree`](@ref), empty at the parameter's first update, to be filled by [`keep!`](@ref); what is in it is there in the next update
and in checkpoints. `options` are those of the parameter's group, `options["lr"]` and whatever was given. An exception in `f` is
thrown by the call that steps.

    Optimizer(model, "descent"; lr = 0.1) do name, parameter, gradient, state, options
        asarray(parameter) .-= Float32(options["lr"]) .* asarray(gradient)
    end
"""
Optimizer(f, model::Model, name::AbstractString, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_optimizer_create_foreign(model, name, options_text(options, keywords), Lib.@oar_update_fn(run_update),
                                                  root!(f), SEM_POST[], out), Optimizer)

"""
    keep!(state, name, value)

Keep a tensor, an array or a single value for the next update of the same parameter, in the function of an [`Optimizer`](@ref).
"""
function keep!(state::Tree, name::AbstractString, value)
    check(Lib.oar_tree_set(state, name, Tree(value)))
    state
end

function run_closure(out_loss, slot)
    trapped(slot) do f
        unsafe_store!(out_loss, Float64(f()))
    end
end

"""
    step!(optimizer)
    step!(scheduler)
    step!(accelerator, optimizer, scheduler = nothing)
    step!(closure, optimizer) -> Float64
    step!(closure, accelerator, optimizer, scheduler = nothing) -> Float64

Update the parameters by their gradients; set the learning rate of the next step; or, with an accelerator, both, and
then drop the gradients, at the ends of accumulations only.

A `closure` makes the gradients, with an accelerator by [`backward!`](@ref), and gives the loss: `"lbfgs"` calls it several times,
every other optimizer once. Gradients are dropped before each call. The result is its first loss, with an accelerator the mean over
the ranks. What it throws is thrown here; parameters and state are those of before then.
"""
step!(optimizer::Optimizer) = check(Lib.oar_optimizer_step(optimizer))
step!(closure, optimizer::Optimizer) =
    value(out -> Lib.oar_optimizer_step_closure(optimizer, Lib.@oar_closure_fn(run_closure), root!(closure), SEM_POST[], out), Float64)

"Drop all gradients."
zero_grad!(optimizer::Optimizer) = check(Lib.oar_optimizer_zero_grad(optimizer))

"Parameters to train with (the default) or to evaluate with: `schedule_free_adamw` needs it, others do nothing."
function training!(optimizer::Optimizer, on::Bool = true)
    check(Lib.oar_optimizer_set_training(optimizer, on))
    optimizer
end

"How many parameter groups there are."
num_groups(optimizer::Optimizer) = Int(value(out -> Lib.oar_optimizer_num_groups(optimizer, out), Int64))

"The options in force for parameter group `group`, from 1, and the names of its parameters, as one JSON object."
group_options(optimizer::Optimizer, group::Integer) =
    read_text((buf, len) -> Lib.oar_optimizer_group_options(optimizer, group - 1, buf, len))

"Change options of parameter group `group`, from 1, from the next step on."
function set_group_options!(optimizer::Optimizer, group::Integer, options::Options = nothing; keywords...)
    text = options_text(options, keywords)
    check(Lib.oar_optimizer_set_group_options(optimizer, group - 1, text == C_NULL ? "{}" : text))
    optimizer
end

"The learning rate that the next step will use; with several parameter groups the first one's."
learning_rate(optimizer::Optimizer) = value(out -> Lib.oar_optimizer_learning_rate(optimizer, out), Float64)

"Set the learning rate. A scheduler sets it again at its next step."
function set_learning_rate!(optimizer::Optimizer, rate::Real)
    check(Lib.oar_optimizer_set_learning_rate(optimizer, rate))
    optimizer
end

"Steps made so far, those before a resume included."
num_steps(optimizer::Optimizer) = Int(value(out -> Lib.oar_optimizer_num_steps(optimizer, out), Int64))

@handle Scheduler oar_scheduler """
    Scheduler(optimizer, name, options = nothing; keywords...)

Learning rates as closed formulas of the step: `"linear"`, `"cosine"`, `"one_cycle"`, `"plateau"`, ... with `warmup_steps`,
`total_steps`, ... (docs/optimizers.md). Sets the optimizer's rate to that of step 0 at once.
"""

Scheduler(optimizer::Optimizer, name::AbstractString, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_scheduler_create(optimizer, name, options_text(options, keywords), out), Scheduler)

function run_factor(step, group, out_factor, slot)
    trapped(slot) do f
        unsafe_store!(out_factor, Float64(f(Int(step), Int(group) + 1)))
    end
end

"""
    Scheduler(f, optimizer, name = "lambda")

A schedule by a function: the rate of parameter group `group`, from 1, is its initial one times `f(step, group)`, steps from 0. As
`"multiplicative"` the factor is of the rate of the step before, from step 1 on. Checkpoints keep step and rates, not `f`.

    Scheduler((step, group) -> 0.95^step, optimizer)
"""
Scheduler(f, optimizer::Optimizer, name::AbstractString = "lambda") =
    owned(out -> Lib.oar_scheduler_from_factors(optimizer, name, Lib.@oar_factor_fn(run_factor), root!(f), SEM_POST[], out), Scheduler)

"""
    state_dict(optimizer) -> Tree
    state_dict(scheduler) -> Tree

The state as torch's class of the same name has it; docs/optimizers.md. Its tensors share the optimizer's memory.
"""
state_dict(optimizer::Optimizer) = owned(out -> Lib.oar_optimizer_state_dict(optimizer, out), Tree)
state_dict(scheduler::Scheduler) = owned(out -> Lib.oar_scheduler_state_dict(scheduler, out), Tree)

"Take over a state that [`state_dict`](@ref) or torch's class of the same name gave."
load_state_dict!(optimizer::Optimizer, state) = check(Lib.oar_optimizer_load_state_dict(optimizer, Tree(state)))
load_state_dict!(scheduler::Scheduler, state) = check(Lib.oar_scheduler_load_state_dict(scheduler, Tree(state)))

"Tell the schedule `plateau` the metric of an evaluation."
step_metric!(scheduler::Scheduler, metric::Real) = check(Lib.oar_scheduler_step_metric(scheduler, metric))

step!(scheduler::Scheduler) = check(Lib.oar_scheduler_step(scheduler))
num_steps(scheduler::Scheduler) = Int(value(out -> Lib.oar_scheduler_num_steps(scheduler, out), Int64))
