/**
 * Operations of a group on whole trees (tree.h): every tensor of a batch or of a model's outputs by one call, and plain
 * values between ranks.
 *
 * All ranks of the group make the same calls in the same order. Before data moves the ranks exchange what they are
 * about to do: the call, the structure of their trees, dtypes and shapes. Differences are an error on *every* rank,
 * which names the operation, the path of the first leaf that differs and what each rank has there; a rank whose own
 * tree does not do (a number where tensors are needed, say) fails on all ranks as well, with its rank. After such an
 * error (the codes of the blocks below) the ranks are in step: the group goes on. OAR_E_TIMEOUT, OAR_E_PEER_LOST and
 * OAR_E_ABORTED end it, as everywhere (collectives.h).
 *
 * Then leaves travel together: small ones are packed, large ones go as they are, all are started before the first is
 * waited for. Maps are compared by key, whatever the order in which keys were set; results keep the order of this
 * rank's tree. Structures without tensors (empty lists and maps) stay as they are. Results have no gradient.
 */
#ifndef OARLOCK_NESTED_H
#define OARLOCK_NESTED_H

#include <oarlock/types.h>

/**
 * Concatenate every leaf of all ranks along its dim 0, in rank order, and give all ranks the result.
 *
 * Leaves without dimensions become one-dimensional: one element per rank. Shapes are equal on all ranks; pad first if
 * they are not (oar_group_pad_tree). With one rank the result is a copy of `tree` as it is, its tensors shared.
 *
 * @param[in]  group       borrowed.
 * @param[in]  tree        borrowed; all its leaves are tensors.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out         owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_MISMATCH     structure, dtype or shape of a leaf differ between ranks; the text has path, operation and
 *                            every rank's.
 * @return OAR_E_ARGUMENT     a rank's tree has a leaf that is no tensor; the text names path and rank.
 * @return OAR_E_UNSUPPORTED  a tensor that is sparse, or on a device whose tensors the group does not move.
 * @threads collective(group)
 * @source  Accelerate 1.15 `gather`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_gather_tree(oar_group *group, const oar_tree *tree, int64_t timeout_ms,
                      OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Combine every leaf over all ranks, element by element, into a new tree. With one rank: a copy with memory of its own.
 *
 * @param[in]  group       borrowed.
 * @param[in]  tree        borrowed, unchanged; all its leaves are tensors.
 * @param[in]  reduce_op   OAR_REDUCE_* (collectives.h); the same on all ranks.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out         owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_MISMATCH     as of oar_group_gather_tree; or ranks give different `reduce_op`.
 * @return OAR_E_ARGUMENT     a rank's tree has a leaf that is no tensor, or one whose dtype the reduction does not take
 *                            (the average of integers); the text names path and rank. Or there is no such reduction.
 * @return OAR_E_UNSUPPORTED  a tensor that is sparse, of a dtype without arithmetic, or on a device whose tensors the
 *                            group does not move.
 * @threads collective(group)
 * @source  Accelerate 1.15 `reduce`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_reduce_tree(oar_group *group, const oar_tree *tree, int32_t reduce_op, int64_t timeout_ms,
                      OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Give every rank the values of the root's leaves, in place. With one rank nothing is done.
 *
 * @param[in] group       borrowed.
 * @param[in] tree        borrowed; all its leaves are tensors: on the root read, elsewhere written.
 * @param[in] root        the rank whose values are given; the same on all ranks.
 * @param[in] timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 *
 * @return OAR_E_MISMATCH     as of oar_group_gather_tree; or ranks give different roots.
 * @return OAR_E_ARGUMENT     a rank's tree has a leaf that is no tensor, that is read-only or expanded; the text names
 *                            path and rank. Or `root` is no rank of the group.
 * @return OAR_E_UNSUPPORTED  a tensor that is sparse, or on a device whose tensors the group does not move.
 * @threads collective(group)
 * @source  Accelerate 1.15 `broadcast`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_broadcast_tree(oar_group *group, oar_tree *tree, int32_t root, int64_t timeout_ms) OAR_NOEXCEPT;

/**
 * Make every leaf as long in one dimension as the longest of all ranks, so that it can be gathered.
 *
 * Only the ranks' shapes travel. A leaf that has no such dimension, or is long enough already, stays as it is, its
 * memory shared; so does a nested (ragged) tensor, with a warning in the log. Other dimensions may differ between
 * ranks: pad them by a call of their own. Integers and truth values keep their dtype; if the value is a fraction, all
 * ranks' leaves of them become float32 when one rank's is padded.
 *
 * @param[in]  group       borrowed.
 * @param[in]  tree        borrowed; all its leaves are tensors.
 * @param[in]  dim         the dimension; negative counts from each leaf's last. The same on all ranks.
 * @param[in]  pad_value   what the new elements are; the same on all ranks.
 * @param[in]  pad_first   0: new elements come behind the old ones; otherwise before them. The same on all ranks.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out         owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_MISMATCH     structure, dtype or number of dimensions of a leaf differ between ranks; the text has
 *                            path, operation and every rank's. Or ranks give different arguments.
 * @return OAR_E_ARGUMENT     a rank's tree has a leaf that is no tensor, or one whose dtype cannot hold `pad_value`
 *                            (256 in uint8, 2 in bool); the text names path and rank.
 * @return OAR_E_UNSUPPORTED  a tensor that is sparse, or on a device whose tensors the group does not move.
 * @threads collective(group)
 * @source  Accelerate 1.15 `pad_across_processes`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_pad_tree(oar_group *group, const oar_tree *tree, int64_t dim, double pad_value, int32_t pad_first,
                   int64_t timeout_ms, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Give every rank a tree that one rank holds: its structure, plain values and tensors. Nobody else need know what it
 * is.
 *
 * @param[in]  group       borrowed.
 * @param[in]  tree        borrowed; on exactly one rank not NULL, whichever it is.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out         owned; end with oar_tree_release. On the rank that holds it a copy that shares its tensors.
 *                         Untouched on failure.
 *
 * @return OAR_E_MISMATCH     no rank, or more than one, gave a tree; the text names them.
 * @return OAR_E_UNSUPPORTED  a tensor that is sparse, or not on the CPU.
 * @threads collective(group)
 * @source  Accelerate 1.15 `copy_tensor_to_devices`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_copy_tree(oar_group *group, OAR_NULLABLE const oar_tree *tree, int64_t timeout_ms,
                    OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Join the ranks' lists of objects (trees of any kind, tensors among them) in rank order, and give all ranks the
 * result.
 *
 * Lists may have different lengths, also 0, and different contents. With one rank the result is a copy of `list`.
 * oar_tree_from_json and oar_tree_to_json (tree.h) make objects of JSON text and back.
 *
 * @param[in]  group       borrowed.
 * @param[in]  list        borrowed; a list. Tensors in it are copied.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out         owned: a list; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     a rank's tree is no list; the text names the rank. On every rank.
 * @return OAR_E_UNSUPPORTED  a tensor that is sparse, or not on the CPU.
 * @threads collective(group)
 * @source  Accelerate 1.15 `gather_object`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_gather_objects(oar_group *group, const oar_tree *list, int64_t timeout_ms,
                         OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Give every rank the root's object: a tree of any kind, tensors among it.
 *
 * @param[in]  group       borrowed.
 * @param[in]  object      borrowed; on the root what is given. Elsewhere ignored, and may be NULL.
 * @param[in]  root        the rank whose object is given; the same on all ranks.
 * @param[in]  timeout_ms  milliseconds to wait for peers; 0 takes the group's own value; negative is refused.
 * @param[out] out         owned; end with oar_tree_release. On the root a copy that shares the tensors. Untouched on
 *                         failure.
 *
 * @return OAR_E_ARGUMENT     the root's object is NULL: on every rank. Or `root` is no rank of the group.
 * @return OAR_E_MISMATCH     ranks give different roots. The group is dead then.
 * @return OAR_E_UNSUPPORTED  a tensor that is sparse, or not on the CPU.
 * @threads collective(group)
 * @source  Accelerate 1.15 `broadcast_object_list`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_group_broadcast_object(oar_group *group, OAR_NULLABLE const oar_tree *object, int32_t root, int64_t timeout_ms,
                           OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

#endif
