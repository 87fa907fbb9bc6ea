// A loader of which one rank reads and all ranks take parts.
#pragma once

#include <memory>

#include "base/options.h"
#include "base/status.h"
#include "comm/group.h"
#include "data/dataset.h"
#include "data/loader.h"

namespace oarlock {

// Rank 0 of the group reads rounds of batch_size * size samples (batch_size with split_batches) as one batch and gives
// each rank its part (dispatch_rounds.h); other ranks' data sets are asked for their size only. next() is collective; a
// failure on rank 0 is every rank's, and every rank may repeat the call.
Result<std::shared_ptr<Loader>> make_dispatch_loader(std::shared_ptr<Dataset> dataset, const Options& options,
                                                     std::shared_ptr<Group> group);

}  // namespace oarlock
