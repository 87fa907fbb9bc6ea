# Units of a program: recomputed, looked into, measured.

const PATHS = ["fc1", "fc2"]

scenario("recompute_same_gradients") do folder
    found = map((false, true)) do recompute
        alone() do state
            model = training!(digits_model(state))
            @expect says(thrown(() -> set_units!(model; paths = ["fc9"]), :ARGUMENT), "fc9")
            set_units!(model; paths = PATHS)
            @expect units(model) == ["", PATHS...]
            set_recompute!(model, "*", recompute)
            accelerator = Accelerator(state)
            prepare!(accelerator, model)
            Oarlock.seed!(state, 5)
            backward!(accelerator, model(digits_set("test")[1:8])["loss"])
            Array(gradient(model, "fc1.weight"))
        end
    end
    @expect found[1] == found[2] && any(!iszero, found[1])
end

scenario("intermediate_values") do folder
    alone() do state
        model, batch = digits_model(state), digits_set("test")[1:8]
        set_units!(model, (paths = PATHS,))
        outputs, values = forward_with_values(model, batch, ("fc2", "relu_2"))
        @expect asarray(values["fc2"]) == asarray(outputs["logits"])
        given = forward_unit(model, "fc2", (relu_2 = values["relu_2"],))
        @expect asarray(given["linear_1"]) == asarray(outputs["logits"])
        @expect says(thrown(() -> forward_with_values(model, batch, ["fc9"]), :NOT_FOUND), "fc9")
        @expect occursin("\"fc2\"", describe(model)) && occursin("relu_2", describe(model))
    end
end

scenario("profile_table") do folder
    alone() do state
        model, batch = digits_model(state), digits_set("test")[1:8]
        set_units!(model; paths = PATHS)
        outputs = profile(() -> model(batch), model)
        @expect haskey(outputs, "logits") && all(unit -> occursin(unit, profile_table(model)), PATHS)
        save_profile(model, joinpath(folder, "trace.json"))
        @expect startswith(read(joinpath(folder, "trace.json"), String), r"[\[{]")
    end
end
