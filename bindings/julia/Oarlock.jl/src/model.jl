@handle Model oar_model """
    Model(state, path, options = nothing; keywords...)
    Model(state)

Parameters, buffers, and how to run and differentiate them: an exported program (`.pt2`) with its weights, or, without a
path, a model that the program writes itself (see [`register_parameter!`](@ref) and [`set_forward!`](@ref)). Options:
section `model` of docs/options.md.

    outputs = model(batch)             # or forward(model, batch): a Tree, or anything that Tree takes
    model["fc.weight"]                 # a parameter or buffer, sharing its memory
    keys(model)                        # the names of the trained parameters, in the program's order

A model begins in training mode.
"""

Model(state::State, path::AbstractString, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_model_load(state, path, options_text(options, keywords), out), Model)

"Run the model: inputs as a map by name or a list by position; outputs as a map by name, or a list."
function forward(model::Model, inputs)
    relieve()
    tree = Tree(inputs)
    owned(out -> Lib.oar_model_forward(model, tree, out), Tree)
end
(model::Model)(inputs) = forward(model, inputs)

"Choose between training (the default) and evaluation, `training!(model, false)`, for the forwards that follow."
function training!(model::Model, on::Bool = true)
    check(Lib.oar_model_set_training(model, on))
    model
end

"Whether the model is in training mode."
is_training(model::Model) = value(out -> Lib.oar_model_is_training(model, out), Int32) != 0

names_of(count, name) =
    [read_text((buf, len) -> name(index, buf, len)) for index in 0:value(count, Int64)-1]

"The names of the model's inputs."
input_names(model::Model) = names_of(out -> Lib.oar_model_num_inputs(model, out),
                                     (index, buf, len) -> Lib.oar_model_input_name(model, index, buf, len))

"The names of the trained parameters, in the program's order; tied ones once."
parameter_names(model::Model) = names_of(out -> Lib.oar_model_num_parameters(model, out),
                                         (index, buf, len) -> Lib.oar_model_parameter_name(model, index, buf, len))
Base.keys(model::Model) = parameter_names(model)

Base.getindex(model::Model, name::AbstractString) = owned(out -> Lib.oar_model_tensor(model, name, out), Tensor)

"The gradient of a parameter, sharing its memory; `nothing` if it has none."
gradient(model::Model, name::AbstractString) = owned_or_nothing(out -> Lib.oar_model_gradient(model, name, out), Tensor)

"Write every persistent parameter and buffer as one safetensors file."
save_weights(model::Model, path::AbstractString) = check(Lib.oar_model_save_weights(model, path))

"Replace every persistent parameter and buffer by that of a safetensors file: all or nothing."
function load_weights!(model::Model, path::AbstractString)
    check(Lib.oar_model_load_weights(model, path))
    model
end
