"""
The C interface as it is: one function, constant and handle type per entry of the headers, generated.

Handles are `Ptr{oar_state}` and so on; the objects of `Oarlock` may be passed in their place. Functions return the
status that C returns, and nothing is checked or owned here.
"""
module LibOarlock

using Libdl

"The version of the DLPack interface that a tensor is laid out by."
struct DLPackVersion
    major::UInt32
    minor::UInt32
end

"Where a tensor's memory is; device type 1 is the CPU."
struct DLDevice
    device_type::Int32
    device_id::Int32
end

"An element type: code 0 integer, 1 unsigned, 2 floating-point, 4 bfloat, 5 complex, 6 bool."
struct DLDataType
    code::UInt8
    bits::UInt8
    lanes::UInt16
end

"Memory with a shape, as `dlpack.h` declares it."
struct DLTensor
    data::Ptr{Cvoid}
    device::DLDevice
    ndim::Int32
    dtype::DLDataType
    shape::Ptr{Int64}
    strides::Ptr{Int64}
    byte_offset::UInt64
end

"A tensor of DLPack 1.x with its owner: whoever takes it calls `deleter` once. Bit 0 of `flags`: read-only."
struct DLManagedTensorVersioned
    version::DLPackVersion
    manager_ctx::Ptr{Cvoid}
    deleter::Ptr{Cvoid}
    flags::UInt64
    dl_tensor::DLTensor
end

include("generated/types.jl")
include("generated/constants.jl")
include("generated/callbacks.jl")
include("generated/functions.jl")

"The functions that the library lacks; on return the others can be called."
function bind!(library)
    missing_ones = Symbol[]
    for (index, name) in enumerate(FUNCTIONS)
        address = dlsym(library, name; throw_error = false)
        address === nothing ? push!(missing_ones, name) : (ADDRESSES[index] = address)
    end
    missing_ones
end

end
