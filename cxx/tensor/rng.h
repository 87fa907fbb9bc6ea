// libtorch's default CPU generator: the one that random operators take.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "base/status.h"

namespace oarlock {

void seed_default_generator(std::uint64_t seed);  // torch.manual_seed
std::int64_t draw_from_default_generator();       // torch.empty((), int64).random_().item(): a DataLoader's base seed
std::uint64_t default_generator_seed();           // torch.initial_seed
at::Tensor default_generator_state();             // uint8, as torch.get_rng_state()
Status set_default_generator_state(const at::Tensor& state);
// Exactly torch.randperm(n, generator=torch.Generator().manual_seed(seed)), int64.
at::Tensor seeded_permutation(std::int64_t n, std::uint64_t seed);
// The first `count` of permutations of n that one generator of that seed gives one after the other. n >= 1, or count 0.
at::Tensor seeded_permutations(std::int64_t n, std::int64_t count, std::uint64_t seed);
// Exactly torch.randint(n, (count,), generator=...): int64, each of [0, n). n >= 1, or count 0.
at::Tensor seeded_integers(std::int64_t n, std::int64_t count, std::uint64_t seed);
// Exactly torch.multinomial(weights, count, replacement, generator=...): int64 [count].
at::Tensor seeded_multinomial(const at::Tensor& weights, std::int64_t count, bool replacement, std::uint64_t seed);

}  // namespace oarlock
