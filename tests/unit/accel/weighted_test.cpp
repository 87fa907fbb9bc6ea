#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "accel/accelerator.h"
#include "doubles/model.h"
#include "doubles/state.h"

namespace oarlock {
namespace {

struct Scene {
  explicit Scene(const char* json = "{}") : weight(at::ones({1}).requires_grad_()) {
    auto options = Options::from_environment();
    EXPECT_TRUE(options.value().merge_json(json).is_ok());
    const auto state = std::make_shared<doubles::ScriptedState>(0, 1, options.value());
    accelerator = Accelerator::create(state, options.value()).value();
    model = std::make_shared<doubles::PlainModel>(NamedTensors{{"weight", weight}}, NamedTensors{});
    EXPECT_TRUE(accelerator->prepare_model(model).is_ok());
  }
  // One micro-batch of an accumulation whose gradient is `sum`.
  Status micro_batch(double sum, double tokens) {
    OAR_TRY(accelerator->accumulate_begin(nullptr));
    OAR_TRY(accelerator->backward_weighted(nullptr, weight.sum() * sum, tokens));
    return accelerator->accumulate_end();
  }
  double gradient() const { return weight.grad().item<float>(); }

  at::Tensor weight;
  std::shared_ptr<Accelerator> accelerator;
  std::shared_ptr<doubles::PlainModel> model;
};

constexpr const char* kTwoMicroBatches = R"({"accelerator": {"gradient_accumulation_steps": 2}})";

TEST(Weighted, DividesByTheWeightsOfAllMicroBatches) {
  Scene scene(kTwoMicroBatches);
  ASSERT_TRUE(scene.micro_batch(6, 3).is_ok());
  EXPECT_EQ(scene.gradient(), 6);  // a sum, so far
  ASSERT_TRUE(scene.micro_batch(10, 5).is_ok());
  EXPECT_EQ(scene.gradient(), (6.0 + 10.0) / (3 + 5));
}

TEST(Weighted, AMicroBatchWithoutTokensCountsForNothing) {
  Scene scene(kTwoMicroBatches);
  ASSERT_TRUE(scene.micro_batch(6, 3).is_ok());
  ASSERT_TRUE(scene.micro_batch(0, 0).is_ok());
  EXPECT_EQ(scene.gradient(), 2);
}

TEST(Weighted, WithoutAnyTokenGradientsStayZero) {
  Scene scene;
  ASSERT_TRUE(scene.micro_batch(0, 0).is_ok());
  EXPECT_EQ(scene.gradient(), 0);
}

TEST(Weighted, AnAccumulationIsWeightedAsAWholeOrNotAtAll) {
  Scene scene(kTwoMicroBatches);
  ASSERT_TRUE(scene.micro_batch(6, 3).is_ok());
  ASSERT_TRUE(scene.accelerator->accumulate_begin(nullptr).is_ok());
  EXPECT_EQ(scene.accelerator->backward(scene.weight.sum()).code(), OAR_E_STATE);
  EXPECT_EQ(scene.gradient(), 6);
  ASSERT_TRUE(scene.accelerator->accumulate_end().is_ok());

  Scene plain(kTwoMicroBatches);
  ASSERT_TRUE(plain.accelerator->accumulate_begin(nullptr).is_ok());
  ASSERT_TRUE(plain.accelerator->backward(plain.weight.sum()).is_ok());
  EXPECT_EQ(plain.accelerator->backward_weighted(nullptr, plain.weight.sum(), 1).code(), OAR_E_STATE);
}

TEST(Weighted, ClipAndStepUseWhatIsKnownWhereGradientsAreHeld) {
  Scene scene;
  ASSERT_TRUE(scene.accelerator->no_sync_begin(nullptr).is_ok());
  ASSERT_TRUE(scene.accelerator->backward_weighted(nullptr, scene.weight.sum() * 6, 3).is_ok());
  EXPECT_EQ(scene.gradient(), 6);
  EXPECT_EQ(scene.accelerator->clip_grad_norm(nullptr, 100, 2).value(), 2);
  EXPECT_EQ(scene.gradient(), 2);
}

TEST(Weighted, RefusesWeightsThatAreNone) {
  Scene scene;
  for (const double weight : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    EXPECT_EQ(scene.accelerator->backward_weighted(nullptr, scene.weight.sum(), weight).code(), OAR_E_ARGUMENT);
  EXPECT_FALSE(scene.weight.grad().defined());
}

}  // namespace
}  // namespace oarlock
