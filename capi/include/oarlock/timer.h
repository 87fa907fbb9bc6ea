/**
 * How long the phases of a run take, by name, on this rank and on all.
 *
 *   oar_timer_begin(state, "forward"); ...; oar_timer_end(state, "forward");
 *
 * A timer of the state is a name; it is made by its first begin. Different timers may run at once. While a profile
 * records (profile.h) each is a span of its trace too.
 */
#ifndef OARLOCK_TIMER_H
#define OARLOCK_TIMER_H

#include <oarlock/types.h>

/**
 * Start a timer.
 *
 * @param[in] state  borrowed; keeps the timer.
 * @param[in] name   any text but "".
 *
 * @return OAR_E_ARGUMENT  `name` is "" or no UTF-8.
 * @return OAR_E_STATE     the timer runs already.
 * @threads serial(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_timer_begin(oar_state *state, const char *name) OAR_NOEXCEPT;

/**
 * Stop a timer; what passed since its begin, by the steady clock, is one of its durations.
 *
 * @param[in] state  borrowed.
 * @param[in] name   of a timer that runs.
 *
 * @return OAR_E_STATE  the timer does not run.
 * @threads serial(state); on the thread of the begin, so that a trace has it in the right place
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_timer_end(oar_state *state, const char *name) OAR_NOEXCEPT;

/**
 * What this rank's timers measured since they were made or reset, in milliseconds. Quantiles are of the last 4096
 * durations, by nearest rank; the rest is of all.
 *
 * JSON: {"forward": {"count": n, "total_ms": x, "mean_ms": x, "min_ms": x, "p50_ms": x, "p95_ms": x, "max_ms": x}}, in
 * the order of the names. Timers that never ended are left out.
 *
 * @param[in]  state     borrowed.
 * @param[out] out_json  owned; end with oar_bytes_release. Without a NUL. Untouched on failure.
 *
 * @threads serial(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_timer_report(const oar_state *state, OAR_OUT OAR_OWNED oar_bytes **out_json) OAR_NOEXCEPT;

/**
 * The reports of all ranks, and who is the slowest, the same on each rank. Ranks may have different timers.
 *
 * JSON: {"forward": {"count": n, "total_ms": x, "mean_ms": x, "min_ms": x, "max_ms": x, "slowest_rank": r, "ranks":
 * [{"rank": 0, "count": n, ...}, ...]}}: the figures of all ranks' durations together; those of each rank that has the
 * timer, as oar_timer_report gives them; and the rank with the largest mean, the lowest of equals.
 *
 * @param[in]  state     borrowed.
 * @param[out] out_json  owned; end with oar_bytes_release. Without a NUL. Untouched on failure.
 *
 * @return OAR_E_TIMEOUT  OAR_E_MISMATCH, OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait.
 * @threads collective(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_timer_report_all_ranks(oar_state *state, OAR_OUT OAR_OWNED oar_bytes **out_json) OAR_NOEXCEPT;

/**
 * Forget all durations. Timers that run go on.
 *
 * @param[in] state  borrowed.
 *
 * @threads serial(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_timer_reset(oar_state *state) OAR_NOEXCEPT;

#endif
