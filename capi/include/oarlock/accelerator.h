/** Prepares model, optimizer, scheduler and loaders for a state and owns the semantics of the training loop. */
#ifndef OARLOCK_ACCELERATOR_H
#define OARLOCK_ACCELERATOR_H
#include <oarlock/types.h>
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_create(oar_state *state, OAR_NULLABLE const oar_config *config, OAR_OUT OAR_OWNED oar_accelerator **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_prepare_model(oar_accelerator *accelerator, oar_model *model) OAR_NOEXCEPT;            /* collective: weights and buffers become rank 0's; DDP over the state's ranks */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_prepare_optimizer(oar_accelerator *accelerator, oar_optimizer *optimizer) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_prepare_scheduler(oar_accelerator *accelerator, oar_scheduler *scheduler) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_prepare_loader(oar_accelerator *accelerator, oar_loader *loader) OAR_NOEXCEPT;          /* shards it; the order of preparation names it in checkpoints */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_accumulate_begin(oar_accelerator *accelerator, oar_model *model) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_accumulate_end(oar_accelerator *accelerator) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_sync_gradients(const oar_accelerator *accelerator, int32_t *out_sync) OAR_NOEXCEPT;      /* 1: this micro-batch ends an accumulation */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_backward(oar_accelerator *accelerator, const oar_tensor *loss) OAR_NOEXCEPT;            /* of loss / accumulation steps */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_clip_grad_norm(oar_accelerator *accelerator, oar_model *model, double max_norm, double norm_type, OAR_OUT OAR_NULLABLE double *out_norm) OAR_NOEXCEPT; /* does nothing, norm 0, between synchronisations */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_step(oar_accelerator *accelerator, oar_optimizer *optimizer, OAR_NULLABLE oar_scheduler *scheduler) OAR_NOEXCEPT; /* step, scheduler step, zero_grad; only when gradients are synchronised */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_gather_for_metrics(oar_accelerator *accelerator, const oar_tensor *tensor, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT; /* rows of all ranks; duplicates of the last batch dropped */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_reduce_mean(oar_accelerator *accelerator, double value, double *out_mean) OAR_NOEXCEPT; /* collective */
/* user_json: any JSON of the caller's, kept in the manifest; NULL none. directory NULL: <project_dir>/checkpoints/checkpoint_<n>, pruned to checkpoint.total_limit. */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_save(oar_accelerator *accelerator, OAR_NULLABLE const char *directory, OAR_NULLABLE const char *user_json) OAR_NOEXCEPT;
/* directory NULL: the latest complete one of the project; OAR_E_NOT_FOUND if there is none. */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_load(oar_accelerator *accelerator, OAR_NULLABLE const char *directory) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_close(oar_accelerator *accelerator) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_retain(oar_accelerator *accelerator) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_accelerator_release(OAR_NULLABLE oar_accelerator *accelerator) OAR_NOEXCEPT;
#endif
