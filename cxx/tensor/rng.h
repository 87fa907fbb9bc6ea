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

}  // namespace oarlock
