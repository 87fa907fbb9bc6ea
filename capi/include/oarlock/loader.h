/** Batches of a data set: shuffled, sharded over ranks, prefetched by worker threads, resumable. */
#ifndef OARLOCK_LOADER_H
#define OARLOCK_LOADER_H
#include <oarlock/types.h>
/* options: JSON object of loader.* keys without the prefix, e.g. {"batch_size":32,"shuffle":true,"seed":42,"drop_last":false,
   "even_batches":true,"split_batches":false,"num_workers":1,"prefetch":2}; NULL = defaults. Not sharded until
   oar_accelerator_prepare_loader or oar_loader_set_shard. */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_create(oar_dataset *dataset, OAR_NULLABLE const char *options, OAR_OUT OAR_OWNED oar_loader **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_set_shard(oar_loader *loader, int32_t rank, int32_t world_size) OAR_NOEXCEPT;
/* The next batch of this rank; NULL once at the end of each epoch, after which the next call starts the next epoch. */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_next(oar_loader *loader, OAR_OUT OAR_OWNED OAR_NULLABLE oar_tree **out_batch) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_num_batches(const oar_loader *loader, int64_t *out_num_batches) OAR_NOEXCEPT;      /* of this rank, per epoch */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_num_samples(const oar_loader *loader, int64_t *out_num_samples) OAR_NOEXCEPT;      /* of all ranks, per epoch, duplicates not counted */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_epoch(const oar_loader *loader, int64_t *out_epoch) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_position(const oar_loader *loader, int64_t *out_batches_done) OAR_NOEXCEPT;        /* batches already given in this epoch */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_seek(oar_loader *loader, int64_t epoch, int64_t batches_done) OAR_NOEXCEPT;        /* O(1) */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_close(oar_loader *loader) OAR_NOEXCEPT;                                           /* ends the workers */
OAR_API OAR_SINCE(0, 1) oar_status oar_loader_retain(oar_loader *loader) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_loader_release(OAR_NULLABLE oar_loader *loader) OAR_NOEXCEPT;
#endif
