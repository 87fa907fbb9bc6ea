# What Julia shows of Oarlock, under the names of tests/bindings/scenarios.json: julia scenarios.jl WORKDIR NAME...
using Oarlock

const SCENARIOS = Dict{String,Function}()
const DIGITS = joinpath(@__DIR__, "..", "..", "..", "examples", "digits")

scenario(body, name) = SCENARIOS[name] = body

"Fails with what was written, unless it holds."
macro expect(condition)
    text = string(condition)
    :($(esc(condition)) || error("does not hold: " * $text))
end

"The exception of type T (by kind, of Oarlock's) that `call` must throw."
function thrown(call, ::Type{T}) where {T}
    try
        call()
    catch failure
        failure isa T && return failure
        rethrow()
    end
    error("nothing was thrown where $T should be")
end
thrown(call, kind::Symbol) = thrown(call, OarlockError{kind})

says(failure, words...) = all(word -> occursin(word, failure.message), words)

"Run `call` on a new state with Oarlock's own progress kept quiet, and close it."
alone(call; keywords...) = State(call; keywords...)

"How many handles are alive in this process, after everything that is unreachable has gone."
function live_handles()
    GC.gc(); GC.gc()
    get_count = Ref(C_NULL)
    @expect Oarlock.Lib.oar_experimental_get("live_handle_count", get_count) == 0
    count = Ref{Int64}()
    @expect ccall(get_count[], Int32, (Ptr{Int64},), count) == 0
    count[]
end

foreach(file -> include(joinpath("julia", file * ".jl")), ("objects", "arrays", "training", "operators", "programs", "units", "callbacks", "ranks"))

function run_one(name, folder)
    try
        before = live_handles()
        SCENARIOS[name](folder)
        left = live_handles() - before
        left == 0 || error("$left handles are left")
        println("ok ", name)
    catch failure
        trace = sprint(showerror, failure, catch_backtrace())
        println("not ok ", name, ": ", replace(trace, r"\s*\n\s*" => " | "))
        return false
    finally
        flush(stdout)
    end
    true
end

let (folder, names) = (ARGS[1], ARGS[2:end])
    exit(all([run_one(name, folder) for name in names]) ? 0 : 1)
end
