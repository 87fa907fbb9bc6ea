/**
 * Prepares model, optimizer, scheduler and loaders for a state and owns the semantics of the training loop: which
 * micro-batch ends an accumulation, when gradients are averaged over ranks, what an evaluation keeps of the last
 * batch, what a checkpoint holds. The same program runs on one rank or many.
 *
 *     while (oar_loader_next(loader, &batch) == OAR_OK && batch != NULL) {
 *       oar_accelerator_accumulate_begin(accelerator, model);      // only with gradient_accumulation_steps > 1
 *       oar_model_forward(model, batch, &outputs);
 *       oar_tree_get_tensor(outputs, "loss", &loss);
 *       oar_accelerator_backward(accelerator, loss);
 *       oar_accelerator_clip_grad_norm(accelerator, model, 1.0, 2.0, NULL);
 *       oar_accelerator_step(accelerator, optimizer, scheduler);
 *       oar_accelerator_accumulate_end(accelerator);
 *     }
 *
 * A failed collective call (OAR_E_TIMEOUT, OAR_E_PEER_LOST, OAR_E_MISMATCH) aborts the state: the other ranks'
 * calls and all later ones here fail with OAR_E_ABORTED and name the rank and the call that failed first.
 */
#ifndef OARLOCK_ACCELERATOR_H
#define OARLOCK_ACCELERATOR_H
#include <oarlock/types.h>

/**
 * Make an accelerator for the ranks of `state`.
 *
 * Keys read: accelerator.*, autocast.*, scaler.*, ddp.*, checkpoint.total_limit, project_dir, compat. All ranks pass
 * the same values.
 *
 * @param[in]  state   retained.
 * @param[in]  config  copied; NULL takes the configuration of `state`.
 * @param[out] out     owned; end with oar_accelerator_close and oar_accelerator_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  a value is out of its range, or `config` has a value that is not read here (the state's own
 *         keys with other values, keys of loaders, optimizers and schedules); the text names the key and its place.
 * @return OAR_E_UNSUPPORTED  accelerator.mixed_precision is "fp8".
 * @threads serial(state, config)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_create(oar_state *state, OAR_NULLABLE const oar_config *config,
                       OAR_OUT OAR_OWNED oar_accelerator **out) OAR_NOEXCEPT;

/**
 * Train `model` data-parallel over all ranks of the state.
 *
 * Checks that all ranks have the same parameters and buffers by name, shape and dtype, then copies rank 0's values
 * to all. From here on a backward through this accelerator averages the model's gradients over the ranks. With one
 * rank nothing is copied. A second call for the same model does nothing. The number of the call names the model's
 * file in checkpoints: model.safetensors, model_1.safetensors, ...
 *
 * @param[in] accelerator  borrowed.
 * @param[in] model        retained until oar_accelerator_close.
 *
 * @return OAR_E_MISMATCH  ranks have different models or ddp options; the text has the first difference and both
 *                         ranks.
 * @return OAR_E_STATE     a parameter's gradient hook is taken by another library; the text names the parameter.
 * @threads collective(state)
 * @source  Accelerate 1.15 `prepare_model`; PyTorch 2.11 DistributedDataParallel.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_prepare_model(oar_accelerator *accelerator, oar_model *model) OAR_NOEXCEPT;

/**
 * Let the accelerator step `optimizer`, and keep its state in checkpoints.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] optimizer    retained until oar_accelerator_close. A second call for the same one does nothing.
 *
 * @return OAR_E_STATE  the accelerator is closed.
 * @threads serial(accelerator, optimizer)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_prepare_optimizer(oar_accelerator *accelerator, oar_optimizer *optimizer) OAR_NOEXCEPT;

/**
 * Let the accelerator step `scheduler`, and keep its state in checkpoints.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] scheduler    retained until oar_accelerator_close. A second call for the same one does nothing.
 *
 * @return OAR_E_STATE  the accelerator is closed.
 * @threads serial(accelerator, scheduler)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_prepare_scheduler(oar_accelerator *accelerator, oar_scheduler *scheduler) OAR_NOEXCEPT;

/**
 * Give this rank its share of the loader's batches, and keep the loader's place in checkpoints.
 *
 * On more than one rank, checks that all ranks' loaders have the same number of samples, options and place, and takes
 * rank 0's seed where loader.seed was not given. A loader that already has a shard (oar_loader_set_shard) keeps it;
 * with shards of one rank, each rank has an order and a data set of its own. With "compat": "accelerate" each epoch
 * of the loader draws one number from the default generator, as a PyTorch DataLoader does.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] loader       retained until oar_accelerator_close. A second call for the same one does nothing.
 *
 * @return OAR_E_MISMATCH  ranks have different loaders; the text has the first difference and both ranks.
 * @return OAR_E_STATE     the loader is in the middle of an epoch, or the accelerator is closed.
 * @return OAR_E_ARGUMENT  split_batches, and the batch size cannot be divided by the number of ranks.
 * @threads collective(state)
 * @source  Accelerate 1.15 `prepare_data_loader`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_prepare_loader(oar_accelerator *accelerator, oar_loader *loader) OAR_NOEXCEPT;

/**
 * Begin a micro-batch of an accumulation.
 *
 * Decides whether gradients are synchronised in it: at every accelerator.gradient_accumulation_steps-th micro-batch
 * and, unless accelerator.sync_with_dataloader is off, at the last batch of the active loader's epoch, after which
 * counting starts anew. In the others the backward only adds to this rank's gradients, and clip and step do
 * nothing. The active loader is the prepared one that gave a batch last and is not at its end.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] model        borrowed, prepared: the model whose gradients wait; NULL: all prepared models.
 *
 * @return OAR_E_STATE  the model is not prepared, or the micro-batch before was not ended.
 * @threads serial(accelerator, model); the same on every rank
 * @source  Accelerate 1.15 `accumulate`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_accumulate_begin(oar_accelerator *accelerator, OAR_NULLABLE oar_model *model) OAR_NOEXCEPT;

/**
 * End the micro-batch that oar_accelerator_accumulate_begin began. Backwards outside such a pair are synchronised.
 *
 * @param[in] accelerator  borrowed.
 *
 * @return OAR_E_STATE  no micro-batch was begun.
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_accumulate_end(oar_accelerator *accelerator) OAR_NOEXCEPT;

/**
 * Tell whether the micro-batch begun last synchronises gradients, so that oar_accelerator_step really steps.
 *
 * @param[in]  accelerator  borrowed.
 * @param[out] out_sync     1: it does, also before the first micro-batch; 0: it only accumulates.
 *
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_sync_gradients(const oar_accelerator *accelerator, OAR_OUT int32_t *out_sync) OAR_NOEXCEPT;

/**
 * Add the gradients of `loss` / accelerator.gradient_accumulation_steps to the parameters.
 *
 * When gradients are synchronised, they are averaged over the ranks while the backward still runs, and on return
 * every rank holds the same; buffers (running statistics) become rank 0's. The division is made at every
 * micro-batch, also in a short accumulation at an epoch's end.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] loss         borrowed; one floating-point element that a forward in training mode gave. Unchanged.
 *
 * @return OAR_E_ARGUMENT  the loss has more than one element or is not floating-point.
 * @return OAR_E_CALLBACK  the host's backward (oar_model_set_backward) failed; the text has the last error inside it.
 * @return OAR_E_STATE     the loss has no graph, its graph was used by an earlier backward, or a parameter of a
 *                         prepared model got no gradient on this rank (the text names it; see
 *                         ddp.find_unused_parameters).
 *         On several ranks a backward that fails for another reason than its argument or a missing gradient aborts
 *         the state: a second one for one forward, too.
 * @threads collective(state) when gradients are synchronised, serial(accelerator) otherwise
 * @source  Accelerate 1.15 `backward`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_backward(oar_accelerator *accelerator, const oar_tensor *loss) OAR_NOEXCEPT;

/**
 * Hand over one gradient of a foreign model, as soon as the host's backward has it; its average over the ranks may
 * begin to travel at once. In any order; each parameter once per backward, which oar_accelerator_gradients_done ends.
 *
 * The gradient, divided by accelerator.gradient_accumulation_steps, is added to the parameter's own. Where it is the
 * first since the last step, nothing is divided or scaled, and it lies in memory as its parameter does, it is not
 * copied: its memory is kept until the step, and averaging and clipping are done in it. Do not write there before the
 * step.
 *
 * @param[in]     accelerator  borrowed.
 * @param[in]     model        borrowed; foreign, prepared.
 * @param[in]     name         of a registered parameter.
 * @param[in,out] gradient     retained until the step, and written to, if it is not copied. Shape, dtype and device of
 *                             the parameter; any strides.
 *
 * @return OAR_E_ARGUMENT     shape, dtype or device differ (the text gives both), the name is a buffer's, or the memory
 *                            is a parameter's.
 * @return OAR_E_NOT_FOUND    the model has no parameter of that name.
 * @return OAR_E_STATE        the model is not prepared; this backward has given the parameter's gradient already; its
 *                            memory holds one, of any parameter, that no step has used; or an earlier reduction failed.
 * @return OAR_E_ABORTED      the group is dead; the text tells since what.
 * @return OAR_E_UNSUPPORTED  the model is a program: oar_accelerator_backward makes its gradients.
 * @threads serial(accelerator, model, gradient); does not wait for peers
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_gradient_ready(oar_accelerator *accelerator, oar_model *model, const char *name,
                               oar_tensor *gradient) OAR_NOEXCEPT;

/**
 * End the backward of a foreign model. When gradients are synchronised, waits until those of all ranks are averaged:
 * on return every rank holds the same, and buffers are rank 0's.
 *
 * Until then clip, step, save, load, accumulate and oar_accelerator_backward give OAR_E_STATE. A host whose backward
 * fails in its middle calls oar_state_abort instead: peers are told why at once, and do not step by half a gradient.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] model        borrowed; foreign, prepared.
 *
 * @return OAR_E_STATE        the model is not prepared, or parameters got no gradient on this rank: the text names
 *                            them; peers still got what they wait for, and their steps make them differ from this
 *                            rank: end the training. See ddp.find_unused_parameters.
 * @return OAR_E_UNSUPPORTED  the model is a program.
 *         What ends collectives (OAR_E_ABORTED, OAR_E_MISMATCH, OAR_E_PEER_LOST, OAR_E_TIMEOUT) ends this, too.
 * @threads collective(state) when gradients are synchronised, serial(accelerator, model) otherwise
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_gradients_done(oar_accelerator *accelerator, oar_model *model) OAR_NOEXCEPT;

/**
 * Scale gradients so that their total norm is at most `max_norm`.
 *
 * Between synchronisations nothing is done and the norm is 0. Every rank finds the same norm from its own, equal
 * gradients; no communication.
 *
 * @param[in]  accelerator  borrowed.
 * @param[in]  model        borrowed, prepared: its gradients; NULL: those of all prepared models, as one vector.
 * @param[in]  max_norm     >= 0.
 * @param[in]  norm_type    p > 0 of the p-norm; infinity for the largest absolute value. 2 is usual.
 * @param[out] out_norm     the norm before scaling; NULL: not wanted.
 *
 * @return OAR_E_ARGUMENT  max_norm or norm_type is out of range.
 * @return OAR_E_STATE     the model is not prepared.
 * @threads serial(accelerator, model); collective(state) with a gradient scaler (precision.h), which unscales first
 * @source  torch.nn.utils.clip_grad_norm_: coefficient min(1, max_norm / (norm + 1e-6)).
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_clip_grad_norm(oar_accelerator *accelerator, OAR_NULLABLE oar_model *model, double max_norm,
                               double norm_type, OAR_OUT OAR_NULLABLE double *out_norm) OAR_NOEXCEPT;

/**
 * Step the optimizer, then the scheduler, then drop the gradients. Between synchronisations nothing is done. With a
 * gradient scaler (precision.h) a step whose gradients are not finite is left out, and the scheduler's with it.
 *
 * The scheduler is stepped once, so its total_steps count optimizer steps whatever the number of ranks. Differs:
 * the reference steps it once per rank unless batches are split; "compat": "accelerate" does so here. With
 * accelerator.adjust_scheduler it counts micro-batches: it is stepped between synchronisations, too.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] optimizer    borrowed, prepared.
 * @param[in] scheduler    borrowed, prepared; NULL: none.
 *
 * @return OAR_E_STATE  the optimizer or scheduler is not prepared; or, with more than one rank, no prepared model
 *                      holds one of the optimizer's parameters (the text names it).
 * @threads serial(accelerator, optimizer, scheduler); the same on every rank, collective(state) with a gradient scaler
 * @source  Accelerate 1.15 `AcceleratedOptimizer.step`, `AcceleratedScheduler.step`, `zero_grad`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_step(oar_accelerator *accelerator, oar_optimizer *optimizer,
                     OAR_NULLABLE oar_scheduler *scheduler) OAR_NOEXCEPT;

/**
 * Write a checkpoint of everything prepared, and of what a resumed run needs to go on bit for bit: models,
 * optimizers, schedulers, the loaders' places, the accumulation counter, gradients that no step has used yet, every
 * rank's random state, and its buffers where they may differ from rank 0's.
 *
 * The directory is complete or not there, whatever is killed when. It fails on all ranks or on none.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] directory    must not exist. NULL: <project_dir>/checkpoints/checkpoint_<n>, the next n, after which
 *                         all but the newest checkpoint.total_limit ones there are removed. Rank 0's value counts.
 * @param[in] user_json    any JSON of the caller's, kept in the manifest; rank 0's counts. NULL: none.
 *
 * @return OAR_E_EXISTS    the directory is there already; it is untouched.
 * @return OAR_E_NO_SPACE  the disk is full; older checkpoints are untouched.
 * @return OAR_E_ARGUMENT  rank 0's user_json is not JSON.
 * @threads collective(state); blocks until the checkpoint is on the disk
 * @source  Accelerate 1.15 `save_state`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_save(oar_accelerator *accelerator, OAR_NULLABLE const char *directory,
                     OAR_NULLABLE const char *user_json) OAR_NOEXCEPT;

/**
 * Put a checkpoint back into what is prepared: the same objects, in the same order, as in the run that saved it.
 *
 * With the same number of ranks the run goes on bit for bit, from the middle of an epoch too. With another number,
 * loaders go on where the samples done so far make whole rounds of the new size, random states are seeded anew and an
 * unfinished accumulation starts anew; a warning says so. Every file is read and verified on all ranks before the
 * first object is changed; after OAR_E_ARGUMENT the objects before the one that the text names hold the checkpoint's
 * values already. It fails on all ranks or on none.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] directory    NULL: the newest complete one of <project_dir>/checkpoints. Rank 0's value counts for
 *                         NULL.
 *
 * @return OAR_E_NOT_FOUND  there is no checkpoint; nothing was changed.
 * @return OAR_E_CORRUPT    a file's bytes are not those that were written; the text names the file. Nothing was
 *                          changed.
 * @return OAR_E_STATE      the checkpoint holds other numbers of objects than are prepared. Nothing was changed.
 * @return OAR_E_ARGUMENT   names or shapes of a model or optimizer differ, or a loader cannot go on at that sample;
 *                          the text says which.
 * @threads collective(state)
 * @source  Accelerate 1.15 `load_state`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_load(oar_accelerator *accelerator, OAR_NULLABLE const char *directory) OAR_NOEXCEPT;

/**
 * Tell the directory of the last save or load that succeeded: which checkpoint_<n> a NULL directory was.
 *
 * @param[in]     accelerator  borrowed.
 * @param[out]    buf          the path and a NUL; NULL asks for the length only.
 * @param[in,out] len          in: room in `buf`; out: length with the NUL, also when the room is too small.
 *
 * @return OAR_E_NOT_FOUND  nothing was saved or loaded yet.
 * @return OAR_E_ARGUMENT   the room is too small.
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_last_checkpoint(const oar_accelerator *accelerator, OAR_OUT OAR_NULLABLE char *buf,
                                size_t *len) OAR_NOEXCEPT;

/**
 * Let go of everything prepared. Later calls give OAR_E_STATE; a second close does nothing.
 *
 * @param[in] accelerator  borrowed.
 *
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_close(oar_accelerator *accelerator) OAR_NOEXCEPT;

/**
 * Add a reference.
 *
 * @param[in] accelerator  gets one more reference; end it with oar_accelerator_release.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_retain(oar_accelerator *accelerator) OAR_NOEXCEPT;

/**
 * Drop a reference; the last one ends the accelerator. Never blocks or communicates.
 *
 * @param[in] accelerator  NULL does nothing.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_accelerator_release(OAR_NULLABLE oar_accelerator *accelerator) OAR_NOEXCEPT;

#endif
