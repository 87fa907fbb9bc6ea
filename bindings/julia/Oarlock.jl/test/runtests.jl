# What is Julia's own in this package; what it has in common with other languages is tested in Oarlock's sources.
using Oarlock
using Dates
using Test

const Lib = Oarlock.LibOarlock

@testset "everything exported is documented" begin
    documented = keys(Base.Docs.meta(Oarlock))
    @test filter(name -> !(Base.Docs.Binding(Oarlock, name) in documented), setdiff(names(Oarlock), [:Oarlock])) == []
end

@testset "JSON of options" begin
    @test Oarlock.json((a = 1, b = [1.5, true, nothing, :x], c = Dict("d" => "e"))) ==
          "{\"a\":1,\"b\":[1.5,true,null,\"x\"],\"c\":{\"d\":\"e\"}}"
    @test Oarlock.json("\"\\\n\x7f\u00e4") == "\"\\\"\\\\\\u000a\\u007f\u00e4\""
    @test Oarlock.json((2^53, 2^53 + 1, typemin(Int64), typemax(UInt64))) ==
          "[9007199254740992,\"9007199254740993\",\"-9223372036854775808\",\"18446744073709551615\"]"
    @test Oarlock.json(0.1f0) == "0.10000000149011612" && Oarlock.json(1e-7) == "1.0e-7"
    for bad in (NaN, Inf, "\xff", Dict(1 => 2), 1 + 2im, Dict(:a => 1, "a" => 2))
        @test_throws ArgumentError Oarlock.json(bad)
    end
    @test Oarlock.options_text(nothing, NamedTuple()) == C_NULL
    @test Oarlock.options_text((a = 1,), pairs((b = 2,))) == "{\"a\":1,\"b\":2}"
    @test_throws ArgumentError Oarlock.options_text((a = 1,), pairs((a = 2,)))
    @test_throws ArgumentError Oarlock.options_text("{}", pairs((a = 2,)))
end

@testset "time-outs" begin
    @test Oarlock.milliseconds.((nothing, 2, 0.5, 1e-6, -1)) == (0, 2000, 500, 1, -1000)
    @test Oarlock.milliseconds.((Second(3), Millisecond(7), Microsecond(1), Minute(1))) == (3000, 7, 1, 60000)
    @test_throws MethodError Oarlock.milliseconds(Month(1))
end

@testset "the order of indices" begin
    values = reshape(collect(1.0f0:24), 2, 3, 4)
    for order in ((1, 2, 3), (3, 2, 1), (2, 3, 1), (1, 3, 2))
        tensor = Tensor(PermutedDimsArray(permutedims(values, order), invperm(order)))
        @test size(tensor) == size(values) && asarray(tensor) == values == Array(tensor)
        @test length(memory_array(tensor)) == 24 && strides(memory_array(tensor)) == (1, cumprod([size(memory_array(tensor))...])[1:2]...)
    end
    @test size(memory_array(Tensor(Float32, 1, 8))) == (8, 1)
    @test size(asarray(Tensor(Float32, 0, 3))) == (0, 3) && asarray(Tensor(fill(2.0)))[] == 2
    gaps = Tensor(view(values, 1:1, :, 1:2:3))
    @test_throws OarlockError{:UNSUPPORTED} asarray(gaps)
    @test asarray(contiguous(gaps)) == values[1:1, :, 1:2:3]
end

@testset "elements that Julia lacks are named" begin
    tensor = Oarlock.owned(out -> Lib.oar_tensor_zeros(Lib.OAR_BFLOAT16, Int64[2], 1, out), Tensor)
    @test size(tensor) == (2,)
    @test_throws OarlockError{:UNSUPPORTED} asarray(tensor)
    @test occursin("bfloat16", try eltype(tensor) catch failure; failure.message end)
end

@testset "arrays that share a view's data keep it" begin
    flat = (tensor = Tensor(Float32, 3, 2); asarray(tensor)[3, 2] = 5; array = vec(memory_array(tensor)); finalize(tensor); array)
    GC.gc(); GC.gc()
    @test flat == [0, 0, 0, 0, 0, 5]
end

@testset "the memory below a tensor stays where it is" begin
    for make in (Tensor, list -> Tensor(view(list, 2:9)), list -> Tensor(Oarlock.ReadOnlyArray(list)))
        list = collect(1.0:10.0)
        tensor = make(list)
        if VERSION < v"1.11"
            @test_throws ErrorException append!(list, zeros(1000))
        else
            append!(list, zeros(1000))
        end
        GC.gc()
        @test asarray(tensor)[end] in (9, 10)
    end
    list = [1.0, 2.0]
    State() do state
        group = Group(state)
        @test all_reduce!(group, list) === list && asarray(all_gather(group, list)) == list
    end
    @test length(append!(list, zeros(1000))) == 1002  # no tensor is left
    text = "a text of its own"^2
    @test is_read_only(Tensor(codeunits(text))) && is_read_only(Tensor(view(codeunits(text), 2:3)))
end

@testset "samples by a mask" begin
    dataset = Dataset((x = [1, 2, 3],))
    @test asarray(dataset[[true, false, true]]["x"]) == asarray(dataset[[1, 3]]["x"]) == [1, 3]
end

@testset "metrics of every kind" begin
    mktempdir() do folder
        path = joinpath(folder, "metrics.jsonl")
        State(state -> Tracker(tracker -> log!(tracker, 1; loss = NaN, norm = -Inf32, epoch = 3), state, "jsonl"; path = path))
        @test endswith(read(path, String), "\"loss\":\"NaN\",\"norm\":\"-Infinity\",\"epoch\":3}\n")
    end
end

@testset "timers, profiles and messages" begin
    State() do state
        @test timed(() -> 42, state, "answer") == 42
        @test occursin("\"answer\":{\"count\":1,", timer_report(state))
        @test occursin("\"slowest_rank\":0", timer_report(state; all_ranks = true))
        reset_timers!(state)
        @test timer_report(state) == "{}"
        @test_throws OarlockError timed(() -> timed(() -> 0, state, "one"), state, "one")
        mktempdir() do folder
            reports = record_profile(state; directory = folder, active = 1, repeat = 2) do step_ended
                for _ in 1:3
                    op(state, "aten::relu", Tensor([1.0f0]))
                    step_ended()
                end
            end
            @test length(reports) == 2 && all(report -> occursin("aten::relu", report), reports)
            @test sort(readdir(folder)) == ["profile_0.json", "profile_0_1.json"]
        end
        seen = String[]
        on_log((level, component, text) -> push!(seen, "$level $component $text"))
        log_by_rank(state, :warning, "main")
        log_by_rank(state, :error, "in order"; ranks = :in_order)
        on_log(nothing)
        @test seen == ["warning program [RANK 0] main", "error program [RANK 0] in order"]
        @test_throws OarlockError log_by_rank(state, :loud, "no")
        synchronize_rng!(state)
        set_deterministic!(state)
        set_deterministic!(state, false)
    end
    @test occursin("rss_peak", memory_report())
end

# The last release on a thread that Julia did not make: a start routine that is the C function itself.
function release_on_foreign_threads(tensors)
    release = Lib.ADDRESSES[findfirst(==(:oar_tensor_release), Lib.FUNCTIONS)]
    threads = map(tensors) do tensor
        handle, tensor.pointer = tensor.pointer, C_NULL
        thread = Ref{Culong}()
        @test ccall(:pthread_create, Cint, (Ptr{Culong}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), thread, C_NULL, release, handle) == 0
        thread[]
    end
    foreach(thread -> ccall(:pthread_join, Cint, (Culong, Ptr{Cvoid}), thread, C_NULL), threads)
end

@noinline function tensors_over_new_arrays(count)
    arrays = [rand(Float32, 100) for _ in 1:count]
    [Tensor(array) for array in arrays], WeakRef.(arrays)
end

# Not how many roots there are: what other tests have left may go at any time.
num_rooted(arrays) =
    count(array -> any(root -> root isa Tuple && root[1] === array.value, values(Oarlock.ROOTS)), arrays)

@testset "memory is let go of after its last use on another thread" begin
    tensors, arrays = tensors_over_new_arrays(200)
    @test num_rooted(arrays) == 200
    GC.gc()
    @test all(array -> array.value !== nothing, arrays)
    release_on_foreign_threads(tensors)
    GC.gc()                                   # the collection looks at what was released
    @test num_rooted(arrays) == 0
    GC.gc()
    @test all(array -> array.value === nothing, arrays)
end

@testset "a loop that makes no garbage of its own stays flat" begin
    array = zeros(Float32, 10)
    for _ in 1:10_000
        finalize(Tensor(array))
    end
    # Twice the live ones, at least 64, and the one that is being made.
    @test length(Oarlock.ROOTS) <= 65
end

@testset "errors" begin
    failure = try
        Dataset("/nowhere/at all.safetensors")
    catch failure
        failure
    end
    @test failure isa OarlockError{:NOT_FOUND} && failure.code == Lib.OAR_E_NOT_FOUND && failure.vendor_code == 2
    @test occursin("OarlockError NOT_FOUND in oar_dataset_from_safetensors: ", sprint(showerror, failure))
    @test_throws ArgumentError Dataset("a\0b")
    code = Ref(C_NULL)
    @test Lib.oar_experimental_get("throw_inside_core", code) == Lib.OAR_OK
    for kind in (Lib.OAR_THROW_STANDARD, Lib.OAR_THROW_TORCH, Lib.OAR_THROW_UNKNOWN)
        @test_throws OarlockError{:INTERNAL} Oarlock.check(ccall(code[], Int32, (Int32,), kind))
    end
    @test_throws OarlockError{:UNSUPPORTED} Oarlock.check(ccall(code[], Int32, (Int32,), Lib.OAR_THROW_UNSUPPORTED))
end

@testset "samples that Julia makes" begin
    squares = Dataset(5) do index
        index == 5 ? error("no such picture") : (square = index^2, name = "n$index")
    end
    @test length(squares) == 5
    loader = Loader(squares; batch_size = 2, num_workers = 2)
    batch, _ = iterate(loader)
    @test asarray(batch["square"]) == [1, 4] && native(batch["name"]) == ["n1", "n2"]
    @test_throws ErrorException("no such picture") collect(Tree, loader)

    numbers() = Loader(stream_dataset(epoch -> (10epoch + i for i in 0:4)); batch_size = 2)
    first = numbers()
    @test [collect(asarray(native(batch))) for batch in first] == [[0, 1], [2, 3], [4]]
    @test [collect(asarray(native(batch))) for batch in first] == [[10, 11], [12, 13], [14]]
    iterate(first)
    second = numbers()
    load_state!(second, loader_state(first))
    @test (epoch(second), position(second)) == (2, 1)
    @test [collect(asarray(native(batch))) for batch in second] == [[22, 23], [24]]
    @test_throws OarlockError{:UNSUPPORTED} num_batches(first)
end

@testset "files of tokens and of comma-separated values, parts, orders" begin
    folder = mktempdir()
    write(joinpath(folder, "tokens.bin"), UInt16.(0:9))
    tokens = token_dataset(joinpath(folder, "tokens.bin"), UInt16, 4; stride = 2, labels = true)
    @test length(tokens) == 3 && vec(asarray(tokens[[2]]["labels"])) == [3, 4, 5, 6]
    write(joinpath(folder, "table.csv"), "stars;text\n4;\"good; cheap\"\n5;fine\n")
    table = csv_dataset(joinpath(folder, "table.csv"), ["text" => String, "stars" => Float32]; delimiter = ';')
    batch = table[1:2]
    @test native(batch["text"]) == ["good; cheap", "fine"] && asarray(batch["stars"]) == Float32[4, 5]
    @test eltype(asarray(csv_dataset(joinpath(folder, "table.csv"); delimiter = ';')[1:1]["stars"])) == Int64
    @test_throws OarlockError{:NOT_FOUND} csv_dataset(joinpath(folder, "table.csv"), ["star"]; delimiter = ';')

    numbers = Dataset((x = collect(1:10),))
    both = vcat(view(numbers, [10, 1]), numbers)
    @test length(both) == 12 && asarray(both[1:3]["x"]) == [10, 1, 1]
    @test_throws BoundsError view(numbers, [11])
    loader = Loader(numbers; batch_size = 4)
    xs() = [collect(asarray(batch["x"])) for batch in loader]
    set_indices!(loader, [8, 8, 2])
    @test xs() == [[8, 8, 2]]
    set_weights!(loader, [zeros(9); 2.5], 3)
    @test xs() == [[10, 10, 10]]
    set_sampler!(epoch -> 1+epoch:3:10, loader)
    @test xs() == [[3, 6, 9]] && num_batches(loader) == 1
    batches = Loader(numbers)
    set_batch_sampler!(epoch -> [[1, 2], [10]], batches)
    @test [collect(asarray(batch["x"])) for batch in batches] == [[1, 2], [10]]
    words = [collect(1:n) for n in (2, 4, 1)]
    texts = Loader(Dataset(i -> (t = words[i],), 3); batch_size = 3, num_workers = 2)
    set_padding!(texts, "t"; value = -1, multiple_of = 3, mask = "mask")
    batch, _ = iterate(texts)
    @test size(asarray(batch["t"])) == (3, 6) && sum(asarray(batch["mask"])) == 7
    iterate(texts)
    set_collate!(samples -> (n = length(samples), first = asarray(samples[1]["t"])[1]), texts)
    batch, _ = iterate(texts)
    @test native(batch["n"]) == 3 && native(batch["first"]) == 1
    rows = pack(Dataset(i -> (t = words[i],), 3), "t", 5; pad_value = -1)
    @test length(rows) == 2 && asarray(rows[2:2]["documents"])[1, :] == [0, 0, 0, 0, 1]
    @test split_rows(7, 1, 3) == 4:5 && native(split_tree(["a", "b", "c"], 1, 2; pad = true)) == ["c", "c"]
    set_sampler!(epoch -> error("no order"), loader)
    @test_throws ErrorException("no order") iterate(loader)
end

@testset "do blocks close, and what failed inside is what is thrown" begin
    kept = State(identity)
    @test_throws OarlockError{:STATE} barrier(kept)
    @test_throws ErrorException("inside") State(state -> error("inside"))
end

@testset "threads of Julia and of libtorch" begin  # JULIA_NUM_THREADS says how many
    sums = zeros(Threads.nthreads())
    Threads.@threads for index in 1:Threads.nthreads()
        for _ in 1:200
            tensor = Tensor(rand(Float32, 1000))
            sums[index] += sum(asarray(contiguous(tensor)))
            rand() < 0.05 && GC.gc(false)
        end
    end
    @test all(sum -> 200 * 400 < sum < 200 * 600, sums)
end
