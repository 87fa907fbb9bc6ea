@handle Optimizer oar_optimizer """
    Optimizer(model, name, options = nothing; keywords...)

Updates of a model's parameters: `"sgd"` or `"adamw"`, with the options of torch.optim (`lr`, `momentum`, `betas`,
`weight_decay`, ...; section `optimizer` of docs/options.md). Programs with an accelerator call `step!(accelerator,
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

"The learning rate that the next step will use."
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

Learning rates as closed formulas of the step: `"constant"`, `"linear"`, `"cosine"` or `"step"`, with `warmup_steps`,
`total_steps`, ... (section `scheduler` of docs/options.md). Sets the optimizer's rate to that of step 0 at once.
"""

Scheduler(optimizer::Optimizer, name::AbstractString, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_scheduler_create(optimizer, name, options_text(options, keywords), out), Scheduler)

step!(scheduler::Scheduler) = check(Lib.oar_scheduler_step(scheduler))
num_steps(scheduler::Scheduler) = Int(value(out -> Lib.oar_scheduler_num_steps(scheduler, out), Int64))
