#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "accel/accelerator.h"
#include "doubles/loader.h"
#include "doubles/model.h"
#include "doubles/state.h"

namespace oarlock {
namespace {

Options section(const char* name, const char* json) {
  auto options = Options::parse_section(name, json);
  EXPECT_TRUE(options.is_ok());
  return std::move(options).value();
}

struct Scene {
  explicit Scene(const char* json, int world_size) : weight(at::ones({1}).requires_grad_()) {
    auto options = Options::from_environment();
    EXPECT_TRUE(options.value().merge_json(json).is_ok());
    const auto state = std::make_shared<doubles::ScriptedState>(0, world_size, options.value());
    accelerator = Accelerator::create(state, options.value()).value();
    model = std::make_shared<doubles::PlainModel>(NamedTensors{{"weight", weight}}, NamedTensors{});
    optimizer = Optimizer::create("sgd", {{"weight", weight}}, section("optimizer", R"({"lr": 1.0})")).value();
    scheduler = Scheduler::create("linear", optimizer, section("scheduler", R"({"total_steps": 10})")).value();
    EXPECT_TRUE(accelerator->prepare_model(model).is_ok());
  }
  void prepare() {
    EXPECT_TRUE(accelerator->prepare_optimizer(optimizer).is_ok());
    EXPECT_TRUE(accelerator->prepare_scheduler(scheduler).is_ok());
  }
  Status step() {
    weight.mutable_grad() = at::full({1}, 0.25);
    return accelerator->step(*optimizer, scheduler.get());
  }
  at::Tensor weight;
  std::shared_ptr<Accelerator> accelerator;
  std::shared_ptr<doubles::PlainModel> model;
  std::shared_ptr<Optimizer> optimizer;
  std::shared_ptr<Scheduler> scheduler;
};

struct SchedulerCase {
  const char* why;
  const char* options;
  int world_size;
  bool splits_batches;
  std::int64_t scheduler_steps;
};

class StepOfScheduler : public testing::TestWithParam<SchedulerCase> {};

TEST_P(StepOfScheduler, FollowsTheRule) {
  Scene scene(GetParam().options, GetParam().world_size);
  scene.prepare();
  const auto loader = std::make_shared<doubles::CountingLoader>(3);
  loader->splits = GetParam().splits_batches;
  ASSERT_TRUE(scene.accelerator->prepare_loader(loader).is_ok());
  ASSERT_TRUE(scene.step().is_ok());
  EXPECT_EQ(scene.scheduler->num_steps(), GetParam().scheduler_steps) << GetParam().why;
}

// Spec B 3.7 for the compatibility mode.
INSTANTIATE_TEST_SUITE_P(Table, StepOfScheduler,
                         testing::Values(SchedulerCase{"once", "{}", 1, false, 1},
                                         SchedulerCase{"once, whatever the ranks", "{}", 4, false, 1},
                                         SchedulerCase{"the reference: once per rank", R"({"compat": "accelerate"})", 4,
                                                       false, 4},
                                         SchedulerCase{"the reference: once when batches are split",
                                                       R"({"compat": "accelerate"})", 4, true, 1}));

TEST(Step, StepsTheOptimizerAndDropsTheGradient) {
  Scene scene("{}", 1);
  scene.prepare();
  ASSERT_TRUE(scene.step().is_ok());
  EXPECT_EQ(scene.weight.item<float>(), 0.75f);
  EXPECT_FALSE(scene.weight.grad().defined());
}

TEST(Step, DoesNothingBetweenSynchronisations) {
  Scene scene(R"({"accelerator": {"gradient_accumulation_steps": 2}})", 1);
  scene.prepare();
  ASSERT_TRUE(scene.accelerator->accumulate_begin(nullptr).is_ok());
  ASSERT_TRUE(scene.step().is_ok());
  EXPECT_EQ(scene.weight.item<float>(), 1.0f);
  EXPECT_TRUE(scene.weight.grad().defined());
  EXPECT_EQ(scene.scheduler->num_steps(), 0);
  EXPECT_EQ(scene.accelerator->clip_grad_norm(scene.model.get(), 0.01, 2.0).value(), 0.0);
  EXPECT_EQ(scene.weight.grad().item<float>(), 0.25f);
}

// The documented intent of the reference's plugin field, which it never reads (spec B 3.1).
TEST(Step, AScheduleMayCountMicroBatches) {
  Scene scene(R"({"accelerator": {"gradient_accumulation_steps": 2, "adjust_scheduler": true}})", 1);
  scene.prepare();
  for (const std::int64_t steps : {1, 2}) {
    ASSERT_TRUE(scene.accelerator->accumulate_begin(nullptr).is_ok());
    ASSERT_TRUE(scene.step().is_ok());
    ASSERT_TRUE(scene.accelerator->accumulate_end().is_ok());
    EXPECT_EQ(scene.scheduler->num_steps(), steps);
    EXPECT_EQ(scene.weight.item<float>() == 1.0f, steps == 1) << "the optimizer steps at the second only";
  }
}

TEST(Step, InCompatibilityModeASchedulesCountIsTheReferences) {
  Scene scene(
      R"({"compat": "accelerate", "accelerator": {"gradient_accumulation_steps": 2, "adjust_scheduler": true}})", 1);
  scene.prepare();
  ASSERT_TRUE(scene.accelerator->accumulate_begin(nullptr).is_ok());
  ASSERT_TRUE(scene.step().is_ok());
  EXPECT_EQ(scene.scheduler->num_steps(), 0);
}

TEST(Clip, OfAllPreparedModelsTakesThemAsOneVector) {
  Scene scene("{}", 1);
  const at::Tensor other = at::ones({1}).requires_grad_();
  const auto second =
      std::make_shared<doubles::PlainModel>(NamedTensors{{"weight", other}, {"shared", scene.weight}}, NamedTensors{});
  ASSERT_TRUE(scene.accelerator->prepare_model(second).is_ok());
  scene.weight.mutable_grad() = at::full({1}, 3.0);
  other.mutable_grad() = at::full({1}, 4.0);
  EXPECT_EQ(scene.accelerator->clip_grad_norm(nullptr, 2.5, 2.0).value(), 5.0);
  EXPECT_NEAR(scene.weight.grad().item<float>(), 1.5, 1e-6);
  EXPECT_NEAR(other.grad().item<float>(), 2.0, 1e-6);
}

TEST(Clip, ByValueBringsEveryElementIntoTheRange) {
  Scene scene("{}", 1);
  scene.weight.mutable_grad() = at::full({1}, -4.0);
  ASSERT_TRUE(scene.accelerator->clip_grad_value(scene.model.get(), 0.5).is_ok());
  EXPECT_EQ(scene.weight.grad().item<float>(), -0.5f);
  EXPECT_EQ(scene.accelerator->clip_grad_value(nullptr, -1.0).code(), OAR_E_ARGUMENT);
  ASSERT_TRUE(scene.accelerator->set_sync_gradients(false).is_ok());
  ASSERT_TRUE(scene.accelerator->clip_grad_value(nullptr, 0.1).is_ok());
  EXPECT_EQ(scene.weight.grad().item<float>(), -0.5f) << "between synchronisations nothing is done";
}

TEST(Step, ClipsWhenGradientsAreSynchronised) {
  Scene scene("{}", 1);
  scene.weight.mutable_grad() = at::full({1}, 4.0);
  EXPECT_EQ(scene.accelerator->clip_grad_norm(scene.model.get(), 1.0, 2.0).value(), 4.0);
  EXPECT_NEAR(scene.weight.grad().item<float>(), 1.0, 1e-6);
}

TEST(Step, RefusesWhatIsNotPrepared) {
  Scene scene("{}", 1);
  EXPECT_EQ(scene.step().code(), OAR_E_STATE);
  ASSERT_TRUE(scene.accelerator->prepare_optimizer(scene.optimizer).is_ok());
  EXPECT_EQ(scene.step().code(), OAR_E_STATE);
  EXPECT_EQ(scene.weight.item<float>(), 1.0f);
}

TEST(Step, OnSeveralRanksNamesTheParameterThatNoPreparedModelHolds) {
  Scene scene("{}", 2);
  const at::Tensor stray = at::ones({1}).requires_grad_();
  scene.optimizer =
      Optimizer::create("sgd", {{"weight", scene.weight}, {"stray", stray}}, section("optimizer", "{}")).value();
  ASSERT_TRUE(scene.accelerator->prepare_optimizer(scene.optimizer).is_ok());
  scene.weight.mutable_grad() = at::full({1}, 0.25);
  const Status status = scene.accelerator->step(*scene.optimizer, nullptr);
  EXPECT_EQ(status.code(), OAR_E_STATE);
  EXPECT_NE(status.message().find("parameter stray"), std::string::npos) << status.message();
  EXPECT_EQ(scene.weight.item<float>(), 1.0f);

  const auto model = std::make_shared<doubles::PlainModel>(NamedTensors{{"stray", stray}}, NamedTensors{});
  ASSERT_TRUE(scene.accelerator->prepare_model(model).is_ok());
  EXPECT_TRUE(scene.accelerator->step(*scene.optimizer, nullptr).is_ok());
}

TEST(Step, OnOneRankAModelNeedNotBePrepared) {
  Scene scene("{}", 1);
  const at::Tensor stray = at::ones({1}).requires_grad_();
  const auto optimizer = Optimizer::create("sgd", {{"stray", stray}}, section("optimizer", "{}")).value();
  ASSERT_TRUE(scene.accelerator->prepare_optimizer(optimizer).is_ok());
  EXPECT_TRUE(scene.accelerator->step(*optimizer, nullptr).is_ok());
}

}  // namespace
}  // namespace oarlock
