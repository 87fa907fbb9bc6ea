// Samples drawn by weight.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "data/sampler.h"

namespace oarlock {

struct WeightedDraws {
  std::int64_t num_samples = 0;
  bool replacement = true;
};

// One weight for each of num_choices samples; copied. OAR_E_ARGUMENT: another number or shape of weights, more than
// 2^24 of them (libtorch's multinomial takes no more), one that is negative, infinite or NaN, none above 0, fewer draws
// than 1 or, without replacement, more than weights above 0.
// Source: torch.utils.data.WeightedRandomSampler, of one pass over a generator seeded with seed + epoch.
Result<std::shared_ptr<const Sampler>> make_weighted_sampler(const at::Tensor& weights, std::int64_t num_choices,
                                                             const WeightedDraws& draws);

}  // namespace oarlock
