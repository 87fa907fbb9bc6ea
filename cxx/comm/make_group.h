// The group of all ranks that have met: by shared memory on one host; else by the star engine, with shared memory
// inside hosts and gloo or MPI between them.
#pragma once

#include <memory>
#include <string>

#include "comm/backends/nccl/nccl_library.h"
#include "comm/group.h"
#include "comm/star_engine.h"

namespace oarlock {

// `backend`, as the option comm.backend: "auto"; "shm", "nccl" (OAR_E_ENVIRONMENT tells why it cannot be), "gloo". The
// same on all ranks. `timeout` is what a time-out of zero means. `between` counts with "auto" and several hosts: "auto"
// takes MPI where all ranks have a place in one. Ranks that differ in it are OAR_E_MISMATCH; "mpi" that cannot be is
// OAR_E_ENVIRONMENT. Collective.
Result<std::shared_ptr<Group>> make_group(Star star, StarEngine::Limits limits, Milliseconds timeout,
                                          const std::string& backend, const NcclNames& nccl = default_nccl_names(),
                                          const BetweenHosts& between = {});

}  // namespace oarlock
