// The order in which an epoch visits the samples. Made anew for each epoch from the seed and the epoch alone, so that
// a resume in its middle replays nothing.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace oarlock {

// The order of one epoch: numbers of samples, which a loader cuts into batches, or batches that are cut already.
// Immutable; may be read from any thread.
class EpochOrder {
 public:
  static EpochOrder sequential(std::int64_t num_samples);
  static EpochOrder of(at::Tensor indices);  // int64 [n], contiguous
  // Batch k has sizes[k] of the indices, one after the other. The sizes' sum is n.
  static EpochOrder of_batches(at::Tensor indices, const std::vector<std::int64_t>& sizes);

  std::int64_t num_samples() const { return num_samples_; }
  std::int64_t sample_at(std::int64_t position) const { return indices_ != nullptr ? indices_[position] : position; }
  bool has_batches() const { return !batch_begins_.empty(); }
  std::int64_t num_batches() const { return static_cast<std::int64_t>(batch_begins_.size()) - 1; }  // has_batches()
  std::int64_t batch_size(std::int64_t batch) const;
  std::span<const std::int64_t> batch(std::int64_t batch) const;
  // What a shard cuts: batches, or samples.
  std::int64_t num_units() const { return has_batches() ? num_batches() : num_samples(); }

 private:
  explicit EpochOrder(std::int64_t num_samples) : num_samples_(num_samples) {}
  std::int64_t num_samples_;
  at::Tensor tensor_;                       // undefined: sequential
  const std::int64_t* indices_ = nullptr;   // its elements
  std::vector<std::int64_t> batch_begins_;  // of each batch, and the end; empty: not cut
};

// Immutable; shared.
class Sampler {
 public:
  virtual ~Sampler() = default;
  // Samples of every epoch; nullopt: the order alone tells.
  virtual std::optional<std::int64_t> num_samples() const = 0;
  // The generator of epoch e is seeded with seed + e (modulo 2^64). Source: Accelerate 1.15 SeedableRandomSampler.
  virtual Result<EpochOrder> order(std::int64_t epoch, std::uint64_t seed) const = 0;
  virtual bool depends_on_seed() const = 0;
  virtual bool gives_batches() const { return false; }  // its orders have them
  // What fixes the order besides the seed and the number of samples, for those who must have the same: ranks, resumed
  // runs. Empty for samples in turn and for one permutation of all of them.
  virtual std::string description() const { return ""; }
};

std::shared_ptr<const Sampler> make_sequential_sampler(std::int64_t num_samples);

}  // namespace oarlock
