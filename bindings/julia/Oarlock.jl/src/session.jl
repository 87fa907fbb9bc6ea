# In-situ inference: a program run forward only, on the caller's own arrays.

@handle Session oar_session """
    Session(model)

One thread's runs of a program on the caller's arrays, in evaluation, without copies and without an accelerator: see
[`run!`](@ref). It keeps the model, and reads its weights where they are: what an optimizer or `load_weights!` writes shows
in the next run.
"""

Session(model::Model) = owned(out -> Lib.oar_session_create(model, out), Session)

"The paths of what a model's forward gives: `\"loss\"`, `\"0\"`, `\"hidden.1\"`."
output_names(model::Model) = names_of(out -> Lib.oar_model_num_outputs(model, out),
                                      (index, buf, len) -> Lib.oar_model_output_name(model, index, buf, len))

"""
    run!(session, outputs, inputs)
    run!(model, outputs, inputs)

Run a program: read the inputs where they lie, write the outputs where they lie. Both are arrays or tensors: one, or a tuple
or vector in the order of [`input_names`](@ref) and [`output_names`](@ref); `nothing` is not wanted, and what only it needs is
not computed. Indices are the program's, in its order; Julia's own order of memory does as well as any.

    session = Session(model)                        # one per thread
    flux, field = zeros(Float32, 100, 4), rand(Float32, 100, 8)
    run!(session, flux, field)

A model runs with a session of its own: for programs with one thread. Give [`Tensor`](@ref)s to save a microsecond per array.
"""
run!(session::Session, outputs, inputs) = run_on(Lib.oar_session_run, session, outputs, inputs)
run!(model::Model, outputs, inputs) = run_on(Lib.oar_model_run, model, outputs, inputs)

function run_on(call, object, outputs, inputs)
    given, wanted = run_tensors(inputs), run_tensors(outputs)
    GC.@preserve given wanted begin
        check(call(object, pointer_or_null.(given), length(given), pointer_or_null.(wanted), length(wanted)))
    end
end

const OneArray = Union{Tensor,AbstractArray{<:Number}}
run_tensors(array::OneArray) = Union{Tensor,Nothing}[as_brief_tensor(array)]
run_tensors(arrays) = Union{Tensor,Nothing}[array === nothing ? nothing : as_brief_tensor(array) for array in arrays]

pointer_or_null(tensor::Tensor) = handle(tensor)
pointer_or_null(::Nothing) = Ptr{oar_tensor}(C_NULL)

"Whether an output (by its number, from 1) is written straight into the caller's memory; else it is copied once."
writes_in_place(session::Session, output::Integer = 1) =
    value(out -> Lib.oar_session_writes_in_place(session, output - 1, out), Int32) != 0
