# What test_all_precision.py prints from Python, from Julia.
using Oarlock

const NAMES = Dict(Float16 => "Half", Float32 => "Float")

State() do state
    accelerator = Accelerator(state, accelerator = (mixed_precision = "fp16",), scaler = (init_scale = 1024.0,))
    println(mixed_precision(accelerator), " ", loss_scale(accelerator))
    a = ones(Float32, 2, 2)
    inside, island = autocast(accelerator) do
        eltype(op(state, "aten::mm", a, a)), autocast(() -> eltype(op(state, "aten::mm", a, a)), accelerator, false)
    end
    println(NAMES[inside], " ", NAMES[island])
    model = Model(state)
    weight = ones(Float32, 2)
    register_parameter!(model, "weight", weight)
    optimizer = Optimizer(model, "sgd"; lr = 1.0)
    prepare!(accelerator, model, optimizer)
    backward!(ready -> ready("weight", Float32[1, Inf]), accelerator, model)
    step!(accelerator, optimizer)
    println(step_was_skipped(accelerator, optimizer), " ", loss_scale(accelerator))
    backward!(ready -> ready("weight", Float32[1, 0.5]), accelerator, model)
    unscale_gradients!(accelerator)
    step!(accelerator, optimizer)
    println(step_was_skipped(accelerator))
    println(weight == [0, 0.5])
    load_scaler_state!(accelerator, replace(scaler_state(accelerator), "\"_growth_tracker\":1" => "\"_growth_tracker\":0"))
    println(match(r"\"scale\":(\d+)", scaler_state(accelerator))[1], " ", match(r"_growth_tracker\":(\d+)", scaler_state(accelerator))[1])
    tried = Int[]
    found = find_executable_batch_size(state, 128) do batch_size
        push!(tried, batch_size)
        batch_size > 103 && throw(OutOfMemoryError())
        64
    end
    println(found, " ", join(tried[2:end], " "))
    free_memory!(accelerator)
    println(loss_scale(Accelerator(state)))
end
