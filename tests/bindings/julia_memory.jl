# What test_julia_memory.py starts: julia_memory.jl COUNT KIND... prints by how much resident bytes and live handles grew while COUNT
# objects of a kind were made and ended, by finalize() and by the garbage collector.
using Oarlock

function live_handles()
    get_count, count = Ref(C_NULL), Ref{Int64}()
    Oarlock.Lib.oar_experimental_get("live_handle_count", get_count) == 0 || error("no live_handle_count")
    ccall(get_count[], Int32, (Ptr{Int64},), count)
    count[]
end

const STATE = State()
const GROUP = Group(STATE)
const SHARED = zeros(Float32, 100)
relu(model, inputs) = (y = op(STATE, "aten::relu", inputs["x"]),)
const OWN = Model(STATE)
set_forward!(relu, OWN)
const PROGRAM = trace(OWN, (x = SHARED,))
const DATASET = Dataset((x = zeros(Float32, 8, 4),))

# What is made once per pair; what it gives is ended by finalize() or left to the garbage collector.
const KINDS = Dict{String,Function}(
    "tensor" => () -> Tensor(Float32, 16),
    "tensor_over_array" => () -> Tensor(SHARED),
    "tensor_over_own_array" => () -> Tensor(zeros(Float32, 16)),
    "array_of_tensor" => () -> (tensor = Tensor(Float32, 16); asarray(tensor); tensor),
    "tree" => () -> Tree((a = 1, b = "text", c = (0.5, nothing))),
    "config" => () -> Config(seed = 1),
    "loader" => () -> Loader(DATASET; batch_size = 2),
    "batch" => () -> DATASET[1:4],
    "work" => () -> (work = start_all_reduce!(GROUP, SHARED); wait(work); work),
    "error" => () -> try Dataset("/nowhere") catch failure; failure end,
    "session" => () -> Session(PROGRAM),
    "forward" => () -> (set_forward!((model, inputs) -> relu(model, inputs), OWN); OWN((x = SHARED,))),
    "callback" => () -> on_print(text -> nothing, STATE))

end_now(object::Oarlock.Handle) = finalize(object)
end_now(object) = nothing

const PER_COLLECTION = 5000  # so that what waits for a collection is as much each time

function pairs_of(make, count, explicitly)
    for index in 1:count
        object = make()
        explicitly && end_now(object)
        index % PER_COLLECTION == 0 && GC.gc(explicitly ? false : true)
    end
end

"Everything that is unreachable has gone, in Julia, in the library, and from the process."
function settle()
    for _ in 1:2
        GC.gc()
        Oarlock.reclaim()
    end
    ccall(:malloc_trim, Cint, (Csize_t,), 0)
end

"Growth of resident bytes and live handles over `count` pairs; objects that wait for a release."
function measure(make, count, explicitly)
    pairs_of(make, 2PER_COLLECTION, explicitly)
    settle()
    bytes, handles = Oarlock.resident_bytes(), live_handles()
    pairs_of(make, count, explicitly)
    settle()
    Oarlock.resident_bytes() - bytes, live_handles() - handles, length(Oarlock.ROOTS)
end

"How far resident memory rises while tensors of 100 kB are dropped, 3 GB in all; by how much it grows until garbage is collected."
function peak_of_large_garbage()
    Oarlock.relieve()
    start, step, peak = Oarlock.resident_bytes(), max(Oarlock.LEAST_GROWTH, div(Oarlock.MEASURE[], 2)), 0
    for _ in 1:30_000
        Tensor(Float32, 25_000)
        peak = max(peak, Oarlock.resident_bytes() - start)
    end
    peak, step
end

if ARGS == ["large_garbage"]
    println(join(peak_of_large_garbage(), " "))
    exit()
end
for kind in ARGS[2:end], explicitly in (true, false)
    println(kind, explicitly ? "_finalized " : "_left ", join(measure(KINDS[kind], parse(Int, ARGS[1]), explicitly), " "))
    flush(stdout)
end
