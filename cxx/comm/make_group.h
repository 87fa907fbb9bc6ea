// The group of all ranks that have met: by shared memory on one host; else by the star engine, with shared memory
// inside hosts and gloo between them.
#pragma once

#include <memory>
#include <string>

#include "comm/backends/nccl/nccl_library.h"
#include "comm/group.h"
#include "comm/star_engine.h"

namespace oarlock {

// `backend`, as the option comm.backend: "auto"; "shm", "nccl" (OAR_E_ENVIRONMENT tells why it cannot be), "gloo". The
// same on all ranks. `timeout` is what a time-out of zero means. Collective.
Result<std::shared_ptr<Group>> make_group(Star star, StarEngine::Limits limits, Milliseconds timeout,
                                          const std::string& backend, const NcclNames& nccl = default_nccl_names());

}  // namespace oarlock
