// A group of some ranks of another one, with connections, a thread and an order of calls of its own.
//
// Inside, ranks are counted from 0 as in any group; what fails is told with the numbers that they have in the world.
// It keeps its parent alive, and ends with it when somebody aborts or closes that (descendants.h). Its own failures
// are no matter to the parent. Ranks that both have lost are noticed by both.
#pragma once

#include <memory>
#include <vector>

#include "comm/group.h"

namespace oarlock {

// `world_ranks` by rank of `members`, which was made of these ranks alone.
std::shared_ptr<Group> make_subgroup(std::shared_ptr<Group> parent, std::shared_ptr<Group> members,
                                     std::vector<int> world_ranks, Milliseconds timeout);

// The number in `to` of what is `rank` in `from`. OAR_E_NOT_FOUND if that process is not in `to`; OAR_E_ARGUMENT if the
// groups are of different worlds, or there is no such rank.
Result<int> translate_rank(const Group& from, int rank, const Group& to);

// " (in a group of 2: its ranks 0, 1 are ranks 4, 9 of the world)", for people who know the world's ranks only; of a
// large group the one rank that the text before is about, -1: none in particular.
std::string whose_ranks(int culprit, const std::vector<int>& world_ranks);

// A failure inside a group, with that at its end.
Status name_world_ranks(Status status, const std::vector<int>& world_ranks);

}  // namespace oarlock
