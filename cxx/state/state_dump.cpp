#include "state/state_dump.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"

namespace oarlock {
namespace {

JsonValue microseconds(std::chrono::nanoseconds time) {
  return JsonValue::integer(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

JsonValue members_to_json(const std::vector<Member>& members) {
  JsonValue list = JsonValue::array();
  for (std::size_t rank = 0; rank < members.size(); ++rank) {
    JsonValue member = JsonValue::object();
    member.set("rank", JsonValue::integer(static_cast<std::int64_t>(rank)));
    member.set("process", JsonValue::integer(members[rank].pid));
    member.set("host", JsonValue::string(members[rank].host_name));
    list.append(std::move(member));
  }
  return list;
}

}  // namespace

StateDump::StateDump(Topology topology, std::vector<Member> members, std::string run)
    : topology_(std::move(topology)), members_(std::move(members)), run_(std::move(run)) {}

void StateDump::add(std::string name, std::vector<int> ranks, std::string data_by,
                    std::shared_ptr<const FlightRecorder> recorder) {
  std::lock_guard lock(mutex_);
  groups_.push_back({std::move(name), std::move(ranks), std::move(data_by), std::move(recorder)});
  if (groups_.size() > kGroupsMax) groups_.erase(groups_.begin() + 1);
}

JsonValue StateDump::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("format", JsonValue::string("oarlock dump"));
  json.set("version", JsonValue::integer(kVersion));
  json.set("run", JsonValue::string(run_));
  json.set("rank", JsonValue::integer(topology_.rank));
  json.set("world_size", JsonValue::integer(topology_.world_size));
  json.set("local_rank", JsonValue::integer(topology_.local_rank));
  json.set("node_rank", JsonValue::integer(topology_.node_rank));
  json.set("place_from", JsonValue::string(topology_.source));
  const Member self = this_member();
  json.set("process", JsonValue::integer(self.pid));
  json.set("host", JsonValue::string(self.host_name));
  json.set("written_at_unix_us", microseconds(std::chrono::system_clock::now().time_since_epoch()));
  json.set("written_at_us", microseconds(steady_clock().now().time_since_epoch()));
  json.set("members", members_to_json(members_));
  JsonValue groups = JsonValue::array();
  std::lock_guard lock(mutex_);
  for (const Recorded& group : groups_) {
    JsonValue entry = group.recorder->report();
    entry.set("name", JsonValue::string(group.name));
    JsonValue ranks = JsonValue::array();
    for (const int rank : group.ranks) ranks.append(JsonValue::integer(rank));
    entry.set("ranks", std::move(ranks));
    if (!group.data_by.empty()) entry.set("data_by", JsonValue::string(group.data_by));
    groups.append(std::move(entry));
  }
  json.set("groups", std::move(groups));
  return json;
}

Status StateDump::write(const std::string& path) const {
  return write_file_atomically(real_fs(), path, to_json().dump(/*pretty=*/true) + "\n");
}

void StateDump::write_into(const std::string& folder) const noexcept {
  try {
    Status status = real_fs().make_directories(folder);
    const std::string path = (std::filesystem::path(folder) / fmt::format("rank_{}.json", topology_.rank)).string();
    if (status.is_ok()) status = write(path);
    if (status.is_ok()) return;
    log(LogLevel::kWarning, "state", "what this rank knows of the failure could not be written: {}", status.message());
  } catch (const std::exception& error) {  // out of memory: the failure itself is what must be told
    log(LogLevel::kWarning, "state", "what this rank knows of the failure could not be written: {}", error.what());
  }
}

}  // namespace oarlock
