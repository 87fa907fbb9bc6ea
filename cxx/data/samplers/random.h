// Samples drawn at random: all of them, some, or some more than once; of all samples or of a list of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "data/sampler.h"

namespace oarlock {

struct RandomDraws {
  bool replacement = false;
  std::optional<std::int64_t> num_samples;  // per epoch; none: as many as there are
};

// Without replacement: permutations, as many as are needed, the last one cut. OAR_E_ARGUMENT: a number below 1, or any
// drawn from none. Source: torch.utils.data.RandomSampler of one pass over a generator seeded with seed + epoch.
Result<std::shared_ptr<const Sampler>> make_random_sampler(std::int64_t num_samples, const RandomDraws& draws);

// The samples of the list: in its order, or drawn as above by place in the list. OAR_E_ARGUMENT: a number that is none
// of num_samples samples. Source: torch.utils.data.SubsetRandomSampler.
Result<std::shared_ptr<const Sampler>> make_list_sampler(std::vector<std::int64_t> indices, std::int64_t num_samples,
                                                         const std::optional<RandomDraws>& draws);

}  // namespace oarlock
