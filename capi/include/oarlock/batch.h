/**
 * What is done to whole batches (trees, tree.h) in one process: cut, join, convert, move, measure. Nothing
 * communicates.
 *
 * The structure of a result is that of its argument; leaves that are no tensors stay as they are unless a block says
 * otherwise. Errors name the path of the leaf. Results have no gradient.
 */
#ifndef OARLOCK_BATCH_H
#define OARLOCK_BATCH_H

#include <oarlock/types.h>

/**
 * How many samples a batch has: the first size of its first leaf, in the order of lists and of keys as they were set.
 *
 * @param[in]  tree      borrowed.
 * @param[out] out_size  Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  an empty list or map, a leaf that is no tensor, or a tensor without dimensions is in the way;
 *                         the text names its path.
 * @threads serial(tree)
 * @source  Accelerate 1.15 `find_batch_size`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_batch_size(const oar_tree *tree, OAR_OUT int64_t *out_size) OAR_NOEXCEPT;

/**
 * Rows start, start + step, ... before `stop` of every tensor, as Python's tensor[start:stop:step].
 *
 * @param[in]  tree   borrowed.
 * @param[in]  start  negative counts from each tensor's end; beyond it is the end.
 * @param[in]  stop   the same; INT64_MAX is the end.
 * @param[in]  step   at least 1.
 * @param[out] out    owned; its tensors share the memory of `tree`. End with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  a tensor without dimensions; a step below 1.
 * @threads serial(tree)
 * @source  Accelerate 1.15 `slice_tensors`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_slice(const oar_tree *tree, int64_t start, int64_t stop, int64_t step,
               OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Join batches of one structure: each tensor along `dim`, in the order of the list.
 *
 * Structure is that of the first batch. A list of one batch that holds values other than tensors gives them as they
 * are; with more batches they are refused.
 *
 * @param[in]  batches  borrowed; a list of at least one tree.
 * @param[in]  dim      the dimension; negative counts from each tensor's last.
 * @param[out] out      owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  no list, an empty one, batches of different structure, shapes that do not fit, or a leaf that
 *                         is no tensor; the text names its path in the batch and the batch's place in the list.
 * @threads serial(batches)
 * @source  Accelerate 1.15 `concatenate`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_concatenate(const oar_tree *batches, int64_t dim, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Append zeros to the first dimension of every tensor until `batch_size` rows are the next multiple of `num_parts`.
 *
 * @param[in]  tree        borrowed; all its leaves are tensors of `batch_size` rows.
 * @param[in]  batch_size  at least 0.
 * @param[in]  num_parts   at least 1: by what the new number of rows can be divided.
 * @param[out] out         owned; end with oar_tree_release. Shares memory where nothing was appended. Untouched on
 *                         failure.
 *
 * @return OAR_E_ARGUMENT  a leaf that is no tensor, or that has another number of rows; a number out of range.
 * @threads serial(tree)
 * @source  Accelerate 1.15 `pad_input_tensors`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_pad_to_multiple(const oar_tree *tree, int64_t batch_size, int64_t num_parts,
                         OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * The tree with its tensors on a device. Tensors that are there already are shared.
 *
 * @param[in]  tree          borrowed.
 * @param[in]  device        borrowed; a device as oar_state_device gives it: "cpu", "cuda:0".
 * @param[in]  non_blocking  other than 0: copies from page-locked memory may still run when the call returns.
 * @param[in]  skip_keys     entries of maps, at whatever depth, that stay where they are; NULL: none.
 * @param[in]  num_keys      how many.
 * @param[out] out           owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     `device` names no device; the text has it.
 * @return OAR_E_UNSUPPORTED  this process has no such device.
 * @threads serial(tree)
 * @source  Accelerate 1.15 `send_to_device`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_to_device(const oar_tree *tree, const char *device, int32_t non_blocking,
                   OAR_NULLABLE const char *const *skip_keys, size_t num_keys,
                   OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * The device of the first tensor, depth first: "cpu". An empty text if there is no tensor.
 *
 * @param[in]     tree  borrowed.
 * @param[out]    buf   room for *len bytes; NULL asks for the length only.
 * @param[in,out] len   in: room; out: length with the closing NUL, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  the room is too small.
 * @threads serial(tree)
 * @source  Accelerate 1.15 `find_device`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_device(const oar_tree *tree, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * The tree with its tensors of float16 and bfloat16 as float32; all others are shared.
 *
 * @param[in]  tree  borrowed.
 * @param[out] out   owned; end with oar_tree_release. Untouched on failure.
 * @threads serial(tree)
 * @source  Accelerate 1.15 `convert_to_fp32`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_to_float32(const oar_tree *tree, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * The tree with nested lists of numbers for its tensors: what oar_tree_to_json writes. A tensor without dimensions is
 * one number; truth values stay what they are.
 *
 * @param[in]  tree  borrowed.
 * @param[out] out   owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_UNSUPPORTED  a complex tensor.
 * @return OAR_E_ARGUMENT     the result would be more than 64 deep.
 * @threads serial(tree)
 * @source  Accelerate 1.15 `listify`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_to_numbers(const oar_tree *tree, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

#endif
