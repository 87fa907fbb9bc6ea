@handle Group oar_group """
    Group(state)

The group of all ranks of a state; [`subgroup`](@ref) and `split` make groups of some of them. Its ranks make the same
calls in the same order. Calls are compared before data moves, so
that different ones are an `OarlockError{:MISMATCH}` on every rank, and never wrong data. Not valid after the state's
close.
"""

@handle Work oar_work """
An operation that was started (`start_all_reduce!` and the like). `wait(work; timeout)` waits for its end and throws
what it failed with; [`is_done`](@ref) asks. Its arrays and tensors must not be touched before. Letting go of a work
neither waits nor cancels.
"""

Group(state::State) = owned(out -> Lib.oar_state_group(state, out), Group)

rank(group::Group) = Int(value(out -> Lib.oar_group_rank(group, out), Int32))

"How many ranks the group has."
Base.length(group::Group) = Int(value(out -> Lib.oar_group_size(group, out), Int32))

barrier(group::Group; timeout = nothing) = complete(work -> Lib.oar_group_barrier(group, milliseconds(timeout), work))
"Name the collectives that this rank calls from now on; ranks compare the name. Empty: none any more."
set_tag(group::Group, tag::AbstractString) = check(Lib.oar_group_set_tag(group, tag))
abort(group::Group, reason::AbstractString) = check(Lib.oar_group_abort(group, reason))

"""
    alloc_shared(group, T, sizes...; timeout = nothing)

A tensor of zeros in memory that the ranks of one host share: operations of this group read and write it where it lies.
Collective, with equal sizes; ordinary memory where none can be shared.
"""
alloc_shared(group::Group, T::Type, sizes::Integer...; timeout = nothing) =
    owned(out -> Lib.oar_group_alloc_shared(group, dtype_of(T), collect(Int64, sizes), length(sizes),
                                            milliseconds(timeout), out), Tensor)

"""
Wait until an operation has ended; throws what it failed with. A `timeout` (seconds or a `Dates.Period`) only ends the
waiting: one may wait again; `nothing` waits until the operation's own time-out.
"""
Base.wait(work::Work; timeout = nothing) = check(Lib.oar_work_wait(work, milliseconds(timeout)))

"Whether the operation has ended, well or not. Does not wait."
is_done(work::Work) = value(out -> Lib.oar_work_is_done(work, out), Int32) != 0

"The error of an operation that has failed, else `nothing`. Does not wait."
function failure(work::Work)
    out = Ref(Ptr{oar_error}(C_NULL))
    check(Lib.oar_work_error(work, out))
    out[] == C_NULL ? nothing : take_error(out[])
end

@inline function reduction(op::Symbol)
    op === :sum && return Lib.OAR_REDUCE_SUM
    op === :mean && return Lib.OAR_REDUCE_AVERAGE
    op === :max && return Lib.OAR_REDUCE_MAX
    op === :min && return Lib.OAR_REDUCE_MIN
    op === :product && return Lib.OAR_REDUCE_PRODUCT
    op === :and && return Lib.OAR_REDUCE_BITWISE_AND
    op === :or && return Lib.OAR_REDUCE_BITWISE_OR
    op === :xor && return Lib.OAR_REDUCE_BITWISE_XOR
    refuse(
        Lib.OAR_E_ARGUMENT,
        "there is no reduction $(repr(op)); there are :sum, :mean, :max, :min, :product, :and, :or and :xor",
        "all_reduce",
    )
end

# Start an operation and wait for it. No Work is made: its finalizer would cost more than the call.
@inline function complete(call)
    work = Ref(Ptr{oar_work}(C_NULL))
    check(call(work))
    status = Lib.oar_work_wait(work[], 0)
    Lib.oar_work_release(work[])  # leaves the thread's error as it is
    check(status)
end

# Over the memory of an array, whose tensor ends with the call.
function through_tensor(operate, array)
    tensor = as_brief_tensor(array)
    try
        operate(tensor)
    finally
        finalize(tensor)
    end
    array
end

"""
    all_reduce!(group, tensor, op = :sum; timeout = nothing)

Combine the ranks' tensors element by element, in place, and give every rank the result: `:sum`, `:mean`, `:max`, `:min`,
`:product`, or `:and`, `:or`, `:xor` of the bits. An array may stand for a tensor over its memory. `timeout`: seconds or a `Dates.Period` to wait for
peers; `nothing` takes the group's own. [`start_all_reduce!`](@ref) does not wait but gives a [`Work`](@ref).
"""
function all_reduce!(group::Group, tensor::Tensor, op::Symbol = :sum; timeout = nothing)
    complete(work -> Lib.oar_group_all_reduce(group, tensor, reduction(op), milliseconds(timeout), work))
    tensor
end
all_reduce!(group::Group, array::AbstractArray, op::Symbol = :sum; timeout = nothing) =
    through_tensor(tensor -> all_reduce!(group, tensor, op; timeout = timeout), array)

"As [`all_reduce!`](@ref), started: gives a [`Work`](@ref)."
start_all_reduce!(group::Group, tensor, op::Symbol = :sum; timeout = nothing) =
    owned(out -> Lib.oar_group_all_reduce(group, as_tensor(tensor), reduction(op), milliseconds(timeout), out), Work)

"""
    broadcast_from!(group, root, tensor; timeout = nothing)

Give every rank the tensor (or array) of rank `root`, in place.
"""
function broadcast_from!(group::Group, root::Integer, tensor::Tensor; timeout = nothing)
    complete(work -> Lib.oar_group_broadcast(group, tensor, root, milliseconds(timeout), work))
    tensor
end
broadcast_from!(group::Group, root::Integer, array::AbstractArray; timeout = nothing) =
    through_tensor(tensor -> broadcast_from!(group, root, tensor; timeout = timeout), array)

"As [`broadcast_from!`](@ref), started: gives a [`Work`](@ref)."
start_broadcast_from!(group::Group, root::Integer, tensor; timeout = nothing) =
    owned(out -> Lib.oar_group_broadcast(group, as_tensor(tensor), root, milliseconds(timeout), out), Work)

"""
    all_gather!(group, output, input; timeout = nothing)

Concatenate every rank's `input` along its first dimension, in rank order, into `output` on all ranks. Shapes are equal
on all ranks; `output` has the first size times the number of ranks.
"""
function all_gather!(group::Group, output, input; timeout = nothing)
    from, into = as_brief_tensor(input), as_brief_tensor(output)
    complete(work -> Lib.oar_group_all_gather(group, from, into, milliseconds(timeout), work))
    output
end

"As [`all_gather!`](@ref), into a new tensor, which it gives."
function all_gather(group::Group, input; timeout = nothing)
    tensor = as_brief_tensor(input)
    sizes = size(tensor)
    rows = isempty(sizes) ? (length(group),) : (sizes[1] * length(group), sizes[2:end]...)
    all_gather!(group, Tensor(eltype(tensor), rows...), tensor; timeout = timeout)
end

"As [`all_gather!`](@ref), started: gives a [`Work`](@ref)."
start_all_gather!(group::Group, output, input; timeout = nothing) =
    owned(out -> Lib.oar_group_all_gather(group, as_tensor(input), as_tensor(output), milliseconds(timeout), out), Work)

"""
    all_gather_bytes(group, data; timeout = nothing) -> Vector{Vector{UInt8}}

Give every rank the bytes of all ranks, in rank order; lengths may differ, also 0. `data`: bytes, or a text.
"""
function all_gather_bytes(group::Group, data::Union{AbstractVector{UInt8},AbstractString}; timeout = nothing)
    bytes = as_bytes(data)
    sizes, count, out = Vector{UInt64}(undef, length(group)), Ref{Csize_t}(length(group)), Ref(Ptr{oar_bytes}(C_NULL))
    check(Lib.oar_group_all_gather_bytes(group, bytes, length(bytes), milliseconds(timeout), sizes, count, out))
    all = take_bytes(out[])
    ends = cumsum(Int.(sizes))
    [all[last-size+1:last] for (last, size) in zip(ends, Int.(sizes))]
end

"""
    broadcast_bytes(group, root, data = UInt8[]; timeout = nothing) -> Vector{UInt8}

Give every rank the bytes (or text) of rank `root`; `data` of other ranks is not looked at.
"""
function broadcast_bytes(group::Group, root::Integer, data::Union{AbstractVector{UInt8},AbstractString} = UInt8[]; timeout = nothing)
    bytes, out = as_bytes(data), Ref(Ptr{oar_bytes}(C_NULL))
    check(Lib.oar_group_broadcast_bytes(group, bytes, length(bytes), root, milliseconds(timeout), out))
    take_bytes(out[])
end

"""
    arrival_skew(group; timeout = nothing) -> String

How late each rank came to the last operations, as JSON: the `straggler`, if there is one, and figures by rank in
microseconds. The state needs the option `comm.arrival_skew`, on all ranks. Collective.
"""
function arrival_skew(group::Group; timeout = nothing)
    out = Ref(Ptr{oar_bytes}(C_NULL))
    check(Lib.oar_group_arrival_skew(group, milliseconds(timeout), out))
    String(take_bytes(out[]))
end

as_bytes(text::AbstractString) = Vector{UInt8}(codeunits(String(text)))
as_bytes(bytes::AbstractVector{UInt8}) = convert(Vector{UInt8}, bytes)

# A copy of what an owned oar_bytes holds, which is ended.
function take_bytes(pointer::Ptr{oar_bytes})
    data, size = Ref(C_NULL), Ref{Csize_t}(0)
    status = Lib.oar_bytes_view(pointer, data, size)
    copied = status == Lib.OAR_OK ? copy(unsafe_wrap(Array, Ptr{UInt8}(data[]), size[])) : UInt8[]
    Lib.oar_bytes_release(pointer)
    check(status)
    copied
end
