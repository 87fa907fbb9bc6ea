# What a run needs beside training: timers, profiles, messages by rank, equal random numbers, memory figures.

"""
    timed(f, state, name)

Run `f()` and count how long it took as a duration of the timer `name`. In a profile it is a span of that name.

    timed(state, "forward") do
        forward(model, batch)
    end
"""
function timed(f, state::State, name::AbstractString)
    check(Lib.oar_timer_begin(state, name))
    try
        f()
    finally
        check(Lib.oar_timer_end(state, name))
    end
end

"""
    timer_report(state; all_ranks = false) -> String

What the timers measured, by name, in milliseconds, as JSON. With `all_ranks` the figures of all ranks and who is the
slowest; collective.
"""
function timer_report(state::State; all_ranks::Bool = false)
    report = all_ranks ? Lib.oar_timer_report_all_ranks : Lib.oar_timer_report
    String(bytes_of(out -> report(state, out)))
end

"Forget all durations of the timers."
reset_timers!(state::State) = check(Lib.oar_timer_reset(state))

"""
    record_profile(f, state, options = nothing; keywords...) -> Vector{String}

Run `f(step_ended)` and record which operators it spends its time in; the reports, as JSON. Call `step_ended()` after each
step. Options are those of the section `profile`: directory, wait, warmup, active, repeat, skip_first, record_shapes,
memory, flops. Without `active` all of it is one record. Collective with `directory`.

    reports = record_profile(state; directory = "traces", wait = 10, warmup = 1, active = 3, repeat = 1) do step_ended
        for batch in loader
            train(batch)
            step_ended()
        end
    end
"""
function record_profile(f, state::State, options::Options = nothing; keywords...)
    check(Lib.oar_profile_begin(state, options_text(options, keywords)))
    reports = String[]
    keep(report) = isnothing(report) || push!(reports, String(report))
    try
        f(() -> (keep(maybe_bytes_of(out -> Lib.oar_profile_step(state, out))); nothing))
    catch
        if world_size(state) == 1  # else other ranks may not come; closing the state ends the profile
            maybe_bytes_of(out -> Lib.oar_profile_end(state, out))
        end
        rethrow()
    end
    keep(maybe_bytes_of(out -> Lib.oar_profile_end(state, out)))
    reports
end

"""
    log_by_rank(state, level, text; ranks = :main)

Say something through the library's messages, as "[RANK r] text". `level` is `:debug`, `:info`, `:warning` or `:error`;
`ranks` is `:main` (rank 0 only), `:each`, or `:in_order` (one after the other; collective).
"""
function log_by_rank(state::State, level::Symbol, text::AbstractString; ranks::Symbol = :main)
    who = (main = Lib.OAR_LOG_MAIN, each = Lib.OAR_LOG_EACH, in_order = Lib.OAR_LOG_IN_ORDER)
    haskey(who, ranks) || refuse(Lib.OAR_E_ARGUMENT, "ranks must be :main, :each or :in_order, got $(repr(ranks))", "log_by_rank")
    check(Lib.oar_state_log(state, level_number(level, "log_by_rank"), who[ranks], text))
end

"Give the default generator of every rank the state of rank 0's. Collective."
synchronize_rng!(state::State) = check(Lib.oar_state_synchronize_rng(state))

"Make libtorch choose deterministic algorithms in the whole process, as torch.use_deterministic_algorithms does."
set_deterministic!(state::State, on::Bool = true; warn_only::Bool = false) =
    check(Lib.oar_state_set_deterministic(state, on, warn_only))

"The memory of this process in bytes, as JSON: rss, rss_anonymous, rss_file, rss_shared, rss_peak."
memory_report() = String(bytes_of(Lib.oar_memory_report))

function maybe_bytes_of(call)
    out = Ref(Ptr{oar_bytes}(C_NULL))
    check(call(out))
    out[] == C_NULL ? nothing : take_bytes(out[])
end
bytes_of(call) = something(maybe_bytes_of(call))
