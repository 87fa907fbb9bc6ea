// The gradient scaler in the training loop: one rank is this process, the others are played.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "accel/accelerator.h"
#include "doubles/model.h"
#include "doubles/state.h"
#include "unit/checkpoint/sample.h"

namespace oarlock {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

Options section(const char* name, const char* json) {
  auto options = Options::parse_section(name, json);
  EXPECT_TRUE(options.is_ok());
  return std::move(options).value();
}

constexpr const char* kFp16 =
    R"({"accelerator": {"mixed_precision": "fp16"}, "scaler": {"init_scale": 8, "growth_interval": 1000}})";

// Two models with an optimizer each, as a GAN has; weights begin at 1, steps are of size 1.
struct Scene {
  explicit Scene(const char* json = kFp16, int world_size = 1) {
    auto options = Options::from_environment();
    EXPECT_TRUE(options.value().merge_json(json).is_ok());
    state = std::make_shared<doubles::ScriptedState>(0, world_size, options.value());
    accelerator = Accelerator::create(state, options.value()).value();
    for (int i = 0; i < 2; ++i) {
      weights.push_back(at::ones({1}).requires_grad_());
      const NamedTensors parameters{{"weight", weights.back()}};
      models.push_back(std::make_shared<doubles::PlainModel>(parameters, NamedTensors{}));
      optimizers.push_back(Optimizer::create("sgd", parameters, section("optimizer", R"({"lr": 1})")).value());
      EXPECT_TRUE(accelerator->prepare_model(models.back()).is_ok());
      EXPECT_TRUE(accelerator->prepare_optimizer(optimizers.back()).is_ok());
    }
    scheduler = Scheduler::create("linear", optimizers[0], section("scheduler", R"({"total_steps": 10})")).value();
    EXPECT_TRUE(accelerator->prepare_scheduler(scheduler).is_ok());
  }
  void give(int index, float gradient) { weights[index].mutable_grad() = at::full({1}, gradient); }
  Status step(int index) { return accelerator->step(*optimizers[index], index == 0 ? scheduler.get() : nullptr); }
  bool skipped(int index) const { return accelerator->step_was_skipped(optimizers[index].get()).value(); }
  float weight(int index) const { return weights[index].item<float>(); }

  std::shared_ptr<doubles::ScriptedState> state;
  std::shared_ptr<Accelerator> accelerator;
  std::vector<at::Tensor> weights;
  std::vector<std::shared_ptr<doubles::PlainModel>> models;
  std::vector<std::shared_ptr<Optimizer>> optimizers;
  std::shared_ptr<Scheduler> scheduler;
};

TEST(Unscale, AStepUsesTheGradientsWithoutTheScale) {
  Scene scene;
  scene.give(0, 4);
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_EQ(scene.weight(0), 0.5f);
  EXPECT_FALSE(scene.skipped(0));
  EXPECT_EQ(scene.scheduler->num_steps(), 1);
}

TEST(Unscale, TheBackwardMultipliesByTheScaleAndDividesByTheAccumulationSteps) {
  Scene scene(R"({"accelerator": {"mixed_precision": "fp16", "gradient_accumulation_steps": 2},
                  "scaler": {"init_scale": 8}})");
  ASSERT_TRUE(scene.accelerator->backward((scene.weights[0] * 3).sum()).is_ok());
  EXPECT_EQ(scene.weights[0].grad().item<float>(), 12.0f);
}

TEST(Unscale, ASkippedStepChangesNothingButTheScale) {
  Scene scene;
  scene.give(0, kInf);
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_EQ(scene.weight(0), 1.0f);
  EXPECT_TRUE(scene.skipped(0));
  EXPECT_TRUE(scene.accelerator->step_was_skipped(nullptr).value());
  EXPECT_EQ(scene.scheduler->num_steps(), 0);
  EXPECT_EQ(scene.optimizers[0]->num_steps(), 0);
  EXPECT_FALSE(scene.weights[0].grad().defined());
  EXPECT_EQ(scene.accelerator->loss_scale(), 4.0);
  scene.give(0, 4);
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_FALSE(scene.skipped(0));
  EXPECT_EQ(scene.weight(0), 0.0f);  // 4 divided by the scale of 4
}

// Spec D: the reference goes on telling of the step before.
TEST(Unscale, AMicroBatchThatOnlyAccumulatesIsNotASkippedStep) {
  Scene scene(R"({"accelerator": {"mixed_precision": "fp16", "gradient_accumulation_steps": 2}})");
  ASSERT_TRUE(scene.accelerator->accumulate_begin(nullptr).is_ok());
  ASSERT_TRUE(scene.accelerator->accumulate_end().is_ok());
  ASSERT_TRUE(scene.accelerator->accumulate_begin(nullptr).is_ok());
  scene.give(0, kInf);
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_TRUE(scene.skipped(0));
  ASSERT_TRUE(scene.accelerator->accumulate_end().is_ok());
  ASSERT_TRUE(scene.accelerator->accumulate_begin(nullptr).is_ok());
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_FALSE(scene.skipped(0));
}

TEST(Unscale, ClipSeesGradientsWithoutTheScaleAndTheStepDoesNotDivideAgain) {
  Scene scene;
  scene.give(0, 16);
  EXPECT_EQ(scene.accelerator->clip_grad_norm(scene.models[0].get(), 1.0, 2.0).value(), 2.0);
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_NEAR(scene.weight(0), 0.0f, 1e-6);
}

TEST(Unscale, ModelsAreClippedOneByOne) {
  Scene scene;
  scene.give(0, 16);
  scene.give(1, 32);
  EXPECT_EQ(scene.accelerator->clip_grad_norm(scene.models[0].get(), 1.0, 2.0).value(), 2.0);
  EXPECT_EQ(scene.accelerator->clip_grad_norm(scene.models[1].get(), 1.0, 2.0).value(), 4.0);
}

TEST(Unscale, ClipRefusesAGradientThatWouldKeepTheScale) {
  Scene scene;
  const at::Tensor stray = at::ones({1}).requires_grad_();
  const auto model = std::make_shared<doubles::PlainModel>(NamedTensors{{"stray", stray}}, NamedTensors{});
  ASSERT_TRUE(scene.accelerator->prepare_model(model).is_ok());
  stray.mutable_grad() = at::ones({1});
  const auto norm = scene.accelerator->clip_grad_norm(model.get(), 1.0, 2.0);
  EXPECT_EQ(norm.status().code(), OAR_E_STATE);
  EXPECT_NE(norm.status().message().find("parameter stray"), std::string::npos);
}

TEST(Unscale, ByHandHappensOncePerIteration) {
  Scene scene;
  scene.give(0, 4);
  ASSERT_TRUE(scene.accelerator->unscale_gradients(scene.optimizers[0].get()).is_ok());
  EXPECT_EQ(scene.weights[0].grad().item<float>(), 0.5f);
  EXPECT_EQ(scene.accelerator->unscale_gradients(scene.optimizers[0].get()).code(), OAR_E_STATE);
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_EQ(scene.weight(0), 0.5f);
}

struct SeveralCase {
  const char* why;
  const char* options;
  double scale_between;
  float second_weight;
};

class SeveralOptimizers : public ::testing::TestWithParam<SeveralCase> {};

TEST_P(SeveralOptimizers, StepInOneIteration) {
  Scene scene(GetParam().options);
  scene.give(0, kInf);
  scene.give(1, 4);
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_EQ(scene.accelerator->loss_scale(), GetParam().scale_between) << GetParam().why;
  ASSERT_TRUE(scene.step(1).is_ok());
  EXPECT_EQ(scene.weight(1), GetParam().second_weight) << GetParam().why;
  EXPECT_EQ(scene.accelerator->loss_scale(), 4.0);
  EXPECT_TRUE(scene.skipped(0));
  EXPECT_FALSE(scene.skipped(1));
}

// Spec B 3.6: the reference updates between the two, and the second's gradients are divided by a scale not theirs.
INSTANTIATE_TEST_SUITE_P(Table, SeveralOptimizers,
                         ::testing::Values(SeveralCase{"one scale for both", kFp16, 8.0, 0.5f},
                                           SeveralCase{
                                               "the reference's rule",
                                               R"({"compat": "accelerate", "accelerator": {"mixed_precision": "fp16"},
                                    "scaler": {"init_scale": 8, "growth_interval": 1000}})",
                                               4.0, 0.0f}));

TEST(Unscale, AnIterationEndsAtTheNextBackwardAtTheLatest) {
  Scene scene;
  scene.give(0, kInf);
  scene.give(1, 4);  // never stepped with
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_EQ(scene.accelerator->loss_scale(), 8.0);
  ASSERT_TRUE(scene.accelerator->backward(scene.weights[0].sum()).is_ok());
  EXPECT_EQ(scene.accelerator->loss_scale(), 4.0);
}

TEST(Unscale, APeersInfinityIsEveryones) {
  Scene scene(kFp16, 2);
  scene.state->scripted->on_all_reduce = [](at::Tensor found_inf) { found_inf.fill_(1); };
  scene.give(0, 4);
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_TRUE(scene.skipped(0));
  EXPECT_EQ(scene.weight(0), 1.0f);
  EXPECT_EQ(scene.accelerator->loss_scale(), 4.0);
}

TEST(Unscale, AStepWithAClosureIsRefused) {
  Scene scene;
  const auto step = scene.accelerator->step_with(*scene.optimizers[0], nullptr, [] { return Result<double>(0.0); });
  EXPECT_EQ(step.status().code(), OAR_E_UNSUPPORTED);
}

TEST(Unscale, WithoutAScalerNothingIsScaledOrSkipped) {
  Scene scene(R"({"accelerator": {"mixed_precision": "bf16"}})");
  EXPECT_EQ(scene.accelerator->loss_scale(), 1.0);
  EXPECT_EQ(scene.accelerator->scaler_state().dump(), "{}");
  scene.give(0, 0.25);
  ASSERT_TRUE(scene.accelerator->unscale_gradients(nullptr).is_ok());
  ASSERT_TRUE(scene.step(0).is_ok());
  EXPECT_EQ(scene.weight(0), 0.75f);
  EXPECT_EQ(scene.accelerator->load_scaler_state(parse_json(R"({"scale": 2})").value()).code(), OAR_E_STATE);
}

class ScalerInCheckpoint : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  const std::string saved_ = folder_ / "saved";
};

// The double's models load nothing: weights stay at 1.
TEST_F(ScalerInCheckpoint, GoesOnWhereItWas) {
  Scene first;
  first.give(0, kInf);
  ASSERT_TRUE(first.step(0).is_ok());
  first.give(0, 4);
  ASSERT_TRUE(first.accelerator->unscale_gradients(first.optimizers[0].get()).is_ok());
  ASSERT_TRUE(first.accelerator->save(saved_, std::nullopt).is_ok());
  Scene second;
  ASSERT_TRUE(second.accelerator->load(saved_).is_ok());
  EXPECT_EQ(second.accelerator->scaler_state().dump(), first.accelerator->scaler_state().dump());
  ASSERT_TRUE(second.step(0).is_ok());  // with the saved gradient, which is not divided again
  EXPECT_EQ(second.weight(0), 0.0f);
}

TEST_F(ScalerInCheckpoint, WithGradientsNeedsTheSamePrecision) {
  Scene first;
  first.give(0, 4);
  ASSERT_TRUE(first.accelerator->save(saved_, std::nullopt).is_ok());
  Scene second("{}");
  const Status status = second.accelerator->load(saved_);
  EXPECT_EQ(status.code(), OAR_E_STATE);
  EXPECT_NE(status.message().find("accelerator.mixed_precision"), std::string::npos) << status.message();
}

TEST_F(ScalerInCheckpoint, MayBeMissing) {
  Scene first("{}");
  ASSERT_TRUE(first.accelerator->save(saved_, std::nullopt).is_ok());
  Scene second;
  ASSERT_TRUE(second.accelerator->load(saved_).is_ok());
  EXPECT_EQ(second.accelerator->loss_scale(), 8.0);
}

}  // namespace
}  // namespace oarlock
