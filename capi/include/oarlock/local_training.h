/**
 * Ranks that train by themselves for some steps and then bring their parameters together: far less traffic than an
 * average of gradients at every step.
 *
 *     oar_accelerator_local_sgd_begin(accelerator, model, 8);  // or oar_accelerator_diloco_begin
 *     while (oar_loader_next(loader, &batch) == OAR_OK && batch != NULL) {
 *       ...                                             // forward, backward, step as always
 *       oar_accelerator_local_step(accelerator, NULL);  // every 8th call brings the ranks together
 *     }
 *     oar_accelerator_local_end(accelerator);
 *
 * Between two meetings every rank has parameters of its own, and a state of its own of the optimizer for longer. A
 * checkpoint keeps each rank's; it is loaded between begin and end, as it was saved. All ranks make the same calls; a
 * rank that has fewer batches makes the others wait until their time-out.
 */
#ifndef OARLOCK_LOCAL_TRAINING_H
#define OARLOCK_LOCAL_TRAINING_H
#include <oarlock/types.h>

/**
 * From here on, train `model` on each rank by itself; every `num_steps` steps parameters become their mean over the
 * ranks.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] model        retained until the end; prepared.
 * @param[in] num_steps    >= 1: steps between two means.
 *
 * @return OAR_E_ARGUMENT  num_steps is less than 1.
 * @return OAR_E_STATE     the model is not prepared, or a local training has begun already.
 * @threads serial(accelerator, model); the same on every rank
 * @source  Accelerate 1.15 `LocalSGD`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_local_sgd_begin(oar_accelerator *accelerator, oar_model *model, int64_t num_steps) OAR_NOEXCEPT;

/**
 * The same, but where the ranks meet, the way that they went in the mean is a gradient of an outer SGD: it moves the
 * parameters that the round began with, and all ranks go on from there.
 *
 * The inner optimizer is the program's, usually AdamW; the paper takes 500 steps, 0.7 and 0.9 with Nesterov. Runs on
 * one rank, too.
 *
 * @param[in] accelerator    borrowed.
 * @param[in] model          retained until the end; prepared.
 * @param[in] num_steps      >= 1: steps of the inner optimizer between two outer ones.
 * @param[in] learning_rate  > 0, of the outer SGD.
 * @param[in] momentum       in [0, 1), of the outer SGD.
 * @param[in] nesterov       1: Nesterov's momentum; 0: plain.
 *
 * @return OAR_E_ARGUMENT  a value is out of its range.
 * @return OAR_E_STATE     the model is not prepared, or a local training has begun already.
 * @threads serial(accelerator, model); the same on every rank
 * @source  DiLoCo (arXiv 2311.08105), algorithm 1; torch.optim.SGD.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_diloco_begin(oar_accelerator *accelerator, oar_model *model, int64_t num_steps, double learning_rate,
                             double momentum, int32_t nesterov) OAR_NOEXCEPT;

/**
 * Count a step of the local training; the last of a round brings the ranks together. Call it after
 * oar_accelerator_step.
 *
 * Micro-batches that only accumulate are not counted. Differs: the reference counts every call; "compat": "accelerate"
 * does so here.
 *
 * @param[in]  accelerator  borrowed.
 * @param[out] out_met      1: the ranks were brought together; 0: they were not. NULL: not wanted.
 *
 * @return OAR_E_STATE  no local training has begun.
 * @threads collective(state) where the ranks meet, serial(accelerator) otherwise
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_local_step(oar_accelerator *accelerator, OAR_OUT OAR_NULLABLE int32_t *out_met) OAR_NOEXCEPT;

/**
 * Bring the ranks together once more and end the local training: gradients are averaged again from the next backward
 * on.
 *
 * @param[in] accelerator  borrowed.
 *
 * @return OAR_E_STATE  no local training has begun.
 * @threads collective(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_local_end(oar_accelerator *accelerator) OAR_NOEXCEPT;

#endif
