# Named axes over the ranks of a group.

@handle Mesh oar_mesh """
    Mesh(group, :dp => 2, :tp => 4; timeout = nothing)

Named axes over the ranks of a group, the last one fastest, with a group along each: `Group(mesh, :dp)`. The sizes multiply
to the group's. Collective, with the same axes on all ranks.
"""

function Mesh(group::Group, axes::Pair...; timeout = nothing)
    names = String[string(first(axis)) for axis in axes]
    sizes = Int32[last(axis) for axis in axes]
    owned(out -> Lib.oar_mesh_create(group, names, sizes, length(names), milliseconds(timeout), out), Mesh)
end

"Take several axes for one, under a new name. Collective."
function flatten!(mesh::Mesh, axes, name; timeout = nothing)
    names = String[string(axis) for axis in axes]
    check(Lib.oar_mesh_flatten(mesh, names, length(names), string(name), milliseconds(timeout)))
    mesh
end

"The group of this rank and those that differ from it in this axis alone."
Group(mesh::Mesh, axis) = owned(out -> Lib.oar_mesh_group(mesh, string(axis), out), Group)

"How many ranks an axis has."
Base.size(mesh::Mesh, axis::Union{Symbol,AbstractString}) = Int(value(out -> Lib.oar_mesh_size(mesh, string(axis), out), Int32))

"Where this rank stands on an axis, from 0."
coordinate(mesh::Mesh, axis) = Int(value(out -> Lib.oar_mesh_coordinate(mesh, string(axis), out), Int32))

"The rank of the mesh's group that stands at these coordinates, one per axis."
function rank_at(mesh::Mesh, coordinates::Integer...)
    places = collect(Int32, coordinates)
    Int(value(out -> Lib.oar_mesh_rank_at(mesh, places, length(places), out), Int32))
end
