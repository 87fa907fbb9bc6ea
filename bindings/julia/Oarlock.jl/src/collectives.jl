# Collective operations besides those of group.jl: parts by rank, rows, lists, pairs of ranks. Where a function takes a
# tensor, an array may stand for one over its memory; `timeout` is seconds or a `Dates.Period` to wait for peers, `nothing`
# the group's own. The first dimension is that of the rows, in Julia's order of dimensions as in every language.

# The operation with `call(tensors..., work)`, waited for; gives `result`.
function over(call, result, data...)
    tensors = map(as_brief_tensor, data)
    complete(work -> call(tensors..., work))
    result
end

# A list of tensors, as the array of handles that C takes; `tensors` must live as long as it is used.
handles(tensors) = Ptr{oar_tensor}[handle(tensor) for tensor in tensors]

function over_lists(call, result, lists...)
    tensors = map(list -> Tensor[as_tensor(item) for item in list], lists)
    GC.@preserve tensors complete(work -> call(map(handles, tensors)..., work))
    result
end

"""
    reduce!(group, root, tensor, op = :sum; timeout = nothing)

As [`all_reduce!`](@ref), but only the tensor of rank `root` becomes the result; the others are only read.
"""
reduce!(group::Group, root::Integer, tensor, op::Symbol = :sum; timeout = nothing) = over(tensor, tensor) do given, work
    Lib.oar_group_reduce(group, given, root, reduction(op), milliseconds(timeout), work)
end

"""
    all_gather_rows!(group, output, input, rows; timeout = nothing)

Concatenate the ranks' inputs of different numbers of rows along the first dimension, in rank order, into `output` on all
ranks. `rows`: by rank, how many it gives; the same numbers on all ranks.
"""
function all_gather_rows!(group::Group, output, input, rows::AbstractVector{<:Integer}; timeout = nothing)
    numbers = convert(Vector{Int64}, rows)
    over(output, input, output) do from, into, work
        Lib.oar_group_all_gather_rows(group, from, into, numbers, length(numbers), milliseconds(timeout), work)
    end
end

"""
    reduce_scatter!(group, output, input, op = :sum; timeout = nothing)

Combine the ranks' inputs and give each rank its part of the result in `output`: equal shares of the rows, in rank order.
"""
reduce_scatter!(group::Group, output, input, op::Symbol = :sum; timeout = nothing) = over(output, input, output) do from, into, work
    Lib.oar_group_reduce_scatter(group, from, into, reduction(op), milliseconds(timeout), work)
end

"""
    gather!(group, root, output, input; timeout = nothing)

Concatenate every rank's `input` along its first dimension, in rank order, into `output` of rank `root`; elsewhere that is
`nothing`.
"""
function gather!(group::Group, root::Integer, output, input; timeout = nothing)
    if rank(group) != root
        return over(nothing, input) do from, work
            Lib.oar_group_gather(group, from, C_NULL, root, milliseconds(timeout), work)
        end
    end
    over(output, input, output) do from, into, work
        Lib.oar_group_gather(group, from, into, root, milliseconds(timeout), work)
    end
end

"""
    scatter!(group, root, output, input = nothing; timeout = nothing)

Give every rank its part of the `input` of rank `root` in `output`: equal shares of the rows, in rank order.
"""
function scatter!(group::Group, root::Integer, output, input = nothing; timeout = nothing)
    if rank(group) != root
        return over(output, output) do into, work
            Lib.oar_group_scatter(group, C_NULL, into, root, milliseconds(timeout), work)
        end
    end
    over(output, input, output) do from, into, work
        Lib.oar_group_scatter(group, from, into, root, milliseconds(timeout), work)
    end
end

"""
    all_to_all!(group, output, input; timeout = nothing)
    all_to_all!(group, output, input, rows, received_rows; timeout = nothing)

Exchange parts between all ranks: part p of the input goes to rank p, and what comes from there is part p of the output.
Parts are equal shares of the rows; or `rows[p + 1]` go to rank p and `received_rows[p + 1]` come from there, which is what
that rank says.
"""
all_to_all!(group::Group, output, input; timeout = nothing) = over(output, input, output) do from, into, work
    Lib.oar_group_all_to_all(group, from, into, milliseconds(timeout), work)
end
function all_to_all!(
    group::Group,
    output,
    input,
    rows::AbstractVector{<:Integer},
    received_rows::AbstractVector{<:Integer};
    timeout = nothing,
)
    sent, received = convert(Vector{Int64}, rows), convert(Vector{Int64}, received_rows)
    over(output, input, output) do from, into, work
        limit = milliseconds(timeout)
        Lib.oar_group_all_to_all_rows(group, from, into, sent, length(sent), received, length(received), limit, work)
    end
end

"""
    send(group, peer, tensor; timeout = nothing)

Send a tensor to rank `peer`, which receives it; over when it has. The n-th send meets that rank's n-th receive.
[`start_send`](@ref) does not wait.
"""
send(group::Group, peer::Integer, tensor; timeout = nothing) = over(tensor, tensor) do given, work
    Lib.oar_group_send(group, given, peer, milliseconds(timeout), work)
end

"As [`send`](@ref), started: gives a [`Work`](@ref)."
start_send(group::Group, peer::Integer, tensor; timeout = nothing) =
    owned(out -> Lib.oar_group_send(group, as_tensor(tensor), peer, milliseconds(timeout), out), Work)

"""
    receive!(group, peer, tensor; timeout = nothing)

Receive from rank `peer` into a tensor of the element type and number of elements that it sends.
[`start_receive!`](@ref) does not wait.
"""
receive!(group::Group, peer::Integer, tensor; timeout = nothing) = over(tensor, tensor) do given, work
    Lib.oar_group_receive(group, given, peer, milliseconds(timeout), work)
end

"As [`receive!`](@ref), started: gives a [`Work`](@ref)."
start_receive!(group::Group, peer::Integer, tensor; timeout = nothing) =
    owned(out -> Lib.oar_group_receive(group, as_tensor(tensor), peer, milliseconds(timeout), out), Work)

"[`all_reduce!`](@ref) of a list of tensors (or arrays) of one element type, as one operation."
all_reduce_coalesced!(group::Group, tensors, op::Symbol = :sum; timeout = nothing) = over_lists(tensors, tensors) do given, work
    Lib.oar_group_all_reduce_coalesced(group, given, length(given), reduction(op), milliseconds(timeout), work)
end

"[`broadcast_from!`](@ref) of a list of tensors (or arrays) of one element type, as one operation."
broadcast_coalesced!(group::Group, root::Integer, tensors; timeout = nothing) = over_lists(tensors, tensors) do given, work
    Lib.oar_group_broadcast_coalesced(group, given, length(given), root, milliseconds(timeout), work)
end

"[`all_gather!`](@ref) of a list of tensors (or arrays) of one element type, as one operation."
all_gather_coalesced!(group::Group, outputs, inputs; timeout = nothing) = over_lists(outputs, inputs, outputs) do from, into, work
    Lib.oar_group_all_gather_coalesced(group, from, length(from), into, length(into), milliseconds(timeout), work)
end

"[`reduce_scatter!`](@ref) of a list of tensors (or arrays) of one element type, as one operation."
reduce_scatter_coalesced!(group::Group, outputs, inputs, op::Symbol = :sum; timeout = nothing) =
    over_lists(outputs, inputs, outputs) do from, into, work
        limit = milliseconds(timeout)
        Lib.oar_group_reduce_scatter_coalesced(group, from, length(from), into, length(into), reduction(op), limit, work)
    end
