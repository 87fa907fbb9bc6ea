# Arrays in and out without copies: addresses are compared.

const DELETED = Ptr{Cvoid}[]
delete_managed(managed) = (push!(DELETED, managed); nothing)
deletions(managed) = count(==(pointer_to(managed)), DELETED)
const PRODUCED = []  # kept for good: an array of Julia's may outlive its scenario, and then the deleter is called

"A DLPack tensor that Julia produces, over `array`."
function produced(array::Array{Float32}; major = 1, flags = 0)
    sizes, steps = collect(Int64, size(array)), collect(Int64, strides(array))
    L = Oarlock.Lib
    inner = L.DLTensor(pointer(array), L.DLDevice(1, 0), ndims(array), L.DLDataType(2, 32, 1), pointer(sizes), pointer(steps), 0)
    deleter = @cfunction(delete_managed, Cvoid, (Ptr{Cvoid},))
    managed = Ref(L.DLManagedTensorVersioned(L.DLPackVersion(major, 0), C_NULL, deleter, flags, inner))
    push!(PRODUCED, (array, sizes, steps, managed))
    managed
end

pointer_to(managed) = Base.unsafe_convert(Ptr{Oarlock.Lib.DLManagedTensorVersioned}, managed)
take(managed) = from_dlpack(pointer_to(managed))


@noinline function tensor_over_new_array()
    array = Float32[1 2 3; 4 5 6]
    Tensor(array), WeakRef(array)
end

scenario("array_to_tensor") do folder
    array = Float32[1 2 3; 4 5 6]
    tensor = Tensor(array)
    @expect pointer(tensor) == pointer(array) && size(tensor) == (2, 3) && eltype(tensor) == Float32
    array[2, 1] = 40
    @expect asarray(tensor)[2, 1] == 40
    copyto!(tensor, fill(7.0f0, 2, 3))
    @expect array == fill(7, 2, 3)
    part = view(array, 1:2:2, 2:3)
    @expect size(Tensor(part)) == (1, 2) && pointer(Tensor(part)) == pointer(array, 3)

    tensor, array_itself = tensor_over_new_array()
    GC.gc(); GC.gc()
    @expect array_itself.value !== nothing && asarray(tensor)[2, 3] == 6
    finalize(tensor)
    Oarlock.reclaim()
    GC.gc(); GC.gc()
    @expect array_itself.value === nothing
end

scenario("tensor_to_array") do folder
    tensor = Tensor(Float32, 1)
    array = asarray(tensor)
    @expect array isa Vector{Float32} && pointer(array) == pointer(tensor) && array == [0]
    array[1] = 2.5
    @expect item(tensor) == 2.5 && asarray(tensor)[1] == 2.5

    batch = Tensor(Float32, 4, 1, 3)
    view_of_batch = asarray(batch)
    @expect size(view_of_batch) == (4, 1, 3) && size(memory_array(batch)) == (3, 1, 4)
    view_of_batch[2, 1, 3] = 5
    @expect memory_array(batch)[3, 1, 2] == 5 && pointer(memory_array(batch)) == pointer(batch)
    finalize(batch)
    GC.gc()
    @expect view_of_batch[2, 1, 3] == 5 && sum(view_of_batch) == 5
end

scenario("column_major") do folder
    columns = Float32[1 2 3; 4 5 6]
    rows = PermutedDimsArray(Float32[1 4; 2 5; 3 6], (2, 1))
    first_one, second_one = Tensor(columns), Tensor(rows)
    @expect strides(first_one) == (1, 2) && strides(second_one) == (3, 1)
    @expect asarray(first_one) == asarray(second_one) == columns && asarray(first_one) isa Matrix
    whole = contiguous(first_one)
    @expect strides(whole) == (3, 1) && pointer(whole) != pointer(first_one) && asarray(whole) == columns
    @expect pointer(contiguous(second_one)) == pointer(second_one)
    @expect memory_array(second_one) == permutedims(columns) && Array(second_one) == columns
end

scenario("array_refused") do folder
    @expect says(thrown(() -> Tensor(Int128[1, 2]), :ARGUMENT), "Int128", "Float32")
    @expect says(thrown(() -> Tensor(view([1, 2, 3], [1, 3])), :ARGUMENT), "SubArray", "copy")
    @expect says(thrown(() -> asarray(Float64, Tensor(Float32, 2)), :ARGUMENT), "Float64", "Float32")
    @expect says(thrown(() -> copyto!(Tensor(Float32, 2, 3), Float32[1 2; 3 4]), :ARGUMENT), "[2, 3]", "[2, 2]")
    tensor = take(produced(Float32[1, 2]; flags = 1))
    array = asarray(tensor)
    @expect is_read_only(tensor) && array == [1, 2] && copy(array) isa Vector
    @expect says(thrown(() -> array[1] = 3, :ARGUMENT), "read-only", "copy")
    @expect says(thrown(() -> copyto!(tensor, Float32[3, 4]), :ARGUMENT), "read-only")
    @expect is_read_only(Tensor(array)) && pointer(Tensor(array)) == pointer(tensor)
end

scenario("dlpack_import") do folder
    array = Float32[1 2 3; 4 5 6]
    managed = produced(array)
    tensor = take(managed)
    @expect pointer(tensor) == pointer(array) && size(tensor) == (2, 3) && strides(tensor) == (1, 2)
    tree = Tree(tensor)
    finalize(tensor)
    @expect deletions(managed) == 0
    finalize(tree)
    @expect deletions(managed) == 1

    other = produced(array; major = 2)
    @expect says(thrown(() -> take(other), :VERSION), "2")
    @expect deletions(other) == 0
end

scenario("dlpack_export") do folder
    array = Float32[1 2 3; 4 5 6]
    tensor = Tensor(array)
    managed = to_dlpack(tensor)
    finalize(tensor)
    shown = unsafe_load(managed)
    inner = shown.dl_tensor
    @expect shown.version.major == 1 && shown.flags & 1 == 0
    @expect inner.data + inner.byte_offset == pointer(array) && inner.ndim == 2
    @expect unsafe_wrap(Array, inner.shape, 2) == [2, 3] && unsafe_wrap(Array, inner.strides, 2) == [1, 2]
    @expect unsafe_load(Ptr{Float32}(inner.data), 6) == 6
    ccall(shown.deleter, Cvoid, (Ptr{Cvoid},), managed)

    managed = to_dlpack(take(produced(Float32[1]; flags = 1)))
    @expect unsafe_load(managed).flags & 1 == 1
    ccall(unsafe_load(managed).deleter, Cvoid, (Ptr{Cvoid},), managed)
end
