/**
 * Samples that can be had by number, or one after the other.
 *
 * A data set has named columns; row r of every column makes sample r. A batch is a map (tree.h) from column name to a
 * tensor whose first dimension counts the samples of the batch.
 *
 * Or the host makes samples one by one, each a tree of whatever structure. Those of a batch are joined: tensors are
 * stacked along a new first dimension; integers, numbers and truth values become tensors of int64, float64 and bool;
 * texts and None become lists; lists and maps are joined item by item. Structures, shapes and dtypes agree.
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
 * A data set of windows of a flat file of token numbers: sample i is the window that begins at token i * stride.
 *
 * A batch has the column "tokens", int64 [samples, sequence_length]; with labels also "labels", the tokens one further.
 * Tokens at the end that make no whole window are left out. The file is mapped: only what is asked for comes from the
 * disk. It must not change as long as the data set lives.
 *
 * @param[in]  path             borrowed.
 * @param[in]  dtype            of the file, little-endian: OAR_UINT8, OAR_UINT16, OAR_INT32, OAR_UINT32 or OAR_INT64.
 * @param[in]  sequence_length  tokens of a sample, at least 1.
 * @param[in]  stride           tokens from one sample's begin to the next one's; 0: sequence_length.
 * @param[in]  with_labels      other than 0: labels too.
 * @param[out] out              owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  no such file.
 * @return OAR_E_CORRUPT    its size is no whole number of tokens.
 * @return OAR_E_ARGUMENT   another dtype, a length or stride out of range.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_from_tokens(const char *path, int32_t dtype, int64_t sequence_length, int64_t stride, int32_t with_labels,
                        OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

/* What a column of a CSV file holds, besides an OAR_<dtype>. */
#define OAR_CSV_FOUND 0  /* int64, float64 or texts: the first that all its fields are */
#define OAR_CSV_TEXT 255
/* Flag of a CSV file whose first line is a row. */
#define OAR_CSV_NO_HEADER 1

/**
 * A data set over the rows of a CSV file: in a batch, a column of numbers is a tensor [samples], one of texts a list.
 *
 * UTF-8, lines ended by LF or CR LF. A field in quotes may hold delimiters, line ends, and quotes written twice; spaces
 * belong to a field. Numbers are read now (8 bytes of memory each at most), texts stay in the file, which is mapped and
 * must not change as long as the data set lives.
 *
 * @param[in]  path        borrowed.
 * @param[in]  names       borrowed; the columns wanted, in this order. NULL: every column of the header.
 * @param[in]  num_names   of `names`; ignored when it is NULL.
 * @param[in]  dtypes      borrowed; what each of `names` holds: OAR_CSV_FOUND, OAR_CSV_TEXT, OAR_BOOL (0 and 1), signed
 *                         integers, OAR_UINT8 or floating-point numbers. NULL: all OAR_CSV_FOUND.
 * @param[in]  num_dtypes  num_names, or 0 for NULL.
 * @param[in]  delimiter   one ASCII character; NULL: a comma.
 * @param[in]  flags       0, or OAR_CSV_NO_HEADER: then `names` are all columns of the file.
 * @param[out] out         owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  no such file, or no such column in it; the text lists those it has.
 * @return OAR_E_CORRUPT    a row with another number of fields, a field that is no number of its column's type, a quote
 *                          at a wrong place, no UTF-8; the text gives line and column.
 * @return OAR_E_ARGUMENT   another dtype, a delimiter that cannot be one, no names for a file without a header.
 * @threads any
 * @source  RFC 4180.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_from_csv(const char *path, OAR_NULLABLE const char *const *names, size_t num_names,
                     OAR_NULLABLE const int32_t *dtypes, size_t num_dtypes, OAR_NULLABLE const char *delimiter,
                     int32_t flags, OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Makes one sample.
 *
 * @param[in]  index       in [0, num_samples).
 * @param[out] out_sample  owned by the library from then on.
 * @param[in]  user_data   as registered.
 *
 * @return 0 when done; anything else fails the call that needs the sample with OAR_E_CALLBACK, which names the sample.
 * @threads inside oar_loader_next or oar_dataset_get; with OAR_CALLBACK_ANY_THREAD also on loader workers, several at
 *          once
 * @since   0.1
 */
typedef int32_t (*oar_sample_fn)(int64_t index, OAR_OUT OAR_OWNED oar_tree **out_sample, OAR_NULLABLE void *user_data);

/**
 * Makes the next sample of a pass over a stream, or tells that it is over.
 *
 * @param[in]  epoch       the pass: what oar_loader_epoch says.
 * @param[in]  index       0 begins the pass; then 1, 2, ... one after the other, except that one whose call failed is
 *                         asked for again. A stream registered as OAR_STREAM_SEEKABLE is asked for any one.
 * @param[out] out_sample  owned by the library from then on; left NULL: the pass has `index` samples and is over.
 * @param[in]  user_data   as registered.
 *
 * @return 0 when done; anything else fails the call that needs the sample with OAR_E_CALLBACK, which names the sample.
 * @threads inside oar_loader_next; with OAR_CALLBACK_ANY_THREAD also on a loader worker, one call at a time per loader
 * @since   0.1
 */
typedef int32_t (*oar_stream_fn)(int64_t epoch, int64_t index, OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_tree **out_sample,
                                 OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/* Flag of a stream that gives any sample at any time: a resume then reads nothing again. */
#define OAR_STREAM_SEEKABLE 2

/**
 * A data set whose samples the host makes, by number.
 *
 * @param[in]  num_samples  at least 0.
 * @param[in]  flags        0, or OAR_CALLBACK_ANY_THREAD: loader workers may call `fn`, several at once. Without it
 *                          samples are made on the thread that asks for a batch, and workers are not used.
 * @param[in]  fn           makes one sample.
 * @param[in]  user_data    handed to `fn`.
 * @param[in]  release      release(user_data) runs exactly once: when the data set ends, or before this returns if it
 *                          fails. NULL: nothing to free.
 * @param[out] out          owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  num_samples below 0, an unknown flag.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_from_samples(int64_t num_samples, int32_t flags, oar_sample_fn fn, OAR_NULLABLE void *user_data,
                         OAR_NULLABLE oar_release_fn release, OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

/**
 * A data set whose samples come one after the other, nobody knows how many. Only a loader reads it; there is no
 * shuffle. Every rank reads the whole stream and keeps its own part.
 *
 * A resume of a stream that is not seekable reads it again from its start, and says so in the log.
 *
 * @param[in]  flags      0, or OAR_CALLBACK_ANY_THREAD: a loader worker may call `fn`; or OAR_STREAM_SEEKABLE; or both
 *                        added.
 * @param[in]  fn         makes one sample.
 * @param[in]  user_data  handed to `fn`.
 * @param[in]  release    as for oar_dataset_from_samples.
 * @param[out] out        owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  an unknown flag.
 * @threads any
 * @source  Accelerate 1.15, IterableDatasetShard.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_from_stream(int32_t flags, oar_stream_fn fn, OAR_NULLABLE void *user_data,
                        OAR_NULLABLE oar_release_fn release, OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

/**
 * Some samples of a data set: sample i is sample indices[i] of `dataset`.
 *
 * @param[in]  dataset  retained.
 * @param[in]  indices  borrowed; `count` numbers in [0, size), each as often as wanted. NULL only if count is 0.
 * @param[in]  count    0 gives a data set without samples.
 * @param[out] out      owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     there is no such sample; the text gives number and place.
 * @return OAR_E_UNSUPPORTED  it is a stream, whose samples have no numbers.
 * @threads serial(dataset)
 * @source  torch.utils.data.Subset.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_subset(oar_dataset *dataset, OAR_NULLABLE const int64_t *indices, size_t count,
                   OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

/**
 * Data sets one behind the other. Samples of different parts may come into one batch: their structures agree then.
 *
 * Streams make a stream: each pass reads the parts' passes one after the other. It is read by one loader at a time, and
 * a resume reads it again from its start.
 *
 * @param[in]  datasets  retained; `count` of them, all with numbered samples or all streams.
 * @param[in]  count     at least 1.
 * @param[out] out       owned; end with oar_dataset_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  none, or some are streams and some are not.
 * @threads serial(datasets)
 * @source  torch.utils.data.ConcatDataset, torch.utils.data.ChainDataset.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_dataset_concatenate(oar_dataset *const *datasets, size_t count, OAR_OUT OAR_OWNED oar_dataset **out) OAR_NOEXCEPT;

/**
 * How many samples there are.
 *
 * @param[in]  dataset   borrowed.
 * @param[out] out_size  at least 0.
 *
 * @return OAR_E_UNSUPPORTED  it is a stream.
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
 * @return OAR_E_ARGUMENT     an index out of range; the text gives it and the range.
 * @return OAR_E_UNSUPPORTED  it is a stream, whose samples have no numbers.
 * @return OAR_E_CALLBACK     the host's function failed; the text names the sample.
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
