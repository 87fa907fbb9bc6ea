// The order in which an epoch visits the samples: as they lie, or a permutation that the seed and the epoch fix.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace oarlock {

// The order of one epoch. Immutable; may be read from any thread.
class EpochOrder {
 public:
  std::int64_t sample_at(std::int64_t position) const { return indices_ != nullptr ? indices_[position] : position; }

 private:
  friend class Sampler;
  at::Tensor permutation_;                 // int64 [num_samples]; undefined: sequential
  const std::int64_t* indices_ = nullptr;  // its elements
};

// Epoch e of a shuffling sampler visits torch.randperm(num_samples) of a generator seeded with seed + e (modulo 2^64).
// Source: Accelerate 1.15 SeedableRandomSampler (spec B 1.6).
class Sampler {
 public:
  Sampler(std::int64_t num_samples, bool shuffle, std::uint64_t seed)
      : num_samples_(num_samples), shuffle_(shuffle), seed_(seed) {}
  std::int64_t num_samples() const { return num_samples_; }
  bool shuffle() const { return shuffle_; }
  std::uint64_t seed() const { return seed_; }
  // O(num_samples) when shuffling, else O(1).
  EpochOrder order(std::int64_t epoch) const;

 private:
  std::int64_t num_samples_;
  bool shuffle_;
  std::uint64_t seed_;
};

}  // namespace oarlock
