// Which ranks of a world share a host.
#pragma once

#include <vector>

#include "comm/rendezvous.h"

namespace oarlock {

// The ranks of each host in their order; the hosts in the order of their lowest rank, which is called the leader.
class Hosts {
 public:
  explicit Hosts(const std::vector<Member>& members);
  int size() const { return static_cast<int>(ranks_.size()); }
  int num_ranks() const { return static_cast<int>(places_.size()); }
  const std::vector<int>& ranks_of(int host) const { return ranks_[static_cast<std::size_t>(host)]; }
  int host_of(int rank) const { return places_[static_cast<std::size_t>(rank)].host; }
  int local_rank_of(int rank) const { return places_[static_cast<std::size_t>(rank)].local_rank; }
  int leader_of(int rank) const { return ranks_of(host_of(rank)).front(); }

 private:
  struct Place {
    int host, local_rank;
  };
  std::vector<std::vector<int>> ranks_;
  std::vector<Place> places_;  // by rank
};

}  // namespace oarlock
