# Scenarios of two ranks: two processes run the same name, with the launcher's variables.

"Run `call(group, rank)` in the world of the launcher's variables."
in_world(call; keywords...) = State(state -> call(Group(state), Oarlock.rank(state)); keywords...)

scenario("all_reduce") do folder
    in_world() do group, rank
        for (op, result) in (:sum => 3, :mean => 1.5, :max => 2)
            array = Float32[rank + 1]
            @expect all_reduce!(group, array, op) === array && array == [result]
            array = Float32[rank + 1]
            work = start_all_reduce!(group, array, op)
            wait(work; timeout = 60)
            @expect is_done(work) && failure(work) === nothing && array == [result]
        end
        @expect broadcast_from!(group, 1, [10rank]) == [10]
        @expect asarray(all_gather(group, Float32[rank; rank + 0.5])) == [0, 0.5, 1, 1.5]
        thrown(() -> all_reduce!(group, Float32[1], :median), :ARGUMENT)
        thrown(() -> Oarlock.complete(work -> Oarlock.Lib.oar_group_all_reduce(group, Tensor(Float32, 1), 99, 0, work)), :ARGUMENT)
    end
end

scenario("parts_and_pairs") do folder
    in_world() do group, rank
        mine = rank + 1.0
        @expect reduce!(group, 1, [mine]) == [(1.0, 3.0)[rank+1]]
        @expect reduce_scatter!(group, [0.0], [mine, 10mine]) == [(3.0, 30.0)[rank+1]]
        @expect gather!(group, 1, rank == 1 ? [0.0, 0.0] : nothing, [mine]) == (rank == 1 ? [1.0, 2.0] : nothing)
        @expect scatter!(group, 0, [0.0], rank == 0 ? [5.0, 6.0] : nothing) == [5.0 + rank]
        @expect all_to_all!(group, [0, 0], [10rank, 10rank + 1]) == [rank, 10 + rank]
        rows, received = (([0, 2], [0, 1]), ([1, 0], [2, 0]))[rank+1]
        @expect all_to_all!(group, zeros(sum(received)), rank == 0 ? [7.0, 8.0] : [9.0], rows, received) ==
                (rank == 0 ? [9.0] : [7.0, 8.0])
        @expect all_gather_rows!(group, zeros(3), fill(mine, rank + 1), [1, 2]) == [1.0, 2.0, 2.0]
        one, ten = [mine], [10mine, 0.0]
        @expect all_gather_coalesced!(group, [zeros(2), zeros(4)], [one, ten]) == [[1.0, 2.0], [10.0, 0.0, 20.0, 0.0]]
        @expect all_reduce_coalesced!(group, [one, ten]) == [[3.0], [30.0, 0.0]]
        one[1] += rank
        @expect broadcast_coalesced!(group, 1, [one, ten]) == [[4.0], [30.0, 0.0]]
        @expect reduce_scatter_coalesced!(group, [zeros(1)], [ten]) == [[(60.0, 0.0)[rank+1]]]
        @expect all_reduce!(group, [rank + 1], :xor) == [3]
        got = zeros(3)
        first, second = start_send(group, 1 - rank, fill(mine, 3)), start_receive!(group, 1 - rank, got)
        wait(first; timeout = 60)
        wait(second; timeout = 60)
        @expect got == fill(2.0 - rank, 3)
        rank == 0 ? Oarlock.send(group, 1, got) : receive!(group, 0, got)
        @expect got == fill(2.0, 3)
        thrown(() -> Oarlock.send(group, rank, got), :ARGUMENT)
        barrier(group; timeout = 60)
    end
end

scenario("gather_bytes") do folder
    in_world() do group, rank
        @expect all_gather_bytes(group, rank == 0 ? "" : "abc") == [UInt8[], Vector{UInt8}("abc")]
        @expect String(broadcast_bytes(group, 1, rank == 1 ? "from 1" : UInt8[])) == "from 1"
    end
    State() do state
        accelerator = Accelerator(state)
        @expect reduce_mean(accelerator, Oarlock.rank(state) == 0 ? 1.5 : 4.0) == 2.75
    end
end

scenario("nested_trees") do folder
    in_world() do group, rank
        held = (loss = [rank + 1.0], rows = [10.0 * rank for _ in 0:rank])
        @expect asarray(reduce_tree(group, (loss = held.loss,), :mean)["loss"]) == [1.5]
        text = thrown(() -> gather_tree(group, held), :MISMATCH)
        @expect occursin("'rows'", text.message) && occursin("rank 0: float64 [1]; rank 1: float64 [2]", text.message)
        @expect asarray(gather_tree(group, pad_tree(group, held; value = -1))["rows"]) == [0, -1, 10, 10]
        @expect native(gather_objects(group, Any[string(rank) for _ in 0:rank])) == ["0", "1", "1"]
        @expect native(copy_tree(group, rank == 1 ? (of = Any["one", nothing],) : nothing)) == Dict("of" => Any["one", nothing])
        @expect native(broadcast_object(group, 0, rank == 0 ? (seed = 7,) : nothing)) == Dict("seed" => 7)
        ones = [Float64(rank), Float64(rank)]
        broadcast_tree_from!(group, 1, (x = ones,))
        @expect ones == [1, 1]
    end
    State() do state
        accelerator = Accelerator(state)
        Oarlock.rank(state) == 1 && set_trigger!(accelerator)
        @expect [check_trigger(accelerator), check_trigger(accelerator)] == [true, false]
        names = Any["zero", "one"][Oarlock.rank(state)+1:end]
        @expect native(gather_tree_for_metrics(accelerator, (names = names,))) == Dict("names" => ["zero", "one", "one"])
    end
end

"An all-gather by files: this rank's block is written, then the others' are read as they come."
function exchange_by_files(folder, rank)
    function (mine, all)
        write(joinpath(folder, "block_$rank.part"), mine)
        mv(joinpath(folder, "block_$rank.part"), joinpath(folder, "block_$rank"))
        for other in 0:size(all, 2)-1
            path = joinpath(folder, "block_$other")
            timedwait(() -> isfile(path), 60.0; pollint = 0.01) == :ok || error("rank $other wrote no block")
            all[:, other+1] = read(path)
        end
    end
end

scenario("exchange_callback") do folder
    rank = parse(Int, ENV["RANK"])
    State(exchange_by_files(mkpath(joinpath(folder, "good")), rank), rank, 2) do state
        @expect (Oarlock.rank(state), world_size(state)) == (rank, 2)
        barrier(state; timeout = 60)
    end
    exchange = exchange_by_files(mkpath(joinpath(folder, "bad")), rank)
    failure = ErrorException("the exchange of rank 1 fails")
    fails(mine, all) = (exchange(mine, all); throw(failure))
    options = (comm = (connect_timeout_ms = 5000,),)
    if rank == 1
        @expect thrown(() -> State(fails, rank, 2, options), ErrorException) === failure
    else
        seconds = @elapsed left = thrown(() -> State(exchange, rank, 2, options), OarlockError)
        @expect left.name in ("TIMEOUT", "PEER_LOST") && seconds < 4 * 5
    end
end

scenario("mismatch_named") do folder
    in_world() do group, rank
        failure = thrown(() -> all_reduce!(group, zeros(Float32, rank == 0 ? 2 : 3)), :MISMATCH)
        @expect says(failure, "sum of 2 float32", "sum of 3 float32") && failure.operation == "all_reduce"
    end
end

scenario("lost_rank_named") do folder
    State() do state
        group, rank = Group(state), Oarlock.rank(state)
        barrier(group; timeout = 60)
        rank == 1 && ccall(:kill, Cint, (Cint, Cint), getpid(), 9)
        failure = thrown(() -> barrier(group; timeout = 60), :PEER_LOST)
        @expect failure.rank == 1 && says(failure, "rank 1")
        @expect says(thrown(() -> shrink(state; min_size = 2, timeout = 60), :PEER_LOST), "1 of 2 came")
        smaller = shrink(state; timeout = 60)
        @expect Oarlock.world_size(smaller) == 1
        barrier(smaller; timeout = 60)
        close(smaller)
    end
end
