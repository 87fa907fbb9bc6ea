# What a status that is not OAR_OK becomes.

"""
    OarlockError{kind} <: Exception

What a call of Oarlock failed with. `kind` is the name of the code, so that a failure can be told by type:

    try
        Dataset("missing.safetensors")
    catch error
        error isa OarlockError{:NOT_FOUND} || rethrow()
    end

# Fields
- `code`: the number; those of `Oarlock.LibOarlock.OAR_E_*`.
- `name`: `"NOT_FOUND"`, the same as `kind`.
- `message`: what failed, where, and what to do.
- `operation`: what was being done: `"all_reduce"`, or the C function.
- `component`: the part of the library; `"julia"` for what this package refuses itself.
- `rank`: the rank that the error is about (the one that died, or disagreed), or `nothing`.
- `vendor_code`: a number from below, such as the system's errno; 0 if there is none.
"""
struct OarlockError{kind} <: Exception
    code::Int32
    name::String
    message::String
    operation::String
    component::String
    rank::Union{Int,Nothing}
    vendor_code::Int
end

kind_of(code) = Symbol(replace(unsafe_string(Lib.oar_status_name(code)), "OAR_E_" => ""))

function OarlockError(code, message, operation; component = "julia", rank = nothing, vendor_code = 0)
    kind = kind_of(code)
    OarlockError{kind}(code, String(kind), message, operation, component, rank, vendor_code)
end

function Base.showerror(io::IO, error::OarlockError)
    print(io, "OarlockError ", error.name)
    isempty(error.operation) || print(io, " in ", error.operation)
    error.rank === nothing || print(io, " (rank ", error.rank, ")")
    print(io, ": ", error.message)
    error.vendor_code == 0 || print(io, " [code ", error.vendor_code, "]")
end

# What trampolines caught, by thread, as Some(exception): thrown again by the call that ran the callback (see fail).
const FAILURES = Any[]

"Throw what `status` stands for, if it is not OAR_OK. Called right after the C call, on its thread."
@inline check(status::Int32) = status == Lib.OAR_OK ? nothing : fail(status)

@noinline function fail(status)
    failure = FAILURES[Threads.threadid()]
    if status == Lib.OAR_E_CALLBACK && failure !== nothing
        FAILURES[Threads.threadid()] = nothing
        throw(something(failure))
    end
    text = unsafe_string(Lib.oar_last_error())
    out = Ref(Ptr{oar_error}(C_NULL))
    taken = Lib.oar_error_take(out) == Lib.OAR_OK && out[] != C_NULL
    throw(taken ? take_error(out[], status, text) : OarlockError(status, text, ""))
end

"""
The exception for an owned oar_error, which is ended. `status` and `text` stand where it does not answer: the library
refuses to be asked anything, after a fork for instance.
"""
function take_error(pointer::Ptr{oar_error}, status = Lib.OAR_E_INTERNAL, text = "")
    code, rank, vendor_code = Ref{Int32}(status), Ref{Int32}(-1), Ref{Int64}(0)
    Lib.oar_error_code(pointer, code)
    Lib.oar_error_rank(pointer, rank)
    Lib.oar_error_vendor_code(pointer, vendor_code)
    message = error_text(Lib.oar_error_message, pointer, text)
    operation = error_text(Lib.oar_error_operation, pointer, "")
    component = error_text(Lib.oar_error_component, pointer, "")
    Lib.oar_error_release(pointer)
    OarlockError(code[], message, operation; component = component, rank = rank[] < 0 ? nothing : Int(rank[]),
                 vendor_code = Int(vendor_code[]))
end

function error_text(ask, pointer, otherwise)
    out = Ref(Cstring(C_NULL))
    ask(pointer, out) == Lib.OAR_OK ? unsafe_string(out[]) : otherwise
end

refuse(code, message, operation) = throw(OarlockError(code, message, operation))
