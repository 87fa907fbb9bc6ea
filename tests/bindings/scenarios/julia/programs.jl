# What is done with programs beside training them: adapters, runs on the caller's arrays, units.

digits_model(state) = training!(Model(state, joinpath(DIGITS, "digits.pt2")), false)

scenario("lora_round_trip") do folder
    alone(seed = 1) do state
        model, batch = digits_model(state), digits_set("test")[1:8]
        logits(of) = Array(of(batch)["logits"])
        before = logits(model)
        @expect says(thrown(() -> add_lora!(model, "fc7"), :ARGUMENT), "fc1")
        add_lora!(model, ["fc*"]; rank = 2, alpha = 4)
        adapters = ["fc$layer.lora_$part.weight" for part in ("A", "B"), layer in 1:2]
        @expect sort(keys(model)) == vec(adapters) && logits(model) == before
        foreach(name -> asarray(model[name]) .= 0.5, adapters[2, :])
        changed = logits(model)
        @expect changed != before
        save_lora(model, joinpath(folder, "adapter"))
        thrown(() -> save_lora(model, joinpath(folder, "adapter")), :EXISTS)
        @expect logits(load_lora!(digits_model(state), joinpath(folder, "adapter"))) == changed
        @expect maximum(abs.(logits(merge_lora!(model)) - changed)) <= 1e-4 * maximum(abs.(changed))
        thrown(() -> merge_lora!(model), :STATE)
        @expect isempty(keys(model)) && thaw!(model, "fc*") == 4 && length(keys(model)) == 4 && freeze!(model, "fc1.*") == 2
    end
end

scenario("session_run") do folder
    alone(seed = 1) do state
        model, batch = digits_model(state), digits_set("test")[1:8]
        expected = Array(model(batch)["logits"])
        training!(model)
        session, wanted = Session(model), name -> map(==(name), (output_names(model)...,))
        images, logits = Tensor(Float32, 8, 8, 8), Tensor(Float32, 8, 10)
        copyto!(images, batch["images"])
        in_order(array) = map(is -> is ? array : nothing, wanted("logits"))
        run!(session, in_order(logits), (batch["images"], nothing))
        @expect asarray(logits) == expected
        own = zeros(Float32, 8, 10)
        run!(session, in_order(own), (Array(batch["images"]), nothing))
        @expect maximum(abs.(own - expected)) <= 1e-5 * maximum(abs.(expected))
        asarray(logits) .= 0
        run!(model, in_order(logits), (batch["images"], nothing))
        @expect asarray(logits) == expected && writes_in_place(session) isa Bool
        @expect says(thrown(() -> run!(session, in_order(logits), (zeros(UInt8, 8, 8), nothing)), :ARGUMENT), "images")
        @expect asarray(logits) == expected
        asarray(model["fc2.bias"]) .+= 1
        run!(session, in_order(logits), (batch["images"], nothing))
        @expect all(asarray(logits) .!= expected)
    end
end
