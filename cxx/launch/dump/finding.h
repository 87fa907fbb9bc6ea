// Who diverged where: what the dumps of the ranks of a run say together. Pure: dumps in, one sentence out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launch/dump/rank_dump.h"

namespace oarlock::launch {

enum class Verdict {  // from the least to the worst: the worst of the groups is told first
  kAgree,             // all dumps there are say the same
  kMissing,           // ranks have no dump; the others say the same
  kUnfinished,        // all called an operation that not all have completed
  kTransfer,          // a send or receive waits for its other side
  kStopped,           // ranks have not called what others wait in
  kMismatch           // ranks called different things
};
const char* verdict_name(Verdict verdict);  // "mismatch"

struct Finding {
  Verdict verdict = Verdict::kAgree;
  std::string sentence;
  std::string group;           // its name
  std::vector<int> ranks;      // who diverged, of the world
  std::vector<int> missing;    // of the group, without a dump
  std::uint64_t sequence = 0;  // of the first operation that is not the same and done everywhere; else of the last one
  std::vector<std::string> notes;  // errors that ranks were told, dumps that are older than others
};

// One per group, the worst first; none without dumps.
std::vector<Finding> examine(const std::vector<RankDump>& dumps);

// What the ranks of a group did as one operation, those together that did the same.
struct Row {
  std::uint64_t sequence = 0;
  std::vector<int> ranks;
  std::string call, state;  // state: "failed while awaiting ranks"
  std::optional<std::int64_t> first_us, last_us,
      took_us;  // called first and last, on the wall clock; the longest of them
};
// Of the finding's group, from `num_before` operations before it to `num_after` behind it.
std::vector<Row> rows_around(const std::vector<RankDump>& dumps, const Finding& finding, std::uint64_t num_before,
                             std::uint64_t num_after);

std::string name_ranks(const std::vector<int>& ranks);  // sorted: "rank 1", "ranks 0, 2, 3", "ranks 0-7"

}  // namespace oarlock::launch
