// What the ranks tell each other before a nested operation moves data: the call, and the structure of their trees.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "comm/group.h"
#include "tensor/tree.h"

namespace oarlock {

// Which sizes of a leaf must be equal on all ranks. Its dtype and number of dimensions must be in any case.
enum class EqualSizes { kAll, kBehindFirst, kNone };

struct NestedCall {
  std::string operation;       // "gather_tree"
  std::string arguments = {};  // what all ranks must give alike: "sum"
  EqualSizes equal_sizes = EqualSizes::kAll;

  std::string text() const { return operation + "(" + arguments + ")"; }
};

// Every rank's tree with tensors on the meta device, by rank; none when all are like this rank's, sizes included.
using RankTrees = std::vector<Tree>;

// Collective, one exchange. `mine`: why this rank cannot take part, which all ranks are told then. OAR_E_MISMATCH on
// every rank for other calls or structures: the first path that differs, and what each rank has there. The group goes
// on after both.
Result<RankTrees> exchange_structures(Group& group, const NestedCall& call, const Status& mine, const Tree& tree,
                                      Milliseconds timeout);

// The check alone, of what lies at `path` of every rank's tree.
Status compare_structures(const NestedCall& call, const RankTrees& trees, const std::string& path = "");

// The texts that follow the call in every rank's message, or OAR_E_MISMATCH when ranks make other calls.
Result<std::vector<std::string>> exchange_calls(Group& group, const NestedCall& call, const Result<std::string>& mine,
                                                Milliseconds timeout);

// "ranks 0-2: float32 [2]; rank 3: nothing"
std::string text_by_rank(const std::vector<std::string>& texts);

}  // namespace oarlock
