# Objects: made, used, closed, ended; errors; options; trees.

scenario("create_use_close") do folder
    state = State()
    @expect (Oarlock.rank(state), world_size(state), local_rank(state), local_world_size(state)) == (0, 1, 0, 1)
    @expect is_main_process(state) && is_local_main_process(state) && is_last_process(state)
    @expect device(state) == "cpu"
    close(state)
    close(state)
    finalize(state)
end

scenario("error_text") do folder
    path = joinpath(folder, "missing.safetensors")
    failure = thrown(() -> Dataset(path), :NOT_FOUND)
    @expect failure.code == Oarlock.Lib.OAR_E_NOT_FOUND && failure.name == "NOT_FOUND"
    @expect says(failure, path) && failure.operation == "oar_dataset_from_safetensors" && failure.component == "dataset"
    @expect failure.rank === nothing
    shown = sprint(showerror, failure)
    @expect occursin("NOT_FOUND", shown) && occursin(path, shown)
end

scenario("wrong_handle") do folder
    config = Config()
    thrown(() -> item(config), MethodError)
    thrown(() -> item(nothing), MethodError)
    count = Ref{Int64}(-1)
    GC.@preserve config begin
        as_tensor = Ptr{Oarlock.Lib.oar_tensor}(Oarlock.handle(config))
        @expect Oarlock.Lib.oar_tensor_numel(as_tensor, count) == Oarlock.Lib.OAR_E_HANDLE
    end
    @expect Oarlock.Lib.oar_tensor_numel(C_NULL, count) == Oarlock.Lib.OAR_E_HANDLE
    @expect count[] == -1
    config["comm.timeout_ms"] = 4000
    @expect config["comm.timeout_ms"] == 4000
end

@noinline function train_after_releases()
    config = Config(seed = 3)
    state = State(config)
    dataset = Dataset(joinpath(DIGITS, "train.safetensors"))
    model = Model(state, joinpath(DIGITS, "digits.pt2"))
    loader = Loader(dataset; batch_size = 32)
    accelerator = Accelerator(state)
    optimizer = Optimizer(model, "sgd"; lr = 0.01)
    prepare!(accelerator, model, optimizer, loader)
    batch = first(loader)
    outputs = model(batch)
    foreach(finalize, (config, dataset, state, model))
    backward!(accelerator, outputs["loss"])
    step!(accelerator, optimizer)
    @expect num_steps(optimizer) == 1
    @expect size(iterate(loader)[1]["images"]) == (32, 8, 8)
    @expect size(gather_for_metrics(accelerator, outputs["logits"])) == (32, 10)
    foreach(finalize, (accelerator, loader, batch, optimizer, outputs))
end

scenario("release_any_order") do folder
    before = live_handles()
    train_after_releases()
    @expect live_handles() == before
end

scenario("use_after_close") do folder
    alone() do state
        tracker = Tracker(state, "jsonl"; path = joinpath(folder, "closed.jsonl"))
        loader = Loader(Dataset(joinpath(DIGITS, "test.safetensors")))
        accelerator = Accelerator(state)
        for object in (tracker, loader, accelerator)
            close(object)
            close(object)
        end
        thrown(() -> log!(tracker, 1; loss = 0.5), :STATE)
        thrown(() -> first(loader), :STATE)
        thrown(() -> prepare!(accelerator, loader), :STATE)
        tensor = Tensor(Float32, 3)
        finalize(tensor)
        finalize(tensor)
        @expect says(thrown(() -> size(tensor), :HANDLE), "Tensor", "finalize")
    end
end

scenario("config_unknown_key") do folder
    config = Config(comm = (timeout_ms = 4000,))
    @expect says(thrown(() -> merge!(config, (comm = (timeout = 5,), seed = 1)), :ARGUMENT), "comm.timeout_ms")
    @expect says(thrown(() -> config["comm.timeout"] = 5, :ARGUMENT), "comm.timeout_ms")
    @expect config["comm.timeout_ms"] == 4000 && config["seed"] === nothing
end

scenario("config_values") do folder
    config = Config()
    config["ddp.broadcast_buffers"] = false
    config["seed"] = typemin(Int64)
    config["ddp.bucket_cap_mb"] = 12.5
    config["project_dir"] = "a \"folder\"\n\u00fc"
    @expect config["seed"] === typemin(Int64) && config["ddp.broadcast_buffers"] === false
    config["optimizer.betas"] = [0.5, 0.25]
    @expect config["ddp.bucket_cap_mb"] === 12.5 && config["optimizer.betas"] == [0.5, 0.25]
    @expect copy(config)["seed"] == typemin(Int64) && Config()["seed"] === nothing
    @expect config["project_dir"] == "a \"folder\"\n\u00fc"
    merge!(config, Dict("comm" => Dict("timeout_ms" => 2^40), "seed" => 2^60 + 1))
    @expect config["comm.timeout_ms"] == 2^40 && config["seed"] == 2^60 + 1
    merge!(config, "{\"comm.timeout_ms\": 5}")
    @expect config["comm.timeout_ms"] == 5
    thrown(() -> config["seed"] = "no number", :ARGUMENT)
end

scenario("tree_values") do folder
    values = Float32[1 2; 3 4]
    plain = Dict("list" => Any[2^53 + 1, 0.5, true, Dict("text" => "\u00e4 \"b\"")], "nothing" => nothing)
    tree = Tree(merge(plain, Dict("tensor" => values)))
    @expect tree["list"][1] === 2^53 + 1 && tree["list.1"] === 0.5 && tree["list"][3] === true
    @expect tree["list.3.text"] == "\u00e4 \"b\"" && tree["nothing"] === nothing
    @expect pointer(tree["tensor"]) == pointer(values)
    back = native(tree)
    @expect asarray(pop!(back, "tensor")) == values && back == plain
    @expect haskey(tree, "list.0") && !haskey(tree, "list.9") && sort(keys(tree)) == ["list", "nothing", "tensor"]
    @expect says(thrown(() -> tree["lists"], :NOT_FOUND), "lists", "tensor")
end

scenario("time_out_refused") do folder
    alone() do state
        seconds = @elapsed failure = thrown(() -> barrier(state; timeout = -1), :ARGUMENT)
        @expect says(failure, "timeout_ms", "-1000") && seconds < 5
        @expect says(thrown(() -> barrier(state; timeout = 0), :ARGUMENT), "timeout_ms")
        @expect says(thrown(() -> all_reduce!(Group(state), Float32[1]; timeout = -0.25), :ARGUMENT), "timeout_ms", "-250")
    end
end
