#include "data/loader.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <optional>
#include <stdexcept>

#include "data/sources/memory.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

using Numbers = std::vector<std::int64_t>;
using Batches = std::vector<Numbers>;

std::shared_ptr<Dataset> count_to(std::int64_t size) { return make_tensor_dataset({{"x", at::arange(size)}}).value(); }

Result<std::shared_ptr<Loader>> try_loader(std::shared_ptr<Dataset> dataset, const std::string& options) {
  OAR_ASSIGN(const Options parsed, Options::parse_section("loader", options.c_str()));
  return Loader::create(std::move(dataset), parsed);
}

std::shared_ptr<Loader> loader_of(std::shared_ptr<Dataset> dataset, const std::string& options) {
  Result<std::shared_ptr<Loader>> loader = try_loader(std::move(dataset), options);
  EXPECT_TRUE(loader.is_ok()) << loader.status().message();
  return std::move(loader).value();
}

// The samples of the next batch; nothing at the end of an epoch.
std::optional<Numbers> take(Loader& loader) {
  Result<std::optional<Tree>> batch = loader.next();
  EXPECT_TRUE(batch.is_ok()) << batch.status().message();
  if (!batch.is_ok() || !batch.value()) return std::nullopt;
  const at::Tensor& samples = *batch.value()->find("x")->tensor();
  return Numbers(samples.const_data_ptr<std::int64_t>(), samples.const_data_ptr<std::int64_t>() + samples.numel());
}

Batches take_epoch(Loader& loader) {
  Batches batches;
  while (std::optional<Numbers> batch = take(loader)) batches.push_back(*batch);
  return batches;
}

// Fails for one sample, by a status or by an exception, as often as told.
class FaultyDataset : public Dataset {
 public:
  FaultyDataset(std::int64_t size, std::int64_t bad, int num_failures, bool throws)
      : size_(size), bad_(bad), num_failures_(num_failures), throws_(throws) {}
  std::int64_t size() const override { return size_; }
  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    for (const std::int64_t index : indices) {
      if (index != bad_ || num_failures_-- <= 0) continue;
      if (throws_) throw std::runtime_error("torn cable");
      return io_error("torn cable");
    }
    return Tree(Tree::Map{{"x", at::tensor(at::IntArrayRef(indices.data(), indices.size()), at::kLong)}});
  }

 private:
  std::int64_t size_;
  std::int64_t bad_;
  mutable std::atomic<int> num_failures_;
  bool throws_;
};

TEST(Loader, GivesAnEpochThenNothingOnceThenTheNextEpoch) {
  const auto loader = loader_of(count_to(5), R"({"batch_size":2})");
  EXPECT_EQ(take_epoch(*loader), (Batches{{0, 1}, {2, 3}, {4}}));
  EXPECT_EQ(loader->epoch(), 1);
  EXPECT_EQ(loader->position(), 0);
  EXPECT_EQ(take_epoch(*loader), (Batches{{0, 1}, {2, 3}, {4}}));
}

TEST(Loader, OneRankAloneIsNotFilledUp) {
  const auto loader = loader_of(count_to(5), R"({"batch_size":4,"even_batches":true})");
  ASSERT_TRUE(loader->set_shard(0, 1).is_ok());
  EXPECT_EQ(take_epoch(*loader), (Batches{{0, 1, 2, 3}, {4}}));
}

TEST(Loader, ShufflesByTheSeedAndTheEpoch) {
  const auto loader = loader_of(count_to(10), R"({"batch_size":10,"shuffle":true,"seed":42})");
  EXPECT_EQ(take_epoch(*loader), (Batches{{2, 6, 1, 8, 4, 5, 0, 9, 3, 7}}));  // spec B 1.6
  EXPECT_EQ(take_epoch(*loader), (Batches{{8, 4, 9, 0, 5, 1, 6, 7, 2, 3}}));
}

TEST(Loader, WithoutASeedTakesThatOfTheDefaultGenerator) {
  seed_default_generator(42);
  const auto loader = loader_of(count_to(10), R"({"batch_size":10,"shuffle":true})");
  EXPECT_EQ(take_epoch(*loader), (Batches{{2, 6, 1, 8, 4, 5, 0, 9, 3, 7}}));
}

TEST(Loader, ShardsTheShuffledOrder) {
  Batches ranks;
  for (int rank = 0; rank < 2; ++rank) {
    const auto loader = loader_of(count_to(10), R"({"batch_size":3,"shuffle":true,"seed":42})");
    ASSERT_TRUE(loader->set_shard(rank, 2).is_ok());
    EXPECT_TRUE(loader->is_sharded());
    for (const Numbers& batch : take_epoch(*loader)) ranks.push_back(batch);
  }
  EXPECT_EQ(ranks, (Batches{{2, 6, 1}, {0, 9, 3}, {8, 4, 5}, {7, 2, 6}}));
}

TEST(Loader, KnowsTheLastBatchAndItsRealSamplesWhileItIsInUse) {
  const auto loader = loader_of(count_to(11), R"({"batch_size":4})");
  ASSERT_TRUE(loader->set_shard(1, 2).is_ok());
  EXPECT_FALSE(loader->at_last_batch());
  EXPECT_EQ(loader->samples_in_round(), 0);
  ASSERT_TRUE(take(*loader));
  EXPECT_FALSE(loader->at_last_batch());
  EXPECT_EQ(loader->samples_in_round(), 8);
  ASSERT_TRUE(take(*loader));
  EXPECT_TRUE(loader->at_last_batch());
  EXPECT_EQ(loader->samples_in_round(), 3);
  EXPECT_EQ(loader->rows_in_round(), 8);
  EXPECT_FALSE(take(*loader));
  EXPECT_FALSE(loader->at_last_batch());
}

TEST(Loader, TellsWhichLoaderGaveABatchLast) {
  const auto first = loader_of(count_to(3), "");
  const auto second = loader_of(count_to(3), "");
  EXPECT_EQ(first->last_given(), 0U);
  take(*first);
  take(*second);
  EXPECT_LT(first->last_given(), second->last_given());
  take(*first);
  EXPECT_GT(first->last_given(), second->last_given());
}

TEST(Loader, WorkersChangeNothing) {
  std::vector<Batches> runs;
  for (const char* workers : {R"("num_workers":0)", R"("num_workers":1)", R"("num_workers":2,"prefetch":1)",
                              R"("num_workers":5,"prefetch":3)"}) {
    const auto loader =
        loader_of(count_to(101), fmt::format(R"({{"batch_size":4,"shuffle":true,"seed":7,{}}})", workers));
    ASSERT_TRUE(loader->set_shard(1, 3).is_ok());
    Batches batches = take_epoch(*loader);
    for (const Numbers& batch : take_epoch(*loader)) batches.push_back(batch);
    runs.push_back(batches);
  }
  for (const Batches& run : runs) EXPECT_EQ(run, runs[0]);
}

class LoaderSeek : public testing::TestWithParam<const char*> {};

TEST_P(LoaderSeek, GoesOnAsIfItHadNotStopped) {
  const std::string options = fmt::format(R"({{"batch_size":3,"shuffle":true,"seed":5,{}}})", GetParam());
  const auto whole = loader_of(count_to(20), options);
  Batches expected = take_epoch(*whole);
  for (const Numbers& batch : take_epoch(*whole)) expected.push_back(batch);
  for (std::int64_t position = 0; position <= 7; ++position) {
    const auto loader = loader_of(count_to(20), options);
    take(*loader);  // from somewhere else
    ASSERT_TRUE(loader->seek(0, position).is_ok());
    Batches rest = take_epoch(*loader);
    for (const Numbers& batch : take_epoch(*loader)) rest.push_back(batch);
    EXPECT_EQ(rest, Batches(expected.begin() + position, expected.end())) << "from batch " << position;
  }
}

TEST_P(LoaderSeek, AndAResumeFromAStateAgree) {
  const std::string options = fmt::format(R"({{"batch_size":3,"shuffle":true,"seed":5,{}}})", GetParam());
  const auto stopped = loader_of(count_to(20), options);
  take_epoch(*stopped);
  take(*stopped);
  take(*stopped);
  const auto resumed = loader_of(count_to(20), options);
  ASSERT_TRUE(resumed->load_state(stopped->state()).is_ok());
  EXPECT_EQ(resumed->epoch(), 1);
  EXPECT_EQ(resumed->position(), 2);
  EXPECT_EQ(take_epoch(*resumed), take_epoch(*stopped));
}

INSTANTIATE_TEST_SUITE_P(Workers, LoaderSeek, testing::Values(R"("num_workers":0)", R"("num_workers":2)"));

// Remembers which samples were asked for.
class RememberingDataset : public Dataset {
 public:
  explicit RememberingDataset(std::int64_t size) : size_(size) {}
  std::int64_t size() const override { return size_; }
  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    const std::lock_guard lock(mutex_);
    asked_.insert(asked_.end(), indices.begin(), indices.end());
    return Tree(Tree::Map{{"x", at::tensor(at::IntArrayRef(indices.data(), indices.size()), at::kLong)}});
  }
  Numbers asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  const std::int64_t size_;
  mutable std::mutex mutex_;
  mutable Numbers asked_;
};

TEST(Loader, AResumeReadsNothingOfWhatWasDone) {
  const auto dataset = std::make_shared<RememberingDataset>(1'000'000);
  const auto loader = loader_of(dataset, R"({"batch_size":2,"num_workers":0})");
  ASSERT_TRUE(loader->seek(3, 400'000).is_ok());
  EXPECT_EQ(take(*loader), (Numbers{800'000, 800'001}));
  EXPECT_EQ(dataset->asked(), (Numbers{800'000, 800'001}));
}

TEST(Loader, AResumeWithWorkersReadsOnlyAhead) {
  const auto dataset = std::make_shared<RememberingDataset>(1'000'000);
  const auto loader = loader_of(dataset, R"({"batch_size":2,"num_workers":2,"prefetch":3})");
  ASSERT_TRUE(loader->seek(0, 400'000).is_ok());
  EXPECT_EQ(take(*loader), (Numbers{800'000, 800'001}));
  ASSERT_TRUE(loader->close().is_ok());
  const Numbers asked = dataset->asked();
  EXPECT_LE(asked.size(), 2U * (1 + 2 * 3));
  EXPECT_GE(*std::min_element(asked.begin(), asked.end()), 800'000);
}

TEST(Loader, SeekRefusesPlacesThatDoNotExist) {
  const auto loader = loader_of(count_to(5), R"({"batch_size":2})");
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();  // whose next epoch is no number
  for (const auto& [epoch, position] : {std::pair<std::int64_t, std::int64_t>{-1, 0}, {0, -1}, {0, 4}, {last, 0}}) {
    EXPECT_EQ(loader->seek(epoch, position).code(), OAR_E_ARGUMENT) << epoch << " " << position;
  }
  EXPECT_EQ(take_epoch(*loader).size(), 3U);
}

TEST(Loader, AnEmptyDataSetGivesEmptyEpochs) {
  const auto loader = loader_of(count_to(0), R"({"batch_size":2,"shuffle":true,"num_workers":2})");
  EXPECT_EQ(loader->num_batches().value(), 0);
  EXPECT_FALSE(take(*loader));
  EXPECT_FALSE(take(*loader));
  EXPECT_EQ(loader->epoch(), 2);
}

TEST(Loader, FewerSamplesThanRanksNeverHangs) {
  for (const char* even : {"true", "false"}) {
    for (int rank = 0; rank < 4; ++rank) {
      const auto loader = loader_of(count_to(1), fmt::format(R"({{"even_batches":{},"num_workers":1}})", even));
      ASSERT_TRUE(loader->set_shard(rank, 4).is_ok());
      const Batches expected = rank == 0 || even == std::string("true") ? Batches{{0}} : Batches{};
      EXPECT_EQ(take_epoch(*loader), expected) << even << " rank " << rank;
    }
  }
}

class LoaderFailure : public testing::TestWithParam<const char*> {};

TEST_P(LoaderFailure, OfAFetchNamesBatchAndSample) {
  const auto loader = loader_of(std::make_shared<FaultyDataset>(12, 7, 1000, false),
                                fmt::format(R"({{"batch_size":3,{}}})", GetParam()));
  EXPECT_EQ(take(*loader), (Numbers{0, 1, 2}));
  EXPECT_EQ(take(*loader), (Numbers{3, 4, 5}));
  const Result<std::optional<Tree>> failed = loader->next();
  ASSERT_FALSE(failed.is_ok());
  EXPECT_EQ(failed.status().code(), OAR_E_IO);
  EXPECT_NE(failed.status().message().find("epoch 0, batch 2, sample 7: torn cable"), std::string::npos)
      << failed.status().message();
  EXPECT_EQ(loader->position(), 2);
}

TEST_P(LoaderFailure, ThatPassesCanBeTriedAgain) {
  const auto loader =
      loader_of(std::make_shared<FaultyDataset>(12, 7, 2, false), fmt::format(R"({{"batch_size":3,{}}})", GetParam()));
  take(*loader);
  take(*loader);
  ASSERT_FALSE(loader->next().is_ok());
  EXPECT_EQ(take(*loader), (Numbers{6, 7, 8}));
  EXPECT_EQ(take(*loader), (Numbers{9, 10, 11}));
  EXPECT_FALSE(take(*loader));
}

INSTANTIATE_TEST_SUITE_P(Workers, LoaderFailure, testing::Values(R"("num_workers":0)", R"("num_workers":3)"));

TEST(Loader, AnExceptionInAWorkerBecomesAFailureOfItsBatch) {
  const auto loader =
      loader_of(std::make_shared<FaultyDataset>(6, 4, 1000, true), R"({"batch_size":3,"num_workers":2})");
  EXPECT_EQ(take(*loader), (Numbers{0, 1, 2}));
  const Result<std::optional<Tree>> failed = loader->next();
  ASSERT_FALSE(failed.is_ok());
  EXPECT_NE(failed.status().message().find("torn cable"), std::string::npos);
}

TEST(Loader, IsShardedOnlyBetweenEpochs) {
  const auto loader = loader_of(count_to(8), R"({"batch_size":2})");
  take(*loader);
  EXPECT_EQ(loader->set_shard(0, 2).code(), OAR_E_STATE);
  EXPECT_FALSE(loader->is_sharded());
  take_epoch(*loader);
  EXPECT_TRUE(loader->set_shard(1, 2).is_ok());
  EXPECT_EQ(take_epoch(*loader), (Batches{{2, 3}, {6, 7}}));
}

TEST(Loader, AfterCloseEveryUseIsAStateError) {
  const auto loader = loader_of(count_to(8), R"({"batch_size":2,"num_workers":2})");
  take(*loader);
  EXPECT_TRUE(loader->close().is_ok());
  EXPECT_TRUE(loader->close().is_ok());
  EXPECT_EQ(loader->next().status().code(), OAR_E_STATE);
  EXPECT_EQ(loader->seek(0, 0).code(), OAR_E_STATE);
}

TEST(Loader, DrawsOneBaseSeedAtEachEpochsStartWhenTold) {
  const auto loader = loader_of(count_to(2), "");
  loader->set_draws_base_seed(true);
  seed_default_generator(3);
  take_epoch(*loader);
  take(*loader);
  const std::int64_t after = draw_from_default_generator();
  seed_default_generator(3);
  draw_from_default_generator();
  draw_from_default_generator();
  EXPECT_EQ(after, draw_from_default_generator());
}

TEST(Loader, DrawsNothingInsideAnEpochOrUnlessTold) {
  const auto drawing = loader_of(count_to(4), "");
  drawing->set_draws_base_seed(true);
  ASSERT_TRUE(drawing->seek(0, 2).is_ok());
  const auto plain = loader_of(count_to(4), "");
  seed_default_generator(3);
  const at::Tensor before = default_generator_state();
  take(*drawing);
  take(*plain);
  EXPECT_TRUE(default_generator_state().equal(before));
}

struct BadOptions {
  const char* options;
  const char* text;
};

class LoaderRefuses : public testing::TestWithParam<BadOptions> {};

TEST_P(LoaderRefuses, OptionsWithTheNameAndTheValue) {
  const Result<std::shared_ptr<Loader>> loader = try_loader(count_to(8), GetParam().options);
  ASSERT_FALSE(loader.is_ok());
  EXPECT_EQ(loader.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(loader.status().message().find(GetParam().text), std::string::npos) << loader.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, LoaderRefuses,
    testing::Values(BadOptions{R"({"batch_size":0})", "batch_size must be >= 1, got 0"},
                    BadOptions{R"({"batch_size":-2})", "batch_size must be >= 1, got -2"},
                    BadOptions{R"({"batchsize":2})", "loader.batch_size"},
                    BadOptions{R"({"shuffel":true})", "loader.shuffle"},
                    BadOptions{R"({"num_workers":-1})", "loader.num_workers must lie in [0, 256], got -1"},
                    BadOptions{R"({"prefetch":0})", "loader.prefetch must lie in [1, 1024], got 0"},
                    BadOptions{R"({"seed":-1})", "loader.seed must be >= 0, got -1"},
                    BadOptions{R"({"timeout_ms":0})", "loader.timeout_ms must lie in [1,"},
                    BadOptions{R"({"batch_size":"many"})", "loader.batch_size"}));

TEST(Loader, SplitBatchesMustBeDividedByTheWorld) {
  const auto loader = loader_of(count_to(8), R"({"batch_size":3,"split_batches":true})");
  EXPECT_EQ(loader->set_shard(0, 2).code(), OAR_E_ARGUMENT);
  EXPECT_TRUE(loader->set_shard(0, 3).is_ok());
}

}  // namespace
}  // namespace oarlock
