/** Random numbers on several ranks. oar_state_seed (state.h) seeds one. */
#ifndef OARLOCK_RANDOM_H
#define OARLOCK_RANDOM_H

#include <oarlock/types.h>

/**
 * Give the default generator of every rank the state of rank 0's, so that all draw the same numbers from here on.
 *
 * @param[in] state  borrowed.
 *
 * @return OAR_E_TIMEOUT  OAR_E_MISMATCH, OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait. The generator is as it
 *                        was.
 * @threads collective(state); no other thread may draw random numbers meanwhile
 * @source  Accelerate 1.15 `synchronize_rng_states` of type "torch".
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_synchronize_rng(oar_state *state) OAR_NOEXCEPT;

/**
 * Make libtorch choose deterministic algorithms in the whole process, or not. Equal to
 * torch.use_deterministic_algorithms.
 *
 * @param[in] state      borrowed.
 * @param[in] on         not 0: an operator that has no deterministic algorithm fails. 0: any algorithm.
 * @param[in] warn_only  not 0: it warns instead.
 *
 * @threads serial(state); no other thread may run operators meanwhile
 * @source  Accelerate 1.15 `set_seed`, deterministic.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_set_deterministic(oar_state *state, int32_t on, int32_t warn_only) OAR_NOEXCEPT;

#endif
