// Where the ranks of a world meet, by each of the ways in which a world can be started.
#pragma once

#include "base/options.h"
#include "base/status.h"
#include "comm/rendezvous.h"
#include "state/process_state.h"
#include "state/topology.h"

namespace oarlock {

// By a file, by the launcher's inherited socket, by torchrun's store, or at address and port.
Result<Meeting> find_meeting(const Topology& topology, const Options& options);
// By the host's own all-gather: rank 0 listens on a free port and its address is told to all.
Result<Meeting> exchange_meeting(int rank, int world_size, const State::Exchange& exchange, const Options& options);

// Fills in local_rank, local_world_size and node_rank, where nobody said them, from the hosts of all ranks.
void complete_topology(Topology& topology, const std::vector<Member>& members);

}  // namespace oarlock
