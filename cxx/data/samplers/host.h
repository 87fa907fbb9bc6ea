// Orders and batches that the host gives, epoch by epoch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/status.h"
#include "data/sampler.h"
#include "tensor/tree.h"

namespace oarlock {

using HostOrder = std::function<Result<Tree>(std::int64_t epoch)>;

// What `give` gives is checked: an int64 row of numbers of samples, or with gives_batches a list of such rows, none
// empty. OAR_E_CALLBACK names what it gave instead, and where.
std::shared_ptr<const Sampler> make_host_sampler(HostOrder give, bool gives_batches, std::int64_t num_choices);

}  // namespace oarlock
