# What a call costs from Julia: call_overhead.jl noop|all_reduce CALLS prints nanoseconds per call, as call_overhead.c does.
using Oarlock

function ask_rank(state, calls)
    sum = 0
    for _ in 1:calls
        sum += Oarlock.rank(state)
    end
    sum == 0 || error("rank 0 has another rank")
end

function sum_one_float(state, calls)
    group, tensor = Group(state), Tensor(fill(1.0f0))
    for _ in 1:calls
        all_reduce!(group, tensor)
    end
    item(tensor) == 1 || error("the sum over one rank is another value")
end

"Nanoseconds per call; a function of its own, so that `run` is known when the loop is compiled."
function per_call(run, state, calls)
    run(state, div(calls, 10))  # compiles and warms
    start = time_ns()
    run(state, calls)
    (time_ns() - start) / calls
end

State() do state
    run = ARGS[1] == "noop" ? ask_rank : sum_one_float
    println(round(per_call(run, state, parse(Int, ARGS[2])), digits = 2))
end
