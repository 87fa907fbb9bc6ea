/**
 * Nested lists and maps of tensors and plain values: batches, model inputs and outputs.
 *
 * A tree is a value: setting or appending an item, and getting a part, copies the structure, while tensors are
 * shared. A later change of the one is not seen in the other; a write into a shared tensor is. Trees are at most 64
 * deep.
 *
 * Paths: "loss", "0", "encoder.hidden.1" name map keys and list indices, separated by dots; NULL or "" is the tree
 * itself. In a map the longest key that the path begins with is taken, so keys that have dots themselves are found.
 */
#ifndef OARLOCK_TREE_H
#define OARLOCK_TREE_H

#include <oarlock/types.h>

/* What oar_tree_kind gives. */
#define OAR_TREE_NONE 0
#define OAR_TREE_TENSOR 1
#define OAR_TREE_INT 2
#define OAR_TREE_DOUBLE 3
#define OAR_TREE_BOOL 4
#define OAR_TREE_STRING 5
#define OAR_TREE_LIST 6
#define OAR_TREE_MAP 7

/**
 * An empty list.
 *
 * @param[out] out  owned; end with oar_tree_release. Untouched on failure.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_create_list(OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * An empty map. It keeps the order in which keys were set first.
 *
 * @param[out] out  owned; end with oar_tree_release. Untouched on failure.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_create_map(OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * A tree that is one integer.
 *
 * @param[in]  value  kept exactly.
 * @param[out] out    owned; end with oar_tree_release. Untouched on failure.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_from_int64(int64_t value, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * A tree that is one floating-point number.
 *
 * @param[in]  value  any, also NaN and infinities.
 * @param[out] out    owned; end with oar_tree_release. Untouched on failure.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_from_double(double value, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * A tree that is one truth value.
 *
 * @param[in]  value  0 is false, everything else true.
 * @param[out] out    owned; end with oar_tree_release. Untouched on failure.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_from_bool(int32_t value, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * A tree that is nothing: Python's None, JSON's null.
 *
 * @param[out] out  owned; end with oar_tree_release. Untouched on failure.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_from_none(OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * A tree that is one text.
 *
 * @param[in]  text  borrowed; UTF-8, copied.
 * @param[out] out   owned; end with oar_tree_release. Untouched on failure.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_from_string(const char *text, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * A tree that is one tensor.
 *
 * @param[in]  tensor  retained until the tree, and what was copied from it, ends.
 * @param[out] out     owned; end with oar_tree_release. Untouched on failure.
 * @threads serial(tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_from_tensor(oar_tensor *tensor, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * The tree of a JSON text: objects are maps, arrays lists, null is none.
 *
 * Numbers without fraction and exponent are integers if int64 holds them, all others floating-point.
 *
 * @param[in]  json  borrowed; UTF-8.
 * @param[out] out   owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  no JSON (the text has the byte's offset), a key twice in an object, or more than 64 deep.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_from_json(const char *json, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * A tree without tensors as JSON text. oar_tree_from_json of it gives the tree again, but for NaN and infinities, which
 * JSON has not: they are the texts "NaN", "Infinity" and "-Infinity". With tensors: oar_tree_to_numbers (batch.h)
 * first.
 *
 * @param[in]     tree  borrowed.
 * @param[out]    buf   room for *len bytes; NULL asks for the length only.
 * @param[in,out] len   in: room; out: length with the closing NUL, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  a leaf is a tensor (the text names its path), or there is too little room.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_to_json(const oar_tree *tree, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * What the entry at a path is.
 *
 * @param[in]  tree      borrowed.
 * @param[in]  path      borrowed; NULL or "" is the tree itself.
 * @param[out] out_kind  OAR_TREE_NONE ... OAR_TREE_MAP. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  there is no such entry; the text says what there is.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_kind(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT int32_t *out_kind) OAR_NOEXCEPT;

/**
 * How many entries the list or map at a path has; a leaf has 0.
 *
 * @param[in]  tree      borrowed.
 * @param[in]  path      borrowed; NULL or "" is the tree itself.
 * @param[out] out_size  Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  there is no such entry; the text says what there is.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_size(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT int64_t *out_size) OAR_NOEXCEPT;

/**
 * The key of one entry of a map.
 *
 * @param[in]     tree   borrowed; a map.
 * @param[in]     index  0 to size - 1, in the order in which keys were set first.
 * @param[out]    buf    room for *len bytes; NULL asks for the length only.
 * @param[in,out] len    in: room; out: length with the closing NUL, also when the room is too small.
 *
 * @return OAR_E_ARGUMENT  not a map, an index outside it, or too little room.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_key(const oar_tree *tree, int64_t index, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * A copy of one entry of a list or map; its tensors are shared.
 *
 * With oar_tree_key the way through a tree whatever its keys are: paths (oar_tree_get) do not reach an empty key.
 *
 * @param[in]  tree   borrowed; a list or a map.
 * @param[in]  index  0 to size - 1; of a map in the order in which keys were set first.
 * @param[out] out    owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  neither list nor map, or index out of range.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_at(const oar_tree *tree, int64_t index, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Put a copy of `item` at the end of a list.
 *
 * @param[in] tree  borrowed; a list.
 * @param[in] item  borrowed; its tensors are shared.
 *
 * @return OAR_E_ARGUMENT  not a list, or it would be more than 64 deep.
 * @threads serial(tree, item)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_append(oar_tree *tree, const oar_tree *item) OAR_NOEXCEPT;

/**
 * Put a tensor at the end of a list.
 *
 * @param[in] tree    borrowed; a list.
 * @param[in] tensor  retained until the tree, and what was copied from it, ends.
 *
 * @return OAR_E_ARGUMENT  not a list.
 * @threads serial(tree, tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_append_tensor(oar_tree *tree, oar_tensor *tensor) OAR_NOEXCEPT;

/**
 * Give a key of a map a copy of `item`; what it had before is replaced.
 *
 * @param[in] tree  borrowed; a map.
 * @param[in] key   borrowed; UTF-8.
 * @param[in] item  borrowed; its tensors are shared.
 *
 * @return OAR_E_ARGUMENT  not a map, or it would be more than 64 deep.
 * @threads serial(tree, item)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_set(oar_tree *tree, const char *key, const oar_tree *item) OAR_NOEXCEPT;

/**
 * Give a key of a map a tensor; what it had before is replaced.
 *
 * @param[in] tree    borrowed; a map.
 * @param[in] key     borrowed; UTF-8.
 * @param[in] tensor  retained until the tree, and what was copied from it, ends.
 *
 * @return OAR_E_ARGUMENT  not a map.
 * @threads serial(tree, tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_set_tensor(oar_tree *tree, const char *key, oar_tensor *tensor) OAR_NOEXCEPT;

/**
 * A copy of a part of the tree; its tensors are shared.
 *
 * @param[in]  tree  borrowed.
 * @param[in]  path  borrowed; NULL or "" is the whole tree.
 * @param[out] out   owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  the text names the step of the path that failed, and what there is.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_get(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * The tensor at a path.
 *
 * @param[in]  tree  borrowed.
 * @param[in]  path  borrowed; NULL or "" is the tree itself.
 * @param[out] out   owned, shares the tree's memory; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  there is no such entry.
 * @return OAR_E_ARGUMENT   the entry is no tensor; the text says what it is.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_get_tensor(const oar_tree *tree, OAR_NULLABLE const char *path,
                    OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * The number at a path: an int, double, bool, or a tensor of one element. Integers beyond 2^53 are rounded.
 *
 * @param[in]  tree       borrowed.
 * @param[in]  path       borrowed; NULL or "" is the tree itself.
 * @param[out] out_value  Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  there is no such entry.
 * @return OAR_E_ARGUMENT   the entry is no number; the text says what it is.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_get_double(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT double *out_value) OAR_NOEXCEPT;

/**
 * The integer at a path, exactly.
 *
 * @param[in]  tree       borrowed.
 * @param[in]  path       borrowed; NULL or "" is the tree itself.
 * @param[out] out_value  Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  there is no such entry.
 * @return OAR_E_ARGUMENT   the entry is of another kind than OAR_TREE_INT; the text says which.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_get_int64(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT int64_t *out_value) OAR_NOEXCEPT;

/**
 * The truth value at a path.
 *
 * @param[in]  tree       borrowed.
 * @param[in]  path       borrowed; NULL or "" is the tree itself.
 * @param[out] out_value  1 or 0. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  there is no such entry.
 * @return OAR_E_ARGUMENT   the entry is of another kind than OAR_TREE_BOOL; the text says which.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_get_bool(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT int32_t *out_value) OAR_NOEXCEPT;

/**
 * The text at a path.
 *
 * @param[in]     tree  borrowed.
 * @param[in]     path  borrowed; NULL or "" is the tree itself.
 * @param[out]    buf   room for *len bytes; NULL asks for the length only.
 * @param[in,out] len   in: room; out: length with the closing NUL, also when the room is too small.
 *
 * @return OAR_E_NOT_FOUND  there is no such entry.
 * @return OAR_E_ARGUMENT   the entry is no text, or there is too little room.
 * @threads serial(tree)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_tree_get_string(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT OAR_NULLABLE char *buf,
                    size_t *len) OAR_NOEXCEPT;

/**
 * One more reference to the handle; it takes one more oar_tree_release to end it.
 *
 * @param[in] tree  borrowed.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_retain(oar_tree *tree) OAR_NOEXCEPT;

/**
 * Drop one reference.
 *
 * @param[in] tree  NULL is allowed.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_tree_release(OAR_NULLABLE oar_tree *tree) OAR_NOEXCEPT;

#endif
