/**
 * Which operators a run spends its time in: libtorch's profiler, by a schedule of steps, with a trace of each rank.
 *
 *   oar_profile_begin(state, "{\"directory\":\"traces\",\"wait\":10,\"warmup\":1,\"active\":3,\"repeat\":1}");
 *   for (each step) { ...; oar_profile_step(state, &report); }
 *   oar_profile_end(state, &report);
 *
 * With the options profile.active and its kin, steps are wait, warm-up and recorded ones, over and over; without, all
 * between begin and end is one record. A record that ends gives a report, and with profile.directory a file
 * profile_<rank>.json there (the k-th after it profile_<rank>_<k>.json), which chrome://tracing, Perfetto and
 * TensorBoard read. Operators of all threads are recorded; with profile.memory those of the profile's thread only.
 *
 * A report is JSON: {"path": file or null, "first_step": n, "num_steps": n, "self_cpu_us": x, "operators": [{"name":
 * text, "calls": n, "self_cpu_us": x, "cpu_us": x}, ...], "table": text}. Microseconds; self time is without the
 * operators that are called inside; the costliest operator first; the table has the first 20, to print.
 */
#ifndef OARLOCK_PROFILE_H
#define OARLOCK_PROFILE_H

#include <oarlock/types.h>

/**
 * Begin a profile; the next step is number 0. One at a time in a process.
 *
 * @param[in] state    borrowed; its rank names the files. Closing it ends the profile without a report.
 * @param[in] options  JSON object of profile.* options, named without "profile."; what it does not name, and all of it
 *                     if NULL, is taken from the state's config.
 *
 * @return OAR_E_ARGUMENT  an unknown option (the text names the nearest), a negative number, or a schedule without
 *                         profile.active.
 * @return OAR_E_STATE     a profile runs already, or a profiler of the host's own on this thread.
 * @threads serial(state)
 * @source  torch.profiler.profile and Accelerate 1.15, ProfileKwargs (spec B 6.1).
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_profile_begin(oar_state *state, OAR_NULLABLE const char *options) OAR_NOEXCEPT;

/**
 * A step of the run has ended.
 *
 * @param[in]  state       borrowed.
 * @param[out] out_report  owned; end with oar_bytes_release. NULL unless a record ended with this step. Untouched on
 *                         failure.
 *
 * @return OAR_E_STATE  no profile runs, or it began on another thread.
 * @return OAR_E_IO     the trace cannot be written; or OAR_E_NO_SPACE. The profile goes on.
 * @threads serial(state); on the thread of the begin
 * @source  torch.profiler.schedule.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_profile_step(oar_state *state, OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_bytes **out_report) OAR_NOEXCEPT;

/**
 * End the profile. With profile.directory all ranks wait for each other, so that all traces are there when it returns.
 *
 * @param[in]  state       borrowed.
 * @param[out] out_report  owned; end with oar_bytes_release. Of what was being recorded; NULL if nothing was. Untouched
 *                         on failure.
 *
 * @return OAR_E_STATE  no profile runs, or it began on another thread.
 * @return OAR_E_IO     the trace of this rank, or of the one that the text names, cannot be written; or OAR_E_NO_SPACE.
 *                      The profile has ended.
 * @return OAR_E_TIMEOUT  OAR_E_MISMATCH, OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait, with profile.directory.
 * @threads collective(state) with profile.directory, else serial(state); on the thread of the begin
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_profile_end(oar_state *state, OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_bytes **out_report) OAR_NOEXCEPT;

#endif
