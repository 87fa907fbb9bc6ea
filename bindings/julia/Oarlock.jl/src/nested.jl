# Whole trees between ranks, and what is done to batches in one process. What is given may be a Tree or whatever one is
# made of; dimensions count from 1, as Julia's.

"""
    gather_tree(group, tree; timeout = nothing) -> Tree

Concatenate every tensor of all ranks along its first dimension, in rank order, on all ranks; tensors without dimensions
give one element per rank. With one rank: the tree as it is.

Ranks compare the structures of their trees first, here and in all functions on trees: what differs is an
`OarlockError{:MISMATCH}` on every rank that names the path of the first leaf that differs and what each rank has there,
a value that is no tensor an `OarlockError{:ARGUMENT}`; the group goes on.
"""
gather_tree(group::Group, tree; timeout = nothing) =
    owned(out -> Lib.oar_group_gather_tree(group, Tree(tree), milliseconds(timeout), out), Tree)

"""
    reduce_tree(group, tree, op = :sum; timeout = nothing) -> Tree

Combine every tensor of all ranks into a new tree, by `op` as of [`all_reduce!`](@ref).
"""
reduce_tree(group::Group, tree, op::Symbol = :sum; timeout = nothing) =
    owned(out -> Lib.oar_group_reduce_tree(group, Tree(tree), reduction(op), milliseconds(timeout), out), Tree)

"""
    broadcast_tree_from!(group, root, tree; timeout = nothing)

Give every rank the values of rank `root`'s tensors, in place.
"""
function broadcast_tree_from!(group::Group, root::Integer, tree; timeout = nothing)
    check(Lib.oar_group_broadcast_tree(group, Tree(tree), root, milliseconds(timeout)))
    tree
end

"""
    pad_tree(group, tree; dim = 1, value = 0, first = false, timeout = nothing) -> Tree

Make every tensor as long in dimension `dim` as the longest of all ranks, by elements `value` behind the old ones, or
before them. What has no such dimension stays as it is.
"""
function pad_tree(group::Group, tree; dim::Integer = 1, value::Real = 0, first::Bool = false, timeout = nothing)
    dim >= 1 || refuse(Lib.OAR_E_ARGUMENT, "dim counts from 1, got $dim", "pad_tree")
    owned(out -> Lib.oar_group_pad_tree(group, Tree(tree), dim - 1, value, first, milliseconds(timeout), out), Tree)
end

"""
    copy_tree(group, tree = nothing; timeout = nothing) -> Tree

Give every rank the tree of the only rank that gives one.
"""
copy_tree(group::Group, tree = nothing; timeout = nothing) =
    owned(out -> Lib.oar_group_copy_tree(group, tree_or_null(tree), milliseconds(timeout), out), Tree)

"""
    gather_objects(group, list; timeout = nothing) -> Tree

Join the ranks' lists in rank order; their items may be anything that a [`Tree`](@ref) can hold.
"""
gather_objects(group::Group, list; timeout = nothing) =
    owned(out -> Lib.oar_group_gather_objects(group, Tree(list), milliseconds(timeout), out), Tree)

"""
    broadcast_object(group, root, object = nothing; timeout = nothing) -> Tree

Give every rank the object of rank `root`; `object` of other ranks is not looked at.
"""
broadcast_object(group::Group, root::Integer, object = nothing; timeout = nothing) =
    owned(out -> Lib.oar_group_broadcast_object(group, tree_or_null(object), root, milliseconds(timeout), out), Tree)

tree_or_null(::Nothing) = Ptr{oar_tree}(C_NULL)
tree_or_null(value) = Tree(value)

"""
    gather_tree_for_metrics(accelerator, tree; use_objects = false) -> Tree

[`gather_for_metrics`](@ref) of every tensor of a tree. If it holds other values, or with `use_objects`, lists are joined
instead, maps key by key, lone values to lists of one per rank.
"""
gather_tree_for_metrics(accelerator::Accelerator, tree; use_objects::Bool = false) =
    owned(out -> Lib.oar_accelerator_gather_tree_for_metrics(accelerator, Tree(tree), use_objects, out), Tree)

"Set this rank's flag, which [`check_trigger`](@ref) of all ranks will see."
set_trigger!(accelerator::Accelerator) = check(Lib.oar_accelerator_set_trigger(accelerator))

"Whether any rank has set its flag; all flags are down afterwards. All ranks make this call."
check_trigger(accelerator::Accelerator) = value(out -> Lib.oar_accelerator_check_trigger(accelerator, out), Int32) != 0

"How many samples a batch has: the first size of its first leaf."
batch_size(tree) = Int(value(out -> Lib.oar_tree_batch_size(Tree(tree), out), Int64))

"""
    rows(tree, range) -> Tree

Rows of every tensor, which share its memory: `rows(batch, 1:2:7)`.
"""
function rows(tree, range::OrdinalRange{<:Integer})
    isempty(range) || (first(range) >= 1 && step(range) >= 1) ||
        refuse(Lib.OAR_E_ARGUMENT, "rows are a rising range from 1 on, got $range", "rows")
    begins, ends = isempty(range) ? (0, 0) : (first(range) - 1, last(range))
    owned(out -> Lib.oar_tree_slice(Tree(tree), begins, ends, max(step(range), 1), out), Tree)
end

"""
    concatenate(batches; dim = 1) -> Tree

Join a list of batches of one structure, each tensor along `dim`.
"""
concatenate(batches; dim::Integer = 1) = owned(out -> Lib.oar_tree_concatenate(Tree(batches), dim - 1, out), Tree)

"Append zeros to every tensor until its `batch_size` rows are the next multiple of `num_parts`."
pad_to_multiple(tree, batch_size::Integer, num_parts::Integer) =
    owned(out -> Lib.oar_tree_pad_to_multiple(Tree(tree), batch_size, num_parts, out), Tree)

"""
    split_rows(num_rows, part, num_parts) -> UnitRange

The rows of a part, numbered from 1; `part` is a rank, from 0. The first parts take the remainder.
"""
function split_rows(num_rows::Integer, part::Integer, num_parts::Integer)
    first_row, behind = Ref{Int64}(), Ref{Int64}()
    check(Lib.oar_rows_split(num_rows, part, num_parts, first_row, behind))
    first_row[]+1:behind[]
end

"""
    split_tree(tree, part, num_parts; pad = false) -> Tree

One of so many equal parts of a list, of a tensor's rows in the dimension that C counts first, or of all that is in a map;
`part` is a rank, from 0. With `pad` every part is as long as the longest, by repeating the last item of all.
"""
split_tree(tree, part::Integer, num_parts::Integer; pad::Bool = false) =
    owned(out -> Lib.oar_tree_split(Tree(tree), part, num_parts, pad, out), Tree)

"""
    to_device(tree, device; non_blocking = false, skip_keys = String[]) -> Tree

The tree with its tensors on a device, `"cpu"` or `"cuda:0"`, but for what lies under `skip_keys`.
"""
to_device(tree, device::AbstractString; non_blocking::Bool = false, skip_keys = String[]) =
    owned(out -> Lib.oar_tree_to_device(Tree(tree), device, non_blocking, String[skip_keys...], length(skip_keys), out), Tree)

"The device of a tree's first tensor; `nothing` if it has none."
function device(tree::Tree)
    text = read_text((buf, len) -> Lib.oar_tree_device(tree, buf, len))
    isempty(text) ? nothing : text
end

"The tree with its tensors of half precision as `Float32`."
to_float32(tree) = owned(out -> Lib.oar_tree_to_float32(Tree(tree), out), Tree)

"The tree with nested lists of numbers for its tensors."
to_numbers(tree) = owned(out -> Lib.oar_tree_to_numbers(Tree(tree), out), Tree)

"The tree of a JSON text."
tree_from_json(text::AbstractString) = owned(out -> Lib.oar_tree_from_json(text, out), Tree)

"A tree without tensors as JSON text."
json(tree::Tree) = read_text((buf, len) -> Lib.oar_tree_to_json(tree, buf, len))
