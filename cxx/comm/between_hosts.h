// What moves data between hosts: which of gloo and MPI it is, and the transport of ranks on several hosts with it.
#pragma once

#include <memory>

#include "comm/backends/mpi/mpi_link.h"
#include "comm/backends/shm/memory.h"
#include "comm/backends/shm/share.h"
#include "comm/data_transfer.h"
#include "comm/group.h"
#include "comm/hosts.h"

namespace oarlock {

// Collective among ranks on several hosts, of which all have a place in MPI or none. The group's tag in MPI, or -1: it
// is gloo. "auto" takes MPI where there is one. OAR_E_MISMATCH: ranks want different things; OAR_E_ENVIRONMENT: MPI is
// wanted and cannot be had. The same on all ranks.
Result<int> agree_between_hosts(const BetweenHosts& between, int rank, const BytesExchange& exchange);

// `memory`: what the ranks of this host share; nullptr: nothing, data goes between all ranks. `tag`: as agreed, with
// MPI's `place`.
MakeTransport transport_over_hosts(Hosts hosts, std::shared_ptr<SharedMemory> memory,
                                   std::shared_ptr<const MpiPlace> place, int tag);

}  // namespace oarlock
