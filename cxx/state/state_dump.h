// What a rank knows of itself, its peers and the last operations of its groups, as the JSON file that `oarlock dump`
// reads. Needs no group to be alive: after a failure it is what is left.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "comm/flight_recorder.h"
#include "comm/rendezvous.h"
#include "state/topology.h"

namespace oarlock {

// Any thread.
class StateDump {
 public:
  static constexpr int kVersion = 1;
  static constexpr std::size_t kGroupsMax = 64;  // of more, the first (the world) and the latest are kept

  // `members` of all ranks; `run` is the same on the ranks that met, and on no others.
  StateDump(Topology topology, std::vector<Member> members, std::string run);

  // A group of these ranks of the world; name and ranks are the same on all of them. `data_by`: what carries its large
  // data (GroupMaking); empty: nothing.
  void add(std::string name, std::vector<int> ranks, std::string data_by,
           std::shared_ptr<const FlightRecorder> recorder);
  JsonValue to_json() const;
  // Whole or not at all.
  Status write(const std::string& path) const;
  // As rank_<n>.json into a folder, made if it is not there. For who cannot be told of a failure: a warning is logged.
  void write_into(const std::string& folder) const noexcept;

 private:
  struct Recorded {
    std::string name;
    std::vector<int> ranks;
    std::string data_by;
    std::shared_ptr<const FlightRecorder> recorder;
  };
  const Topology topology_;
  const std::vector<Member> members_;
  const std::string run_;
  mutable std::mutex mutex_;
  std::vector<Recorded> groups_;
};

}  // namespace oarlock
