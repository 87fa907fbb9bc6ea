/**
 * What a program does when memory does not suffice: try again with smaller batches, and give back what is kept.
 *
 *     static oar_status train(int64_t batch_size, void *user_data) { ... loaders, forward, backward, steps ... }
 *
 *     oar_find_executable_batch_size(state, 128, train, &run, &batch_size);    // 128, 115, 103, 92, 82, ...
 *
 * A forward that fails with OAR_E_OUT_OF_MEMORY leaves the weights as they were, and the same forward with less may
 * follow at once.
 */
#ifndef OARLOCK_OUT_OF_MEMORY_H
#define OARLOCK_OUT_OF_MEMORY_H

#include <oarlock/types.h>

/**
 * Tell the other ranks how the attempt with a batch size ended, and agree on the next one to try.
 *
 * If an attempt ran out of memory on any rank, all get the smallest size that one of those proposes, and memory that
 * allocators keep is given back first. Attempts are the same on all ranks but for their luck: a rank that runs out of
 * memory while the others wait for it in a collective call leaves them there until they learn of the mismatch, which
 * ends the state; so release what an attempt holds and come here.
 *
 * @param[in]  state       borrowed.
 * @param[in]  batch_size  > 0: what was tried, the same on all ranks.
 * @param[in]  ran_out     1: this rank's attempt ran out of memory; 0: it worked.
 * @param[in]  reduced     what to try next if it did, < batch_size; 0: batch_size * 0.9, rounded down.
 * @param[out] out_next    batch_size if every rank's attempt worked, else the next one.
 *
 * @return OAR_E_OUT_OF_MEMORY  no size is left to try.
 * @return OAR_E_ARGUMENT       batch_size or reduced is out of its range.
 * @return OAR_E_MISMATCH       the ranks tried different sizes; the text has both.
 * @threads collective(state)
 * @source  Accelerate 1.15 `find_executable_batch_size`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_state_next_batch_size(oar_state *state, int64_t batch_size, int32_t ran_out, int64_t reduced,
                          OAR_OUT int64_t *out_next) OAR_NOEXCEPT;

/**
 * Makes one attempt of oar_find_executable_batch_size.
 *
 * @param[in] batch_size  what to try.
 * @param[in] user_data   as given there.
 *
 * @return OAR_OK, or what its first failing call gave; OAR_E_OUT_OF_MEMORY asks for a smaller size.
 * @threads inside oar_find_executable_batch_size
 * @since   0.1
 */
typedef int32_t (*oar_batch_size_fn)(int64_t batch_size, OAR_NULLABLE void *user_data);

/*
 * Calls `run` with starting_batch_size, then with smaller ones, until no rank's attempt runs out of memory; gives that
 * size. Another failure ends the search and is given as it is. The next search begins where it is told to: nothing is
 * kept. (Differs: the reference's decorator goes on with the reduced size in later calls.)
 */
static inline oar_status oar_find_executable_batch_size(oar_state *state, int64_t starting_batch_size,
                                                        oar_batch_size_fn run, void *user_data,
                                                        int64_t *out_batch_size) {
  int64_t batch_size = starting_batch_size, next = starting_batch_size;
  oar_status status;
  do {
    batch_size = next;
    status = run(batch_size, user_data);
    if (status != OAR_OK && status != OAR_E_OUT_OF_MEMORY) return status;
    status = oar_state_next_batch_size(state, batch_size, status == OAR_E_OUT_OF_MEMORY, 0, &next);
    if (status != OAR_OK) return status;
  } while (next != batch_size);
  *out_batch_size = batch_size;
  return OAR_OK;
}

/**
 * Let go of everything prepared, and give memory that allocators keep back to the system and the device.
 *
 * The accelerator is as new, but for its loss scale: other objects may be prepared. Models, optimizers and loaders that
 * the host still holds live on, unprepared. Gradients that no step has used stay with their parameters.
 *
 * @param[in] accelerator  borrowed.
 *
 * @return OAR_E_STATE  the accelerator is closed, or a backward runs.
 * @threads serial(accelerator)
 * @source  Accelerate 1.15 `free_memory`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_free_memory(oar_accelerator *accelerator) OAR_NOEXCEPT;

#endif
