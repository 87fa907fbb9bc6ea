// Operations of a group on whole trees. Collective. One exchange of structures first, so that what differs between
// ranks is an error on every rank that names operation, path and each rank's part; then the leaves (nested_transfer.h).
// Such an error leaves the group in step. An exception after the exchange aborts it, since peers wait for this rank.
#pragma once

#include <cstdint>
#include <functional>

#include "base/status.h"
#include "comm/group.h"
#include "tensor/tree.h"

namespace oarlock {

// Leaves joined along dim 0; without dimensions: one element per rank. One rank: the tree itself, whatever it holds.
Result<Tree> gather_tree(Group& group, const Tree& tree, Milliseconds timeout);
// New tensors, also with one rank.
Result<Tree> reduce_tree(Group& group, const Tree& tree, ReduceOp op, Milliseconds timeout);
// In place. The tree's structure is not changed.
Status broadcast_tree(Group& group, const Tree& tree, int root, Milliseconds timeout);

struct Padding {
  std::int64_t dim = 0;  // negative: from each leaf's last
  double value = 0;
  bool first = false;  // new elements before the old ones
};
// Leaves that need no padding are shared. Integers and bools keep their dtype unless the value is a fraction.
Result<Tree> pad_tree(Group& group, const Tree& tree, const Padding& padding, Milliseconds timeout);

// The tree of the only rank that gives one.
Result<Tree> copy_tree(Group& group, const Tree* mine, Milliseconds timeout);

// Lists joined in rank order; their items are trees of any kind, with tensors' values.
Result<Tree> gather_objects(Group& group, const Tree& list, Milliseconds timeout);
// `object` counts on the root, where it must not be nullptr.
Result<Tree> broadcast_object(Group& group, const Tree* object, int root, Milliseconds timeout);

// How many of so many gathered rows are no repetitions.
using RowsKept = std::function<std::int64_t(std::int64_t num_rows)>;
// What an evaluation wants of all ranks (nested_samples.cpp): tensors' rows and, with use_objects or where a leaf is no
// tensor, lists' items, of which rows_kept says how many count wherever all ranks gave equally many. What has no rows
// is one per rank. Numbers of rows may differ between ranks.
Result<Tree> gather_samples(Group& group, const Tree& tree, bool use_objects, const RowsKept& rows_kept,
                            Milliseconds timeout);

}  // namespace oarlock
