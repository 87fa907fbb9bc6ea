#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "accel/accelerator.h"
#include "doubles/model.h"
#include "doubles/state.h"
#include "graph/grad_ready.h"

namespace oarlock {
namespace {

// Two prepared models of one parameter each.
struct Scene {
  explicit Scene(int world_size)
      : a(at::ones({2}).requires_grad_()),
        b(at::ones({3}).requires_grad_()),
        model_a(model_of("a", a)),
        model_b(model_of("b", b)) {
    auto options = Options::from_environment();
    EXPECT_TRUE(options.is_ok());
    state = std::make_shared<doubles::ScriptedState>(0, world_size, options.value());
    accelerator = Accelerator::create(state, options.value()).value();
    EXPECT_TRUE(accelerator->prepare_model(model_a).is_ok());
    EXPECT_TRUE(accelerator->prepare_model(model_b).is_ok());
    state->scripted->launched.clear();
  }
  static std::shared_ptr<doubles::PlainModel> model_of(const char* name, const at::Tensor& parameter) {
    return std::make_shared<doubles::PlainModel>(NamedTensors{{name, parameter}}, NamedTensors{});
  }
  at::Tensor a, b;
  std::shared_ptr<doubles::PlainModel> model_a, model_b;
  std::shared_ptr<doubles::ScriptedState> state;
  std::shared_ptr<Accelerator> accelerator;
};

TEST(Backward, RefusesALossThatCannotBeDifferentiated) {
  Scene scene(1);
  EXPECT_EQ(scene.accelerator->backward(at::ones({2}).requires_grad_()).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(scene.accelerator->backward(at::ones({}, at::kLong)).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(scene.accelerator->backward(at::ones({})).code(), OAR_E_STATE);
}

TEST(Backward, ASecondOneForTheSameForwardIsAStateError) {
  Scene scene(1);
  const at::Tensor leaf = at::ones({2}).requires_grad_();
  const at::Tensor loss = (leaf * leaf).sum();
  ASSERT_TRUE(scene.accelerator->backward(loss).is_ok());
  EXPECT_EQ(scene.accelerator->backward(loss).code(), OAR_E_STATE);
}

TEST(Backward, DividesByTheAccumulationStepsAlways) {
  auto options = Options::from_environment();
  ASSERT_TRUE(options.value().merge_json(R"({"accelerator": {"gradient_accumulation_steps": 4}})").is_ok());
  const auto state = std::make_shared<doubles::ScriptedState>(0, 1, options.value());
  const auto accelerator = Accelerator::create(state, options.value()).value();
  const at::Tensor leaf = at::ones({1}).requires_grad_();
  ASSERT_TRUE(accelerator->backward((leaf * 8).sum()).is_ok());  // outside accumulate_begin too
  EXPECT_EQ(leaf.grad().item<float>(), 2.0f);
}

struct ThrowingHook {
  const char* why;
  void (*hook)(const at::Tensor&);
  const char* in_text;
};

class BackwardThatThrows : public testing::TestWithParam<ThrowingHook> {};

TEST_P(BackwardThatThrows, TellsPeersAtOnceAndIsFinalForEveryModel) {
  Scene scene(2);
  auto subscription = subscribe_grad_ready(scene.a, "a", GetParam().hook);
  ASSERT_TRUE(subscription.is_ok());
  EXPECT_ANY_THROW((void)scene.accelerator->backward(scene.a.sum()).is_ok()) << GetParam().why;
  EXPECT_NE(scene.state->aborted_for.find("backward failed on rank 0"), std::string::npos) << scene.state->aborted_for;
  EXPECT_NE(scene.state->aborted_for.find(GetParam().in_text), std::string::npos) << scene.state->aborted_for;

  subscription.value().reset();
  scene.state->scripted->launched.clear();
  EXPECT_EQ(scene.accelerator->backward(scene.a.sum()).code(), OAR_E_STATE);
  EXPECT_EQ(scene.accelerator->backward(scene.b.sum()).code(), OAR_E_STATE);
  EXPECT_TRUE(scene.state->scripted->launched.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, BackwardThatThrows,
    testing::Values(
        ThrowingHook{"libtorch", [](const at::Tensor&) { TORCH_CHECK(false, "sizes differ"); }, "sizes differ"},
        ThrowingHook{"oneDNN", [](const at::Tensor&) { throw std::runtime_error("could not execute a primitive"); },
                     "could not execute a primitive"},
        ThrowingHook{"operator new", [](const at::Tensor&) { throw std::bad_alloc(); }, "no memory"}));

TEST(Backward, ASecondOneForTheSameForwardEndsTrainingOnSeveralRanksAndSaysSo) {
  Scene scene(2);
  const at::Tensor loss = (scene.a * scene.a).sum();
  ASSERT_TRUE(scene.accelerator->backward(loss).is_ok());
  const Status second = scene.accelerator->backward(loss);
  EXPECT_EQ(second.code(), OAR_E_STATE);
  EXPECT_NE(second.message().find("create the state anew"), std::string::npos) << second.message();
  EXPECT_FALSE(scene.state->aborted_for.empty());
  EXPECT_EQ(scene.accelerator->backward((scene.a * scene.a).sum()).code(), OAR_E_STATE);
}

TEST(Backward, OnOneRankGoesOnAfterASecondOneForTheSameForward) {
  Scene scene(1);
  const at::Tensor loss = (scene.a * scene.a).sum();
  ASSERT_TRUE(scene.accelerator->backward(loss).is_ok());
  EXPECT_EQ(scene.accelerator->backward(loss).code(), OAR_E_STATE);
  EXPECT_TRUE(scene.accelerator->backward((scene.a * scene.a).sum()).is_ok());
}

}  // namespace
}  // namespace oarlock
