@handle Tensor oar_tensor """
    Tensor(array)                  # over the memory of an array
    Tensor(Float32, 2, 3)          # of zeros

Memory with a shape and an element type, shared with Julia, models, trees and operations on ranks.

`Tensor(array)` copies nothing: the tensor has the array's shape in the order of its indices, and its strides (of a
matrix of m rows: 1 and m). What is written to either is seen in the other, and the array lives as long as anything uses
the memory. Arrays are `Array`s, and views, permuted and reshaped arrays of them. That of a
[`ReadOnlyArray`](@ref Oarlock.ReadOnlyArray), or of `codeunits(text)`, is read-only. A `Vector` that has become a
tensor cannot be resized any more (as one that was reshaped): its memory must stay where it is.

`size`, `ndims`, `length`, `eltype`, `strides`, `pointer` say what they say of arrays; `strides` and `pointer` are those
of the memory. Values are had by [`asarray`](@ref), [`item`](@ref) and `Array(tensor)`.
"""

const DTYPES = Dict{DataType,Int32}(
    Bool => Lib.OAR_BOOL, UInt8 => Lib.OAR_UINT8, Int8 => Lib.OAR_INT8, Int16 => Lib.OAR_INT16, Int32 => Lib.OAR_INT32,
    Int64 => Lib.OAR_INT64, UInt16 => Lib.OAR_UINT16, UInt32 => Lib.OAR_UINT32, UInt64 => Lib.OAR_UINT64,
    Float16 => Lib.OAR_FLOAT16, Float32 => Lib.OAR_FLOAT32, Float64 => Lib.OAR_FLOAT64,
    ComplexF32 => Lib.OAR_COMPLEX64, ComplexF64 => Lib.OAR_COMPLEX128)
const JULIA_TYPES = Dict{Int32,DataType}(dtype => type for (type, dtype) in DTYPES)

dtype_of(T::Type) = get(DTYPES, T) do
    refuse(Lib.OAR_E_ARGUMENT, "tensors cannot have elements of type $T; they can have " *
           join(sort!(string.(keys(DTYPES))), ", "), "Tensor")
end

# Arrays whose elements lie in memory by strides.
const MemoryArray{T} = Union{StridedArray{T},PermutedDimsArray{T,N,P,Q,<:StridedArray} where {N,P,Q}}

Tensor(array::MemoryArray) = over_memory(maker(array), array, (array, fixed(innermost(array))))

innermost(array) = (inner = parent(array); inner === array ? array : innermost(inner))

maker(array) = innermost(array) isa Base.CodeUnits ? Lib.oar_tensor_from_read_only_memory : Lib.oar_tensor_from_memory  # texts do not change

# Note: arrays that are resized. push! and the like move a Vector's elements and free the old memory, even while a
# tensor lies over it. They refuse (or, from Julia 1.11 on, leave the old memory alone) once an array of another shape
# shares that memory: so what is kept is one of these.
fixed(array::Vector) = reshape(array, :, 1)
fixed(array::AbstractArray) = array

# `make`: the C function for memory that may be written to, or the one for memory that may not. `kept` lives as long as
# the memory is used.
function over_memory(make, array, kept)
    dtype = dtype_of(eltype(array))
    shape, steps = collect(Int64, size(array)), collect(Int64, strides(array))
    slot = root!(kept)
    owned(Tensor) do out
        GC.@preserve array begin
            data = isempty(array) ? C_NULL : Ptr{Cvoid}(pointer(array))
            make(data, dtype, shape, steps, length(shape), slot, SEM_POST[], out)
        end
    end
end

function Tensor(array::AbstractArray)
    dtype_of(eltype(array))
    refuse(Lib.OAR_E_ARGUMENT, "a $(typeof(array)) has no memory with strides that a tensor could share; give a copy, " *
           "collect(array)", "Tensor")
end

Tensor(T::Type, sizes::Integer...) =
    owned(out -> Lib.oar_tensor_zeros(dtype_of(T), collect(Int64, sizes), length(sizes), out), Tensor)

"""
    read_npy(path) -> Tensor

The array of a NumPy `.npy` file, read-only over the mapped file, which must not change meanwhile.
"""
read_npy(path::AbstractString) = owned(out -> Lib.oar_tensor_from_npy(path, out), Tensor)

as_tensor(tensor::Tensor) = tensor
as_tensor(array::AbstractArray) = Tensor(array)

# The same for calls that use the memory only until they return: a Vector may be resized afterwards.
as_brief_tensor(given) = as_tensor(given)
as_brief_tensor(array::MemoryArray) = over_memory(maker(array), array, array)

Base.ndims(tensor::Tensor) = Int(value(out -> Lib.oar_tensor_num_dims(tensor, out), Int64))
Base.length(tensor::Tensor) = Int(value(out -> Lib.oar_tensor_numel(tensor, out), Int64))
Base.size(tensor::Tensor) = dims((sizes, count) -> Lib.oar_tensor_shape(tensor, sizes, count))
Base.size(tensor::Tensor, dim::Integer) = (sizes = size(tensor); dim <= length(sizes) ? sizes[dim] : 1)
Base.strides(tensor::Tensor) = dims((steps, count) -> Lib.oar_tensor_strides(tensor, steps, count))

function dims(call)
    numbers, count = Vector{Int64}(undef, 64), Ref{Csize_t}(64)
    check(call(numbers, count))
    Tuple(Int.(resize!(numbers, count[])))
end

function Base.eltype(tensor::Tensor)
    dtype = value(out -> Lib.oar_tensor_dtype(tensor, out), Int32)
    get(JULIA_TYPES, dtype) do
        refuse(Lib.OAR_E_UNSUPPORTED, "Julia has no type for elements of $(unsafe_string(Lib.oar_dtype_name(dtype)))", "eltype")
    end
end

device(tensor::Tensor) = read_text((buf, len) -> Lib.oar_tensor_device(tensor, buf, len))

"Whether the tensor's memory must not be written to: that of a mapped file, or what its producer marked so."
is_read_only(tensor::Tensor) = value(out -> Lib.oar_tensor_is_read_only(tensor, out), Int32) != 0

"The address of the first element; valid as long as the tensor is."
Base.pointer(tensor::Tensor) = Ptr{eltype(tensor)}(value(out -> Lib.oar_tensor_data(tensor, out), Ptr{Cvoid}))

"The value of a tensor of one element, as a Float64: integers beyond 2^53 are rounded."
item(tensor::Tensor) = value(out -> Lib.oar_tensor_item(tensor, out), Float64)

"The same values in row-major order: a copy, or the same memory where it is so already."
contiguous(tensor::Tensor) = owned(out -> Lib.oar_tensor_contiguous(tensor, out), Tensor)

"Write the values of a tensor or array of the same shape into the tensor, converting the element type."
function Base.copyto!(tensor::Tensor, source::Union{Tensor,AbstractArray})
    check(Lib.oar_tensor_copy_from(tensor, as_brief_tensor(source)))
    tensor
end

"""
    from_dlpack(managed::Ptr{LibOarlock.DLManagedTensorVersioned})

Take over a tensor of another library, without a copy. On failure it stays the caller's; else its deleter is called once
when the last use ends, on any thread: it must not be Julia code if other threads may end it.
"""
from_dlpack(managed::Ptr{Lib.DLManagedTensorVersioned}) = owned(out -> Lib.oar_tensor_from_dlpack(managed, C_NULL, out), Tensor)

"""
    to_dlpack(tensor) -> Ptr{LibOarlock.DLManagedTensorVersioned}

Give a tensor to another library, without a copy. Whoever receives it calls its `deleter` once.
"""
to_dlpack(tensor::Tensor) =
    value(out -> Lib.oar_tensor_to_dlpack(tensor, C_NULL, out), Ptr{Lib.DLManagedTensorVersioned})

Base.show(io::IO, tensor::Tensor) =
    is_ended(tensor) ? print(io, "Tensor(ended)") : print(io, join(size(tensor), "x"), " Tensor")
