/**
 * One world: this process's rank, device and peers. Several states may live in one process.
 *
 * A process finds its place from the options state.rank, state.world_size, ... if they are set, else from the
 * variables that `oarlock launch` and torchrun set (RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR,
 * MASTER_PORT), else from those of mpirun, PMI and srun (docs/mpi.md), else it is alone. Alone everything works too,
 * without any backend or thread. oarlock/mpi.h makes a state among the ranks of an MPI communicator.
 */
#ifndef OARLOCK_STATE_H
#define OARLOCK_STATE_H

#include <oarlock/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * An all-gather over the host's own communicator.
 *
 * @param[in]  mine       this rank's bytes, valid during the call.
 * @param[in]  size       how many; the same on all ranks.
 * @param[out] all        room for world_size * size bytes: those of every rank go here, in rank order.
 * @param[in]  user_data  as registered.
 *
 * @return 0 when done; anything else ends oar_state_create_with_exchange with OAR_E_CALLBACK.
 * @threads inside oar_state_create_with_exchange, once
 * @since   0.1
 */
typedef int32_t (*oar_exchange_fn)(OAR_BORROWED const void *mine, size_t size, OAR_OUT void *all,
                                   OAR_NULLABLE void *user_data);

/**
 * Takes a line that oar_state_print would write to standard output.
 *
 * @param[in] text       one line without its newline, valid during the call.
 * @param[in] user_data  as registered.
 *
 * @return 0 when done; anything else ends oar_state_print with OAR_E_CALLBACK.
 * @threads inside oar_state_print of this state
 * @since   0.1
 */
typedef int32_t (*oar_print_fn)(OAR_BORROWED const char *text, OAR_NULLABLE void *user_data);

#ifdef __cplusplus
}
#endif

/**
 * Find this process's place and meet the other ranks. Returns when all have come.
 *
 * Options and variables that contradict each other (a rank without a size, a rank beyond the size, something that is
 * no number) are refused before anything is connected. Nothing of the host is changed but what options ask for: `seed`
 * seeds libtorch's default generator, `threads.intra_op` sets its number of threads.
 *
 * @param[in]  config  borrowed, copied; NULL takes the defaults and the environment.
 * @param[out] out     owned; end with oar_state_close, then oar_state_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     an option out of range; or the program set a key of loaders, optimizers or schedules,
 *         which no config reaches: the text names the create call to give it to.
 * @return OAR_E_ENVIRONMENT  contradicting variables or options (the text gives names, values and the way out); the
 *         port is in use by another program; two processes with one rank.
 * @return OAR_E_TIMEOUT      ranks did not come within comm.connect_timeout_ms; the text names them, or address and
 *         reason.
 * @return OAR_E_PEER_LOST    a rank ended while the others were awaited; the text names it.
 * @return OAR_E_UNSUPPORTED  a device or backend that this build does not have.
 * @return OAR_E_ARGUMENT     an option's value makes no sense (comm.timeout_ms of 0, an unknown log.level).
 * @threads serial(config); waits for the other ranks
 * @source  Accelerate 1.15 `PartialState`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_create(OAR_NULLABLE const oar_config *config, OAR_OUT OAR_OWNED oar_state **out) OAR_NOEXCEPT;

/**
 * Meet the other ranks through the host's own communicator (an MPI sub-communicator, PMIx, ...): `fn` carries one
 * small block of bytes per rank, from which all learn where rank 0 listens. Environment variables about ranks are not
 * looked at. With an MPI communicator oar_state_create_with_mpi does it for you.
 *
 * @param[in]  config      borrowed, copied; NULL takes the defaults and the environment.
 * @param[in]  rank        this process's number, 0 <= rank < world_size.
 * @param[in]  world_size  how many ranks call this, all with the same value.
 * @param[in]  fn          called once, on this thread; not at all when world_size is 1.
 * @param[in]  user_data   given to `fn`.
 * @param[in]  release     called with `user_data` exactly once before this returns, also on failure; NULL: not needed.
 * @param[out] out         owned; end with oar_state_close, then oar_state_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  rank or world_size out of range; options as for oar_state_create.
 * @return OAR_E_CALLBACK  `fn` returned nonzero; the error object has the value.
 * @return OAR_E_MISMATCH  `fn` did not deliver every rank's block in rank order, or ranks gave other world sizes.
 * @return OAR_E_TIMEOUT   ranks did not come within comm.connect_timeout_ms; the text names them, or address and
 *         reason.
 * @threads serial(config); waits for the other ranks
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_create_with_exchange(OAR_NULLABLE const oar_config *config, int32_t rank, int32_t world_size,
                               oar_exchange_fn fn, OAR_NULLABLE void *user_data, OAR_NULLABLE oar_release_fn release,
                               OAR_OUT OAR_OWNED oar_state **out) OAR_NOEXCEPT;

/**
 * This process's number among all ranks, from 0.
 *
 * @param[in]  state     borrowed.
 * @param[out] out_rank  0 <= rank < world size.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_rank(const oar_state *state, OAR_OUT int32_t *out_rank) OAR_NOEXCEPT;

/**
 * How many ranks there are.
 *
 * @param[in]  state           borrowed.
 * @param[out] out_world_size  at least 1.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_world_size(const oar_state *state, OAR_OUT int32_t *out_world_size) OAR_NOEXCEPT;

/**
 * This process's number among the ranks on its host, from 0.
 *
 * @param[in]  state           borrowed.
 * @param[out] out_local_rank  0 <= local rank < local world size.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_local_rank(const oar_state *state, OAR_OUT int32_t *out_local_rank) OAR_NOEXCEPT;

/**
 * How many ranks are on this host.
 *
 * @param[in]  state                 borrowed.
 * @param[out] out_local_world_size  at least 1.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_local_world_size(const oar_state *state, OAR_OUT int32_t *out_local_world_size) OAR_NOEXCEPT;

/**
 * Whether this is rank 0: the one that logs, prints and writes what only one may write.
 *
 * @param[in]  state        borrowed.
 * @param[out] out_is_main  1 or 0.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_is_main_process(const oar_state *state, OAR_OUT int32_t *out_is_main) OAR_NOEXCEPT;

/**
 * Whether this is the first rank on its host.
 *
 * @param[in]  state              borrowed.
 * @param[out] out_is_local_main  1 or 0.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_is_local_main_process(const oar_state *state, OAR_OUT int32_t *out_is_local_main) OAR_NOEXCEPT;

/**
 * Whether this is the rank with the highest number.
 *
 * @param[in]  state        borrowed.
 * @param[out] out_is_last  1 or 0.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_is_last_process(const oar_state *state, OAR_OUT int32_t *out_is_last) OAR_NOEXCEPT;

/**
 * The device that this rank computes on, as text: "cpu".
 *
 * @param[in]     state  borrowed.
 * @param[out]    buf    the text and a NUL; NULL asks for the length only.
 * @param[in,out] len    in: room in `buf`; out: length with the NUL, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  the room is too small.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_device(const oar_state *state, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * The group of all ranks.
 *
 * @param[in]  state      borrowed.
 * @param[out] out_group  owned; end with oar_group_release. It stays valid after the state's release, not after its
 *                        close.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_group(const oar_state *state, OAR_OUT OAR_OWNED oar_group **out_group) OAR_NOEXCEPT;

/**
 * Wait until every rank has called this: oar_group_barrier of the group of all ranks, and oar_work_wait.
 *
 * @param[in] state       borrowed.
 * @param[in] timeout_ms  milliseconds to wait for peers; 0 takes comm.timeout_ms; negative is refused.
 *
 * @return OAR_E_TIMEOUT    ranks did not call it in time; the text names them. The group is dead then.
 * @return OAR_E_MISMATCH   a rank called something else; the text gives both calls.
 * @return OAR_E_PEER_LOST  a rank ended or left; the text names it.
 * @return OAR_E_ABORTED    the group is dead; the text tells since what.
 * @threads collective(state)
 * @source  Accelerate 1.15 `wait_for_everyone`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_barrier(oar_state *state, int64_t timeout_ms) OAR_NOEXCEPT;

/**
 * Write one line on the main process; other ranks do nothing. The only function of Oarlock that writes to standard
 * output.
 *
 * @param[in] state  borrowed.
 * @param[in] text   UTF-8, without the newline at the end.
 *
 * @return OAR_E_CALLBACK  the callback (oar_state_set_print_callback) returned nonzero; the error object has the value.
 * @return OAR_E_NO_SPACE  the disk behind standard output is full.
 * @return OAR_E_IO        standard output takes nothing, as when it is closed.
 * @threads serial(state)
 * @source  Accelerate 1.15 `print`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_print(const oar_state *state, const char *text) OAR_NOEXCEPT;

/**
 * Give what oar_state_print writes to a function instead of standard output.
 *
 * @param[in] state      borrowed.
 * @param[in] fn         called on the thread that prints, with no lock held; NULL: standard output again.
 * @param[in] user_data  given to `fn`.
 * @param[in] release    called with `user_data` exactly once: when another callback takes its place, when the state
 *                       ends, or before this returns if it fails or `fn` is NULL. NULL: not needed.
 *
 * @threads serial(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_set_print_callback(oar_state *state, OAR_NULLABLE oar_print_fn fn, OAR_NULLABLE void *user_data,
                             OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;

/**
 * Seed libtorch's default generator of this process, which initialisation, dropout and unseeded shuffling draw from.
 * Equal to torch.manual_seed. Local: give all ranks the same seed for equal draws.
 *
 * @param[in] state  borrowed.
 * @param[in] seed   any value; a negative one counts as seed + 2^64, as in torch.
 *
 * @threads serial(state); no other thread may draw random numbers meanwhile
 * @source  Accelerate 1.15 `set_seed`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_seed(oar_state *state, int64_t seed) OAR_NOEXCEPT;

/**
 * Ask all ranks to stop, at the step where they next call oar_state_should_stop. Async-signal-safe: one atomic store,
 * so a signal handler may call it. Does not touch the thread's error; the caller must hold a reference to the state.
 *
 * @param[in] state  borrowed.
 *
 * @return OAR_E_HANDLE  `state` is no live state.
 * @threads any, and signal handlers
 * @source  Accelerate 1.15 `set_trigger`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_request_stop(oar_state *state) OAR_NOEXCEPT;

/**
 * Tell every rank alike whether any rank was asked to stop. Once asked, the answer stays 1.
 *
 * @param[in]  state            borrowed.
 * @param[out] out_should_stop  1 on every rank or 0 on every rank.
 *
 * @return OAR_E_TIMEOUT    ranks did not call it in time; the text names them. The group is dead then.
 * @return OAR_E_MISMATCH   a rank called something else; the text gives both calls.
 * @return OAR_E_PEER_LOST  a rank ended or left; the text names it.
 * @return OAR_E_ABORTED    the group is dead; the text tells since what.
 * @threads collective(state)
 * @source  Accelerate 1.15 `check_trigger`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_should_stop(oar_state *state, OAR_OUT int32_t *out_should_stop) OAR_NOEXCEPT;

/**
 * Write what this rank knows as JSON: who it and its peers are, and of each group why it is dead and the last 1024
 * operations: call, sequence number, state (queued, awaiting ranks, moving data, done, failed), when by the wall clock
 * and by the host's steady clock, and why it failed. The file is written whole or not at all. From the files of all
 * ranks the command `oarlock dump` tells who diverged where; with the option comm.dump_on_failure ranks write them
 * themselves.
 *
 * @param[in] state  borrowed.
 * @param[in] path   file to write; its folder must exist.
 *
 * @return OAR_E_NOT_FOUND  the folder does not exist.
 * @return OAR_E_IO         the system refused; the text has its reason. OAR_E_NO_SPACE: the disk is full.
 * @threads any, also while another thread waits in a call of this state
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_dump(const oar_state *state, const char *path) OAR_NOEXCEPT;

/**
 * Make the group of all ranks dead: oar_group_abort. All calls that wait return OAR_E_ABORTED within 100 ms.
 *
 * @param[in] state   borrowed.
 * @param[in] reason  UTF-8, copied; every rank's error text contains it.
 *
 * @threads any, also while another thread waits in a call of this state
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_abort(oar_state *state, const char *reason) OAR_NOEXCEPT;

/**
 * Go on without the ranks that are lost: those that are left make a smaller world, in their old order.
 *
 * For when a call has failed because a rank died (OAR_E_PEER_LOST), by a time-out or by an abort. Every rank that goes
 * on calls this with its old state. That aborts what is left of the old world, so that ranks which still wait in it
 * hear of it and can call this too. The lowest rank that lives gathers the others. It waits until every rank has
 * come or is known to be gone (its process has ended, or it has closed its state) or the time is over; who has not
 * come by then is left out, and gets OAR_E_ABORTED when it calls. That no rank is lost is no error.
 *
 * The new state has the options of the old one, state.generation raised by one, and rank, world size, local rank and
 * node rank anew; a request to stop goes over to it, a print callback does not. Groups, meshes, loaders and
 * accelerators of the old state are of its world: make new ones with the new state and load the last checkpoint. The
 * old state can then only be closed and released; after a failure this may be called again with it.
 *
 * @param[in]  state       borrowed; not closed.
 * @param[in]  min_size    fewer ranks do not go on: 1 to the world size; the largest that any rank gives counts. 0:
 *                         more than half of the ranks if they are on several hosts, 1 if all are on one. A broken
 *                         network can make two halves of a world each believe the other lost; with more than half of
 *                         the ranks two worlds cannot come about.
 * @param[in]  timeout_ms  milliseconds to wait for the other ranks; 0 takes comm.connect_timeout_ms; negative is
 *                         refused. The survivors then meet, for which they have twenty seconds more.
 * @param[out] out         owned; end with oar_state_close, then oar_state_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT   min_size or timeout_ms is out of range.
 * @return OAR_E_PEER_LOST  fewer than min_size ranks are left; all that came get this, the text tells who came and what
 *         is known of the others. Or a survivor ended while they met.
 * @return OAR_E_TIMEOUT    fewer than min_size ranks came in time; as above.
 * @return OAR_E_ABORTED    the others have gone on without this rank, the text names them; or this process called
 *         oar_state_abort meanwhile.
 * @return OAR_E_STATE      the state is closed, or has shrunk already.
 * @return OAR_E_ENVIRONMENT  when the ranks met, this process had no descriptor left for the port at which the others
 *         would reach it.
 * @threads serial(state); waits for the other ranks
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_shrink(oar_state *state, int32_t min_size, int64_t timeout_ms,
                 OAR_OUT OAR_OWNED oar_state **out) OAR_NOEXCEPT;

/**
 * Leave the world: peers that still call its group get OAR_E_PEER_LOST, running operations here OAR_E_ABORTED. Does
 * not wait for peers; ends the threads, at most a few seconds long. Later collective calls give OAR_E_STATE. May be
 * called twice.
 *
 * @param[in] state  borrowed; release it afterwards.
 *
 * @threads serial(state)
 * @source  Accelerate 1.15 `end_training`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_close(oar_state *state) OAR_NOEXCEPT;

/**
 * Add a reference; each needs one oar_state_release.
 *
 * @param[in] state  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_retain(oar_state *state) OAR_NOEXCEPT;

/**
 * Drop a reference. Never waits and never communicates; a state that was not closed is closed by a later call of the
 * library.
 *
 * @param[in] state  NULL is allowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void
oar_state_release(OAR_NULLABLE oar_state *state) OAR_NOEXCEPT;

#endif
