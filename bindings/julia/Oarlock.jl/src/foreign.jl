# Models that the program writes itself: parameters by name, scopes, a forward that is a function.

Model(state::State) = owned(out -> Lib.oar_model_create_foreign(state, out), Model)

"""
    register_parameter!(model, name, tensor)

Let a foreign model train a tensor, or an array by its memory: optimizer steps, rank 0's values and loaded checkpoints
are written there, where the program's forward finds them. All ranks register the same names and shapes in the same
order, that of the forward. Within a [`scope`](@ref) the name is relative to it.
"""
function register_parameter!(model::Model, name::AbstractString, tensor)
    check(Lib.oar_model_register_parameter(model, name, as_tensor(tensor)))
    tensor
end

"As [`register_parameter!`](@ref), for what is not trained but kept in checkpoints: running statistics, frozen weights."
function register_buffer!(model::Model, name::AbstractString, tensor)
    check(Lib.oar_model_register_buffer(model, name, as_tensor(tensor)))
    tensor
end

"""
    parameter(model, name) -> Tensor

A registered parameter or buffer with its place in autograd, which `model[name]` leaves out: what operators ([`op`](@ref))
take. Within a [`scope`](@ref) the name is relative to it.
"""
parameter(model::Model, name::AbstractString) = owned(out -> Lib.oar_model_parameter(model, name, out), Tensor)

"""
    scope(f, model, name, class_name = nothing)

Run `f()` in a part of the model with a name of its own, as a module is in Python: names of parameters are relative to it,
and operators called there belong to it. Scopes nest; parts of a name between dots are scopes of their own.

    scope(model, "blocks.0", "Block") do
        op(state, "aten::linear", x, parameter(model, "weight"))     # blocks.0.weight
    end
"""
function scope(f, model::Model, name::AbstractString, class_name = nothing)
    check(Lib.oar_model_enter_scope(model, name, or_null(class_name)))
    result = try
        f()
    catch
        Lib.oar_model_exit_scope(model)  # the failure of f is what counts
        rethrow()
    end
    check(Lib.oar_model_exit_scope(model))
    result
end

"""
    trace(model, inputs; dynamic = nothing) -> Model

Record the forward of a foreign model as a program, which shares its parameters and needs no Julia any more: the operators
that the forward calls become the program, the scopes its module paths.

`inputs` are examples by name. `dynamic` names the dimensions that take any size, in order, `nothing` those that do not:
`(x = (:batch, nothing), target = (:batch, nothing))`. Equal names are equal sizes. The forward runs once more for each name,
and once with all of them changed; what differs between the runs is an `OarlockError{:ARGUMENT}` that names operator and scope.
"""
function trace(model::Model, inputs; dynamic = nothing)
    tree = Tree(inputs)
    text = dynamic === nothing ? C_NULL : json(Dict(String(name) => dynamic_dims(dims) for (name, dims) in pairs(dynamic)))
    owned(out -> Lib.oar_model_trace(model, tree, text, out), Model)
end

dynamic_dims(dims) = Dict(string(dim - 1) => String(name) for (dim, name) in enumerate(dims) if name !== nothing)

function run_forward(model, inputs, out_outputs, slot)
    trapped(slot) do f
        Lib.oar_model_retain(model) == Lib.OAR_OK && Lib.oar_tree_retain(inputs) == Lib.OAR_OK || error("the model has ended")
        outputs = Tree(f(Model(model), Tree(inputs)))
        check(Lib.oar_tree_retain(outputs))
        unsafe_store!(out_outputs, handle(outputs))
    end
end

"""
    set_forward!(f, model)
    set_forward!(nothing, model)

Compute the outputs of a foreign model by `f(model, inputs)`, or not any more. `inputs` is a [`Tree`](@ref), what `f` gives
anything that `Tree` takes. An exception in `f` is thrown by the call that ran it.

    set_forward!(model) do model, inputs
        y = op(state, "aten::linear", inputs["x"], parameter(model, "weight"))
        (loss = op(state, "aten::mse_loss", y, inputs["y"]), y = y)
    end
"""
function set_forward!(f, model::Model)
    check(Lib.oar_model_set_forward(model, Lib.@oar_forward_fn(run_forward), root!(f), SEM_POST[]))
    model
end
function set_forward!(::Nothing, model::Model)
    check(Lib.oar_model_set_forward(model, C_NULL, C_NULL, C_NULL))
    model
end

# The accelerator whose backward! runs, by thread: what gradients that a function hands over are for.
const BACKWARDS = Any[]

function run_backward(model, gradients, slot)
    trapped(slot) do f
        Lib.oar_tree_retain(gradients) == Lib.OAR_OK || error("the gradients have ended")
        accelerator = BACKWARDS[Threads.threadid()]
        f(Tree(gradients), (name, gradient) ->
            check(Lib.oar_accelerator_gradient_ready(accelerator, model, name, as_tensor(gradient))))
    end
end

"""
    set_backward!(f, model)
    set_backward!(nothing, model)

Compute gradients by `f(gradients, ready)`, for a forward that computes without operators: [`backward!`](@ref) of a loss that
comes from the outputs runs it. `gradients` are those of the outputs, `nothing` where there is none; `f` calls
`ready(name, gradient)` for every parameter as soon as it has its gradient, an array of its own for each backward. An exception in
`f` is thrown by `backward!`.
"""
function set_backward!(f, model::Model)
    check(Lib.oar_model_set_backward(model, Lib.@oar_backward_fn(run_backward), root!(f), SEM_POST[]))
    model
end
function set_backward!(::Nothing, model::Model)
    check(Lib.oar_model_set_backward(model, C_NULL, C_NULL, C_NULL))
    model
end
