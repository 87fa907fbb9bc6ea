#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "accel/accelerator.h"
#include "doubles/model.h"
#include "doubles/state.h"
#include "model/providers/foreign.h"

namespace oarlock {
namespace {

// y = weight * x + bias, one rank, plain SGD with rate 1.
struct Scene {
  explicit Scene(const char* json = "{}") : weight(at::full({2}, 8.0F)), bias(at::full({1}, 4.0F)) {
    auto options = Options::from_environment();
    EXPECT_TRUE(options.value().merge_json(json).is_ok());
    accelerator =
        Accelerator::create(std::make_shared<doubles::ScriptedState>(0, 1, options.value()), options.value()).value();
    model = std::make_shared<ForeignModel>(at::kCPU);
    EXPECT_TRUE(model->register_parameter("weight", weight).is_ok());
    EXPECT_TRUE(model->register_parameter("bias", bias).is_ok());
    auto parsed = Options::parse_section("optimizer", R"({"lr": 1.0})");
    optimizer = Optimizer::create("sgd", model->parameters(), parsed.value()).value();
    EXPECT_TRUE(accelerator->prepare_model(model).is_ok());
    EXPECT_TRUE(accelerator->prepare_optimizer(optimizer).is_ok());
  }
  Status give(const char* name, float value) {
    return accelerator->gradient_ready(*model, name, at::full_like(name[0] == 'w' ? weight : bias, value));
  }
  Status give_all(float value) {
    OAR_TRY(give("weight", value));
    OAR_TRY(give("bias", value));
    return accelerator->gradients_done(*model);
  }
  Status step() { return accelerator->step(*optimizer, nullptr); }
  at::Tensor weight, bias;
  std::shared_ptr<Accelerator> accelerator;
  std::shared_ptr<ForeignModel> model;
  std::shared_ptr<Optimizer> optimizer;
};

TEST(HostBackward, AStepIsMadeInTheHostsMemory) {
  Scene scene;
  ASSERT_TRUE(scene.give_all(0.5F).is_ok());
  ASSERT_TRUE(scene.step().is_ok());
  EXPECT_TRUE(at::equal(scene.weight, at::full({2}, 7.5F)));
  EXPECT_TRUE(at::equal(scene.bias, at::full({1}, 3.5F)));
  EXPECT_FALSE(scene.model->gradient("weight").value().defined());
}

TEST(HostBackward, AnAccumulationStepsOnceByTheMean) {
  Scene scene(R"({"accelerator.gradient_accumulation_steps": 2})");
  for (const float value : {1.0F, 3.0F}) {
    ASSERT_TRUE(scene.accelerator->accumulate_begin(scene.model.get()).is_ok());
    ASSERT_TRUE(scene.give_all(value).is_ok());
    ASSERT_TRUE(scene.step().is_ok());
    ASSERT_TRUE(scene.accelerator->accumulate_end().is_ok());
  }
  EXPECT_TRUE(at::equal(scene.weight, at::full({2}, 6.0F)));
  EXPECT_EQ(scene.optimizer->num_steps(), 1);
}

TEST(HostBackward, AMissingGradientIsNamed) {
  Scene scene;
  ASSERT_TRUE(scene.give("weight", 1).is_ok());
  const Status status = scene.accelerator->gradients_done(*scene.model);
  EXPECT_EQ(status.code(), OAR_E_STATE);
  EXPECT_NE(status.message().find("bias"), std::string::npos) << status.message();
}

TEST(HostBackward, AMissingGradientIsFineWhereUnusedParametersAreLookedFor) {
  Scene scene(R"({"ddp.find_unused_parameters": true})");
  ASSERT_TRUE(scene.give("weight", 1).is_ok());
  ASSERT_TRUE(scene.accelerator->gradients_done(*scene.model).is_ok());
  ASSERT_TRUE(scene.step().is_ok());
  EXPECT_TRUE(at::equal(scene.bias, at::full({1}, 4.0F)));
}

TEST(HostBackward, AGradientComesOncePerBackward) {
  Scene scene;
  ASSERT_TRUE(scene.give("weight", 1).is_ok());
  const Status status = scene.give("weight", 1);
  EXPECT_EQ(status.code(), OAR_E_STATE);
  EXPECT_NE(status.message().find("'weight'"), std::string::npos) << status.message();
  EXPECT_TRUE(at::equal(scene.model->gradient("weight").value(), at::ones({2})));
}

TEST(HostBackward, OneArrayDoesNotHoldTheGradientsOfTwoParameters) {
  Scene scene;
  const at::Tensor scratch = at::full({2}, 1.0F);
  ASSERT_TRUE(scene.accelerator->gradient_ready(*scene.model, "weight", scratch).is_ok());
  scratch.fill_(5);
  const Status status = scene.accelerator->gradient_ready(*scene.model, "bias", scratch.narrow(0, 1, 1));
  EXPECT_EQ(status.code(), OAR_E_STATE);
  EXPECT_NE(status.message().find("'weight'"), std::string::npos) << status.message();
  EXPECT_FALSE(scene.model->gradient("bias").value().defined());
}

TEST(HostBackward, SharesOfAnAccumulationMayComeInOneArray) {
  Scene scene(R"({"accelerator.gradient_accumulation_steps": 2})");
  const at::Tensor scratch = at::full({2}, 2.0F);
  ASSERT_TRUE(scene.accelerator->gradient_ready(*scene.model, "weight", scratch).is_ok());
  scratch.fill_(6);
  ASSERT_TRUE(scene.accelerator->gradient_ready(*scene.model, "bias", scratch.narrow(0, 0, 1)).is_ok());
  EXPECT_TRUE(at::equal(scene.model->gradient("weight").value(), at::ones({2})));
  EXPECT_TRUE(at::equal(scene.model->gradient("bias").value(), at::full({1}, 3.0F)));
}

TEST(HostBackward, AnotherParametersMemoryIsNoGradient) {
  Scene scene;
  const Status status = scene.accelerator->gradient_ready(*scene.model, "bias", scene.weight.narrow(0, 1, 1));
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find("'weight'"), std::string::npos) << status.message();
}

TEST(HostBackward, NothingElseComesBeforeItsEnd) {
  Scene scene;
  ASSERT_TRUE(scene.give("weight", 1).is_ok());
  EXPECT_EQ(scene.step().code(), OAR_E_STATE);
  EXPECT_EQ(scene.accelerator->clip_grad_norm(scene.model.get(), 1, 2).status().code(), OAR_E_STATE);
  EXPECT_EQ(scene.accelerator->accumulate_begin(nullptr).code(), OAR_E_STATE);
  EXPECT_EQ(scene.accelerator->save("unused", std::nullopt).code(), OAR_E_STATE);
  EXPECT_EQ(scene.accelerator->backward(at::ones({}).set_requires_grad(true)).code(), OAR_E_STATE);
  EXPECT_TRUE(at::equal(scene.weight, at::full({2}, 8.0F)));
}

TEST(HostBackward, AProgramTakesNoGradients) {
  Scene scene;
  doubles::PlainModel program(NamedTensors{}, NamedTensors{});
  EXPECT_EQ(scene.accelerator->gradient_ready(program, "weight", at::ones({2})).code(), OAR_E_UNSUPPORTED);
  EXPECT_EQ(scene.accelerator->gradients_done(program).code(), OAR_E_UNSUPPORTED);
}

TEST(HostBackward, AModelThatIsNotPreparedIsToldSo) {
  Scene scene;
  ForeignModel other(at::kCPU);
  EXPECT_EQ(scene.accelerator->gradients_done(other).code(), OAR_E_STATE);
}

TEST(HostBackward, ThePreparedModelTakesNoMoreParameters) {
  Scene scene;
  EXPECT_EQ(scene.model->register_parameter("late", at::zeros({1})).code(), OAR_E_STATE);
}

}  // namespace
}  // namespace oarlock
