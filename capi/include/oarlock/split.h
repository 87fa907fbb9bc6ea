/**
 * What is there is divided among ranks: equal parts in order, the first ones a row longer where it does not divide.
 * Each rank has the whole and keeps its part; nothing communicates.
 *
 *     oar_tree_split(prompts, rank, world_size, 0, &mine)     inference over a list of inputs
 */
#ifndef OARLOCK_SPLIT_H
#define OARLOCK_SPLIT_H

#include <oarlock/types.h>

/**
 * Which of `num_rows` rows are a part's: [begin, end).
 *
 * @param[in]  num_rows   at least 0.
 * @param[in]  part       in [0, num_parts): a rank.
 * @param[in]  num_parts  at least 1: the number of ranks.
 * @param[out] out_begin  the first row. Untouched on failure.
 * @param[out] out_end    the row behind the last. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  a number out of range.
 * @threads any
 * @source  Accelerate 1.15 `split_between_processes`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_rows_split(int64_t num_rows, int32_t part, int32_t num_parts, OAR_OUT int64_t *out_begin,
               OAR_OUT int64_t *out_end) OAR_NOEXCEPT;

/**
 * One part of a list's items or of a tensor's rows; of a map, of all that is in it at whatever depth. Other values, and
 * tensors without dimensions, stay whole.
 *
 * @param[in]  tree       borrowed.
 * @param[in]  part       in [0, num_parts): a rank.
 * @param[in]  num_parts  at least 1: the number of ranks.
 * @param[in]  pad        other than 0: every part is as long as the longest, by repeating the last item or row of all,
 *                        so that results can be gathered; the first oar_tree_batch_size of `tree` of them count.
 * @param[out] out        owned; its tensors share the memory of `tree` where nothing was added. End with
 *                        oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  a number out of range; lists and tensors of a map have different lengths (the text names
 *                         two).
 * @threads serial(tree)
 * @source  Accelerate 1.15 `split_between_processes`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_split(const oar_tree *tree, int32_t part, int32_t num_parts, int32_t pad,
               OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

#endif
