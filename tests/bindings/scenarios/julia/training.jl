# Data, models and checkpoints.

digits_set(name) = Dataset(joinpath(DIGITS, name * ".safetensors"))

same_batch(left, right) = all(name -> asarray(left[name]) == asarray(right[name]), ("images", "labels"))

scenario("loader_loop") do folder
    dataset = digits_set("test")
    loader = Loader(dataset; batch_size = 32)
    @expect length(loader) == 12 && num_samples(loader) == length(dataset) == 360
    for epoch_number in 0:1
        @expect epoch(loader) == epoch_number
        batches = 0
        for batch in loader
            rows = (32batches + 1):min(32batches + 32, 360)
            batches += 1
            @expect size(batch["images"]) == (length(rows), 8, 8)
            @expect same_batch(batch, dataset[rows])
        end
        @expect batches == 12
    end
    rounds = [length(collect(loader)) for batch in loader]  # the loop inside is told the end for both
    @expect rounds == [11] && epoch(loader) == 3
end

scenario("loader_seek") do folder
    options = (batch_size = 32, shuffle = true, seed = 11)
    whole, jump = Loader(digits_set("test"), options), Loader(digits_set("test"); options...)
    foreach(batch -> nothing, whole)
    batch = collect(Iterators.take(whole, 4))[4]
    seek!(jump, 1, 3)
    @expect position(jump) == 3 && epoch(jump) == 1
    @expect same_batch(first(jump), batch)
end

scenario("training_step") do folder
    alone() do state
        model = Model(state, joinpath(DIGITS, "digits.pt2"))
        optimizer = Optimizer(model, "sgd"; lr = 0.125)
        accelerator = Accelerator(state)
        prepare!(accelerator, model, optimizer)
        batch = digits_set("train")[1:32]
        parameters() = Dict(name => Array(model[name]) for name in keys(model))
        old = parameters()
        backward!(accelerator, model(batch)["loss"])
        gradients = Dict(name => Array(gradient(model, name)) for name in keys(model))
        @expect parameters() == old
        step!(accelerator, optimizer)
        @expect all(model_value == old[name] .- 0.125f0 .* gradients[name] for (name, model_value) in parameters())
        @expect parameters() != old && gradient(model, first(keys(model))) === nothing
        training!(model, false)
        @expect !is_training(model) && asarray(model(batch)["logits"]) == asarray(model(batch)["logits"])
    end
end

scenario("foreign_model") do folder
    alone(accelerator = (gradient_accumulation_steps = 2,)) do state
        weights = Float32[1 2; 3 4]
        model = Model(state)
        register_parameter!(model, "weights", weights)
        accelerator = Accelerator(state)
        optimizer = Optimizer(model, "sgd"; lr = 0.5)
        prepare!(accelerator, model, optimizer)
        old = copy(weights)
        inputs, targets = [Float32[1, 2], Float32[4, -2]], [Float32[1, 1], Float32[0, 8]]
        of_batches = []
        for (x, y) in zip(inputs, targets)
            accumulating(accelerator, model) do
                @expect weights == old
                slope = weights * x - y                  # of |weights x - y|^2 / 2
                push!(of_batches, slope * x')
                gradient_ready!(accelerator, model, "weights", slope * x')
                gradients_done!(accelerator, model)
                step!(accelerator, optimizer)
            end
        end
        @expect weights == old - 0.5f0 * (of_batches[1] + of_batches[2]) / 2
        @expect pointer(model["weights"]) == pointer(weights) && num_steps(optimizer) == 1
        thrown(() -> model((x = inputs[1],)), :UNSUPPORTED)
        @expect says(thrown(() -> gradient_ready!(accelerator, model, "weight", old), :NOT_FOUND), "weight")
    end
end

scenario("own_optimizer") do folder
    alone() do state
        a, b, broken = Float32[1, -2], Float32[4], false
        model = Model(state)
        register_parameter!(model, "a", a)
        register_parameter!(model, "b", b)
        accelerator = Accelerator(state)
        optimizer = Optimizer(model, "descend"; lr = 0.5, groups = [(params = ["b"], lr = 0.25)]) do name, parameter, gradient, kept, options
            broken && throw(KeyError(name))
            asarray(parameter) .-= Float32(options["lr"]) .* asarray(gradient)
            keep!(kept, "updates", isempty(keys(kept)) ? 1 : kept["updates"] + 1)
        end
        scheduler = Scheduler((step, group) -> 2.0^-step, optimizer)
        prepare!(accelerator, model, optimizer, scheduler)
        function ones_of_both()
            gradient_ready!(accelerator, model, "a", ones(Float32, 2))
            gradient_ready!(accelerator, model, "b", ones(Float32, 1))
            gradients_done!(accelerator, model)
            3
        end
        for _ in 1:2
            ones_of_both()
            step!(accelerator, optimizer, scheduler)
        end
        @expect a == [0.25, -2.75] && b == [3.625]
        @expect step!(ones_of_both, accelerator, optimizer, scheduler) == 3
        failure = try step!(() -> error("no loss"), accelerator, optimizer, scheduler) catch thrown; thrown end
        @expect failure isa ErrorException && failure.msg == "no loss"
        broken = true
        failure = try step!(ones_of_both, accelerator, optimizer, scheduler) catch thrown; thrown end
        @expect failure isa KeyError
        @expect a == [0.125, -2.875] && b == [3.5625] && num_steps(optimizer) == 3
        dict = state_dict(optimizer)
        @expect [dict["state"][key]["updates"] for key in ("0", "1")] == [3, 3]
    end
end

scenario("save_load") do folder
    place = joinpath(folder, "saved")
    alone() do state
        model = Model(state, joinpath(DIGITS, "digits.pt2"))
        accelerator = Accelerator(state)
        prepare!(accelerator, model)
        save(accelerator, place; user = (note = "\u00fc", number = 2^53))
        manifest_text = read(joinpath(place, "manifest.json"))
        thrown(() -> save(accelerator, place), :EXISTS)
        @expect read(joinpath(place, "manifest.json")) == manifest_text

        checkpoint = Checkpoint(place)
        verify(checkpoint)
        @expect user_json(checkpoint) == "{\"note\":\"\u00fc\",\"number\":9007199254740992}"
        @expect occursin("model.safetensors", manifest(checkpoint)) && issubset(keys(model), keys(checkpoint))
        saved = Dict(name => Array(model[name]) for name in keys(model))
        @expect all(is_read_only(checkpoint[name]) && asarray(checkpoint[name]) == saved[name] for name in keys(model))
        foreach(name -> asarray(model[name]) .= 0, keys(model))
        load!(accelerator, place)
        @expect all(Array(model[name]) == saved[name] for name in keys(model))
        thrown(() -> load!(accelerator, mkdir(joinpath(folder, "empty"))), :NOT_FOUND)
    end
end
