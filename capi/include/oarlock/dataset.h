/** Samples that can be had by number. */
#ifndef OARLOCK_DATASET_H
#define OARLOCK_DATASET_H
#include <oarlock/types.h>
/* Column i is tensors[i], named names[i]; row r of every column makes sample r. Tensors are retained, not copied. */
OAR_API OAR_SINCE(0, 1) oar_status oar_dataset_from_tensors(const char *const *names, oar_tensor *const *tensors, size_t count, OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;
/* names NULL: every tensor of the file, in the file's order. */
OAR_API OAR_SINCE(0, 1) oar_status oar_dataset_from_safetensors(const char *path, OAR_NULLABLE const char *const *names, size_t count, OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_dataset_size(const oar_dataset *dataset, int64_t *out_size) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_dataset_get(oar_dataset *dataset, const int64_t *indices, size_t count, OAR_OUT OAR_OWNED oar_tree **out_batch) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_dataset_retain(oar_dataset *dataset) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_dataset_release(OAR_NULLABLE oar_dataset *dataset) OAR_NOEXCEPT;
#endif
