@handle State oar_state """
    State(options = nothing; keywords...)
    State(f, options = nothing; keywords...)
    State(exchange, rank, world_size, options = nothing; keywords...)
    State(f, exchange, rank, world_size, options = nothing; keywords...)

One world: this process's rank, device and peers. Its place is found from the options, else from the variables that
`oarlock launch` and torchrun set, else it is alone. Returns when all ranks have come.

With a function `f(state)` first (a `do` block) the state is closed when that ends, and its result given. If it fails
the state is aborted first, so that ranks that wait for this one learn its error.

With `exchange(mine, all)`, a rank and a world size the ranks meet through the program's own all-gather: it is called
once, with this rank's bytes, and fills the matrix `all`, whose column `r + 1` is for the bytes of rank r. An exception
in it is thrown by `State`.

`options`: a [`Config`](@ref), or what that takes. Threads: one call at a time.
"""

function State(options::StateOptions = nothing; keywords...)
    config = as_config(options, keywords)
    owned(out -> Lib.oar_state_create(config, out), State)
end

State(f, options::StateOptions = nothing; keywords...) = closing(telling_peers(f), State(options; keywords...))

# `f`, whose failure is the reason by which all ranks that wait for this one fail.
telling_peers(f) = function (state)
    try
        f(state)
    catch failure
        is_ended(state) || Lib.oar_state_abort(state, first_line(failure))
        rethrow()
    end
end

function first_line(failure)
    text = try
        sprint(showerror, failure)
    catch  # what it says of itself may fail, too
        string(typeof(failure))
    end
    replace(first(split(text, '\n')), '\0' => ' ')
end

function run_exchange(mine, size, all, slot)
    trapped(slot) do (exchange, world_size)
        exchange(unsafe_wrap(Array, Ptr{UInt8}(mine), size), unsafe_wrap(Array, Ptr{UInt8}(all), (Int(size), world_size)))
    end
end

function State(exchange, rank::Integer, world_size::Integer, options::StateOptions = nothing; keywords...)
    config = as_config(options, keywords)
    slot = root!((exchange, Int(world_size)))
    owned(State) do out
        Lib.oar_state_create_with_exchange(config, rank, world_size, Lib.@oar_exchange_fn(run_exchange), slot, SEM_POST[], out)
    end
end

State(f, exchange, rank::Integer, world_size::Integer, options::StateOptions = nothing; keywords...) =
    closing(telling_peers(f), State(exchange, rank, world_size, options; keywords...))

"This process's number among all ranks, or among those of a group, from 0."
rank(state::State) = Int(value(out -> Lib.oar_state_rank(state, out), Int32))

"How many ranks there are."
world_size(state::State) = Int(value(out -> Lib.oar_state_world_size(state, out), Int32))

"This process's number among the ranks on its host, from 0."
local_rank(state::State) = Int(value(out -> Lib.oar_state_local_rank(state, out), Int32))

"How many ranks are on this host."
local_world_size(state::State) = Int(value(out -> Lib.oar_state_local_world_size(state, out), Int32))

"Whether this is rank 0: the one that logs, prints and writes what only one may write."
is_main_process(state::State) = value(out -> Lib.oar_state_is_main_process(state, out), Int32) != 0

"Whether this is the first rank on its host."
is_local_main_process(state::State) = value(out -> Lib.oar_state_is_local_main_process(state, out), Int32) != 0

"Whether this is the rank with the highest number."
is_last_process(state::State) = value(out -> Lib.oar_state_is_last_process(state, out), Int32) != 0

"Where this rank computes, or a tensor's memory is: `\"cpu\"`."
device(state::State) = read_text((buf, len) -> Lib.oar_state_device(state, buf, len))

"""
    barrier(state; timeout = nothing)
    barrier(group; timeout = nothing)

Wait until every rank has called this. `timeout`: seconds, or a `Dates.Period`; `nothing` takes the group's own. Errors:
`:TIMEOUT`, `:MISMATCH`, `:PEER_LOST` and `:ABORTED`; all but the last name the ranks concerned.
"""
barrier(state::State; timeout = nothing) = check(Lib.oar_state_barrier(state, milliseconds(timeout)))

"""
    println(state, value, values...)

Write one line on the main process; other ranks do nothing.
"""
Base.println(state::State, value, values...) = check(Lib.oar_state_print(state, string(value, values...)))

run_print(text, slot) = trapped(f -> f(unsafe_string(text)), slot)

"""
    on_print(f, state)
    on_print(nothing, state)

Give the lines of `println(state, ...)` to `f(text)` instead of standard output, or to standard output again. An
exception in `f` is thrown by the `println`.
"""
on_print(f, state::State) =
    check(Lib.oar_state_set_print_callback(state, Lib.@oar_print_fn(run_print), root!(f), SEM_POST[]))
on_print(::Nothing, state::State) = check(Lib.oar_state_set_print_callback(state, C_NULL, C_NULL, C_NULL))

"Seed libtorch's default generator of this process, as torch.manual_seed does."
seed!(state::State, seed::Integer) = check(Lib.oar_state_seed(state, seed))

"Ask all ranks to stop, where they next call [`should_stop`](@ref)."
request_stop(state::State) = check(Lib.oar_state_request_stop(state))

"Tell every rank alike whether any rank was asked to stop. All ranks call it."
should_stop(state::State) = value(out -> Lib.oar_state_should_stop(state, out), Int32) != 0

"Write what this rank knows about its last operations to a file, as JSON."
Base.dump(state::State, path::AbstractString) = check(Lib.oar_state_dump(state, path))

"""
    abort(state, reason)
    abort(group, reason)

Make the group of all ranks (or this group) dead: calls that wait, on all ranks, fail with `:ABORTED` and the reason.
Threads: any, also while another waits in a call of this state.
"""
abort(state::State, reason::AbstractString) = check(Lib.oar_state_abort(state, reason))

"""
    shrink(state; min_size = 0, timeout = nothing) -> State

Go on without the ranks that are lost: those that are left, and call this with their old state, make a smaller world in
their old order. Make groups, loaders and accelerators anew with the new state, and load the last checkpoint. Fewer than
`min_size` ranks do not go on; 0: more than half of the ranks if they are on several hosts, else 1. `timeout` as in
[`barrier`](@ref), for ranks that are not known to be gone. A rank that comes too late gets `:ABORTED`.
"""
shrink(state::State; min_size::Integer = 0, timeout = nothing) =
    owned(out -> Lib.oar_state_shrink(state, min_size, milliseconds(timeout), out), State)

"Leave the world. Later collective calls are `:STATE` errors. May be called twice."
Base.close(state::State) = check(Lib.oar_state_close(state))
