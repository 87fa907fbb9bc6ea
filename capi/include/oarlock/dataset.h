/**
 * Samples that can be had by number.
 *
 * A data set has named columns; row r of every column makes sample r. A batch is a map (tree.h) from column name to a
 * tensor whose first dimension counts the samples of the batch.
 */
#ifndef OARLOCK_DATASET_H
#define OARLOCK_DATASET_H

#include <oarlock/types.h>

/**
 * A data set over tensors in memory.
 *
 * Column i is tensors[i], named names[i]. Nothing is copied: what is written into a tensor later shows in
 * later batches. Batches are copies.
 *
 * @param[in]  names    borrowed; `count` names, not empty, all different.
 * @param[in]  tensors  retained; `count` tensors of shape [n, ...] with one n >= 0, any strides, dtypes and devices.
 * @param[in]  count    at least 1.
 * @param[out] out      owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  no columns, a name empty or twice, a tensor without dimensions or sparse, unequal numbers of
 *                         rows; the text names the columns.
 * @threads serial(tensors)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_from_tensors(const char *const *names, oar_tensor *const *tensors, size_t count,
                         OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

/**
 * A data set over the tensors of a safetensors file.
 *
 * The file is mapped, not read: only the rows that are asked for come from the disk. It must not change as long as the
 * data set lives. The format has no checksum, so data bytes that were altered on the disk cannot be seen.
 *
 * @param[in]  path   borrowed.
 * @param[in]  names  borrowed; the columns wanted, in this order. NULL: every tensor of the file, in the file's order.
 * @param[in]  count  of `names`, at least 1; ignored when it is NULL.
 * @param[out] out    owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  no such file, or no such tensor in it; the text lists those it has.
 * @return OAR_E_CORRUPT    not a whole safetensors file; the text gives the byte offset.
 * @return OAR_E_ARGUMENT   the columns do not fit together, as for oar_dataset_from_tensors.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_from_safetensors(const char *path, OAR_NULLABLE const char *const *names, size_t count,
                             OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

/**
 * How many samples there are.
 *
 * @param[in]  dataset   borrowed.
 * @param[out] out_size  at least 0.
 *
 * @threads serial(dataset)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_dataset_size(const oar_dataset *dataset, OAR_OUT int64_t *out_size) OAR_NOEXCEPT;

/**
 * The batch of these samples, in this order; a sample may be asked for more than once.
 *
 * @param[in]  dataset    borrowed.
 * @param[in]  indices    borrowed; `count` numbers in [0, size). NULL only if count is 0.
 * @param[in]  count      0 gives tensors with no rows.
 * @param[out] out_batch  owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  an index out of range; the text gives it and the range.
 * @threads serial(dataset); loaders over the same data set may run meanwhile
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_get(oar_dataset *dataset, const int64_t *indices, size_t count,
                OAR_OUT OAR_OWNED oar_tree **out_batch) OAR_NOEXCEPT;

/**
 * One more reference.
 *
 * @param[in] dataset  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_dataset_retain(oar_dataset *dataset) OAR_NOEXCEPT;

/**
 * One reference less; loaders over the data set keep it alive.
 *
 * @param[in] dataset  ended; NULL is allowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_dataset_release(OAR_NULLABLE oar_dataset *dataset) OAR_NOEXCEPT;

#endif
