#include "comm/hosts.h"

#include <map>
#include <string>

namespace oarlock {

Hosts::Hosts(const std::vector<Member>& members) {
  std::map<std::string, int> numbers;
  for (std::size_t rank = 0; rank < members.size(); ++rank) {
    const int host = numbers.try_emplace(members[rank].host_id, size()).first->second;
    if (host == size()) ranks_.emplace_back();
    std::vector<int>& ranks = ranks_[static_cast<std::size_t>(host)];
    places_.push_back({host, static_cast<int>(ranks.size())});
    ranks.push_back(static_cast<int>(rank));
  }
}

}  // namespace oarlock
