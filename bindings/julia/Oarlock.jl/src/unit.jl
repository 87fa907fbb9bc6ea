# Units: parts of a program by module path, what they compute on the way, and what they cost.

"""
    set_units!(model; classes = [...], paths = [...], min_parameters = ...)
    set_units!(model, policy)

Choose the units of a program: modules of these classes, with these paths (`"encoder.layer.*"`), or the smallest with so many
elements of parameters.
"""
function set_units!(model::Model, policy::Options = nothing; keywords...)
    text = options_text(policy, keywords)
    check(Lib.oar_model_set_units(model, text == C_NULL ? "{}" : text))
    model
end

"The module paths of a model's units in the program's order, the root `\"\"` first."
units(model::Model) = names_of(out -> Lib.oar_model_num_units(model, out),
                               (index, buf, len) -> Lib.oar_model_unit_name(model, index, buf, len))

"""
    set_recompute!(model, pattern = "*", on = true)

Drop the activations of units after their forward and compute them again in the backward: less memory, the same gradients.
`*` stands for any characters, dots too; `"*"` alone is all units but the root.
"""
function set_recompute!(model::Model, pattern::AbstractString = "*", on::Bool = true)
    check(Lib.oar_model_set_recompute(model, pattern, on))
    model
end

"Run one unit on its own: a map of what flows out of it, from one of what flows in, by the names of values ([`describe`](@ref))."
function forward_unit(model::Model, unit::AbstractString, inputs)
    tree = Tree(inputs)
    owned(out -> Lib.oar_model_forward_unit(model, unit, tree, out), Tree)
end

"""
    outputs, values = forward_with_values(model, inputs, names)

Run the model, and also give values on the way, by the names of values (`"linear_1"`) or of modules (`"encoder.0.fc1"`: the last
tensor that it computes).
"""
function forward_with_values(model::Model, inputs, names)
    relieve()
    tree, listed, values = Tree(inputs), String[String(name) for name in names], Ref(Ptr{oar_tree}(C_NULL))
    outputs = owned(out -> Lib.oar_model_forward_with_values(model, tree, listed, length(listed), out, values), Tree)
    outputs, Tree(values[])
end

"What names a program has, as JSON text: inputs, outputs, parameters, units, nodes, symbols."
describe(model::Model) = text_of(out -> Lib.oar_model_describe(model, out))

"""
    profile(f, model)

Measure the units of a model while `f()` runs: time of forward and backward, calls, memory. [`profile_table`](@ref) and
[`save_profile`](@ref) tell afterwards. Gives what `f` gives.
"""
function profile(f, model::Model)
    check(Lib.oar_model_profile_start(model))
    try
        return f()
    finally
        Lib.oar_model_profile_stop(model)
    end
end

"What [`profile`](@ref) measured: a line per unit, that with the most time first."
profile_table(model::Model) = text_of(out -> Lib.oar_model_profile_table(model, out))

"Write what [`profile`](@ref) measured as a Chrome trace (chrome://tracing, ui.perfetto.dev)."
save_profile(model::Model, path::AbstractString) = check(Lib.oar_model_profile_save_trace(model, path))
