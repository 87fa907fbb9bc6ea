#include "launch/dump/rank_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/fs.h"
#include "base/json.h"

namespace oarlock::launch {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 28;
constexpr std::int64_t kVersion = 1;  // StateDump::kVersion
constexpr std::int64_t kWorldSizeMax = 1 << 20;

Result<std::int64_t> number_of(const JsonValue& object, const char* key, std::int64_t least, std::int64_t most) {
  OAR_ASSIGN(const JsonValue* value, object.at(key));
  Result<std::int64_t> number = value->as_int64();
  if (!number.is_ok()) return std::move(number).status().within(key);
  if (number.value() >= least && number.value() <= most) return number;
  return Status(OAR_E_CORRUPT, fmt::format("{} must lie in [{}, {}], got {}", key, least, most, number.value()));
}

Result<std::string> text_of(const JsonValue& object, const char* key) {
  OAR_ASSIGN(const JsonValue* value, object.at(key));
  Result<std::string> text = value->as_string();
  if (!text.is_ok()) return std::move(text).status().within(key);
  return text;
}

std::string text_or_nothing(const JsonValue& object, const char* key) {
  const JsonValue* value = object.find(key);
  return value != nullptr && value->is_string() ? value->text() : "";
}

std::optional<std::int64_t> time_of(const JsonValue& object, const char* key) {
  const JsonValue* value = object.find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const Result<std::int64_t> time = value->as_int64();
  return time.is_ok() ? std::optional(time.value()) : std::nullopt;
}

Result<DumpedOperation> operation_of(const JsonValue& json) {
  DumpedOperation operation;
  OAR_ASSIGN(const std::int64_t sequence, number_of(json, "sequence", 0, INT64_MAX));
  operation.sequence = static_cast<std::uint64_t>(sequence);
  OAR_ASSIGN(operation.call, text_of(json, "call"));
  OAR_ASSIGN(operation.operation, text_of(json, "operation"));
  OAR_ASSIGN(operation.state, text_of(json, "state"));
  operation.function = text_or_nothing(json, "function");
  operation.failed_in = text_or_nothing(json, "failed_in");
  operation.error = text_or_nothing(json, "error");
  if (json.find("peer") != nullptr) {
    OAR_ASSIGN(const std::int64_t peer, number_of(json, "peer", 0, kWorldSizeMax));
    operation.peer = static_cast<int>(peer);
  }
  operation.called_at_us = time_of(json, "queued_at_unix_us");
  // Told by the clock of the host alone; the call by both, so the rest is as far behind it here as there.
  const auto called = time_of(json, "queued_at_us");
  const auto on_the_wall = [&](std::optional<std::int64_t> time) {
    return time && called && operation.called_at_us ? std::optional(*time - *called + *operation.called_at_us)
                                                    : std::nullopt;
  };
  operation.began_at_us = on_the_wall(time_of(json, "started_at_us"));
  operation.ended_at_us = on_the_wall(time_of(json, "ended_at_us"));
  return operation;
}

Result<DumpedGroup> group_of(const JsonValue& json, int world_size) {
  DumpedGroup group;
  OAR_ASSIGN(group.name, text_of(json, "name"));
  group.failure = text_or_nothing(json, "failure");
  OAR_ASSIGN(const JsonValue* ranks, json.at("ranks"));
  for (const JsonValue& item : ranks->items()) {
    OAR_ASSIGN(const std::int64_t rank, item.as_int64());
    if (rank < 0 || rank >= world_size) return Status(OAR_E_CORRUPT, fmt::format("rank {} is not of the world", rank));
    group.ranks.push_back(static_cast<int>(rank));
  }
  OAR_ASSIGN(const JsonValue* operations, json.at("operations"));
  for (const JsonValue& item : operations->items()) {
    OAR_ASSIGN(DumpedOperation operation, operation_of(item));
    if (operation.peer >= 0) {
      group.transfers.push_back(std::move(operation));
    } else {
      group.operations.insert_or_assign(operation.sequence, std::move(operation));
    }
  }
  return group;
}

Result<RankDump> dump_of(const JsonValue& json) {
  const JsonValue* format = json.find("format");
  if (format == nullptr || format->text() != "oarlock dump") return Status(OAR_E_CORRUPT, "it is no dump of a rank");
  OAR_ASSIGN(const std::int64_t version, number_of(json, "version", 1, INT64_MAX));
  if (version != kVersion) {
    return Status(OAR_E_VERSION, fmt::format("it is a dump of version {}; this command reads {}", version, kVersion));
  }
  RankDump dump;
  OAR_ASSIGN(dump.run, text_of(json, "run"));
  OAR_ASSIGN(const std::int64_t world_size, number_of(json, "world_size", 1, kWorldSizeMax));
  OAR_ASSIGN(const std::int64_t rank, number_of(json, "rank", 0, world_size - 1));
  OAR_ASSIGN(dump.written_at_us, number_of(json, "written_at_unix_us", 0, INT64_MAX));
  dump.rank = static_cast<int>(rank);
  dump.world_size = static_cast<int>(world_size);
  if (const JsonValue* members = json.find("members")) {
    for (const JsonValue& item : members->items()) {
      OAR_ASSIGN(const std::int64_t process, number_of(item, "process", 0, INT32_MAX));
      dump.members.push_back({process, text_or_nothing(item, "host")});
    }
  }
  OAR_ASSIGN(const JsonValue* groups, json.at("groups"));
  for (const JsonValue& item : groups->items()) {
    OAR_ASSIGN(DumpedGroup group, group_of(item, dump.world_size));
    dump.groups.push_back(std::move(group));
  }
  return dump;
}

Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      if (!std::filesystem::exists(path, error)) return not_found("there is no file or folder '{}'", path);
      files.push_back(path);
      continue;
    }
    OAR_ASSIGN(const std::vector<std::string> names, real_fs().list(path));
    for (const std::string& name : names) {
      if (name.ends_with(".json")) files.push_back((std::filesystem::path(path) / name).string());
    }
  }
  return files;
}

// Of one launch: a run's name alone may come again, in a world of another size.
std::pair<std::string, int> run_of(const RankDump& dump) { return {dump.run, dump.world_size}; }

}  // namespace

const DumpedOperation* DumpedGroup::pending() const {
  for (const auto& [sequence, operation] : operations) {
    if (!operation.is_done()) return &operation;
  }
  return nullptr;
}

const DumpedGroup* RankDump::find(const DumpedGroup& same) const {
  const auto found = std::find_if(groups.begin(), groups.end(), [&](const DumpedGroup& group) {
    return group.name == same.name && group.ranks == same.ranks;
  });
  return found == groups.end() ? nullptr : &*found;
}

Result<RankDump> read_rank_dump(const std::string& path) {
  OAR_ASSIGN(const std::string text, read_file(path, kFileBytesMax));
  OAR_ASSIGN(const JsonValue json, parse_json(text, OAR_E_CORRUPT));
  OAR_ASSIGN(RankDump dump, dump_of(json));
  dump.file = path;
  return dump;
}

Result<DumpSet> read_dumps(const std::vector<std::string>& paths) {
  OAR_ASSIGN(std::vector<std::string> files, files_of(paths));
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  DumpSet set;
  std::map<std::pair<std::string, int>, std::map<int, RankDump>> runs;
  for (const std::string& file : files) {
    Result<RankDump> read = read_rank_dump(file);
    if (!read.is_ok()) {
      set.skipped.push_back({file, read.status().message()});
      continue;
    }
    RankDump dump = std::move(read).value();
    auto& ranks = runs[run_of(dump)];
    const auto [place, is_new] = ranks.try_emplace(dump.rank);
    if (!is_new && place->second.written_at_us < dump.written_at_us) std::swap(place->second, dump);
    if (is_new) {
      place->second = std::move(dump);
    } else {
      set.skipped.push_back({dump.file, fmt::format("rank {} wrote a newer one", dump.rank)});
    }
  }
  if (runs.empty()) return set;
  const auto weight = [](const auto& run) {
    std::int64_t newest = 0;
    for (const auto& [rank, dump] : run.second) newest = std::max(newest, dump.written_at_us);
    return std::tuple(run.second.size(), newest);
  };
  const auto chosen = std::max_element(runs.begin(), runs.end(),
                                       [&](const auto& one, const auto& other) { return weight(one) < weight(other); });
  for (auto& [name, ranks] : runs) {
    for (auto& [rank, dump] : ranks) {
      if (name == chosen->first) continue;
      set.skipped.push_back(
          {dump.file, fmt::format("it is of another run ({}) than the others ({})", name.first, chosen->first.first)});
    }
  }
  for (auto& [rank, dump] : chosen->second) set.dumps.push_back(std::move(dump));
  return set;
}

}  // namespace oarlock::launch
