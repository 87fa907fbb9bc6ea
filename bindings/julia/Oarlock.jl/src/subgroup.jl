# Groups of some ranks of another group.

"""
    subgroup(group, ranks; group_timeout = nothing, timeout = nothing)

A group of some of `group`'s ranks, counted from 0: `ranks[1]` becomes its rank 0. Every rank of `group` calls it with the
same list; `nothing` on those that are not in it. `group_timeout`: what no time-out means in the new group; `nothing` takes
that of `group`.
"""
function subgroup(group::Group, ranks; group_timeout = nothing, timeout = nothing)
    list = collect(Int32, ranks)
    owned_or_nothing(out -> Lib.oar_group_create_subgroup(group, list, length(list), milliseconds(group_timeout),
                                                          milliseconds(timeout), out), Group)
end

"""
    split(group, color, key = 0; group_timeout = nothing, timeout = nothing)

Divide a group: ranks of equal color make a group, in the order of their keys. A color of `nothing`: no group, and
`nothing` is the result.
"""
Base.split(group::Group, color::Union{Integer,Nothing}, key::Integer = 0; group_timeout = nothing, timeout = nothing) =
    owned_or_nothing(out -> Lib.oar_group_split(group, something(color, Lib.OAR_GROUP_NO_COLOR), key,
                                                milliseconds(group_timeout), milliseconds(timeout), out), Group)

"Which ranks of the world, the group of the state, a group's ranks are."
function world_ranks(group::Group)
    count = Ref(Csize_t(length(group)))
    ranks = Vector{Int32}(undef, count[])
    check(Lib.oar_group_world_ranks(group, ranks, count))
    Int.(ranks)
end

"The number that `rank` of a group has in another group."
translate_rank(group::Group, rank::Integer, other::Group) =
    Int(value(out -> Lib.oar_group_translate_rank(group, rank, other, out), Int32))

"Leave a group that was made of another one, which goes on."
Base.close(group::Group) = check(Lib.oar_group_close(group))
