# Objects that own one reference of a handle: made by an out-parameter, ended by a finalizer.

import Dates

"""
What owns a handle of the library. The garbage collector ends it, `finalize(object)` at once; both only drop a
reference, which neither waits nor communicates, and objects may be ended in any order. Using an object that was ended
is an `OarlockError{:HANDLE}`.
"""
abstract type Handle end

"The object's handle, for functions of `Oarlock.LibOarlock`; the object must be kept alive meanwhile."
handle(object::Handle) = object.pointer == C_NULL ? refuse_ended(object) : object.pointer

@noinline refuse_ended(object) =
    refuse(Lib.OAR_E_HANDLE, "this $(nameof(typeof(object))) was ended by finalize() and cannot be used any more", "")

is_ended(object::Handle) = object.pointer == C_NULL

Base.show(io::IO, object::Handle) =
    print(io, nameof(typeof(object)), is_ended(object) ? "(ended)" : "(@0x$(string(UInt(object.pointer), base = 16)))")

# Defines the type of one kind of handle: @handle State oar_state "documentation"
macro handle(name, c_name, documentation)
    release_fn = Symbol(c_name, :_release)
    esc(quote
        @doc $documentation
        mutable struct $name <: Handle
            pointer::Ptr{$c_name}
            $name(pointer::Ptr{$c_name}) = finalizer(release, new(pointer))
        end
        function release(object::$name)
            pointer = object.pointer
            object.pointer = C_NULL
            pointer == C_NULL || Lib.$release_fn(pointer)
            nothing
        end
        c_type(::Type{$name}) = $c_name
        Base.cconvert(::Type{Ptr{$c_name}}, object::$name) = object
        Base.unsafe_convert(::Type{Ptr{$c_name}}, object::$name) = handle(object)
    end)
end

"The object that a call makes: `call` takes the place for its handle and returns the status."
@inline function owned(call, ::Type{H}) where {H<:Handle}
    relieve_now_and_then()
    out = Ref(Ptr{c_type(H)}(C_NULL))
    check(call(out))
    H(out[])
end

"As `owned`, for calls that may give no object: `nothing` then."
@inline function owned_or_nothing(call, ::Type{H}) where {H<:Handle}
    out = Ref(Ptr{c_type(H)}(C_NULL))
    check(call(out))
    out[] == C_NULL ? nothing : H(out[])
end

"The number that a call gives."
@inline function value(call, ::Type{T}) where {T}
    out = Ref{T}()
    check(call(out))
    out[]
end

"The text that a call writes into a buffer of the size that it asks for."
function read_text(call)
    len = Ref{Csize_t}(0)
    check(call(C_NULL, len))
    buffer = Vector{UInt8}(undef, len[])
    check(call(buffer, len))
    String(resize!(buffer, len[] - 1))
end

or_null(x) = x === nothing ? C_NULL : x

"Run `f` on `object` and close it; a failure of `f` is what is thrown, whatever closing says."
function closing(f, object)
    result = try
        f(object)
    catch
        try
            close(object)
        catch
        end
        rethrow()
    end
    close(object)
    result
end

"""
Milliseconds of a `timeout`: a number is seconds, a `Dates.Period` what it says; `nothing` takes the group's own time-out.
Fractions of a millisecond count as a whole one. No time at all is refused: C would take the group's own for it.
"""
milliseconds(::Nothing) = Int64(0)
milliseconds(seconds::Real) = isfinite(seconds) ? some_time(ceil(Int64, 1000 * seconds)) :
    refuse(Lib.OAR_E_ARGUMENT, "a time-out is a finite number of seconds, not $seconds", "")
milliseconds(seconds::Integer) = some_time(Base.checked_mul(Int64(1000), Int64(seconds)))
milliseconds(period::Dates.FixedPeriod) = some_time(cld(Dates.tons(period), 1_000_000))

some_time(milliseconds) = milliseconds != 0 ? milliseconds : refuse(Lib.OAR_E_ARGUMENT,
    "timeout_ms: no wait can end within no time; give a time above 0, or nothing for the group's own", "")
