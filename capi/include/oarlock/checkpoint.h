/**
 * Checkpoint directories, looked at without a model: find, open, verify, read.
 *
 * Checkpoints are written by oar_accelerator_save (accelerator.h). One is a directory of safetensors files and a
 * manifest.json; docs/checkpoint-format.md describes every byte. It is written under a hidden temporary name and
 * renamed when all of it is on the disk, so a directory that has a manifest is a whole checkpoint.
 */
#ifndef OARLOCK_CHECKPOINT_H
#define OARLOCK_CHECKPOINT_H

#include <oarlock/types.h>

/**
 * Find the newest complete checkpoint: the `checkpoint_<n>` below a directory with the largest n.
 *
 * Incomplete ones (no manifest, a file missing or of another size) are passed over with a warning in the log; what a
 * killed save left is not looked at. A complete one that is damaged is still the newest: opening it tells the damage.
 *
 * @param[in]     directory  where the checkpoints lie: <project_dir>/checkpoints.
 * @param[out]    buf        receives the path, `directory`/checkpoint_<n>, NUL-terminated; NULL asks for the length.
 * @param[in,out] len        in: room in `buf`; out: bytes of the path with its NUL, also when the room was too small.
 *
 * @return OAR_E_NOT_FOUND  no complete checkpoint there, or no such directory.
 * @return OAR_E_ARGUMENT   `buf` is too small.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_checkpoint_find_latest(const char *directory, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Open a checkpoint: reads its manifest and checks that every file which that lists is there with its size.
 *
 * @param[in]  path  the checkpoint's own directory.
 * @param[out] out   owned; end with oar_checkpoint_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  no such directory, or no manifest in it: the save never ended.
 * @return OAR_E_CORRUPT    the manifest does not match its checksum or form, or a file is missing or cut short; the
 *                          text names file and byte offset.
 * @return OAR_E_VERSION    written in a newer major format; the text gives both.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_checkpoint_open(const char *path, OAR_OUT OAR_OWNED oar_checkpoint **out) OAR_NOEXCEPT;

/**
 * Read every file of the checkpoint and compare it with its XXH3-128 checksum and its own format.
 *
 * @param[in] checkpoint  borrowed.
 *
 * @return OAR_E_CORRUPT  the text names the first damaged file, the bytes concerned, and both checksums.
 * @return OAR_E_IO       a file could not be read; the text has the system's reason.
 * @threads serial(checkpoint)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_verify(const oar_checkpoint *checkpoint) OAR_NOEXCEPT;

/**
 * Give the manifest as JSON text, with the keys that this release does not know.
 *
 * @param[in]     checkpoint  borrowed.
 * @param[out]    buf         receives the text, NUL-terminated; NULL asks for the length.
 * @param[in,out] len         in: room in `buf`; out: bytes of the text with its NUL, also when the room was too small.
 *
 * @return OAR_E_ARGUMENT  `buf` is too small.
 * @threads serial(checkpoint)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_checkpoint_manifest(const oar_checkpoint *checkpoint, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Give the JSON that the program handed to oar_accelerator_save as `user_json`; "null" if it gave none.
 *
 * @param[in]     checkpoint  borrowed.
 * @param[out]    buf         receives the text, NUL-terminated; NULL asks for the length.
 * @param[in,out] len         in: room in `buf`; out: bytes of the text with its NUL, also when the room was too small.
 *
 * @return OAR_E_ARGUMENT  `buf` is too small.
 * @threads serial(checkpoint)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_checkpoint_user_json(const oar_checkpoint *checkpoint, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Count the model's tensors.
 *
 * @param[in]  checkpoint       borrowed.
 * @param[out] out_num_tensors  how many; tied ones count under each of their names.
 *
 * @return OAR_E_NOT_FOUND  the checkpoint holds no model.
 * @return OAR_E_CORRUPT    the file does not match its checksum or format; the text names it and the bytes concerned.
 * @threads serial(checkpoint)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_checkpoint_num_tensors(const oar_checkpoint *checkpoint, OAR_OUT int64_t *out_num_tensors) OAR_NOEXCEPT;

/**
 * Tell the name of one of the model's tensors, in the order of the file.
 *
 * @param[in]     checkpoint  borrowed.
 * @param[in]     index       in [0, number of tensors).
 * @param[out]    buf         receives the name, NUL-terminated; NULL asks for the length.
 * @param[in,out] len         in: room in `buf`; out: bytes of the name with its NUL, also when the room was too small.
 *
 * @return OAR_E_ARGUMENT   index out of range, or `buf` is too small.
 * @return OAR_E_NOT_FOUND  the checkpoint holds no model.
 * @return OAR_E_CORRUPT    the file does not match its checksum or format; the text names it and the bytes concerned.
 * @threads serial(checkpoint)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_checkpoint_tensor_name(const oar_checkpoint *checkpoint, int64_t index, OAR_OUT OAR_NULLABLE char *buf,
                           size_t *len) OAR_NOEXCEPT;

/**
 * Give one tensor of the model.
 *
 * The first call reads the model's file once to verify its checksum; after that nothing is copied: the tensor is a
 * read-only view of the mapped file, which it keeps, also beyond the checkpoint's release and removal.
 *
 * @param[in]  checkpoint  borrowed.
 * @param[in]  name        as in the model's state dict: "fc.weight".
 * @param[out] out         owned; end with oar_tensor_release. Contiguous, on the CPU. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  no such tensor, or the checkpoint holds no model.
 * @return OAR_E_CORRUPT    the file does not match its checksum or format; the text names it and the bytes concerned.
 * @threads serial(checkpoint)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_checkpoint_tensor(const oar_checkpoint *checkpoint, const char *name,
                      OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * Add a reference.
 *
 * @param[in] checkpoint  one more oar_checkpoint_release ends it.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_checkpoint_retain(oar_checkpoint *checkpoint) OAR_NOEXCEPT;

/**
 * Drop a reference; the last one closes the checkpoint. Never blocks. Tensors that came from it live on.
 *
 * @param[in] checkpoint  NULL does nothing.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_checkpoint_release(OAR_NULLABLE oar_checkpoint *checkpoint) OAR_NOEXCEPT;

#endif
