#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "accel/accelerator.h"
#include "doubles/loader.h"
#include "doubles/model.h"
#include "doubles/state.h"

namespace oarlock {
namespace {

Options options_of(const char* json) {
  auto options = Options::from_environment();
  EXPECT_TRUE(options.is_ok());
  EXPECT_TRUE(options.value().merge_json(json).is_ok());
  return std::move(options).value();
}

std::shared_ptr<Accelerator> accelerator_of(const char* json) {
  const Options options = options_of(json);
  auto made = Accelerator::create(std::make_shared<doubles::ScriptedState>(0, 1, options), options);
  EXPECT_TRUE(made.is_ok());
  return std::move(made).value();
}

struct AccumulationCase {
  const char* options;
  int batches_per_epoch;
  const char* two_epochs;  // S: synchronises, .: only accumulates
};

class Accumulation : public testing::TestWithParam<AccumulationCase> {};

TEST_P(Accumulation, SynchronisesWhereTheReferenceDoes) {
  const auto accelerator = accelerator_of(GetParam().options);
  const auto loader = std::make_shared<doubles::CountingLoader>(GetParam().batches_per_epoch);
  ASSERT_TRUE(accelerator->prepare_loader(loader).is_ok());
  std::string seen;
  for (int epoch = 0; epoch < 2; ++epoch) {
    if (epoch > 0) seen += '/';
    while (loader->next().value().has_value()) {
      ASSERT_TRUE(accelerator->accumulate_begin(nullptr).is_ok());
      seen += accelerator->sync_gradients() ? 'S' : '.';
      ASSERT_TRUE(accelerator->accumulate_end().is_ok());
    }
  }
  EXPECT_EQ(seen, GetParam().two_epochs);
}

// Spec B 3.2, from Accelerate 1.15.
INSTANTIATE_TEST_SUITE_P(
    Table, Accumulation,
    testing::Values(AccumulationCase{R"({"accelerator": {"gradient_accumulation_steps": 2}})", 5, ".S.SS/.S.SS"},
                    AccumulationCase{
                        R"({"accelerator": {"gradient_accumulation_steps": 2, "sync_with_dataloader": false}})", 5,
                        ".S.S./S.S.S"},
                    AccumulationCase{R"({"accelerator": {"gradient_accumulation_steps": 4}})", 5, "...SS/...SS"},
                    AccumulationCase{R"({"accelerator": {"gradient_accumulation_steps": 4}})", 6, "...S.S/...S.S"},
                    AccumulationCase{"{}", 3, "SSS/SSS"}));

TEST(Accumulation, TheLoaderThatGaveABatchLastIsTheActiveOne) {
  const auto accelerator = accelerator_of(R"({"accelerator": {"gradient_accumulation_steps": 3}})");
  const auto train = std::make_shared<doubles::CountingLoader>(4);
  const auto evaluation = std::make_shared<doubles::CountingLoader>(1);
  ASSERT_TRUE(accelerator->prepare_loader(train).is_ok());
  ASSERT_TRUE(accelerator->prepare_loader(evaluation).is_ok());
  ASSERT_TRUE(train->next().is_ok());
  ASSERT_TRUE(evaluation->next().is_ok());  // its only, so its last batch
  ASSERT_TRUE(accelerator->accumulate_begin(nullptr).is_ok());
  EXPECT_TRUE(accelerator->sync_gradients());
  ASSERT_TRUE(accelerator->accumulate_end().is_ok());

  ASSERT_FALSE(evaluation->next().value().has_value());  // over: the training loader is active again
  ASSERT_TRUE(accelerator->accumulate_begin(nullptr).is_ok());
  EXPECT_FALSE(accelerator->sync_gradients());
}

TEST(Accumulation, BeginAndEndMustAlternate) {
  const auto accelerator = accelerator_of("{}");
  EXPECT_EQ(accelerator->accumulate_end().code(), OAR_E_STATE);
  ASSERT_TRUE(accelerator->accumulate_begin(nullptr).is_ok());
  EXPECT_EQ(accelerator->accumulate_begin(nullptr).code(), OAR_E_STATE);
}

TEST(Accumulation, TheNumberOfStepsMayChangeAndTheCountGoesOn) {
  const auto accelerator = accelerator_of(R"({"accelerator": {"gradient_accumulation_steps": 8}})");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(accelerator->accumulate_begin(nullptr).is_ok());
    ASSERT_TRUE(accelerator->accumulate_end().is_ok());
  }
  ASSERT_TRUE(accelerator->set_accumulation_steps(4).is_ok());
  EXPECT_EQ(accelerator->accumulation_steps(), 4);
  ASSERT_TRUE(accelerator->accumulate_begin(nullptr).is_ok());
  EXPECT_TRUE(accelerator->sync_gradients());
  EXPECT_EQ(accelerator->set_accumulation_steps(0).code(), OAR_E_ARGUMENT);
}

TEST(Accumulation, TheFlagMayBeSetUntilTheNextMicroBatch) {
  const auto accelerator = accelerator_of("{}");
  ASSERT_TRUE(accelerator->set_sync_gradients(false).is_ok());
  EXPECT_FALSE(accelerator->sync_gradients());
  ASSERT_TRUE(accelerator->accumulate_begin(nullptr).is_ok());
  EXPECT_TRUE(accelerator->sync_gradients());
}

TEST(NoSync, BeginAndEndMustAlternate) {
  const auto accelerator = accelerator_of("{}");
  const auto model = std::make_shared<doubles::PlainModel>(NamedTensors{}, NamedTensors{});
  ASSERT_TRUE(accelerator->prepare_model(model).is_ok());
  EXPECT_EQ(accelerator->no_sync_end().code(), OAR_E_STATE);
  ASSERT_TRUE(accelerator->no_sync_begin(nullptr).is_ok());
  EXPECT_EQ(accelerator->no_sync_begin(model.get()).code(), OAR_E_STATE);
  ASSERT_TRUE(accelerator->no_sync_end().is_ok());
  ASSERT_TRUE(accelerator->no_sync_begin(model.get()).is_ok());
}

TEST(Accumulation, RefusesAModelThatIsNotPrepared) {
  const auto accelerator = accelerator_of("{}");
  const doubles::PlainModel model({}, {});
  EXPECT_EQ(accelerator->accumulate_begin(&model).code(), OAR_E_STATE);
}

TEST(Accelerator, RefusesZeroAccumulationSteps) {
  const Options options = options_of(R"({"accelerator": {"gradient_accumulation_steps": 0}})");
  const auto made = Accelerator::create(std::make_shared<doubles::ScriptedState>(0, 1, options), options);
  EXPECT_EQ(made.status().code(), OAR_E_ARGUMENT);
}

TEST(Accelerator, RefusesAnUnknownCompatibilityMode) {
  const Options options = options_of(R"({"compat": "acelerate"})");
  const auto made = Accelerator::create(std::make_shared<doubles::ScriptedState>(0, 1, options), options);
  EXPECT_EQ(made.status().code(), OAR_E_ARGUMENT);
}

TEST(Accelerator, EveryVerbIsRefusedAfterClose) {
  const auto accelerator = accelerator_of("{}");
  ASSERT_TRUE(accelerator->close().is_ok());
  ASSERT_TRUE(accelerator->close().is_ok());
  EXPECT_EQ(accelerator->accumulate_begin(nullptr).code(), OAR_E_STATE);
  EXPECT_EQ(accelerator->backward(at::ones({})).code(), OAR_E_STATE);
  EXPECT_EQ(accelerator->reduce_mean(1.0).status().code(), OAR_E_STATE);
  EXPECT_EQ(accelerator->gather_for_metrics(at::ones({1})).status().code(), OAR_E_STATE);
}

}  // namespace
}  // namespace oarlock
