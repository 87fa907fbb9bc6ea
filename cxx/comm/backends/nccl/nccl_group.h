// A group whose tensors on CUDA devices go by NCCL, all others as in the star group. The star engine compares the
// ranks' calls in both cases, so nothing reaches NCCL unchecked: an operation on a device begins as one without data,
// and is given to NCCL when all ranks are known to make the same call, in rank 0's order on every rank.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "comm/backends/nccl/nccl_library.h"
#include "comm/group.h"
#include "comm/star_engine.h"

namespace oarlock {

// Gathers the ranks' bytes, in rank order; the group is not there yet.
using GatherBytes = std::function<Result<std::vector<std::string>>(std::string mine)>;

// Collective. OAR_E_ENVIRONMENT or OAR_E_VERSION on all ranks if one of them, which is named, has no NCCL or no CUDA
// device. `timeout` is what a time-out of zero means.
Result<std::shared_ptr<Group>> make_nccl_group(std::unique_ptr<StarEngine> engine, Milliseconds timeout,
                                               const GatherBytes& gather, const NcclNames& names);

}  // namespace oarlock
