#include "parallel/ddp/reducer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "doubles/group.h"

namespace oarlock {
namespace {

constexpr Milliseconds kTimeout{1000};

// Parameters p0 [1], p1 [2], p2 [3], ... all ones; each in a bucket of its own.
struct Scene {
  Scene(int num_parameters, int world_size, bool find_unused = false)
      : group(std::make_shared<doubles::ScriptedGroup>(0, world_size)) {
    for (int i = 0; i < num_parameters; ++i) {
      parameters.push_back({"p" + std::to_string(i), at::ones({i + 1}).requires_grad_()});
    }
    auto made = Reducer::create(parameters, group, {1, 1, find_unused});
    EXPECT_TRUE(made.is_ok());
    reducer = std::move(made).value();
  }
  // The loss whose gradient is `weight` for every element of the parameters named; the last named is used last.
  at::Tensor loss(std::initializer_list<int> used, double weight = 1.0) const {
    at::Tensor sum = at::zeros({});
    for (const int i : used) sum = sum + parameters[static_cast<std::size_t>(i)].tensor.sum() * weight;
    return sum;
  }
  Status step(const at::Tensor& loss) {
    Status prepared = reducer->prepare(kTimeout);
    if (!prepared.is_ok()) return prepared;
    torch::autograd::backward({loss}, {});
    return reducer->finish(kTimeout);
  }
  const at::Tensor& gradient(std::size_t i) const { return parameters[i].tensor.grad(); }

  std::shared_ptr<doubles::ScriptedGroup> group;
  NamedTensors parameters;
  std::unique_ptr<Reducer> reducer;
};

TEST(Reducer, LaunchesInTheOrderOfThePlanWhateverComesFirst) {
  Scene scene(3, 2);
  ASSERT_TRUE(scene.step(scene.loss({2, 1, 0})).is_ok());  // p0 is used last, so its gradient comes first
  EXPECT_EQ(scene.group->launched, (std::vector<std::string>{"all_reduce 3", "all_reduce 2", "all_reduce 1"}));
}

TEST(Reducer, LaunchesAFullBucketBeforeTheBackwardHasEnded) {
  Scene scene(2, 2);
  bool first_gradient_was_missing = false;
  scene.group->on_all_reduce = [&](const at::Tensor& bucket) {
    if (bucket.numel() == 2) first_gradient_was_missing = !scene.gradient(0).defined();
  };
  ASSERT_TRUE(scene.step(scene.loss({0, 1})).is_ok());  // p1's gradient comes first
  EXPECT_TRUE(first_gradient_was_missing);
}

TEST(Reducer, DividesByTheNumberOfRanksBeforeTheSum) {
  Scene scene(1, 4);
  at::Tensor sent;
  scene.group->on_all_reduce = [&](at::Tensor bucket) {
    sent = bucket.clone();
    bucket.add_(10.0);  // what the three others contribute
  };
  ASSERT_TRUE(scene.step(scene.loss({0}, 8.0)).is_ok());
  EXPECT_EQ(sent.item<float>(), 2.0f);
  EXPECT_EQ(scene.gradient(0).item<float>(), 12.0f);
}

TEST(Reducer, ReducesWhatEarlierMicroBatchesAdded) {
  Scene scene(1, 2);
  torch::autograd::backward({scene.loss({0}, 3.0)}, {});  // not prepared: only accumulates
  EXPECT_TRUE(scene.group->launched.empty());
  ASSERT_TRUE(scene.step(scene.loss({0}, 5.0)).is_ok());
  EXPECT_EQ(scene.gradient(0).item<float>(), (3.0f + 5.0f) / 2);
}

TEST(Reducer, ABackwardOfAnotherModelLaunchesNothing) {
  Scene scene(2, 2);
  at::Tensor other = at::ones({1}).requires_grad_();
  ASSERT_TRUE(scene.step(other.sum()).is_ok());
  EXPECT_TRUE(scene.group->launched.empty());
}

TEST(Reducer, NamesTheParameterWithoutAGradientAndStillServesItsPeers) {
  Scene scene(3, 2);
  const Status status = scene.step(scene.loss({0, 2}));
  EXPECT_EQ(status.code(), OAR_E_STATE);
  EXPECT_NE(status.message().find("p1"), std::string::npos) << status.message();
  EXPECT_EQ(status.message().find("p0"), std::string::npos) << status.message();
  EXPECT_EQ(scene.group->launched.size(), 3u);
}

TEST(Reducer, WithFindUnusedAPeersGradientIsTaken) {
  Scene scene(2, 2, true);
  scene.group->on_all_reduce = [](at::Tensor bucket) { bucket.add_(1); };  // the peer used everything
  ASSERT_TRUE(scene.step(scene.loss({0}, 4.0)).is_ok());
  EXPECT_EQ(scene.gradient(0).item<float>(), 3.0f);
  EXPECT_TRUE(at::equal(scene.gradient(1), at::ones({2})));
}

TEST(Reducer, WithFindUnusedAParameterThatNobodyUsedKeepsNone) {
  Scene scene(2, 2, true);
  ASSERT_TRUE(scene.step(scene.loss({0})).is_ok());
  EXPECT_FALSE(scene.gradient(1).defined());
}

TEST(Reducer, AFailedReductionNamesTheBucketAndIsFinal) {
  Scene scene(1, 2);
  scene.group->outcome = peer_lost("rank 1 ended");
  const Status failed = scene.step(scene.loss({0}));
  EXPECT_EQ(failed.code(), OAR_E_PEER_LOST);
  EXPECT_NE(failed.message().find("p0"), std::string::npos) << failed.message();
  EXPECT_EQ(scene.reducer->prepare(kTimeout).code(), OAR_E_STATE);
}

TEST(Reducer, TwoDifferentStepsGiveIndependentResults) {
  Scene scene(2, 2);
  ASSERT_TRUE(scene.step(scene.loss({0, 1}, 2.0)).is_ok());
  for (const NamedTensor& parameter : scene.parameters) parameter.tensor.mutable_grad() = at::Tensor();
  ASSERT_TRUE(scene.step(scene.loss({0, 1}, 6.0)).is_ok());
  EXPECT_TRUE(at::equal(scene.gradient(1), at::full({2}, 3.0)));
}

TEST(Reducer, WithFindUnusedABackwardThatTouchesNothingTakesPartOnlyForItsPeers) {
  Scene scene(1, 2, true);
  at::Tensor other = at::ones({1}).requires_grad_();
  ASSERT_TRUE(scene.step(other.sum()).is_ok());  // no forward ran: no peer has touched it either
  EXPECT_TRUE(scene.group->launched.empty());
  ASSERT_TRUE(scene.reducer->prepare(kTimeout).is_ok());
  ASSERT_TRUE(scene.reducer->finish(kTimeout, /*takes_part=*/true).is_ok());
  EXPECT_EQ(scene.group->launched, (std::vector<std::string>{"all_reduce 1", "all_reduce 1"}));  // bucket, uses
}

// Three ranks with equal gradients: their average is that gradient, give or take two roundings (2^-8 each).
class ReducerFactor : public testing::TestWithParam<at::ScalarType> {};

TEST_P(ReducerFactor, OfThreeRanksIsNotRoundedToTheGradientsType) {
  const auto group = std::make_shared<doubles::ScriptedGroup>(0, 3);
  group->on_all_reduce = [](at::Tensor bucket) { bucket.mul_(3); };
  const at::Tensor parameter = at::ones({1000}, GetParam()).requires_grad_();
  const at::Tensor weight = at::linspace(1, 2, 1000).to(GetParam());
  const auto reducer = Reducer::create({{"p", parameter}}, group, {}).value();
  ASSERT_TRUE(reducer->prepare(kTimeout).is_ok());
  torch::autograd::backward({(parameter * weight).sum()}, {});
  ASSERT_TRUE(reducer->finish(kTimeout).is_ok());
  const double ratio = (parameter.grad().to(at::kDouble) / weight.to(at::kDouble)).mean().item<double>();
  EXPECT_NEAR(ratio, 1.0, 2e-4);
}

INSTANTIATE_TEST_SUITE_P(Table, ReducerFactor, testing::Values(at::kBFloat16, at::kHalf, at::kFloat));

TEST(Reducer, NeverWritesABucketThatIsStillInFlight) {
  Scene scene(2, 2);
  scene.group->stays_in_flight = true;
  EXPECT_EQ(scene.step(scene.loss({0, 1}, 2.0)).code(), OAR_E_TIMEOUT);
  ASSERT_EQ(scene.group->in_flight.size(), 2u);
  EXPECT_EQ(scene.step(scene.loss({0, 1}, 8.0)).code(), OAR_E_STATE);
  torch::autograd::backward({scene.loss({0, 1}, 8.0)}, {});
  EXPECT_TRUE(at::equal(scene.group->in_flight[0], at::full({2}, 1.0)));  // 2.0 / 2 ranks
  EXPECT_TRUE(at::equal(scene.group->in_flight[1], at::full({1}, 1.0)));
}

TEST(Reducer, AfterGivingUpWritesNoBucketThatTheBackwardLaunched) {
  Scene scene(2, 2);
  scene.group->stays_in_flight = true;
  ASSERT_TRUE(scene.reducer->prepare(kTimeout).is_ok());
  torch::autograd::backward({scene.loss({1}, 2.0)}, {});  // p1's bucket is launched, p0's never full
  scene.reducer->give_up();
  torch::autograd::backward({scene.loss({0, 1}, 8.0)}, {});
  ASSERT_EQ(scene.group->in_flight.size(), 1u);
  EXPECT_TRUE(at::equal(scene.group->in_flight[0], at::full({2}, 1.0)));
  EXPECT_EQ(scene.reducer->prepare(kTimeout).code(), OAR_E_STATE);
}

TEST(Reducer, GoneHooksLeaveParametersFree) {
  Scene scene(1, 2);
  scene.reducer.reset();
  torch::autograd::backward({scene.loss({0})}, {});
  EXPECT_TRUE(Reducer::create(scene.parameters, scene.group, {}).is_ok());
}

}  // namespace
}  // namespace oarlock
