/**
 * Batches of a data set: shuffled, sharded over ranks, prefetched by worker threads, resumable.
 *
 * Which samples make a batch depends on the options, the seed, the epoch, the batch's number, rank and world size, and
 * on nothing else: not on the number of workers, nor on what was read before. Every rank makes its loader with the same
 * options over the same data set. Batches of all ranks with the same number form a round.
 *
 *     while (oar_loader_next(loader, &batch) == OAR_OK && batch != NULL) { ...; oar_tree_release(batch); }
 */
#ifndef OARLOCK_LOADER_H
#define OARLOCK_LOADER_H

#include <oarlock/types.h>

/**
 * A loader over a data set, not sharded until oar_accelerator_prepare_loader or oar_loader_set_shard.
 *
 * With shuffle, epoch e visits the samples in the order of torch.randperm(size) of a generator seeded with seed + e.
 * sampler.h has other orders.
 *
 * @param[in]  dataset  retained.
 * @param[in]  options  borrowed; a JSON object of the loader.* keys of options.h, without the prefix, for instance
 *                      {"batch_size":32,"shuffle":true,"seed":42,"num_workers":2}. NULL: defaults. A seed beyond 2^53
 *                      is given as a string; without one it is that of the default generator (oar_state_seed) now,
 *                      and rank 0's once the loader is prepared on several ranks.
 * @param[out] out      owned; end with oar_loader_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  an unknown option (the text names the nearest), or a value out of range.
 * @threads serial(dataset)
 * @source  Accelerate 1.15, SeedableRandomSampler.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_create(oar_dataset *dataset, OAR_NULLABLE const char *options,
                  OAR_OUT OAR_OWNED oar_loader **out) OAR_NOEXCEPT;

/**
 * A loader of which rank 0 reads for all ranks: for sources that only one rank has, or that are dear to read.
 *
 * Rank 0 reads a round (loader.h) at a time, and every rank takes its part: rows, in rank order, of each tensor and of
 * each list of texts; other values whole. The last round is divided anew: equal parts of what is left, filled up with
 * the epoch's first samples where it does not divide (loader.even_batches false: the first ranks take one more). The
 * other ranks' data sets are asked for their size only.
 *
 * oar_loader_next is collective then: all ranks call it, and a failure of the data set on rank 0 is that of all ranks.
 * The loader cannot be sharded; oar_accelerator_prepare_loader takes it as it is.
 *
 * @param[in]  dataset  retained.
 * @param[in]  options  borrowed; as for oar_loader_create, the same on all ranks.
 * @param[in]  group    retained.
 * @param[out] out      owned; end with oar_loader_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  as of oar_loader_create; split_batches with a batch_size that the number of ranks does not
 *                         divide.
 * @threads serial(dataset, group); does not wait for peers
 * @source  Accelerate 1.15, DataLoaderDispatcher.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_create_dispatched(oar_dataset *dataset, OAR_NULLABLE const char *options, oar_group *group,
                             OAR_OUT OAR_OWNED oar_loader **out) OAR_NOEXCEPT;

/**
 * Give the loader one rank's part of each epoch. oar_accelerator_prepare_loader does it for the ranks of a state.
 *
 * A round has batch_size * world_size samples (batch_size with split_batches), cut into equal parts in rank order. What
 * is left at the end of an epoch goes to nobody (drop_last), or is cut likewise so that ranks may get less or nothing
 * (even_batches false), or is filled up with samples from the epoch's start, so that all ranks have equally many full
 * batches. One rank alone is never filled up.
 *
 * @param[in] loader      borrowed; between epochs.
 * @param[in] rank        in [0, world_size).
 * @param[in] world_size  at least 1.
 *
 * @return OAR_E_ARGUMENT  rank outside the world, or split_batches with a batch_size that world_size does not divide.
 * @return OAR_E_STATE     batches of this epoch have been given already, or the loader is closed.
 * @threads serial(loader)
 * @source  Accelerate 1.15, BatchSamplerShard.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_set_shard(oar_loader *loader, int32_t rank, int32_t world_size) OAR_NOEXCEPT;

/**
 * The next batch of this rank, or the end of the epoch.
 *
 * The end is told once, by NULL; the call after it starts the next epoch. A call that fails leaves the loader where it
 * was: it may be repeated, or the batch be left out by oar_loader_seek.
 *
 * @param[in]  loader     borrowed.
 * @param[out] out_batch  owned; a map by column name; end with oar_tree_release. NULL at the end of the epoch.
 *                        Untouched on failure.
 *
 * @return OAR_E_STATE    the loader is closed.
 * @return OAR_E_TIMEOUT  no worker finished the batch within loader.timeout_ms.
 * @return OAR_E_CALLBACK  the host's function failed.
 *         What the data set reports comes with epoch, batch and sample in front.
 * @threads serial(loader); waits for the workers
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_next(oar_loader *loader, OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_tree **out_batch) OAR_NOEXCEPT;

/**
 * Batches of this rank in the epoch; with even_batches false, ranks may differ by one. The host's sampler
 * (oar_loader_set_sampler) is asked for the epoch's order, if it has not been.
 *
 * @param[in]  loader           borrowed.
 * @param[out] out_num_batches  at least 0.
 *
 * @return OAR_E_UNSUPPORTED  the data set is a stream, whose length is not known before its end.
 * @return OAR_E_CALLBACK     the host's sampler failed.
 * @threads serial(loader)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_num_batches(const oar_loader *loader, OAR_OUT int64_t *out_num_batches) OAR_NOEXCEPT;

/**
 * Samples that all ranks together are given in the epoch, each counted once. The host's sampler is asked as for
 * oar_loader_num_batches.
 *
 * @param[in]  loader           borrowed.
 * @param[out] out_num_samples  what the order visits, or less with drop_last.
 *
 * @return OAR_E_UNSUPPORTED  the data set is a stream, whose length is not known before its end.
 * @return OAR_E_CALLBACK     the host's sampler failed.
 * @threads serial(loader)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_num_samples(const oar_loader *loader, OAR_OUT int64_t *out_num_samples) OAR_NOEXCEPT;

/**
 * The epoch that the next batch belongs to, from 0.
 *
 * @param[in]  loader     borrowed.
 * @param[out] out_epoch  one more as soon as the end of an epoch was told.
 *
 * @threads serial(loader)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_epoch(const oar_loader *loader, OAR_OUT int64_t *out_epoch) OAR_NOEXCEPT;

/**
 * Batches already given in this epoch.
 *
 * @param[in]  loader            borrowed.
 * @param[out] out_batches_done  from 0 to num_batches; num_batches while the last batch is in use.
 *
 * @threads serial(loader)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_position(const oar_loader *loader, OAR_OUT int64_t *out_batches_done) OAR_NOEXCEPT;

/**
 * How many samples all ranks together have in the round of the batch given last; repeated ones are not counted.
 *
 * Over an epoch these sum to oar_loader_num_samples: what a progress bar advances by.
 *
 * @param[in]  loader           borrowed.
 * @param[out] out_num_samples  0 before the first batch of an epoch.
 *
 * @threads serial(loader)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_samples_in_round(const oar_loader *loader, OAR_OUT int64_t *out_num_samples) OAR_NOEXCEPT;

/**
 * Go to the point where `batches_done` batches of `epoch` have been given. Nothing is read or replayed, except that the
 * next call reads a stream that is not seekable again from its start.
 *
 * After leaving a loop early, oar_loader_seek(loader, epoch + 1, 0) begins the next epoch; without it the loader goes
 * on where it was.
 *
 * @param[in] loader        borrowed.
 * @param[in] epoch         from 0 to 2^53 - 2.
 * @param[in] batches_done  from 0 to num_batches; a stream tells at the next call whether it has so many.
 *
 * @return OAR_E_ARGUMENT  there is no such point; the loader stays where it was.
 * @return OAR_E_STATE     the loader is closed.
 * @threads serial(loader)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_seek(oar_loader *loader, int64_t epoch, int64_t batches_done) OAR_NOEXCEPT;

/**
 * Where the loader is, as JSON: epoch, batches given, seed and what fixes the order. A few hundred bytes, whatever was
 * read. Checkpoints of an accelerator have it for every prepared loader.
 *
 * @param[in]     loader  borrowed.
 * @param[out]    buf     room for *len bytes; NULL asks for the length only.
 * @param[in,out] len     in: room; out: length with the closing NUL, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  the room is too small.
 * @threads serial(loader)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_state(const oar_loader *loader, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Go to where the loader was that gave `state`. The batches that follow are those that would have followed there.
 *
 * Another world size or batch size is taken where the samples that were done make whole rounds of the new size.
 *
 * @param[in] loader  borrowed; over the same data, with the same order. A seed that was not given is the state's.
 * @param[in] state   borrowed; what oar_loader_state gave.
 *
 * @return OAR_E_ARGUMENT  another order, another number of samples, or a place inside a round of this loader; no JSON.
 * @return OAR_E_CORRUPT   the state contradicts itself, or lacks something.
 *         The loader is where it was.
 * @threads serial(loader)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_load_state(oar_loader *loader, const char *state) OAR_NOEXCEPT;

/**
 * End the worker threads. May be called twice; afterwards the loader gives no more batches.
 *
 * @param[in] loader  borrowed.
 *
 * @return OAR_E_TIMEOUT  a worker was still inside the data set after loader.timeout_ms; it ends with that read.
 * @threads serial(loader); waits for reads that have begun
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_close(oar_loader *loader) OAR_NOEXCEPT;

/**
 * One more reference.
 *
 * @param[in] loader  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_retain(oar_loader *loader) OAR_NOEXCEPT;

/**
 * One reference less; the last one ends the worker threads in the background.
 *
 * @param[in] loader  ended; NULL is allowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_loader_release(OAR_NULLABLE oar_loader *loader) OAR_NOEXCEPT;

#endif
