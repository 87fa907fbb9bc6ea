"""
    find_executable_batch_size(f, state, starting_batch_size = 128; reduce = nothing)

Call `f(batch_size)` with smaller and smaller batches until no rank's attempt runs out of memory (`OutOfMemoryError`, or
an `:OUT_OF_MEMORY` of this package), and give what it gave. All ranks make this call. `reduce(batch_size)` tells the next
size; `nothing`: 0.9 of it. Nothing is kept from one search to the next. When no size is left the error is
`:OUT_OF_MEMORY`.
"""
function find_executable_batch_size(f, state::State, starting_batch_size::Integer = 128; reduce = nothing)
    batch_size = Int64(starting_batch_size)
    while true
        result, ran_out = try
            f(batch_size), false
        catch error
            error isa Union{OutOfMemoryError,OarlockError{:OUT_OF_MEMORY}} || rethrow()
            nothing, true
        end
        ran_out && GC.gc()
        reduced = ran_out && reduce !== nothing ? Int64(reduce(batch_size)) : 0
        next = value(out -> Lib.oar_state_next_batch_size(state, batch_size, ran_out, reduced, out), Int64)
        next == batch_size && return result
        batch_size = next
    end
end
