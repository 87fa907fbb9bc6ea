#include "data/sampler.h"

#include <gtest/gtest.h>

#include <vector>

namespace oarlock {
namespace {

std::vector<std::int64_t> samples(const Sampler& sampler, std::int64_t epoch) {
  const EpochOrder order = sampler.order(epoch);
  std::vector<std::int64_t> samples;
  for (std::int64_t position = 0; position < sampler.num_samples(); ++position)
    samples.push_back(order.sample_at(position));
  return samples;
}

using Order = std::vector<std::int64_t>;

// torch.randperm(10, generator=torch.Generator().manual_seed(42 + epoch)), spec B 1.6.
TEST(Sampler, ShufflesAsTorchDoesWithSeedPlusEpoch) {
  const Sampler sampler(10, true, 42);
  EXPECT_EQ(samples(sampler, 0), (Order{2, 6, 1, 8, 4, 5, 0, 9, 3, 7}));
  EXPECT_EQ(samples(sampler, 1), (Order{8, 4, 9, 0, 5, 1, 6, 7, 2, 3}));
  EXPECT_EQ(samples(sampler, 2), (Order{2, 6, 3, 8, 7, 9, 1, 4, 5, 0}));
}

TEST(Sampler, SeedZeroIsASeed) { EXPECT_EQ(samples(Sampler(10, true, 0), 0), (Order{4, 1, 7, 5, 3, 9, 0, 8, 6, 2})); }

TEST(Sampler, WithoutShuffleKeepsTheOrderInEveryEpoch) {
  EXPECT_EQ(samples(Sampler(4, false, 42), 0), (Order{0, 1, 2, 3}));
  EXPECT_EQ(samples(Sampler(4, false, 42), 7), (Order{0, 1, 2, 3}));
}

TEST(Sampler, OrdersNoSamplesAndOneSample) {
  EXPECT_EQ(samples(Sampler(0, true, 1), 0), Order{});
  EXPECT_EQ(samples(Sampler(1, true, 1), 0), Order{0});
}

}  // namespace
}  // namespace oarlock
