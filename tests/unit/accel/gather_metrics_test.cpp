#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "accel/accelerator.h"
#include "comm/nested.h"
#include "doubles/loader.h"
#include "doubles/state.h"

namespace oarlock {
namespace {

struct Scene {
  Scene(int rank, int world_size) {
    auto options = Options::from_environment();
    EXPECT_TRUE(options.is_ok());
    state = std::make_shared<doubles::ScriptedState>(rank, world_size, options.value());
    auto made = Accelerator::create(state, options.value());
    EXPECT_TRUE(made.is_ok());
    accelerator = std::move(made).value();
  }
  std::shared_ptr<doubles::ScriptedState> state;
  std::shared_ptr<Accelerator> accelerator;
};

// What a peer with this tensor tells before rows travel.
std::string told_by_peer(const at::Tensor& tensor) {
  doubles::ScriptedGroup peer(1, 2);
  std::string told;
  peer.on_all_gather_bytes = [&](std::string mine) {
    if (told.empty()) told = mine;  // the double asks after other calls, too
    return std::vector<std::string>{mine, mine};
  };
  EXPECT_TRUE(gather_samples(
                  peer, Tree(tensor), false, [](std::int64_t rows) { return rows; }, Milliseconds(0))
                  .is_ok());
  return told;
}

struct RowsCase {
  const char* why;
  std::int64_t rows_in_round, samples_in_round;
  std::vector<std::int64_t> shape;
  std::int64_t kept;
};

class GatherForMetricsRows : public testing::TestWithParam<RowsCase> {};

TEST_P(GatherForMetricsRows, KeepsEachSampleOnce) {
  Scene scene(0, 1);
  const auto loader = std::make_shared<doubles::CountingLoader>(1);
  loader->rows = GetParam().rows_in_round;
  loader->samples = GetParam().samples_in_round;
  ASSERT_TRUE(scene.accelerator->prepare_loader(loader).is_ok());
  ASSERT_TRUE(loader->next().is_ok());
  const auto gathered = scene.accelerator->gather_for_metrics(at::zeros(GetParam().shape));
  ASSERT_TRUE(gathered.is_ok());
  EXPECT_EQ(gathered.value().size(0), GetParam().kept) << GetParam().why;
}

INSTANTIATE_TEST_SUITE_P(Table, GatherForMetricsRows,
                         testing::Values(RowsCase{"a full round", 8, 8, {8, 3}, 8},
                                         RowsCase{"three duplicates at the end", 8, 5, {8}, 5},
                                         RowsCase{"two rows per sample", 8, 5, {16, 2}, 10},
                                         RowsCase{"one value, not one per sample", 8, 1, {}, 1},
                                         RowsCase{"rows that are no multiple of the round's", 8, 5, {3}, 3},
                                         RowsCase{"no rows", 8, 5, {0}, 0}));

TEST(GatherForMetrics, CutsNothingOutsideAnEpoch) {
  Scene scene(0, 1);
  const auto loader = std::make_shared<doubles::CountingLoader>(1);
  loader->rows = 8;
  loader->samples = 5;
  ASSERT_TRUE(scene.accelerator->prepare_loader(loader).is_ok());
  ASSERT_TRUE(loader->next().is_ok());
  ASSERT_FALSE(loader->next().value().has_value());
  EXPECT_EQ(scene.accelerator->gather_for_metrics(at::zeros({8})).value().size(0), 8);
}

TEST(GatherForMetrics, RanksMayHaveDifferentNumbersOfRows) {
  Scene scene(0, 2);
  scene.state->scripted->on_all_gather_bytes = [](std::string mine) {
    return std::vector<std::string>{mine, told_by_peer(at::full({3}, 7.0))};
  };
  scene.state->scripted->on_all_gather = [](at::Tensor input, at::Tensor output) {
    ASSERT_EQ(input.numel(), 3 * 4);  // bytes, padded to the longest
    output.copy_(at::cat({input, at::full({3}, 7.0).view(at::kByte)}));
  };
  const auto gathered = scene.accelerator->gather_for_metrics(at::full({1}, 5.0));
  ASSERT_TRUE(gathered.is_ok());
  EXPECT_TRUE(at::equal(gathered.value(), at::tensor({5.0f, 7.0f, 7.0f, 7.0f})));
}

TEST(GatherForMetrics, RaggedRowsThatHappenToBeAMultipleOfTheRoundAreKeptWhole) {
  Scene scene(0, 2);
  const auto loader = std::make_shared<doubles::CountingLoader>(1);
  loader->rows = 2;
  loader->samples = 1;
  ASSERT_TRUE(scene.accelerator->prepare_loader(loader).is_ok());
  ASSERT_TRUE(loader->next().is_ok());
  scene.state->scripted->on_all_gather_bytes = [](std::string mine) {
    return std::vector<std::string>{mine, told_by_peer(at::zeros({6}))};
  };
  EXPECT_EQ(scene.accelerator->gather_for_metrics(at::zeros({10})).value().size(0), 16);
}

TEST(GatherForMetrics, TheResultHasNoGraph) {
  Scene scene(0, 1);
  const at::Tensor input = at::ones({2}).requires_grad_() * 2;
  EXPECT_FALSE(scene.accelerator->gather_for_metrics(input).value().requires_grad());
}

struct ListCase {
  const char* why;
  std::int64_t num_items, kept;
};

class GatherForMetricsObjects : public testing::TestWithParam<ListCase> {};

TEST_P(GatherForMetricsObjects, KeepsEachSampleOnce) {
  Scene scene(0, 1);
  const auto loader = std::make_shared<doubles::CountingLoader>(1);
  loader->rows = 8;
  loader->samples = 5;
  ASSERT_TRUE(scene.accelerator->prepare_loader(loader).is_ok());
  ASSERT_TRUE(loader->next().is_ok());
  Tree texts{Tree::List()};
  for (std::int64_t i = 0; i < GetParam().num_items; ++i) texts.append(Tree(Tree::Value(std::to_string(i))));
  Tree batch{Tree::Map()};
  batch.set("texts", texts);
  batch.set("rows", Tree(at::zeros({8, 2})));
  batch.set("epoch", Tree(Tree::Value(std::int64_t{4})));
  const auto gathered = scene.accelerator->gather_for_metrics(batch, false);
  ASSERT_TRUE(gathered.is_ok()) << gathered.status().message();
  EXPECT_EQ(gathered.value().find("texts")->size(), GetParam().kept) << GetParam().why;
  EXPECT_EQ(gathered.value().find("rows")->tensor()->size(0), 5);
  EXPECT_EQ(gathered.value().find("epoch")->size(), 1);  // one per rank
}

INSTANTIATE_TEST_SUITE_P(Table, GatherForMetricsObjects,
                         testing::Values(ListCase{"three duplicates at the end", 8, 5},
                                         ListCase{"two items per sample", 16, 10},
                                         ListCase{"items that are no multiple of the round's", 3, 3},
                                         ListCase{"no items", 0, 0}));

TEST(GatherForMetrics, AListOfTensorsIsJoinedAsAListWhenAskedFor) {
  Scene scene(0, 1);
  const Tree pair{Tree::List{Tree(at::zeros({2})), Tree(at::zeros({3}))}};
  EXPECT_EQ(scene.accelerator->gather_for_metrics(pair, true).value().size(), 2);
}

TEST(Trigger, IsUpForAllWhenAPeersFlagIsAndDownAfterwards) {
  Scene scene(0, 2);
  EXPECT_FALSE(scene.accelerator->check_trigger().value());
  scene.state->scripted->on_all_reduce = [](at::Tensor sum) { sum.add_(1); };  // the peer's flag
  EXPECT_TRUE(scene.accelerator->check_trigger().value());
  scene.state->scripted->on_all_reduce = nullptr;
  EXPECT_FALSE(scene.accelerator->check_trigger().value());
}

TEST(Trigger, OfThisRankIsSeenOnce) {
  Scene scene(0, 1);
  ASSERT_TRUE(scene.accelerator->set_trigger().is_ok());
  EXPECT_TRUE(scene.accelerator->check_trigger().value());
  EXPECT_FALSE(scene.accelerator->check_trigger().value());
}

TEST(ReduceMean, IsTheSumOverRanksDividedByTheirNumber) {
  Scene scene(0, 4);
  scene.state->scripted->on_all_reduce = [](at::Tensor sum) { sum.add_(6.0); };
  EXPECT_EQ(scene.accelerator->reduce_mean(2.0).value(), 2.0);
}

TEST(Poison, ALostPeerAbortsTheStateAndTheTextNamesRankAndCall) {
  Scene scene(2, 4);
  scene.state->scripted->outcome = peer_lost("rank 3 ended");
  const auto mean = scene.accelerator->reduce_mean(1.0);
  EXPECT_EQ(mean.status().code(), OAR_E_PEER_LOST);
  EXPECT_EQ(mean.status().message(), "reduce_mean on rank 2: rank 3 ended");
  EXPECT_EQ(scene.state->aborted_for, "reduce_mean failed on rank 2: rank 3 ended");
}

}  // namespace
}  // namespace oarlock
