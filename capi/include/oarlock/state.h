/** One world: this process's rank, device and peers. Several per process are allowed. */
#ifndef OARLOCK_STATE_H
#define OARLOCK_STATE_H
#include <oarlock/types.h>
#ifdef __cplusplus
extern "C" {
#endif
/* All-gather `size` bytes of every rank into `all` (world_size * size, rank order) over the host's own communicator; 0 = done. */
typedef int32_t (*oar_exchange_fn)(const void *mine, size_t size, void *all, void *user_data);
typedef void (*oar_print_fn)(const char *text, void *user_data);
#ifdef __cplusplus
}
#endif
OAR_API OAR_SINCE(0, 1) oar_status oar_state_create(OAR_NULLABLE const oar_config *config, OAR_OUT OAR_OWNED oar_state **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_create_with_exchange(OAR_NULLABLE const oar_config *config, int32_t rank, int32_t world_size, oar_exchange_fn fn, OAR_NULLABLE void *user_data, OAR_NULLABLE oar_release_fn release, OAR_OUT OAR_OWNED oar_state **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_rank(const oar_state *state, int32_t *out_rank) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_world_size(const oar_state *state, int32_t *out_world_size) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_local_rank(const oar_state *state, int32_t *out_local_rank) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_local_world_size(const oar_state *state, int32_t *out_local_world_size) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_is_main_process(const oar_state *state, int32_t *out_is_main) OAR_NOEXCEPT;       /* rank 0 */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_is_local_main_process(const oar_state *state, int32_t *out_is_local_main) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_is_last_process(const oar_state *state, int32_t *out_is_last) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_device(const oar_state *state, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT;       /* "cpu", "cuda:0" */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_group(const oar_state *state, OAR_OUT OAR_OWNED oar_group **out_group) OAR_NOEXCEPT; /* all ranks */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_barrier(oar_state *state, int64_t timeout_ms) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_print(const oar_state *state, const char *text) OAR_NOEXCEPT;                     /* main process only, one line to stdout or the callback */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_set_print_callback(oar_state *state, OAR_NULLABLE oar_print_fn fn, OAR_NULLABLE void *user_data, OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_state_seed(oar_state *state, uint64_t seed) OAR_NOEXCEPT;                               /* default generator of this process: torch.manual_seed */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_request_stop(oar_state *state) OAR_NOEXCEPT;                                      /* async-signal-safe: one atomic store */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_should_stop(oar_state *state, int32_t *out_should_stop) OAR_NOEXCEPT;             /* collective: 1 on every rank if any rank was asked */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_dump(const oar_state *state, const char *path) OAR_NOEXCEPT;                      /* flight recorder as JSON */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_abort(oar_state *state, const char *reason) OAR_NOEXCEPT;                         /* any thread; frees all blocked calls */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_close(oar_state *state) OAR_NOEXCEPT;                                             /* may block and communicate; may be called twice */
OAR_API OAR_SINCE(0, 1) oar_status oar_state_retain(oar_state *state) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_state_release(OAR_NULLABLE oar_state *state) OAR_NOEXCEPT;
#endif
