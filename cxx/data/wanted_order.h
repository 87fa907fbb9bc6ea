// The orders that a loader can be asked for, and the samplers that give them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "base/status.h"
#include "data/loader_options.h"
#include "data/sampler.h"
#include "data/samplers/host.h"
#include "data/samplers/weighted.h"

namespace oarlock {

struct ListedOrder {
  std::vector<std::int64_t> indices;
};
struct WeightedOrder {
  at::Tensor weights;
  WeightedDraws draws;
};
struct HostsOrder {
  HostOrder give;
  bool gives_batches = false;
};
using WantedOrder = std::variant<ListedOrder, WeightedOrder, HostsOrder>;

// What the options alone ask for: in turn or shuffled. OAR_E_ARGUMENT: draws that shuffling has, without it.
Result<std::shared_ptr<const Sampler>> make_sampler(const LoaderOptions& options, std::int64_t num_samples);
// OAR_E_ARGUMENT: an option that the wanted order leaves no room for; the text names it.
Result<std::shared_ptr<const Sampler>> make_sampler(WantedOrder wanted, const LoaderOptions& options,
                                                    std::int64_t num_samples);

}  // namespace oarlock
