#include "graph/grad_ready.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <string>

namespace oarlock {
namespace {

at::Tensor leaf() { return at::ones({2}).set_requires_grad(true); }

class ForeignHook : public torch::autograd::PostAccumulateGradHook {
 public:
  void operator()(const torch::autograd::Variable&) override {}
};

TEST(GradReady, CallsSubscribersInOrderWithTheGradientThere) {
  const at::Tensor parameter = leaf();
  std::string order;
  auto first = subscribe_grad_ready(parameter, "w", [&](const at::Tensor& given) {
                 order += given.grad().defined() ? "1" : "-";
               }).value();
  auto second = subscribe_grad_ready(parameter, "w", [&](const at::Tensor&) { order += "2"; }).value();
  (parameter * 3).sum().backward();
  EXPECT_EQ(order, "12");
  EXPECT_TRUE(at::equal(parameter.grad(), at::full({2}, 3.0)));
}

TEST(GradReady, ASubscriptionThatWentIsNotCalled) {
  const at::Tensor parameter = leaf();
  int calls = 0;
  auto stays = subscribe_grad_ready(parameter, "w", [&](const at::Tensor&) { calls += 1; }).value();
  {
    auto goes = subscribe_grad_ready(parameter, "w", [&](const at::Tensor&) { calls += 100; }).value();
  }
  parameter.sum().backward();
  EXPECT_EQ(calls, 1);
}

TEST(GradReady, TheSlotIsTheHostsAgainWhenTheLastGoes) {
  const at::Tensor parameter = leaf();
  {
    auto goes = subscribe_grad_ready(parameter, "w", [](const at::Tensor&) {}).value();
  }
  EXPECT_EQ(torch::autograd::impl::post_acc_grad_hooks(parameter), nullptr);
}

TEST(GradReady, AForeignHookIsNamedAndLeftAlone) {
  const at::Tensor parameter = leaf();
  torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::make_unique<ForeignHook>());
  auto* foreign = torch::autograd::impl::post_acc_grad_hooks(parameter).get();
  const auto result = subscribe_grad_ready(parameter, "encoder.weight", [](const at::Tensor&) {});
  ASSERT_FALSE(result.is_ok());
  EXPECT_EQ(result.status().code(), OAR_E_STATE);
  EXPECT_NE(result.status().message().find("encoder.weight"), std::string::npos);
  EXPECT_EQ(torch::autograd::impl::post_acc_grad_hooks(parameter).get(), foreign);
}

TEST(GradReady, OnlyLeavesWithGradientsQualify) {
  EXPECT_EQ(subscribe_grad_ready(at::ones({1}), "w", [](const at::Tensor&) {}).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(subscribe_grad_ready(leaf() * 2, "w", [](const at::Tensor&) {}).status().code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
