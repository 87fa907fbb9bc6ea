// How groups of some ranks come about. Every rank of the parent makes the call, which is a collective of the parent
// with a sequence number as any other: one all-gather of bytes tells what each rank asks for and where it would listen,
// so that wrong or differing calls fail on all ranks alike; the members then meet by themselves; a second exchange
// tells all ranks whether that went well. The parent lives on whatever becomes of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "comm/group.h"

namespace oarlock {

struct SplitTimes {
  Milliseconds own{0};   // what a time-out of zero means in the new group; zero: what it means in the parent
  Milliseconds wait{0};  // for the other ranks, each time; zero: the parent's
};

// Rank i of the new group is ranks[i] of the parent; the same list on all ranks of the parent. nullptr on ranks that
// are not in it.
Result<std::shared_ptr<Group>> create_subgroup(const std::shared_ptr<Group>& parent, const std::vector<int>& ranks,
                                               SplitTimes times);
// Ranks of equal color make a group, in the order of their keys, of equal keys in the parent's. nullptr for a negative
// color. As MPI_Comm_split.
Result<std::shared_ptr<Group>> split_group(const std::shared_ptr<Group>& parent, int color, int key, SplitTimes times);

// The plans, without ranks that talk. Both give ranks of the parent, by rank of the new group.
Status check_subgroup(const std::vector<int>& ranks, int parent_size);
struct SplitEntry {
  int color = -1;
  int key = 0;
};
std::vector<int> plan_split(const std::vector<SplitEntry>& entries, int rank);  // empty: this rank is in no group

}  // namespace oarlock
