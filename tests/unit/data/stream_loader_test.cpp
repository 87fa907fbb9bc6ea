#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "base/options.h"
#include "data/loader.h"
#include "data/sources/callback.h"
#include "data/sources/memory.h"
#include "oarlock/status.h"

namespace oarlock {
namespace {

using Numbers = std::vector<std::int64_t>;
using Batches = std::vector<Numbers>;

// Counts: sample i of epoch e is 100 * e + i.
struct Counted {
  std::int64_t length = 0;
  bool any_thread = true;
  bool is_seekable = false;
  std::int64_t bad = -1;  // fails once
  mutable std::atomic<int> num_failures{1};
  mutable std::atomic<int> num_reads{0};
  mutable std::atomic<bool> was_on_worker{false};
  std::thread::id caller = std::this_thread::get_id();

  std::shared_ptr<Dataset> dataset() const {
    return make_stream_dataset(
        {any_thread, is_seekable, [this](std::int64_t epoch, std::int64_t index) -> Result<std::optional<Tree>> {
           ++num_reads;
           if (std::this_thread::get_id() != caller) was_on_worker = true;
           if (index == bad && num_failures-- > 0) return io_error("torn cable");
           if (index >= length) return std::optional<Tree>();
           return std::optional<Tree>(Tree(Tree::Value(100 * epoch + index)));
         }});
  }
};

std::shared_ptr<Loader> loader_of(std::shared_ptr<Dataset> dataset, const char* options) {
  return Loader::create(std::move(dataset), Options::parse_section("loader", options).value()).value();
}

std::optional<Numbers> take(Loader& loader) {
  Result<std::optional<Tree>> batch = loader.next();
  EXPECT_TRUE(batch.is_ok()) << batch.status().message();
  if (!batch.is_ok() || !batch.value()) return std::nullopt;
  const at::Tensor& rows = *batch.value()->tensor();
  return Numbers(rows.const_data_ptr<std::int64_t>(), rows.const_data_ptr<std::int64_t>() + rows.numel());
}

Batches take_epoch(Loader& loader) {
  Batches batches;
  while (std::optional<Numbers> batch = take(loader)) batches.push_back(*batch);
  return batches;
}

TEST(StreamLoader, GivesEpochAfterEpoch) {
  const Counted source{.length = 5};
  const auto loader = loader_of(source.dataset(), R"({"batch_size":2,"num_workers":0})");
  EXPECT_EQ(take_epoch(*loader), (Batches{{0, 1}, {2, 3}, {4}}));
  EXPECT_EQ(take_epoch(*loader), (Batches{{100, 101}, {102, 103}, {104}}));
}

TEST(StreamLoader, WorkersChangeNothing) {
  const Counted source{.length = 50};
  for (const char* options : {R"({"batch_size":3,"num_workers":0})", R"({"batch_size":3,"num_workers":1})",
                              R"({"batch_size":3,"num_workers":4})"}) {
    const auto loader = loader_of(source.dataset(), options);
    ASSERT_TRUE(loader->set_shard(1, 2).is_ok());
    const Batches batches = take_epoch(*loader);
    ASSERT_EQ(batches.size(), 9u) << options;
    EXPECT_EQ(batches.front(), (Numbers{3, 4, 5}));
    EXPECT_EQ(batches.back(), (Numbers{1, 2, 3})) << options;  // 48 and 49 are rank 0's, 0 fills it up
  }
}

TEST(StreamLoader, KnowsTheLastBatchWhileItIsInUse) {
  const Counted source{.length = 5};
  const auto loader = loader_of(source.dataset(), R"({"batch_size":4})");
  EXPECT_FALSE(loader->at_last_batch());
  ASSERT_TRUE(take(*loader));
  EXPECT_FALSE(loader->at_last_batch());
  EXPECT_EQ(loader->samples_in_round(), 4);
  ASSERT_TRUE(take(*loader));
  EXPECT_TRUE(loader->at_last_batch());
  EXPECT_EQ(loader->samples_in_round(), 1);
  EXPECT_FALSE(take(*loader));
  EXPECT_FALSE(loader->at_last_batch());
}

TEST(StreamLoader, HasNoLengthAndNoShuffle) {
  const Counted source{.length = 5};
  EXPECT_EQ(loader_of(source.dataset(), "{}")->num_batches().status().code(), OAR_E_UNSUPPORTED);
  const auto shuffled =
      Loader::create(source.dataset(), Options::parse_section("loader", R"({"shuffle":true})").value());
  EXPECT_EQ(shuffled.status().code(), OAR_E_ARGUMENT);
}

TEST(StreamLoader, IsReadOnTheCallersThreadUnlessTheSourceAllowsWorkers) {
  for (const bool any_thread : {false, true}) {
    const Counted source{.length = 20, .any_thread = any_thread};
    const auto loader = loader_of(source.dataset(), R"({"batch_size":2,"num_workers":2})");
    EXPECT_EQ(take_epoch(*loader).size(), 10u);
    EXPECT_EQ(source.was_on_worker, any_thread);
  }
}

TEST(StreamLoader, NamesAFailedSampleAndGoesOnAtIt) {
  for (const char* options : {R"({"batch_size":2,"num_workers":0})", R"({"batch_size":2,"num_workers":2})"}) {
    const Counted source{.length = 6, .bad = 3};
    const auto loader = loader_of(source.dataset(), options);
    Batches batches;
    int num_failures = 0;
    while (true) {
      const Result<std::optional<Tree>> batch = loader->next();
      if (!batch.is_ok()) {
        ++num_failures;
        ASSERT_EQ(num_failures, 1);
        EXPECT_EQ(batch.status().code(), OAR_E_IO);
        EXPECT_NE(batch.status().message().find("epoch 0, sample 3 of the stream"), std::string::npos);
        continue;
      }
      if (!batch.value()) break;
      const at::Tensor& rows = *batch.value()->tensor();
      batches.emplace_back(rows.const_data_ptr<std::int64_t>(), rows.const_data_ptr<std::int64_t>() + rows.numel());
    }
    EXPECT_EQ(num_failures, 1) << options;
    EXPECT_EQ(batches, (Batches{{0, 1}, {2, 3}, {4, 5}})) << options;
  }
}

TEST(StreamLoader, WhatCameBeforeASampleThatAlwaysFailsIsGiven) {
  Counted source{.length = 6, .bad = 3};
  source.num_failures = 1000;
  const auto loader = loader_of(source.dataset(), R"({"batch_size":2})");
  EXPECT_EQ(loader->next().status().code(), OAR_E_IO);
  EXPECT_EQ(loader->position(), 0);
  EXPECT_EQ(take(*loader), (Numbers{0, 1}));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(loader->next().status().code(), OAR_E_IO);
  EXPECT_EQ(loader->position(), 1);
}

TEST(StreamLoader, ASeekableStreamIsNotReadAgain) {
  const Counted source{.length = 1 << 20, .is_seekable = true};
  const auto loader = loader_of(source.dataset(), R"({"batch_size":4,"num_workers":0})");
  ASSERT_TRUE(loader->seek(0, 250000).is_ok());
  EXPECT_EQ(take(*loader), (Numbers{1000000, 1000001, 1000002, 1000003}));
  EXPECT_LE(source.num_reads, 8);  // this batch and the one ahead
}

TEST(StreamLoader, AStreamThatEndedEarlierIsToldOf) {
  const Counted source{.length = 5};
  const auto loader = loader_of(source.dataset(), R"({"batch_size":2,"num_workers":0})");
  ASSERT_TRUE(loader->seek(0, 3).is_ok());
  EXPECT_FALSE(take(*loader)) << "5 samples are 3 batches";
  ASSERT_TRUE(loader->seek(0, 4).is_ok());
  const auto batch = loader->next();
  EXPECT_EQ(batch.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(batch.status().message().find("ended after 5 samples; 4 batches"), std::string::npos);
}

TEST(StreamLoader, AStateAtTheEndGoesOnWithTheNextEpoch) {
  const Counted source{.length = 5};
  const auto first = loader_of(source.dataset(), R"({"batch_size":2})");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(take(*first));
  const auto second = loader_of(source.dataset(), R"({"batch_size":2})");
  ASSERT_TRUE(second->load_state(first->state()).is_ok());
  EXPECT_FALSE(take(*second));
  EXPECT_EQ(take(*second), (Numbers{100, 101}));
}

TEST(StreamLoader, RefusesTheStateOfNumberedSamplesAndTheReverse) {
  const Counted source{.length = 5};
  const auto stream = loader_of(source.dataset(), "{}");
  const auto numbered = loader_of(make_tensor_dataset({{"x", at::arange(5)}}).value(), "{}");
  EXPECT_EQ(stream->load_state(numbered->state()).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(numbered->load_state(stream->state()).code(), OAR_E_ARGUMENT);
}

TEST(StreamLoader, AnEmptyStreamHasNoBatches) {
  const Counted source;
  EXPECT_EQ(take_epoch(*loader_of(source.dataset(), R"({"batch_size":2})")), Batches{});
}

TEST(SampleDataset, IsCollatedAndFailuresNameTheSample) {
  const auto dataset = make_sample_dataset({6, true,
                                            [](std::int64_t index) -> Result<Tree> {
                                              if (index == 3) return io_error("torn cable");
                                              return Tree(Tree::Value(10 * index));
                                            }})
                           .value();
  for (const char* options : {R"({"batch_size":2,"num_workers":0})", R"({"batch_size":2,"num_workers":3})"}) {
    const auto loader = loader_of(dataset, options);
    EXPECT_EQ(take(*loader), (Numbers{0, 10}));
    const auto failed = loader->next();
    EXPECT_EQ(failed.status().code(), OAR_E_IO);
    EXPECT_NE(failed.status().message().find("epoch 0, batch 1, sample 3: torn cable"), std::string::npos)
        << failed.status().message();
    ASSERT_TRUE(loader->seek(0, 2).is_ok());
    EXPECT_EQ(take(*loader), (Numbers{40, 50}));
  }
  EXPECT_EQ(make_sample_dataset({-1, true, {}}).status().code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
