#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "accel/accelerator.h"
#include "data/sources/memory.h"
#include "doubles/state.h"

namespace oarlock {
namespace {

std::shared_ptr<Loader> loader_of(const char* options, std::int64_t num_samples = 10) {
  const auto dataset = make_tensor_dataset({{"x", at::arange(num_samples)}}).value();
  return Loader::create(dataset, Options::parse_section("loader", options).value()).value();
}

struct Scene {
  Scene() {
    const auto options = Options::from_environment();
    state = std::make_shared<doubles::ScriptedState>(1, 2, options.value());
    accelerator = Accelerator::create(state, options.value()).value();
  }
  // Rank 0 has prepared such a loader.
  void peer_has(const std::shared_ptr<Loader>& theirs) {
    auto peers = std::make_shared<Scene>();
    std::vector<std::string> sent;
    peers->state->scripted->on_all_gather_bytes = [&](std::string mine) {
      sent.push_back(mine);
      return std::vector<std::string>{mine, sent.size() == 2 ? "another hash" : mine};
    };
    (void)peers->accelerator->prepare_loader(theirs).is_ok();
    state->scripted->on_all_gather_bytes = [sent, call = std::size_t{0}](std::string mine) mutable {
      return std::vector<std::string>{sent[call++], mine};
    };
    state->scripted->on_broadcast_bytes = [theirs](std::string) { return theirs->state().dump(); };
  }
  std::shared_ptr<doubles::ScriptedState> state;
  std::shared_ptr<Accelerator> accelerator;
};

TEST(PrepareLoader, TakesRankZerosSeedWhereNoneWasGiven) {
  Scene scene;
  at::manual_seed(5);
  scene.peer_has(loader_of(R"({"batch_size": 2, "shuffle": true})"));
  at::manual_seed(6);
  const auto loader = loader_of(R"({"batch_size": 2, "shuffle": true})");
  ASSERT_TRUE(scene.accelerator->prepare_loader(loader).is_ok());
  EXPECT_EQ(loader->state().find("seed")->text(), "5");
}

struct DifferenceCase {
  const char* ours;
  const char* theirs;
  std::int64_t their_samples;
  std::vector<std::string> in_text;
};

class PrepareLoaderDifference : public testing::TestWithParam<DifferenceCase> {};

TEST_P(PrepareLoaderDifference, IsAMismatchThatNamesItAndEndsTheWorld) {
  Scene scene;
  scene.peer_has(loader_of(GetParam().theirs, GetParam().their_samples));
  const Status status = scene.accelerator->prepare_loader(loader_of(GetParam().ours));
  ASSERT_EQ(status.code(), OAR_E_MISMATCH) << status.message();
  for (const std::string& part : GetParam().in_text) {
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  }
  EXPECT_FALSE(scene.state->aborted_for.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, PrepareLoaderDifference,
    testing::Values(
        DifferenceCase{"{}", "{}", 12, {"loaders", "num_samples 12", "num_samples 10"}},
        DifferenceCase{R"({"batch_size": 2})", R"({"batch_size": 4})", 10, {"batch_size 4", "batch_size 2"}},
        DifferenceCase{
            R"({"shuffle": true, "seed": 1})", R"({"shuffle": true, "seed": 2})", 10, {"seed \"2\"", "seed \"1\""}},
        DifferenceCase{R"({"shuffle": true})", R"({"shuffle": true, "seed": 2})", 10, {"seed \"2\"", "no seed"}},
        DifferenceCase{R"({"drop_last": true})", "{}", 10, {"drop_last false", "drop_last true"}}));

TEST(PrepareLoader, WithShardsOfOneRankEachRankHasItsOwnData) {
  Scene scene;
  const auto theirs = loader_of(R"({"batch_size": 4})", 12), ours = loader_of(R"({"batch_size": 2})");
  ASSERT_TRUE(theirs->set_shard(0, 1).is_ok());
  ASSERT_TRUE(ours->set_shard(0, 1).is_ok());
  scene.peer_has(theirs);
  ASSERT_TRUE(scene.accelerator->prepare_loader(ours).is_ok());
  EXPECT_EQ(ours->num_batches().value(), 5);
}

}  // namespace
}  // namespace oarlock
