// One rank's dump (state/state_dump.h writes it), read back with nothing taken on trust: files may be cut, foreign, of
// another run, or of a rank that wrote twice.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace oarlock::launch {

struct DumpedOperation {
  std::uint64_t sequence = 0;
  std::string call;       // "all_reduce(sum of 1000 float32)", with the tag where it has one
  std::string function;   // of the C interface that it came from; empty: the operation tells it
  std::string operation;  // "all_reduce"
  std::string state;      // "queued", "awaiting ranks", "moving data", "done", "failed"
  std::string failed_in;  // the state before it failed; empty: it has not
  std::string error;
  int peer = -1;                             // of a send or receive, among the group's ranks; else -1
  std::optional<std::int64_t> called_at_us;  // of the wall clock
  std::optional<std::int64_t> began_at_us, ended_at_us;
  bool is_done() const { return state == "done"; }
};

struct DumpedGroup {
  std::string name;
  std::vector<int> ranks;                               // of the world, by the group's own numbers
  std::map<std::uint64_t, DumpedOperation> operations;  // collectives by sequence; of a long run only the last
  std::vector<DumpedOperation> transfers;               // sends and receives
  std::string failure;                                  // why the group is dead; empty: it is not
  std::uint64_t last() const { return operations.empty() ? 0 : operations.rbegin()->first; }
  // The first that is recorded and not done; nullptr: all are.
  const DumpedOperation* pending() const;
};

struct RankDump {
  struct Member {
    std::int64_t process = 0;
    std::string host;
  };
  std::string file;
  std::string run;
  int rank = 0, world_size = 1;
  std::int64_t written_at_us = 0;  // of the wall clock
  std::vector<Member> members;     // by rank; may be empty
  std::vector<DumpedGroup> groups;
  const DumpedGroup* find(const DumpedGroup& same) const;  // of the same name and ranks
};

// OAR_E_CORRUPT: it is no dump, or not a whole one; OAR_E_VERSION: of another version.
Result<RankDump> read_rank_dump(const std::string& path);

struct Skipped {
  std::string file, reason;
};
struct DumpSet {
  std::vector<RankDump> dumps;  // of one run, by rank, one of each
  std::vector<Skipped> skipped;
};
// Files, and all *.json of folders. Of several runs the one with the most ranks is taken, of equals the newest; of
// several dumps of a rank its newest. A path that is not there is OAR_E_NOT_FOUND.
Result<DumpSet> read_dumps(const std::vector<std::string>& paths);

}  // namespace oarlock::launch
