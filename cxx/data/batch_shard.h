// Which samples of an epoch are in batch k of one rank: arithmetic only; nothing is made but the batch asked for.
//
// An epoch is num_samples positions 0, 1, ... in the sampler's order. They are cut into rounds, one step of all ranks
// each: batch_size * world_size samples, or batch_size with split_batches. Rank r takes the r-th of world_size equal
// parts of a round. What is left at the end is the tail, a round that is not full:
// - drop_last: nobody gets it.
// - Uneven: each rank gets what there is of its part; a rank whose part is empty has one batch fewer.
// - even_batches: the tail is filled up from the epoch's first round, over and over if that is short, so every rank has
//   as many full batches as the others. What was filled in lies at the end of the round, in rank order, so cutting a
//   gathered round to samples_in_round() leaves each sample exactly once.
//
// Source: Accelerate 1.15 BatchSamplerShard (spec B 1.4), whose loops all give this one formula; the tests compare.
// Differs: num_batches and samples_in_round are exact in every mode (docs/differences.md).
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"

namespace oarlock {

struct BatchShardOptions {
  std::int64_t num_samples = 0;
  std::int64_t batch_size = 1;  // of one rank; of all ranks together with split_batches
  bool drop_last = false;
  bool even_batches = true;
  bool split_batches = false;
  int rank = 0;
  int world_size = 1;
};

class BatchShard {
 public:
  // OAR_E_ARGUMENT: batch_size < 1, rank outside the world, split_batches with a batch size that world_size does not
  // divide.
  static Result<BatchShard> create(const BatchShardOptions& options);

  std::int64_t num_batches() const { return num_batches_; }              // of this rank
  std::int64_t num_rounds() const { return num_rounds_; }                // of the rank that has most batches: rank 0
  std::int64_t samples_per_round() const { return samples_per_round_; }  // of a full round, all ranks
  std::int64_t num_samples() const;                         // of all ranks and rounds, duplicates not counted
  std::int64_t samples_in_round(std::int64_t round) const;  // likewise, of one round
  std::int64_t rows_in_round(std::int64_t round) const;     // of all ranks' batches, duplicates counted
  // Position in the epoch of a place in a round, 0 <= place < rows_in_round(round); places go through the ranks' parts
  // in rank order.
  std::int64_t position_at(std::int64_t round, std::int64_t place) const;
  // Positions in the epoch of this rank's batch, 0 <= batch < num_batches().
  std::vector<std::int64_t> positions(std::int64_t batch) const;
  const BatchShardOptions& options() const { return options_; }

 private:
  explicit BatchShard(const BatchShardOptions& options);
  BatchShardOptions options_;
  std::int64_t part_size_;  // samples of one rank in a full round
  std::int64_t samples_per_round_;
  std::int64_t num_full_rounds_;
  std::int64_t tail_size_;  // samples after the last full round that somebody gets
  std::int64_t num_rounds_;
  std::int64_t num_batches_;
};

}  // namespace oarlock
