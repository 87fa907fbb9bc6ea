/** Checkpoint directories, looked at without a model: find, read, verify. */
#ifndef OARLOCK_CHECKPOINT_H
#define OARLOCK_CHECKPOINT_H
#include <oarlock/types.h>
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_find_latest(const char *directory, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT;          /* newest complete one below directory */
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_open(const char *path, OAR_OUT OAR_OWNED oar_checkpoint **out) OAR_NOEXCEPT;            /* reads and checks the manifest */
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_verify(const oar_checkpoint *checkpoint) OAR_NOEXCEPT;                                  /* every byte against the checksums */
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_manifest(const oar_checkpoint *checkpoint, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT; /* JSON */
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_user_json(const oar_checkpoint *checkpoint, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_tensor(const oar_checkpoint *checkpoint, const char *name, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT; /* of the model, mapped from the file */
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_retain(oar_checkpoint *checkpoint) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_checkpoint_release(OAR_NULLABLE oar_checkpoint *checkpoint) OAR_NOEXCEPT;
#endif
