"The option `accelerator.mixed_precision`: \"no\", \"bf16\" or \"fp16\"."
mixed_precision(accelerator::Accelerator) =
    read_text((buf, len) -> Lib.oar_accelerator_mixed_precision(accelerator, buf, len))

"""
    autocast(f, accelerator, enabled = true)

Run `f()`, whose calls of operators compute in 16 bits what they can, as the forwards of prepared models do; with
`enabled = false`, inside of such a forward, in what they are given.
"""
function autocast(f, accelerator::Accelerator, enabled::Bool = true)
    check(Lib.oar_accelerator_autocast_begin(accelerator, enabled))
    result = try
        f()
    catch
        Lib.oar_accelerator_autocast_end(accelerator)  # the failure of f is what counts
        rethrow()
    end
    check(Lib.oar_accelerator_autocast_end(accelerator))
    result
end

"""
    unscale_gradients!(accelerator, optimizer = nothing)

Divide the gradients of an optimizer (of all prepared ones) by the loss scale, before the program reads or changes them;
clipping and steps do it by themselves.
"""
unscale_gradients!(accelerator::Accelerator, optimizer::Union{Optimizer,Nothing} = nothing) =
    check(Lib.oar_accelerator_unscale_gradients(accelerator, or_null(optimizer)))

"Whether the last step of an optimizer (of any) was left out because gradients were not finite."
step_was_skipped(accelerator::Accelerator, optimizer::Union{Optimizer,Nothing} = nothing) =
    value(out -> Lib.oar_accelerator_step_was_skipped(accelerator, or_null(optimizer), out), Int32) != 0

"By what the next loss is multiplied; 1 without a scaler."
loss_scale(accelerator::Accelerator) = value(out -> Lib.oar_accelerator_loss_scale(accelerator, out), Float64)

"The scaler's state as JSON text, by the names of `torch.amp.GradScaler`; `{}` without a scaler."
scaler_state(accelerator::Accelerator) =
    read_text((buf, len) -> Lib.oar_accelerator_scaler_state(accelerator, buf, len))

"Go on from a state that [`scaler_state`](@ref) gave."
load_scaler_state!(accelerator::Accelerator, state::AbstractString) =
    check(Lib.oar_accelerator_load_scaler_state(accelerator, state))
