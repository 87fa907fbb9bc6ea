@handle Tracker oar_tracker """
    Tracker(state, name, options = nothing; keywords...)
    Tracker(f, state, name, options = nothing; keywords...)

Where metrics go: `Tracker(state, "jsonl"; path = "run/metrics.jsonl")` appends lines to a file, `Tracker(state,
"tensorboard"; path = "run")` writes event files into a directory. Only the main process writes. With a function first it
is closed when that ends.
"""

Tracker(state::State, name::AbstractString, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_tracker_create(state, name, options_text(options, keywords), out), Tracker)
Tracker(f, state::State, name::AbstractString, options::Options = nothing; keywords...) =
    closing(f, Tracker(state, name, options; keywords...))

"""
    log!(tracker, step; loss = 0.5, accuracy = 0.9)
    log!(tracker, step, values)

Log numbers of one step, or any values that JSON has, as keywords or a dictionary.
"""
log!(tracker::Tracker, step::Integer; values...) = log!(tracker, step, values)

function log!(tracker::Tracker, step::Integer, values::Union{AbstractDict,NamedTuple})
    if all(number -> number isa AbstractFloat, Base.values(values))
        names = String[String(name) for name in keys(values)]
        check(Lib.oar_tracker_log(tracker, step, names, Float64[number for number in Base.values(values)], length(names)))
    else
        entries = ((name, loggable(value)) for (name, value) in pairs(values))
        check(Lib.oar_tracker_log_json(tracker, step, sprint(io -> write_map(io, entries))))
    end
end

# JSON has no numbers that are not finite; C writes them so.
loggable(value) = value
loggable(number::AbstractFloat) =
    isfinite(number) ? number : isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity"

"Close the file. Later calls are `:STATE` errors. May be called twice."
Base.close(tracker::Tracker) = check(Lib.oar_tracker_close(tracker))

@handle Progress oar_progress """
    Progress(state, title, total; unit = "samples")
    Progress(f, state, title, total; unit = "samples")

A progress bar of the main process, on standard error. `total` 0: not known. With a function first it is closed when
that ends.
"""

Progress(state::State, title::AbstractString, total::Integer; unit = "samples") =
    owned(out -> Lib.oar_progress_create(state, title, total, unit, out), Progress)
Progress(f, state::State, title::AbstractString, total::Integer; unit = "samples") =
    closing(f, Progress(state, title, total; unit = unit))

"Count more units as done; `note` is shown at the end, `nothing` keeps the last one."
advance!(progress::Progress, count::Integer; note = nothing) =
    check(Lib.oar_progress_advance(progress, count, or_null(note)))

run_progress(text, slot) = trapped(f -> f(unsafe_string(text)), slot)

"""
    on_progress(f, progress)

Give plain lines to `f(text)` instead of standard error; `nothing` goes back to it. An exception in `f` is thrown by the
call that showed the line.
"""
on_progress(f, progress::Progress) =
    check(Lib.oar_progress_set_callback(progress, Lib.@oar_progress_fn(run_progress), root!(f), SEM_POST[]))
on_progress(::Nothing, progress::Progress) = check(Lib.oar_progress_set_callback(progress, C_NULL, C_NULL, C_NULL))

"Show the final state and end the line. May be called twice."
Base.close(progress::Progress) = check(Lib.oar_progress_close(progress))

const LEVELS = (debug = Lib.OAR_LOG_DEBUG, info = Lib.OAR_LOG_INFO, warning = Lib.OAR_LOG_WARNING,
                error = Lib.OAR_LOG_ERROR, off = Lib.OAR_LOG_OFF)

function run_log(level, component, message, slot)
    failed = trapped(f -> f(level_name(level), unsafe_string(component), unsafe_string(message)), slot)
    if failed != 0
        failure = something(FAILURES[Threads.threadid()])
        FAILURES[Threads.threadid()] = nothing
        @error "the function given to Oarlock.on_log failed" exception = failure
    end
    nothing
end

"""
    on_log(f)
    on_log()
    on_log(nothing)

Send the library's messages of this process to `f(level, component, message)`, level being `:debug`, `:info`, `:warning`
or `:error`; to Julia's logging; or to standard error, as in the beginning. What the library's own threads have to say
comes with a later call, on the thread of that call. An exception in `f` is reported by Julia's logging, since no call
could fail with it.
"""
on_log(f) = check(Lib.oar_log_set_callback(0, Lib.@oar_log_fn(run_log), root!(f), SEM_POST[]))
on_log(::Nothing) = check(Lib.oar_log_set_callback(0, C_NULL, C_NULL, C_NULL))
on_log() = on_log(to_julias_logging)

function level_name(level)
    level >= Lib.OAR_LOG_ERROR && return :error
    level >= Lib.OAR_LOG_WARNING && return :warning
    level >= Lib.OAR_LOG_INFO ? :info : :debug
end

function to_julias_logging(level, component, message)
    level === :error ? (@error message component) : level === :warning ? (@warn message component) :
    level === :info ? (@info message component) : (@debug message component)
end

"Choose which messages are given: those of this level and above (`:debug`, `:info`, `:warning`, `:error`), or none (`:off`)."
set_log_level(level::Symbol) = check(Lib.oar_log_set_level(level_number(level, "set_log_level")))

level_number(level::Symbol, operation) = haskey(LEVELS, level) ? LEVELS[level] :
    refuse(Lib.OAR_E_ARGUMENT, "there is no level $(repr(level)); there are $(join(repr.(keys(LEVELS)), ", "))", operation)
