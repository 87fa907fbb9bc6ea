#include "data/sampler.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "data/samplers/host.h"
#include "data/samplers/random.h"
#include "data/samplers/weighted.h"

namespace oarlock {
namespace {

using Order = std::vector<std::int64_t>;
using Made = Result<std::shared_ptr<const Sampler>>;

Order samples(const Sampler& sampler, std::int64_t epoch, std::uint64_t seed) {
  const EpochOrder order = sampler.order(epoch, seed).value();
  Order samples;
  for (std::int64_t position = 0; position < order.num_samples(); ++position)
    samples.push_back(order.sample_at(position));
  return samples;
}

std::shared_ptr<const Sampler> shuffler(std::int64_t size) { return make_random_sampler(size, {}).value(); }

// torch.randperm(10, generator=torch.Generator().manual_seed(42 + epoch)), spec B 1.6.
TEST(Sampler, ShufflesAsTorchDoesWithSeedPlusEpoch) {
  EXPECT_EQ(samples(*shuffler(10), 0, 42), (Order{2, 6, 1, 8, 4, 5, 0, 9, 3, 7}));
  EXPECT_EQ(samples(*shuffler(10), 1, 42), (Order{8, 4, 9, 0, 5, 1, 6, 7, 2, 3}));
  EXPECT_EQ(samples(*shuffler(10), 2, 42), (Order{2, 6, 3, 8, 7, 9, 1, 4, 5, 0}));
}

TEST(Sampler, SeedZeroIsASeed) { EXPECT_EQ(samples(*shuffler(10), 0, 0), (Order{4, 1, 7, 5, 3, 9, 0, 8, 6, 2})); }

TEST(Sampler, WithoutShuffleKeepsTheOrderInEveryEpoch) {
  EXPECT_EQ(samples(*make_sequential_sampler(4), 0, 42), (Order{0, 1, 2, 3}));
  EXPECT_EQ(samples(*make_sequential_sampler(4), 7, 42), (Order{0, 1, 2, 3}));
}

TEST(Sampler, OrdersNoSamplesAndOneSample) {
  EXPECT_EQ(samples(*shuffler(0), 0, 1), Order{});
  EXPECT_EQ(samples(*shuffler(1), 0, 1), Order{0});
}

TEST(Sampler, GivesTheListAsItIsWithoutShuffle) {
  const auto sampler = make_list_sampler({7, 0, 7}, 8, std::nullopt).value();
  EXPECT_EQ(samples(*sampler, 3, 42), (Order{7, 0, 7}));
}

TEST(Sampler, TellsListsAndWeightsApart) {
  const auto list = [](Order indices) { return make_list_sampler(indices, 8, std::nullopt).value()->description(); };
  EXPECT_EQ(list({1, 2}), list({1, 2}));
  EXPECT_NE(list({1, 2}), list({2, 1}));
  const auto weights = [](double first, WeightedDraws draws) {
    return make_weighted_sampler(at::tensor({first, 1.0}), 2, draws).value()->description();
  };
  EXPECT_EQ(weights(3, {5, true}), weights(3, {5, true}));
  EXPECT_NE(weights(3, {5, true}), weights(2, {5, true}));
  EXPECT_NE(weights(3, {2, true}), weights(3, {2, false}));
}

struct BadSampler {
  Made made;
  const char* text;
};

class SamplerRefuses : public testing::TestWithParam<BadSampler> {};

TEST_P(SamplerRefuses, WhatCannotBeDrawn) {
  ASSERT_FALSE(GetParam().made.is_ok());
  EXPECT_EQ(GetParam().made.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(GetParam().made.status().message().find(GetParam().text), std::string::npos)
      << GetParam().made.status().message();
}

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(
    Table, SamplerRefuses,
    testing::Values(BadSampler{make_random_sampler(3, {true, 0}), "num_samples must be >= 1"},
                    BadSampler{make_random_sampler(0, {true, 4}), "no samples to draw from"},
                    BadSampler{make_list_sampler({0, 3}, 3, std::nullopt), "no sample 3 at place 1"},
                    BadSampler{make_list_sampler({-1}, 3, std::nullopt), "no sample -1 at place 0"},
                    BadSampler{make_weighted_sampler(at::ones({2}), 3, {1, true}), "2 weights for 3 samples"},
                    BadSampler{make_weighted_sampler(at::ones({1, 3}), 3, {1, true}), "float32 [1, 3]"},
                    BadSampler{make_weighted_sampler(at::tensor({1.0, -1.0}), 2, {1, true}), "weight 1 is -1"},
                    BadSampler{make_weighted_sampler(at::tensor({kInf, 1.0}), 2, {1, true}), "weight 0 is inf"},
                    BadSampler{make_weighted_sampler(at::tensor({1.0, kNan}), 2, {1, true}), "weight 1 is nan"},
                    BadSampler{make_weighted_sampler(at::tensor({1e308, 1e308}), 2, {1, true}), "beyond float64"},
                    BadSampler{make_weighted_sampler(at::zeros({2}), 2, {1, true}), "nothing can be drawn"},
                    BadSampler{make_weighted_sampler(at::ones({2}), 2, {0, true}), "num_samples must be >= 1"},
                    BadSampler{make_weighted_sampler(at::tensor({1.0, 0.0}), 2, {2, false}), "1 of 2 weights"}));

Status hosts(const Tree& given, bool gives_batches) {
  return make_host_sampler([given](std::int64_t) { return Result<Tree>(given); }, gives_batches, 3)
      ->order(4, 0)
      .status();
}

struct BadOrder {
  Tree given;
  bool gives_batches;
  const char* text;
};

class HostSamplerRefuses : public testing::TestWithParam<BadOrder> {};

TEST_P(HostSamplerRefuses, WhatIsNoOrder) {
  const Status status = hosts(GetParam().given, GetParam().gives_batches);
  EXPECT_EQ(status.code(), OAR_E_CALLBACK);
  EXPECT_NE(status.message().find("epoch 4"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find(GetParam().text), std::string::npos) << status.message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, HostSamplerRefuses,
    testing::Values(BadOrder{Tree(), false, "but none"},
                    BadOrder{Tree(Tree::List{Tree(at::arange(2))}), false, "but list"},
                    BadOrder{Tree(at::ones({2})), false, "float32 [2]"},
                    BadOrder{Tree(at::zeros({1, 2}, at::kLong)), false, "int64 [1, 2]"},
                    BadOrder{Tree(at::arange(4)), false, "has 3 at place 3"},
                    BadOrder{Tree(at::arange(2)), true, "a list of batches"},
                    BadOrder{Tree(Tree::List{Tree(at::arange(2)), Tree(at::empty({0}, at::kLong))}), true,
                             "batch 1 is empty"},
                    BadOrder{Tree(Tree::List{Tree(Tree::Value(std::int64_t{1}))}), true, "batch 0 is no tensor"},
                    BadOrder{Tree(Tree::List{Tree(at::full({1}, -1, at::kLong))}), true, "batch 0 has -1"}));

TEST(HostSampler, KeepsWhatItWasGiven) {
  at::Tensor numbers = at::arange(3);
  const auto sampler = make_host_sampler([&](std::int64_t) { return Result<Tree>(Tree(numbers)); }, false, 3);
  const EpochOrder order = sampler->order(0, 0).value();
  numbers.fill_(99);
  EXPECT_EQ(order.sample_at(2), 2);
}

}  // namespace
}  // namespace oarlock
