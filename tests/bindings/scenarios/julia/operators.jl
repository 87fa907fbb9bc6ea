# Operators by name, and models that are written in them.

const X, WEIGHT, BIAS = Float32[1 2; 3 4], Float32[1 0; 0 1; 1 1], Float32[0, 0, 1]

scenario("operator_call") do folder
    alone() do state
        expected = [1 2 4; 3 4 8]
        @expect asarray(op(state, "aten::linear", X, WEIGHT, BIAS)) == expected
        @expect asarray(op(state, "aten::linear", contiguous(Tensor(X)), WEIGHT; bias = BIAS)) == expected
        largest, places = op(state, "aten::topk", X, 1)
        @expect vec(asarray(largest)) == [2, 4] && vec(asarray(places)) == [1, 1]
        @expect Array.(op(state, "aten::split", X, 1, 1)) == (X[:, 1:1], X[:, 2:2]) && op(state, "aten::split", X, 2) isa Tuple
        sums = op(state, "aten::sum", X, (1,), true; dtype = Float64)
        @expect eltype(sums) == Float64 && vec(asarray(sums)) == [3, 7]
        @expect asarray(op(state, "aten::cat", [X, Tensor(X)], 0)) == [X; X]
        @expect asarray(op(state, "aten::index", X, (nothing, [1]))) == reshape([2, 4], 2, 1)
        @expect occursin("aten::add.Tensor", op_signatures("aten::add")) && "aten::linear" in op_names("aten")
    end
end

scenario("operator_refused") do folder
    alone() do state
        @expect says(thrown(() -> op(state, "aten::liner", X), :UNSUPPORTED), "aten::linear")
        @expect says(thrown(() -> op(state, "aten::linear", X), :ARGUMENT), "weight")
        @expect says(thrown(() -> op(state, "aten::topk", X, "all"), :ARGUMENT), "argument k")
        @expect says(thrown(() -> op(state, "aten::relu", 1im), :ARGUMENT), "Complex")
        fixed = Oarlock.ReadOnlyArray(copy(X))
        @expect says(thrown(() -> op(state, "aten::add_", Tensor(fixed), 1), :ARGUMENT), "read-only")
        @expect fixed == X && asarray(op(state, "aten::relu", X)) == X
    end
end

scenario("operator_no_grad") do folder
    alone() do state
        weight = Float32[1, -2]
        model = Model(state)
        register_parameter!(model, "weight", weight)
        accelerator = Accelerator(state)
        prepare!(accelerator, model)
        own = parameter(model, "weight")
        fixed = no_grad() do
            no_grad(() -> op(state, "aten::sub_", own, 0.5))
            op(state, "aten::mul_", own, 2)
            op(state, "aten::sum", own)
        end
        @expect item(fixed) == -4 && weight == [1, -5]
        @expect says(thrown(() -> backward!(accelerator, fixed), :STATE), "no graph")
        thrown(() -> no_grad(() -> op(state, "aten::liner", own)), :UNSUPPORTED)
        @expect says(thrown(() -> op(state, "aten::sub_", own, 0.5), :ARGUMENT), "in-place")
        backward!(accelerator, op(state, "aten::sum", op(state, "aten::mul", own, own)))
        @expect asarray(gradient(model, "weight")) == [2, -10] && weight == [1, -5]
    end
end

scenario("forward_callback") do folder
    alone() do state
        function squared_error(model, inputs)
            y = scope(model, "fc", "Linear") do
                op(state, "aten::linear", inputs["x"], parameter(model, "weight"))
            end
            difference = op(state, "aten::sub", y, inputs["target"])
            (loss = op(state, "aten::mul", op(state, "aten::sum", op(state, "aten::mul", difference, difference)), 0.5), y = y)
        end
        weight, inputs = Float32[1 -2], (x = Float32[4 1], target = ones(Float32, 1, 1))
        model = Model(state)
        scope(() -> register_parameter!(model, "weight", weight), model, "fc")
        set_forward!(squared_error, model)
        accelerator = Accelerator(state)
        optimizer = Optimizer(model, "sgd"; lr = 0.125)
        prepare!(accelerator, model, optimizer)
        outputs = model(inputs)
        @expect item(outputs["y"]) == 2 && item(outputs["loss"]) == 0.5
        backward!(accelerator, outputs["loss"])
        @expect asarray(gradient(model, "fc.weight")) == [4 1]
        step!(accelerator, optimizer)
        @expect weight == [0.5 -2.125]
        set_forward!((model, inputs) -> scope(() -> parameter(model, "bias"), model, "fc"), model)
        @expect says(thrown(() -> model(inputs), :NOT_FOUND), "fc.bias")
        failure = ErrorException("inside the forward")
        set_forward!((model, inputs) -> throw(failure), model)
        @expect thrown(() -> model(inputs), ErrorException) === failure
        set_forward!(squared_error, model)
        @expect item(training!(model, false)(inputs)["y"]) == -0.125
        set_forward!(nothing, model)
        thrown(() -> model(inputs), :UNSUPPORTED)
    end
end

scenario("traced_model") do folder
    alone() do state
        weight = Float32[1 -2]
        rows, others = (x = Float32[4 1; 1 3], target = Float32[1 3]'), (x = Float32[2 0; 0 8; 4 4], target = Float32[2 6 8.5]')
        rows, others = map(collect, rows), map(collect, others)
        dynamic = (x = (:batch, nothing), target = (:batch, nothing))
        written = Model(state)
        register_parameter!(written, "fc.weight", weight)
        set_forward!(written) do model, inputs
            y = scope(() -> op(state, "aten::linear", inputs["x"], parameter(model, "weight")), model, "fc", "Linear")
            (loss = op(state, "aten::mse_loss", y, inputs["target"]), y = y)
        end
        model = trace(written, rows; dynamic = dynamic)
        set_forward!(nothing, written)
        @expect keys(model) == ["fc.weight"] && pointer(model["fc.weight"]) == pointer(weight)
        accelerator = Accelerator(state)
        optimizer = Optimizer(model, "sgd"; lr = 0.125)
        prepare!(accelerator, model, optimizer)
        loss = model(rows)["loss"]
        @expect item(loss) == 32.5
        backward!(accelerator, loss)
        step!(accelerator, optimizer)
        @expect weight == [1.5 0.875]
        @expect item(training!(model, false)(others)["loss"]) == 1
        thrown(() -> trace(model, rows), :UNSUPPORTED)
        set_forward!((model, inputs) -> (y = op(state, "aten::relu", inputs["x"]),), written)
        @expect says(thrown(() -> trace(written, rows; dynamic = dynamic), :ARGUMENT), "target")
        failure = ErrorException("inside the trace")
        set_forward!((model, inputs) -> throw(failure), written)
        @expect thrown(() -> trace(written, rows), ErrorException) === failure
    end
end

scenario("backward_callback") do folder
    alone() do state
        weight, x = Float32[1, -2], Float32[4, 1]
        model = Model(state)
        register_parameter!(model, "weight", weight)
        set_forward!((model, inputs) -> (y = [sum(weight .* asarray(inputs["x"]))],), model)
        set_backward!((gradients, ready) -> ready("weight", asarray(gradients["y"]) .* x), model)
        accelerator = Accelerator(state)
        optimizer = Optimizer(model, "sgd"; lr = 0.125)
        prepare!(accelerator, model, optimizer)
        function backward()
            y = model((x = x,))["y"]
            backward!(accelerator, op(state, "aten::mul", y, 3.0))
            item(y)
        end
        @expect backward() == 2
        step!(accelerator, optimizer)
        @expect weight == [-0.5, -2.375]
        failure = ErrorException("inside the backward")
        set_backward!((gradients, ready) -> throw(failure), model)
        @expect thrown(backward, ErrorException) === failure
    end
end
