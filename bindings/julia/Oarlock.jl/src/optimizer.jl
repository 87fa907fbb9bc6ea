@handle Optimizer oar_optimizer """
    Optimizer(model, name, options = nothing; keywords...)

Updates of a model's parameters: `"adamw"`, `"sgd"`, `"lion"`, ... with the options of torch.optim (`lr`, `momentum`, `betas`,
`weight_decay`, ...) and `params` and `groups`; docs/optimizers.md lists them. Programs with an accelerator call `step!(accelerator,
optimizer)`.
"""

Optimizer(model::Model, name::AbstractString, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_optimizer_create(model, name, options_text(options, keywords), out), Optimizer)

"""
    step!(optimizer)
    step!(scheduler)
    step!(accelerator, optimizer, scheduler = nothing)

Update the parameters by their gradients; set the learning rate of the next step; or, with an accelerator, both, and
then drop the gradients, at the ends of accumulations only.
"""
step!(optimizer::Optimizer) = check(Lib.oar_optimizer_step(optimizer))

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

"Tell the schedule `plateau` the metric of an evaluation."
step_metric!(scheduler::Scheduler, metric::Real) = check(Lib.oar_scheduler_step_metric(scheduler, metric))

step!(scheduler::Scheduler) = check(Lib.oar_scheduler_step(scheduler))
num_steps(scheduler::Scheduler) = Int(value(out -> Lib.oar_scheduler_num_steps(scheduler, out), Int64))
