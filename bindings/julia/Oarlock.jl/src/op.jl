# Operators of libtorch by name, with autograd: for building models without Python.

"""
    op(state, name, arguments...; keywords...)

Call an operator of libtorch, as `torch.ops` does in Python. Results of a model's parameters ([`parameter`](@ref)) lead back
to them: [`backward!`](@ref) goes through the operators.

    y = op(state, "aten::linear", x, weight, bias)
    values, indices = op(state, "aten::topk", y, 5)
    op(state, "aten::sum", y, (1,), true; dtype = Float64)

Arguments are tensors and arrays of numbers (by their memory), numbers, truth values, texts, element types and `nothing`.
Lists are tuples; of tensors also vectors. Dimensions count from 0, as the operators do. Without an overload (`"aten::add"`,
not `"aten::add.Tensor"`) the first that takes the arguments runs.

Gives a [`Tensor`](@ref); a tuple of an operator that gives several, or a list; `nothing` of one that gives nothing. What an
operator does not take is an `OarlockError{:ARGUMENT}` that names the argument, an unknown operator `:UNSUPPORTED` with the
nearest name.
"""
function op(state::State, name::AbstractString, arguments...; keywords...)
    relieve_now_and_then()
    kept = Any[]
    values = oar_value[op_value(argument, C_NULL, kept) for argument in arguments]
    for (key, argument) in keywords
        text = String(key)
        push!(kept, text)
        push!(values, op_value(argument, pointer(text), kept))
    end
    outputs, count = Vector{Ptr{oar_tensor}}(undef, OP_RESULTS_MAX), Ref{Csize_t}(OP_RESULTS_MAX)
    call = get(task_local_storage(), :oarlock_no_grad, false) ? Lib.oar_op_call_no_grad : Lib.oar_op_call
    GC.@preserve kept check(call(state, name, values, length(values), outputs, count))
    results = Tuple(pointer == C_NULL ? nothing : Tensor(pointer) for pointer in view(outputs, 1:Int(count[])))
    length(results) == 1 && !gives_list(name) ? results[1] : isempty(results) ? nothing : results
end

"""
    no_grad(body)

Run `body()` with operators that record no autograd, in this task.

    no_grad() do
        op(state, "aten::sub_", parameter(model, "weight"), step)
    end

Results lead back to nothing, and operators may write to parameters. It ends with `body`, however that ends; tasks that `body`
starts record. Forwards of programs follow the model's mode ([`training!`](@ref)).
"""
no_grad(body) = task_local_storage(body, :oarlock_no_grad, true)

const OP_RESULTS_MAX = 1024

# Whether an operator gives a list, so that how many results there are depends on the arguments.
const LISTS_GIVEN = Dict{String,Bool}()
const LISTS_LOCK = ReentrantLock()
gives_list(name) = lock(LISTS_LOCK) do
    get!(LISTS_GIVEN, name) do
        given = [found.captures[1] for found in eachmatch(r"\) -> ([^\"]*)\"", op_signatures(name))]
        all(endswith("[]"), filter(!=("()"), given))
    end
end

# What C takes for an argument; `kept` keeps what it points to.
op_value(kind, name; integer = 0, real = 0.0, data = C_NULL) =
    oar_value(sizeof(oar_value), kind, integer, real, data, name)

op_value(::Nothing, name, kept) = op_value(Lib.OAR_VALUE_NONE, name)
op_value(flag::Bool, name, kept) = op_value(Lib.OAR_VALUE_BOOL, name; integer = flag)
op_value(number::Integer, name, kept) = op_value(Lib.OAR_VALUE_INT, name; integer = number)
op_value(number::Real, name, kept) = op_value(Lib.OAR_VALUE_FLOAT, name; real = number)
op_value(type::Type, name, kept) = op_value(Lib.OAR_VALUE_DTYPE, name; integer = dtype_of(type))
op_value(tensor::Tensor, name, kept) = (push!(kept, tensor); op_value(Lib.OAR_VALUE_TENSOR, name; data = handle(tensor)))
op_value(array::AbstractArray{<:Number}, name, kept) = op_value(as_tensor(array), name, kept)

function op_value(text::Union{AbstractString,Symbol}, name, kept)
    '\0' in String(text) && refuse(Lib.OAR_E_ARGUMENT, "a text for an operator has a NUL: $(repr(text))", "op")
    op_list(Lib.OAR_VALUE_STRING, name, String(text), kept, 0)
end

op_value(list::Tuple{Vararg{Bool}}, name, kept) = op_list(Lib.OAR_VALUE_BOOLS, name, Int32[list...], kept)
op_value(list::Tuple{Vararg{Integer}}, name, kept) = op_list(Lib.OAR_VALUE_INTS, name, Int64[list...], kept)
op_value(list::Tuple{Vararg{Real}}, name, kept) = op_list(Lib.OAR_VALUE_FLOATS, name, Float64[list...], kept)
op_value(::Tuple{}, name, kept) = op_list(Lib.OAR_VALUE_INTS, name, Int64[], kept)

function op_value(list::Union{Tuple,AbstractVector{<:Union{Nothing,Tensor,AbstractArray}},Vector{Any}}, name, kept)
    tensors = Union{Tensor,Nothing}[item === nothing ? nothing : op_tensor(item) for item in list]
    push!(kept, tensors)
    pointers = Ptr{oar_tensor}[tensor === nothing ? C_NULL : handle(tensor) for tensor in tensors]
    op_list(Lib.OAR_VALUE_TENSORS, name, pointers, kept)
end

op_tensor(item::Union{Tensor,AbstractArray{<:Number}}) = as_tensor(item)
op_tensor(item) = refuse(Lib.OAR_E_ARGUMENT, "an operator takes lists of numbers, of truth values or of tensors; a " *
                         "$(typeof(item)) was in one", "op")

op_value(value, name, kept) = refuse(Lib.OAR_E_ARGUMENT, "an operator takes tensors, arrays of numbers, numbers, truth values, " *
                                     "texts, element types, nothing, and tuples of them, not a $(typeof(value))", "op")

function op_list(kind, name, data, kept, count = length(data))
    push!(kept, data)
    op_value(kind, name; integer = count, data = Ptr{Cvoid}(pointer(data)))
end

"The overloads of an operator in the order in which they are tried, as JSON text: name, overload, arguments, returns, schema."
op_signatures(name::AbstractString) = text_of(out -> Lib.oar_op_signatures(name, out))

"The names of all operators, or of those of a namespace (`\"aten\"`), sorted."
function op_names(name_space = nothing)
    names = text_of(out -> Lib.oar_op_names(or_null(name_space), out))
    [String(found.captures[1]) for found in eachmatch(r"\"([^\"]+)\"", names)]
end

"""
    load_library(path)

Load a library of custom operators (TORCH_LIBRARY), before a program that calls them. Its code runs: load what you trust.
"""
load_library(path::AbstractString) = check(Lib.oar_load_library(path))

"The text that a call gives as bytes."
function text_of(call)
    out = Ref(Ptr{oar_bytes}(C_NULL))
    check(call(out))
    String(take_bytes(out[]))
end
