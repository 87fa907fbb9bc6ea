// Expected values: spec B 1.4, which has them from Accelerate 1.15 itself. tests/parity/test_batch_shard.py compares
// with the real class over thousands of cases.
#include "data/batch_shard.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>

namespace oarlock {
namespace {

using Batches = std::vector<std::vector<std::int64_t>>;

BatchShard shard_of(const BatchShardOptions& options) {
  Result<BatchShard> shard = BatchShard::create(options);
  EXPECT_TRUE(shard.is_ok()) << shard.status().message();
  return std::move(shard).value();
}

Batches batches_of(BatchShardOptions options, int rank) {
  options.rank = rank;
  const BatchShard shard = shard_of(options);
  Batches batches;
  for (std::int64_t batch = 0; batch < shard.num_batches(); ++batch) batches.push_back(shard.positions(batch));
  return batches;
}

std::vector<Batches> batches_of_all_ranks(const BatchShardOptions& options) {
  std::vector<Batches> ranks;
  for (int rank = 0; rank < options.world_size; ++rank) ranks.push_back(batches_of(options, rank));
  return ranks;
}

BatchShardOptions options_of(std::int64_t num_samples, std::int64_t batch_size, int world_size, bool split, bool even,
                             bool drop) {
  BatchShardOptions options;
  options.num_samples = num_samples;
  options.batch_size = batch_size;
  options.world_size = world_size;
  options.split_batches = split;
  options.even_batches = even;
  options.drop_last = drop;
  return options;
}

constexpr bool kSplit = true;
constexpr bool kWhole = false;
constexpr bool kEven = true;
constexpr bool kUneven = false;
constexpr bool kDrop = true;
constexpr bool kKeep = false;

struct ShardCase {
  BatchShardOptions options;
  std::vector<Batches> expected;       // by rank
  std::int64_t samples_in_last_round;  // what gather_for_metrics keeps of the last round
};

class BatchShardTable : public testing::TestWithParam<ShardCase> {};

TEST_P(BatchShardTable, GivesEachRankTheReferencesBatches) {
  EXPECT_EQ(batches_of_all_ranks(GetParam().options), GetParam().expected);
}

TEST_P(BatchShardTable, CountsTheRealSamplesOfTheLastRound) {
  const BatchShard shard = shard_of(GetParam().options);
  ASSERT_GT(shard.num_rounds(), 0);
  EXPECT_EQ(shard.samples_in_round(shard.num_rounds() - 1), GetParam().samples_in_last_round);
}

INSTANTIATE_TEST_SUITE_P(
    SpecB14, BatchShardTable,
    testing::Values(
        ShardCase{options_of(11, 4, 2, kWhole, kEven, kKeep),
                  {{{0, 1, 2, 3}, {8, 9, 10, 0}}, {{4, 5, 6, 7}, {1, 2, 3, 4}}},
                  3},
        ShardCase{options_of(11, 4, 2, kWhole, kUneven, kKeep), {{{0, 1, 2, 3}, {8, 9, 10}}, {{4, 5, 6, 7}}}, 3},
        ShardCase{options_of(11, 4, 2, kWhole, kEven, kDrop), {{{0, 1, 2, 3}}, {{4, 5, 6, 7}}}, 8},
        ShardCase{options_of(11, 4, 2, kWhole, kUneven, kDrop), {{{0, 1, 2, 3}}, {{4, 5, 6, 7}}}, 8},
        ShardCase{options_of(13, 4, 2, kWhole, kEven, kKeep),
                  {{{0, 1, 2, 3}, {8, 9, 10, 11}}, {{4, 5, 6, 7}, {12, 0, 1, 2}}},
                  5},
        ShardCase{
            options_of(13, 4, 2, kWhole, kUneven, kKeep), {{{0, 1, 2, 3}, {8, 9, 10, 11}}, {{4, 5, 6, 7}, {12}}}, 5},
        ShardCase{
            options_of(10, 2, 3, kWhole, kEven, kKeep), {{{0, 1}, {6, 7}}, {{2, 3}, {8, 9}}, {{4, 5}, {0, 1}}}, 4},
        ShardCase{options_of(10, 2, 3, kWhole, kUneven, kKeep), {{{0, 1}, {6, 7}}, {{2, 3}, {8, 9}}, {{4, 5}}}, 4},
        ShardCase{options_of(3, 4, 2, kWhole, kEven, kKeep), {{{0, 1, 2, 0}}, {{1, 2, 0, 1}}}, 3},
        ShardCase{options_of(2, 3, 2, kWhole, kEven, kKeep), {{{0, 1, 0}}, {{1, 0, 1}}}, 2},
        ShardCase{options_of(5, 4, 4, kWhole, kEven, kKeep),
                  {{{0, 1, 2, 3}}, {{4, 0, 1, 2}}, {{3, 4, 0, 1}}, {{2, 3, 4, 0}}},
                  5},
        ShardCase{options_of(11, 4, 2, kSplit, kEven, kKeep), {{{0, 1}, {4, 5}, {8, 9}}, {{2, 3}, {6, 7}, {10, 0}}}, 3},
        ShardCase{options_of(11, 4, 2, kSplit, kUneven, kKeep), {{{0, 1}, {4, 5}, {8, 9}}, {{2, 3}, {6, 7}, {10}}}, 3},
        ShardCase{options_of(13, 4, 2, kSplit, kEven, kKeep),
                  {{{0, 1}, {4, 5}, {8, 9}, {12, 0}}, {{2, 3}, {6, 7}, {10, 11}, {1, 2}}},
                  1},
        ShardCase{options_of(13, 4, 2, kSplit, kUneven, kKeep),
                  {{{0, 1}, {4, 5}, {8, 9}, {12}}, {{2, 3}, {6, 7}, {10, 11}}},
                  1},
        ShardCase{options_of(2, 4, 2, kSplit, kEven, kKeep), {{{0, 1}}, {{0, 1}}}, 2},
        ShardCase{options_of(5, 4, 4, kSplit, kEven, kKeep), {{{0}, {4}}, {{1}, {0}}, {{2}, {1}}, {{3}, {2}}}, 1},
        ShardCase{options_of(1, 1, 4, kWhole, kUneven, kKeep), {{{0}}, {}, {}, {}}, 1},  // fewer samples than ranks
        ShardCase{options_of(1, 1, 4, kWhole, kEven, kKeep), {{{0}}, {{0}}, {{0}}, {{0}}}, 1},
        ShardCase{options_of(5, 2, 1, kWhole, kUneven, kKeep), {{{0, 1}, {2, 3}, {4}}}, 1}));  // one rank

TEST(BatchShard, OfNoSamplesHasNoBatches) {
  for (const bool even : {true, false}) {
    const BatchShard shard = shard_of(options_of(0, 4, 2, kWhole, even, kKeep));
    EXPECT_EQ(shard.num_batches(), 0);
    EXPECT_EQ(shard.num_samples(), 0);
  }
}

TEST(BatchShard, DroppingTheTailCountsOnlyWhatIsGiven) {
  EXPECT_EQ(shard_of(options_of(11, 4, 2, kWhole, kEven, kDrop)).num_samples(), 8);
  EXPECT_EQ(shard_of(options_of(11, 4, 2, kSplit, kEven, kDrop)).num_samples(), 8);
}

TEST(BatchShard, UnevenRanksWithoutAPartHaveOneBatchFewer) {
  BatchShardOptions options = options_of(13, 4, 2, kSplit, kUneven, kKeep);  // the reference's len() says 4 on both
  EXPECT_EQ(shard_of(options).num_batches(), 4);
  options.rank = 1;
  EXPECT_EQ(shard_of(options).num_batches(), 3);
  EXPECT_EQ(shard_of(options).num_rounds(), 4);
}

TEST(BatchShard, CountsTheRowsOfARoundWithDuplicates) {
  EXPECT_EQ(shard_of(options_of(11, 4, 2, kWhole, kEven, kKeep)).rows_in_round(1), 8);
  EXPECT_EQ(shard_of(options_of(11, 4, 2, kWhole, kUneven, kKeep)).rows_in_round(1), 3);
}

TEST(BatchShard, ABatchFarAwayCostsNoMoreThanTheFirst) {
  BatchShardOptions options = options_of(std::int64_t{1} << 60, 2, 4, kWhole, kEven, kKeep);
  options.rank = 3;
  const std::int64_t last = shard_of(options).num_batches() - 1;
  EXPECT_EQ(shard_of(options).positions(last),
            (std::vector<std::int64_t>{options.num_samples - 2, options.num_samples - 1}));
}

struct BadCase {
  BatchShardOptions options;
  int rank;
  const char* text;
};

class BatchShardRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(BatchShardRefuses, WithTheValuesInTheText) {
  BatchShardOptions options = GetParam().options;
  options.rank = GetParam().rank;
  const Result<BatchShard> shard = BatchShard::create(options);
  ASSERT_FALSE(shard.is_ok());
  EXPECT_EQ(shard.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(shard.status().message().find(GetParam().text), std::string::npos) << shard.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, BatchShardRefuses,
    testing::Values(BadCase{options_of(8, 0, 2, kWhole, kEven, kKeep), 0, "batch_size must be >= 1, got 0"},
                    BadCase{options_of(8, -3, 2, kWhole, kEven, kKeep), 0, "batch_size must be >= 1, got -3"},
                    BadCase{options_of(8, 4, 2, kWhole, kEven, kKeep), 2, "rank must lie in [0, 2), got 2"},
                    BadCase{options_of(8, 4, 2, kWhole, kEven, kKeep), -1, "rank must lie in [0, 2), got -1"},
                    BadCase{options_of(8, 4, 0, kWhole, kEven, kKeep), 0, "world_size must be >= 1, got 0"},
                    BadCase{options_of(8, 5, 2, kSplit, kEven, kKeep), 0, "batch_size is 5, world_size 2"},
                    BadCase{options_of(8, std::int64_t{1} << 62, 4, kWhole, kEven, kKeep), 0, "does not fit 64 bits"}));

// Properties over sampled cases; the seed is printed when one fails.
class BatchShardProperty : public testing::Test {
 protected:
  static constexpr int kNumCases = 2000;
  std::uint32_t seed_ = std::random_device()();
  std::mt19937 random_{seed_};

  BatchShardOptions sample(bool even, bool drop) {
    const auto below = [&](int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); };
    const int world_size = 1 + below(6);
    const bool split = below(2) == 0;
    const int part = 1 + below(5);
    return options_of(below(80), split ? part * world_size : part, world_size, split, even, drop);
  }
  static std::string describe(const BatchShardOptions& options, std::uint32_t seed) {
    return fmt::format("seed {}: samples {} batch {} world {} split {} even {} drop {}", seed, options.num_samples,
                       options.batch_size, options.world_size, options.split_batches, options.even_batches,
                       options.drop_last);
  }
  static std::map<std::int64_t, int> count_positions(const BatchShardOptions& options) {
    std::map<std::int64_t, int> counts;
    for (const Batches& rank : batches_of_all_ranks(options)) {
      for (const auto& batch : rank)
        for (const std::int64_t position : batch) ++counts[position];
    }
    return counts;
  }
};

TEST_F(BatchShardProperty, UnevenShardsCoverEverySampleOnce) {
  for (int i = 0; i < kNumCases; ++i) {
    const BatchShardOptions options = sample(kUneven, kKeep);
    SCOPED_TRACE(describe(options, seed_));
    std::map<std::int64_t, int> once;
    for (std::int64_t position = 0; position < options.num_samples; ++position) once[position] = 1;
    ASSERT_EQ(count_positions(options), once);
  }
}

TEST_F(BatchShardProperty, EvenShardsAreFullAndEquallyMany) {
  for (int i = 0; i < kNumCases; ++i) {
    const BatchShardOptions options = sample(kEven, kKeep);
    SCOPED_TRACE(describe(options, seed_));
    const auto part =
        static_cast<std::size_t>(options.split_batches ? options.batch_size / options.world_size : options.batch_size);
    const std::vector<Batches> ranks = batches_of_all_ranks(options);
    for (const Batches& rank : ranks) {
      ASSERT_EQ(rank.size(), ranks[0].size());
      for (const auto& batch : rank) ASSERT_EQ(batch.size(), part);
    }
    ASSERT_EQ(count_positions(options).size(), static_cast<std::size_t>(options.num_samples));
  }
}

TEST_F(BatchShardProperty, CuttingEachRoundToItsRealSamplesLeavesEachOnce) {
  for (int i = 0; i < kNumCases; ++i) {
    const BatchShardOptions options = sample(i % 2 == 0, i % 3 == 0);
    SCOPED_TRACE(describe(options, seed_));
    const BatchShard shard = shard_of(options);
    const std::vector<Batches> ranks = batches_of_all_ranks(options);
    std::vector<std::int64_t> kept;
    for (std::int64_t round = 0; round < shard.num_rounds(); ++round) {
      std::vector<std::int64_t> gathered;
      for (const Batches& rank : ranks) {
        const auto index = static_cast<std::size_t>(round);
        if (index < rank.size()) gathered.insert(gathered.end(), rank[index].begin(), rank[index].end());
      }
      ASSERT_EQ(static_cast<std::int64_t>(gathered.size()), shard.rows_in_round(round));
      kept.insert(kept.end(), gathered.begin(), gathered.begin() + shard.samples_in_round(round));
    }
    std::vector<std::int64_t> expected(static_cast<std::size_t>(shard.num_samples()));
    std::iota(expected.begin(), expected.end(), 0);
    ASSERT_EQ(kept, expected);
  }
}

}  // namespace
}  // namespace oarlock
