// The options of a loader, read and checked.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/options.h"
#include "base/status.h"
#include "data/batch_shard.h"

namespace oarlock {

struct LoaderOptions {
  BatchShardOptions shard;
  bool shuffle = false;
  bool replacement = false;                 // of the draws of a shuffling loader
  std::optional<std::int64_t> num_samples;  // likewise, per epoch
  std::optional<std::uint64_t> seed;
  int num_workers = 0;
  int prefetch = 2;
  Milliseconds timeout{0};
};

// Section "loader". OAR_E_ARGUMENT names the key and the range.
Result<LoaderOptions> read_loader_options(const Options& options, std::int64_t num_samples);

// The shard that a loader really uses: one rank alone never fills up (spec B 1.2).
Result<BatchShard> make_loader_shard(const BatchShardOptions& wanted);

}  // namespace oarlock
