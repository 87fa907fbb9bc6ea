@handle Tree oar_tree """
    Tree(value)

Nested lists and maps of tensors and plain values: batches, model inputs and outputs.

Dictionaries and named tuples become maps, tuples and vectors of other things than numbers lists, [`Tensor`](@ref)s and
arrays of numbers tensors (which share the array's memory), integers, numbers, truth values, texts and `nothing`
themselves.

    batch["images"]                    # a Tensor
    outputs["hidden.0"]                # paths: keys and list indices (from 0), separated by dots
    list[1]                            # entries by their place, from 1
    keys(batch), haskey(batch, "labels"), length(batch)
    native(tree)                       # all of it as Dict, Vector and plain values

Leaves come as values, parts as `Tree`s. A path that is not there is an `OarlockError{:NOT_FOUND}` that says what there
is. A tree is a value: parts are copies of the structure, while tensors are shared.
"""

Tree(tree::Tree) = tree
Tree(tensor::Tensor) = owned(out -> Lib.oar_tree_from_tensor(tensor, out), Tree)
Tree(number::Bool) = owned(out -> Lib.oar_tree_from_bool(number, out), Tree)
Tree(number::Integer) = owned(out -> Lib.oar_tree_from_int64(number, out), Tree)
Tree(number::AbstractFloat) = owned(out -> Lib.oar_tree_from_double(number, out), Tree)
Tree(text::Union{AbstractString,Symbol}) = owned(out -> Lib.oar_tree_from_string(String(text), out), Tree)
Tree(::Nothing) = owned(out -> Lib.oar_tree_from_none(out), Tree)
Tree(array::AbstractArray) = eltype(array) <: Number ? Tree(Tensor(array)) : list_tree(array)
Tree(list::Tuple) = list_tree(list)

function Tree(map::Union{AbstractDict,NamedTuple})
    tree = owned(out -> Lib.oar_tree_create_map(out), Tree)
    for (key, value) in pairs(map)
        key isa Union{AbstractString,Symbol} ||
            refuse(Lib.OAR_E_ARGUMENT, "keys of a tree are texts or symbols, not $(repr(key))", "Tree")
        tree[String(key)] = value
    end
    tree
end

function list_tree(list)
    tree = owned(out -> Lib.oar_tree_create_list(out), Tree)
    foreach(value -> push!(tree, value), list)
    tree
end

Tree(value) = refuse(Lib.OAR_E_ARGUMENT, "a tree cannot hold a $(typeof(value))", "Tree")

kind(tree::Tree) = value(out -> Lib.oar_tree_kind(tree, "", out), Int32)
is_list(tree::Tree) = kind(tree) == Lib.OAR_TREE_LIST

"How many entries a list or map has; a leaf has 0."
Base.length(tree::Tree) = Int(value(out -> Lib.oar_tree_size(tree, "", out), Int64))

"The keys of a map, in the order in which they were set first; the indices of a list, from 1."
Base.keys(tree::Tree) = is_list(tree) ? (1:length(tree)) : [key(tree, index) for index in 0:length(tree)-1]

key(tree, index) = read_text((buf, len) -> Lib.oar_tree_key(tree, index, buf, len))

function Base.getindex(tree::Tree, path::AbstractString)
    out = Ref(Ptr{oar_tensor}(C_NULL))
    status = Lib.oar_tree_get_tensor(tree, path, out)
    status == Lib.OAR_OK && return Tensor(out[])
    status == Lib.OAR_E_ARGUMENT || check(status)  # ARGUMENT: it is there, and no tensor
    leaf(owned(out -> Lib.oar_tree_get(tree, path, out), Tree))
end

"An entry of a list, or of a map in its order, by its place from 1."
Base.getindex(tree::Tree, index::Integer) =
    1 <= index <= length(tree) ? leaf(owned(out -> Lib.oar_tree_at(tree, index - 1, out), Tree)) : throw(BoundsError(tree, index))

function Base.haskey(tree::Tree, path::AbstractString)
    out = Ref(Ptr{oar_tree}(C_NULL))
    status = Lib.oar_tree_get(tree, path, out)
    status == Lib.OAR_E_NOT_FOUND && return false
    check(status)
    Lib.oar_tree_release(out[])
    true
end

"What a tree that is no list or map stands for; the tree itself of those."
function leaf(tree)
    what = kind(tree)
    what in (Lib.OAR_TREE_LIST, Lib.OAR_TREE_MAP) && return tree
    what == Lib.OAR_TREE_TENSOR && return owned(out -> Lib.oar_tree_get_tensor(tree, C_NULL, out), Tensor)
    what == Lib.OAR_TREE_INT && return value(out -> Lib.oar_tree_get_int64(tree, C_NULL, out), Int64)
    what == Lib.OAR_TREE_DOUBLE && return value(out -> Lib.oar_tree_get_double(tree, C_NULL, out), Float64)
    what == Lib.OAR_TREE_BOOL && return value(out -> Lib.oar_tree_get_bool(tree, C_NULL, out), Int32) != 0
    what == Lib.OAR_TREE_STRING && return read_text((buf, len) -> Lib.oar_tree_get_string(tree, C_NULL, buf, len))
    nothing
end

"Lists as `Vector{Any}`, maps as `Dict{String,Any}`, leaves as values, all the way down."
native(value) = value
function native(tree::Tree)
    whole = leaf(tree)
    whole isa Tree || return whole
    parts = Any[native(tree[index]) for index in 1:length(tree)]
    is_list(tree) ? parts : Dict{String,Any}(zip(keys(tree), parts))
end

"Give a key of a map a value; what it had before is replaced."
function Base.setindex!(tree::Tree, value, key::AbstractString)
    check(Lib.oar_tree_set(tree, key, Tree(value)))
    value
end

"Put a value at the end of a list."
function Base.push!(tree::Tree, value)
    check(Lib.oar_tree_append(tree, Tree(value)))
    tree
end

Base.show(io::IO, tree::Tree) =
    is_ended(tree) ? print(io, "Tree(ended)") : is_list(tree) ? print(io, "Tree of ", length(tree), " items") :
    print(io, "Tree(", join(keys(tree), ", "), ")")
