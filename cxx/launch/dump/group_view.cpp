#include "launch/dump/group_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "launch/dump/finding.h"

namespace oarlock::launch {
namespace {

const DumpedGroup& nothing_called() {
  static const DumpedGroup* const none = new DumpedGroup();  // never destroyed
  return *none;
}

std::string name_missing(const std::vector<int>& missing, const std::vector<RankDump>& dumps) {
  if (missing.empty()) return "";
  const auto rank = static_cast<std::size_t>(missing.front());
  const std::vector<RankDump::Member>& members = dumps.front().members;
  if (missing.size() > 1 || rank >= members.size()) return name_ranks(missing);
  return fmt::format("rank {} (process {} on {})", rank, members[rank].process, members[rank].host);
}

}  // namespace

std::vector<GroupView> views_of(const std::vector<RankDump>& dumps) {
  std::vector<GroupView> views;
  for (const RankDump& teller : dumps) {
    for (const DumpedGroup& group : teller.groups) {
      const bool is_known = std::any_of(views.begin(), views.end(), [&](const GroupView& view) {
        return view.name == group.name && view.ranks == group.ranks;
      });
      if (is_known) continue;
      GroupView view{group.name, group.ranks, {}, {}, {}, {}};
      for (const int rank : group.ranks) {
        const auto dump = std::find_if(dumps.begin(), dumps.end(), [&](const RankDump& d) { return d.rank == rank; });
        if (dump == dumps.end()) {
          view.missing.push_back(rank);
          continue;
        }
        const DumpedGroup* known = dump->find(group);
        view.by_rank[rank] = known != nullptr ? known : &nothing_called();
      }
      view.missing_text = name_missing(view.missing, dumps);
      if (group.name != "world") view.of_group = fmt::format(" of group '{}'", group.name);
      views.push_back(std::move(view));
    }
  }
  return views;
}

}  // namespace oarlock::launch
