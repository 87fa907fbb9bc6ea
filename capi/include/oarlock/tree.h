/** Nested lists and maps of tensors and plain values: batches, model inputs and outputs. */
#ifndef OARLOCK_TREE_H
#define OARLOCK_TREE_H
#include <oarlock/types.h>
#define OAR_TREE_NONE 0
#define OAR_TREE_TENSOR 1
#define OAR_TREE_INT 2
#define OAR_TREE_DOUBLE 3
#define OAR_TREE_BOOL 4
#define OAR_TREE_STRING 5
#define OAR_TREE_LIST 6
#define OAR_TREE_MAP 7
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_create_list(OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_create_map(OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_kind(const oar_tree *tree, int32_t *out_kind) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_size(const oar_tree *tree, int64_t *out_size) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_key(const oar_tree *tree, int64_t index, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT;      /* map: key of entry index, in insertion order */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_append_tensor(oar_tree *tree, oar_tensor *tensor) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_set_tensor(oar_tree *tree, const char *key, oar_tensor *tensor) OAR_NOEXCEPT;
/* path: "loss", "0", "encoder.hidden.1"; NULL or "" is the tree itself */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_get(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_get_tensor(const oar_tree *tree, OAR_NULLABLE const char *path, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_get_double(const oar_tree *tree, OAR_NULLABLE const char *path, double *out_value) OAR_NOEXCEPT; /* int, double, bool or one-element tensor */
OAR_API OAR_SINCE(0, 1) oar_status oar_tree_retain(oar_tree *tree) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_tree_release(OAR_NULLABLE oar_tree *tree) OAR_NOEXCEPT;
#endif
