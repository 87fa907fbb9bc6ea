# Tensors as arrays of Julia, without a copy.
#
# Note: the order of indices. An array has the tensor's indices in the tensor's order, whatever its memory's: element
# (n, c, h, w) of a batch is array[n, c, h, w]. Over row-major memory that is a PermutedDimsArray. What is written for
# speed in Julia wants the first index to run fastest: that is memory_array, an Array with the dimensions in the
# memory's order, which of a row-major tensor is the opposite one: (32, 1, 8, 8) becomes 8x8x1x32.

"""
    asarray(tensor)
    asarray(T, tensor)

The tensor as an array without a copy, indexed as the tensor is (from 1): element `(n, c)` is `array[n, c]`.

It is an `Array` over column-major memory, a `PermutedDimsArray` of one over row-major memory, and a
[`ReadOnlyArray`](@ref) if the tensor is read-only. The array keeps the memory, also when the tensor has ended. With an
element type `T` another one of the tensor is refused. Tensors whose memory has gaps are refused too:
`contiguous(tensor)` has none. For loops and linear algebra see [`memory_array`](@ref); `Array(tensor)` is a copy.
"""
function asarray(tensor::Tensor)
    order = memory_order(tensor, 1:ndims(tensor))
    array = wrap(tensor, order)
    guarded(tensor, order == 1:length(order) ? array : PermutedDimsArray(array, invperm(order)))
end

"""
    memory_array(tensor)
    memory_array(T, tensor)

As [`asarray`](@ref), but with the dimensions in the order of the memory, the first running fastest: always an `Array`
(in a `ReadOnlyArray` if the tensor is read-only). Of a row-major tensor all dimensions are reversed: size
`(32, 1, 8, 8)` gives an 8x8x1x32 `Array`.
"""
memory_array(tensor::Tensor) = guarded(tensor, wrap(tensor, memory_order(tensor, ndims(tensor):-1:1)))

asarray(::Type{T}, tensor::Tensor) where {T} = (check_eltype(T, tensor); asarray(tensor))
memory_array(::Type{T}, tensor::Tensor) where {T} = (check_eltype(T, tensor); memory_array(tensor))

check_eltype(T, tensor) = T == eltype(tensor) ||
    refuse(Lib.OAR_E_ARGUMENT, "the tensor's elements are $(eltype(tensor)), not $T; Array{$T}(tensor) converts a copy", "asarray")

"A copy with the tensor's indices in their order, in memory of Julia's own."
Base.Array(tensor::Tensor) = collect(asarray(tensor))
Base.Array{T}(tensor::Tensor) where {T} = convert(Array{T}, collect(asarray(tensor)))

# The tensor's dimensions, the one with the smallest step first. Dimensions of one element fit anywhere: `preferred` is
# taken if it is one of the right orders.
function memory_order(tensor, preferred)
    sizes, steps = size(tensor), strides(tensor)
    for order in (preferred, length(sizes):-1:1, sortperm(collect(steps)))
        is_dense(sizes, steps, order) && return collect(order)
    end
    refuse(Lib.OAR_E_UNSUPPORTED, "a tensor of size $sizes and strides $steps has gaps in its memory, which no Array can " *
           "have; take contiguous(tensor)", "asarray")
end

function is_dense(sizes, steps, order)
    step = 1
    for dim in order
        sizes[dim] == 1 || steps[dim] == step || 0 in sizes || return false
        step *= sizes[dim]
    end
    true
end

# The Array over the tensor's memory, with the dimensions in this order. It holds a reference of its own, which its
# finalizer ends; arrays that share its data (reshape, vec) keep the Array. The reference is a bare pointer: a Tensor
# that only a finalizer knows would itself be taken for dead and finalized.
function wrap(tensor, order)
    sizes = size(tensor)[order]
    0 in sizes && return Array{eltype(tensor)}(undef, sizes)
    data = pointer(tensor)
    check(Lib.oar_tensor_retain(tensor))
    kept = handle(tensor)
    finalizer(_ -> Lib.oar_tensor_release(kept), unsafe_wrap(Array, data, sizes))
end

guarded(tensor, array) = is_read_only(tensor) ? ReadOnlyArray(array) : array

"An array that cannot be written to: the view of a read-only tensor. `copy` of it is an ordinary `Array`."
struct ReadOnlyArray{T,N,A<:AbstractArray{T,N}} <: AbstractArray{T,N}
    parent::A
end

Base.size(array::ReadOnlyArray) = size(array.parent)
Base.strides(array::ReadOnlyArray) = strides(array.parent)
Base.IndexStyle(::Type{<:ReadOnlyArray{T,N,A}}) where {T,N,A} = IndexStyle(A)
Base.getindex(array::ReadOnlyArray, index::Int...) = array.parent[index...]
Base.copy(array::ReadOnlyArray) = collect(array.parent)
Base.setindex!(array::ReadOnlyArray, value, index...) =
    refuse(Lib.OAR_E_ARGUMENT, "the tensor is read-only; writing needs a copy of the array: copy(array)", "setindex!")

"A read-only tensor over the same memory."
Tensor(array::ReadOnlyArray) = over_memory(Lib.oar_tensor_from_read_only_memory, array.parent, (array, fixed(innermost(array.parent))))
