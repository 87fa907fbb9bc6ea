# Frozen parameters, and adapters: a few small matrices trained beside weights that stay as they are.

"""
    freeze!(model, pattern) -> Int
    thaw!(model, pattern) -> Int

Take parameters out of training, or put them back, before an optimizer is made of the model: those whose names fit
`"encoder.*"` or `"*.bias"`, where `*` stands for any characters. Gives how many names fitted.
"""
freeze!(model::Model, pattern::AbstractString) = Int(value(out -> Lib.oar_model_freeze(model, pattern, 1, out), Int64))

"Put parameters back into training; see [`freeze!`](@ref)."
thaw!(model::Model, pattern::AbstractString) = Int(value(out -> Lib.oar_model_freeze(model, pattern, 0, out), Int64))

"""
    add_lora!(model, targets; rank = 8, alpha = 8, dropout = 0, freeze = true)

Give linear layers low-rank adapters, and freeze everything else: `add_lora!(model, ["*.q_proj", "*.v_proj"]; rank = 4)`.
Targets are patterns of module paths. The results stay those of before until the adapters are trained.
"""
function add_lora!(model::Model, targets; options...)
    listed = targets isa AbstractString ? [targets] : targets
    check(Lib.oar_model_add_lora(model, json(merge((targets = listed,), values(options)))))
    model
end

"Write the adapters alone, as a folder that PEFT reads."
save_lora(model::Model, directory::AbstractString) = check(Lib.oar_model_save_lora(model, directory))

"Read adapters that [`save_lora`](@ref) or PEFT wrote, all or none. A model without any gets them."
function load_lora!(model::Model, directory::AbstractString)
    check(Lib.oar_model_load_lora(model, directory))
    model
end

"Put the adapters into the weights and take them away: the model has the parameters of before, still frozen."
function merge_lora!(model::Model)
    check(Lib.oar_model_merge_lora(model))
    model
end
