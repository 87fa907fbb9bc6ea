// Large data between ranks of which some share a host: inside a host by shared memory, between the hosts by another
// transport that connects the lowest rank of each, the leaders. So each value crosses the network once per host, not
// once per rank.
//
// all_reduce, reduce, broadcast, all_gather and reduce_scatter go so, in segments, of which one is between the hosts
// while the next is inside them. What has another piece for every pair of ranks (gather, scatter, all_to_all, ragged
// parts) gains nothing and takes a transport between all ranks. A reduction goes in the order of the ranks inside a
// host, then over the hosts as their transport does it: the same in every run, and the same bits on every rank.
#pragma once

#include <memory>

#include "comm/backends/shm/memory.h"
#include "comm/data_transfer.h"
#include "comm/hosts.h"

namespace oarlock {

struct HierarchyParts {
  Hosts hosts;
  int rank = 0;
  SharedMemory memory;                 // of Rounds::memory_bytes(ranks of this host), shared by them
  std::unique_ptr<Transport> leaders;  // ranks are the hosts' numbers; NULL on who leads no host
  std::unique_ptr<Transport> all;      // between all ranks
};
std::unique_ptr<Transport> make_hierarchy_transport(HierarchyParts parts);

}  // namespace oarlock
