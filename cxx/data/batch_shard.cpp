#include "data/batch_shard.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace oarlock {

Result<BatchShard> BatchShard::create(const BatchShardOptions& options) {
  if (options.num_samples < 0) return invalid_argument("num_samples must be >= 0, got {}", options.num_samples);
  if (options.batch_size < 1) return invalid_argument("batch_size must be >= 1, got {}", options.batch_size);
  if (options.world_size < 1) return invalid_argument("world_size must be >= 1, got {}", options.world_size);
  if (options.rank < 0 || options.rank >= options.world_size) {
    return invalid_argument("rank must lie in [0, {}), got {}", options.world_size, options.rank);
  }
  if (options.split_batches && options.batch_size % options.world_size != 0) {
    return invalid_argument(
        "split_batches cuts each batch into one part per rank, so world_size must divide batch_size; "
        "batch_size is {}, world_size {}",
        options.batch_size, options.world_size);
  }
  if (!options.split_batches && options.batch_size > std::numeric_limits<std::int64_t>::max() / options.world_size) {
    return invalid_argument("batch_size * world_size does not fit 64 bits: {} * {}", options.batch_size,
                            options.world_size);
  }
  return BatchShard(options);
}

BatchShard::BatchShard(const BatchShardOptions& options)
    : options_(options),
      part_size_(options.split_batches ? options.batch_size / options.world_size : options.batch_size),
      samples_per_round_(part_size_ * options.world_size),
      num_full_rounds_(options.num_samples / samples_per_round_),
      tail_size_(options.drop_last ? 0 : options.num_samples % samples_per_round_),
      num_rounds_(num_full_rounds_ + (tail_size_ > 0 ? 1 : 0)),
      num_batches_(num_rounds_) {
  const bool has_part_of_tail = options.even_batches || tail_size_ > part_size_ * options.rank;
  if (tail_size_ > 0 && !has_part_of_tail) --num_batches_;
}

std::int64_t BatchShard::num_samples() const { return num_full_rounds_ * samples_per_round_ + tail_size_; }

std::int64_t BatchShard::samples_in_round(std::int64_t round) const {
  OAR_CHECK(round >= 0 && round < num_rounds_);
  return round < num_full_rounds_ ? samples_per_round_ : tail_size_;
}

std::int64_t BatchShard::rows_in_round(std::int64_t round) const {
  return options_.even_batches ? samples_per_round_ : samples_in_round(round);
}

std::int64_t BatchShard::position_at(std::int64_t round, std::int64_t place) const {
  const std::int64_t real = samples_in_round(round);
  if (place < real) return round * samples_per_round_ + place;
  return (place - real) % std::min(options_.num_samples, samples_per_round_);  // of the epoch's first round
}

std::vector<std::int64_t> BatchShard::positions(std::int64_t batch) const {
  OAR_CHECK(batch >= 0 && batch < num_batches_);
  const std::int64_t part_begin = options_.rank * part_size_;  // within the round
  const std::int64_t part_end = std::min(part_begin + part_size_, rows_in_round(batch));
  std::vector<std::int64_t> positions;
  positions.reserve(static_cast<std::size_t>(part_end - part_begin));
  for (std::int64_t place = part_begin; place < part_end; ++place) positions.push_back(position_at(batch, place));
  return positions;
}

}  // namespace oarlock
