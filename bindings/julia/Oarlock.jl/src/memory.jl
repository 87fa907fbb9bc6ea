# Collects Julia's garbage when memory that Julia does not see has grown.
#
# Note: relief. Julia collects by what its own objects take. An object of Oarlock is a few bytes to Julia, while the
# tensor or the history of a forward behind it may be hundreds of megabytes: a training loop would take all memory
# before the next collection. So the process's resident memory is looked at (1 us) with every batch and forward, and
# with every 32nd other object; once it has grown by half, and by 128 MiB at least, young garbage is collected (4 ms),
# and all of it (60 ms) if that did not help. The C library is told to give free memory back (20 ms for 200 MB): it
# would stay resident else. What is still there then is the new measure.

const STATM = Ref{Cint}(-1)  # /proc/self/statm, where there is one
const PAGE_BYTES = Ref(0)
const MEASURE = Ref(0)       # resident bytes after the last collection that was made here
const LEAST_GROWTH = 128 * 1024^2
const OBJECTS = Ref(0)
const MALLOC_TRIM = Ref(C_NULL)  # of glibc; others have none

function watch_memory!()
    STATM[] = ccall(:open, Cint, (Cstring, Cint), "/proc/self/statm", 0o2000000)  # O_RDONLY | O_CLOEXEC
    PAGE_BYTES[] = ccall(:getpagesize, Cint, ())
    MALLOC_TRIM[] = ccall(:dlsym, Ptr{Cvoid}, (Ptr{Cvoid}, Cstring), C_NULL, "malloc_trim")
    MEASURE[] = resident_bytes()
end

"Resident memory of this process; 0 where it cannot be had. The second number of statm, in pages."
function resident_bytes()
    text = Ref(ntuple(_ -> 0x00, 64))
    count = ccall(:pread, Cssize_t, (Cint, Ptr{Cvoid}, Csize_t, Int64), STATM[], text, 64, 0)
    pages, spaces = 0, 0
    for index in 1:count
        character = text[][index]
        if character == UInt8(' ')
            spaces += 1
            spaces == 2 && break
        elseif spaces == 1
            pages = 10pages + (character - UInt8('0'))
        end
    end
    pages * PAGE_BYTES[]
end

has_grown() = resident_bytes() > MEASURE[] + max(LEAST_GROWTH, div(MEASURE[], 2))

"Called before an object is made that may hold much memory."
function relieve()
    has_grown() || return
    collect_garbage(false)
    has_grown() && collect_garbage(true)
    MEASURE[] = resident_bytes()
    nothing
end

function collect_garbage(full)
    GC.gc(full)
    MALLOC_TRIM[] == C_NULL || ccall(MALLOC_TRIM[], Cint, (Csize_t,), 0)
end

"Called before any other object is made."
@inline relieve_now_and_then() = (OBJECTS[] += 1) & 31 == 0 ? relieve() : nothing
