# Keeps objects of Julia alive as long as C code holds them.
#
# Note: release on foreign threads. Oarlock calls a release function on whatever thread the last use ends, and Julia
# code must not run on threads that Julia did not make. So the release function that Oarlock is given is sem_post of the
# C library, and `user_data` is a semaphore, the object's slot: the post is all that happens there. Julia looks at the
# slots at its own time, on its own threads: when more objects are rooted, and after each garbage collection. Slots are
# used again and never freed, so a sem_post that has not quite returned never touches freed memory.

const SEM_POST = Ref(C_NULL)
const SLOT_BYTES = 64  # a sem_t has 32 or less; slots of a cache line do not disturb each other
const SLOTS_PER_BLOCK = 64

# The lock is never waited for in a finalizer: it may be held by the very code that the finalizer interrupted.
const ROOTS_LOCK = Threads.SpinLock()
const ROOTS = Dict{Ptr{Cvoid},Any}()
const FREE_SLOTS = Ptr{Cvoid}[]
const NEXT_SWEEP = Ref(64)
const WATCHING = Ref(false)

"Keep `object` until sem_post (SEM_POST[]) is called with the slot that this gives."
function root!(object)
    lock(ROOTS_LOCK)
    try
        length(ROOTS) < NEXT_SWEEP[] || sweep()
        isempty(FREE_SLOTS) && add_slots()
        slot = pop!(FREE_SLOTS)
        ROOTS[slot] = object
        return slot
    finally
        unlock(ROOTS_LOCK)
        WATCHING[] || watch_collections()
    end
end

"What was rooted under a slot that was not released yet."
function rooted(slot)
    lock(ROOTS_LOCK)
    try
        return ROOTS[slot]
    finally
        unlock(ROOTS_LOCK)
    end
end

"Let go of what C code has released; done by itself after each garbage collection and as more is handed over."
function reclaim()
    trylock(ROOTS_LOCK) || return
    try
        sweep()
    finally
        unlock(ROOTS_LOCK)
    end
    nothing
end

function add_slots()
    block = Libc.calloc(SLOTS_PER_BLOCK, SLOT_BYTES)
    block == C_NULL && throw(OutOfMemoryError())
    for index in 0:SLOTS_PER_BLOCK-1
        slot = block + index * SLOT_BYTES
        ccall(:sem_init, Cint, (Ptr{Cvoid}, Cint, Cuint), slot, 0, 0)
        push!(FREE_SLOTS, slot)
    end
end

function sweep()
    released = [slot for slot in keys(ROOTS) if ccall(:sem_trywait, Cint, (Ptr{Cvoid},), slot) == 0]
    for slot in released
        delete!(ROOTS, slot)
        push!(FREE_SLOTS, slot)
    end
    # Twice what is left: looking at all slots costs less per object than rooting it.
    NEXT_SWEEP[] = max(64, 2 * length(ROOTS))
end

mutable struct CollectionWatch end

"An object whose finalizer runs at the next collection, and makes the next such object while anything is rooted."
function watch_collections(::CollectionWatch = CollectionWatch())
    reclaim()
    WATCHING[] = !isempty(ROOTS)
    WATCHING[] && finalizer(watch_collections, CollectionWatch())
    nothing
end

# Callbacks ----------------------------------------------------------------------------------------------------------

"Run `call(f)` for the closure f rooted in `slot`: 0, or 1 and the exception kept for the call of Oarlock that runs it."
function trapped(call, slot::Ptr{Cvoid})
    FAILURES[Threads.threadid()] = nothing
    try
        call(rooted(slot))
        return Int32(0)
    catch failure
        FAILURES[Threads.threadid()] = Some(failure)
        return Int32(1)
    end
end
