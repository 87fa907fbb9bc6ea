# Closures of Julia that the library calls.
using Logging

mutable struct Held end

"A function that keeps an object; `freed` counts how often that object went."
@noinline function keeping(f, freed)
    held = finalizer(_ -> (freed[] += 1), Held())
    text -> (held; f(text))
end

# In functions of their own, so that no frame that is still active keeps the closures.
@noinline listen(f, freed, state::State) = on_print(keeping(f, freed), state)
@noinline listen(f, freed, progress::Progress) = on_progress(keeping(f, freed), progress)

"Everything that is unreachable has gone: from Julia, then with the next call from Oarlock, then what that held."
function collected()
    GC.gc()
    Config()
    Oarlock.reclaim()
    GC.gc(); GC.gc()
end

scenario("callback_called") do folder
    lines, freed = String[], Ref(0)
    state = State()
    listen(text -> push!(lines, text), freed, state)
    println(state, "one ", 2)
    Progress(state, "rowing", 10) do progress
        listen(text -> push!(lines, text), freed, progress)
        advance!(progress, 10; note = "strokes")
    end
    @expect freed[] == 0 && lines[1] == "one 2" && length(lines) > 1
    @expect all(word -> occursin(word, lines[end]), ("rowing", "10/10", "strokes"))
    collected()
    @expect freed[] == 1                       # that of the progress, which has ended
    listen(text -> nothing, freed, state)
    println(state, "unheard")
    collected()
    @expect freed[] == 2 && count(==("unheard"), lines) == 0
    close(state)
    finalize(state)
    collected()
    @expect freed[] == 3
end

scenario("callback_error") do folder
    alone() do state
        failure = ErrorException("inside the closure")
        on_print(text -> throw(failure), state)
        @expect thrown(() -> println(state, "x"), ErrorException) === failure
        lines = String[]
        on_print(text -> push!(lines, text), state)
        println(state, "works on")
        @expect lines == ["works on"]
        Progress(state, "rowing", 10) do progress
            on_progress(text -> throw(failure), progress)
            @expect thrown(() -> advance!(progress, 2), ErrorException) === failure
            on_progress(text -> push!(lines, text), progress)
        end
        barrier(state)
    end
end

scenario("log_messages") do folder
    mkpath(joinpath(folder, "checkpoint_3"))
    look() = thrown(() -> latest_checkpoint(folder), :NOT_FOUND)
    messages = []
    on_log((level, component, message) -> push!(messages, (level, component, message)))
    look()
    @expect length(messages) == 1 && messages[1][1:2] == (:warning, "checkpoint") && occursin("checkpoint_3", messages[1][3])
    set_log_level(:error)
    look()
    @expect length(messages) == 1
    set_log_level(:warning)
    shown = IOBuffer()
    on_log()
    with_logger(look, SimpleLogger(shown))
    @expect occursin("Warning", String(take!(shown)))
    on_log(nothing)
    thrown(() -> set_log_level(:loud), :ARGUMENT)
end
