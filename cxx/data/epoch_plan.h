// Everything that the batches of one rank in one epoch depend on. Immutable, shared with the workers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "data/batch_shard.h"
#include "data/collation.h"
#include "data/dataset.h"
#include "data/sampler.h"

namespace oarlock {

struct EpochPlan {
  std::shared_ptr<const Dataset> dataset;
  std::shared_ptr<const Collation> collation;
  BatchShard shard;  // of the order's units: samples, or batches that are cut already (then its batch_size is 1)
  EpochOrder order;
  std::int64_t epoch = 0;

  std::vector<std::int64_t> samples_of(std::int64_t batch) const;  // of this rank's batch
  std::int64_t num_samples() const;                                // of all ranks, duplicates not counted
  std::int64_t samples_in_round(std::int64_t round) const;         // likewise
  std::int64_t rows_in_round(std::int64_t round) const;            // duplicates counted
};

// The batch of this rank. A failure of the data set comes with epoch, batch and sample in front.
Result<Tree> fetch_batch(const EpochPlan& plan, std::int64_t batch);

}  // namespace oarlock
