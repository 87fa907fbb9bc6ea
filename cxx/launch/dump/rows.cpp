#include <algorithm>
#include <limits>
#include <set>

#include "launch/dump/finding.h"
#include "launch/dump/group_view.h"

namespace oarlock::launch {
namespace {

void widen(std::optional<std::int64_t>& first, std::optional<std::int64_t>& last, std::optional<std::int64_t> time) {
  if (!time) return;
  first = first ? std::min(*first, *time) : *time;
  last = last ? std::max(*last, *time) : *time;
}

std::string state_of(const DumpedOperation& operation) {
  return operation.failed_in.empty() ? operation.state : "failed while " + operation.failed_in;
}

void add(std::vector<Row>& rows, std::size_t begin, int rank, const DumpedOperation& operation) {
  const std::string state = state_of(operation);
  auto row = std::find_if(rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.end(),
                          [&](const Row& same) { return same.call == operation.call && same.state == state; });
  if (row == rows.end()) row = rows.insert(rows.end(), Row{operation.sequence, {}, operation.call, state, {}, {}, {}});
  row->ranks.push_back(rank);
  widen(row->first_us, row->last_us, operation.began_at_us ? operation.began_at_us : operation.called_at_us);
  if (operation.began_at_us && operation.ended_at_us) {
    row->took_us = std::max(row->took_us.value_or(0), *operation.ended_at_us - *operation.began_at_us);
  }
}

}  // namespace

std::vector<Row> rows_around(const std::vector<RankDump>& dumps, const Finding& finding, std::uint64_t num_before,
                             std::uint64_t num_after) {
  std::vector<Row> rows;
  for (const GroupView& view : views_of(dumps)) {
    if (view.name != finding.group) continue;
    const std::uint64_t first = finding.sequence - std::min(finding.sequence, num_before);
    const std::uint64_t last = finding.sequence + num_after;
    for (std::uint64_t sequence = std::max<std::uint64_t>(first, 1); sequence <= last; ++sequence) {
      const std::size_t begin = rows.size();
      for (const auto& [rank, group] : view.by_rank) {
        const auto found = group->operations.find(sequence);
        if (found != group->operations.end()) add(rows, begin, rank, found->second);
      }
    }
    break;
  }
  return rows;
}

}  // namespace oarlock::launch
