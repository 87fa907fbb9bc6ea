// One group as the dumps of its ranks show it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "launch/dump/rank_dump.h"

namespace oarlock::launch {

struct GroupView {
  std::string name;
  std::vector<int> ranks;  // of the world
  std::map<int, const DumpedGroup*>
      by_rank;               // of those that have a dump; one that does not know the group: an empty one
  std::vector<int> missing;  // without a dump
  std::string missing_text;  // "rank 3 (process 4711 on node7)"; empty: none is missing
  std::string of_group;      // " of group 'rows'"; empty for the world
};

// In the order of the dumps.
std::vector<GroupView> views_of(const std::vector<RankDump>& dumps);

}  // namespace oarlock::launch
