#include "data/sampler.h"

#include "tensor/rng.h"

namespace oarlock {

EpochOrder Sampler::order(std::int64_t epoch) const {
  EpochOrder order;
  if (shuffle_ && num_samples_ > 0) {
    order.permutation_ = seeded_permutation(num_samples_, seed_ + static_cast<std::uint64_t>(epoch));
    order.indices_ = order.permutation_.const_data_ptr<std::int64_t>();
  }
  return order;
}

}  // namespace oarlock
