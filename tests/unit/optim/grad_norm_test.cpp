#include "optim/grad_norm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace oarlock {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Gradients (3, 4) and (12): norm 13, largest 12.
NamedTensors with_gradients() {
  NamedTensors parameters = {{"a", at::zeros({2})}, {"b", at::zeros({1})}, {"none", at::zeros({5})}};
  parameters[0].tensor.mutable_grad() = at::tensor({3.0F, 4.0F});
  parameters[1].tensor.mutable_grad() = at::tensor({12.0F});
  return parameters;
}

TEST(ClipGradNorm, ReturnsTheNormBeforeAndScalesToTheLimit) {
  const NamedTensors parameters = with_gradients();
  EXPECT_FLOAT_EQ(static_cast<float>(clip_grad_norm(parameters, 6.5, 2).value()), 13);
  EXPECT_TRUE(parameters[0].tensor.grad().allclose(at::tensor({1.5F, 2.0F})));
  EXPECT_TRUE(parameters[1].tensor.grad().allclose(at::tensor({6.0F})));
  EXPECT_FALSE(parameters[2].tensor.grad().defined());
}

TEST(ClipGradNorm, LeavesSmallGradientsAsTheyAre) {
  const NamedTensors parameters = with_gradients();
  EXPECT_FLOAT_EQ(static_cast<float>(clip_grad_norm(parameters, 14, 2).value()), 13);
  EXPECT_TRUE(parameters[0].tensor.grad().equal(at::tensor({3.0F, 4.0F})));
}

TEST(ClipGradNorm, OfInfinityIsTheLargestElement) {
  EXPECT_EQ(clip_grad_norm(with_gradients(), 100, kInfinity).value(), 12);
}

TEST(ClipGradNorm, WithoutGradientsIsZero) {
  EXPECT_EQ(clip_grad_norm({{"a", at::zeros({2})}}, 1, 2).value(), 0);
  EXPECT_EQ(clip_grad_norm({}, 1, 2).value(), 0);
}

TEST(ClipGradNorm, PassesANormThatIsNotFiniteOn) {
  const NamedTensors parameters = with_gradients();
  parameters[1].tensor.grad().fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(std::isnan(clip_grad_norm(parameters, 1, 2).value()));
  EXPECT_TRUE(parameters[0].tensor.grad().isnan().all().item<bool>());
}

TEST(ClipGradNorm, TakesMixedDtypes) {
  NamedTensors parameters = with_gradients();
  parameters.push_back({"d", at::zeros({1}, at::kDouble)});
  parameters[3].tensor.mutable_grad() = at::tensor({84.0}, at::kDouble);
  EXPECT_NEAR(clip_grad_norm(parameters, 85, 2).value(), 85, 1e-5);
}

TEST(ClipGradNorm, RefusesLimitsThatMakeNoSense) {
  for (const auto& [max_norm, norm_type] :
       {std::pair(-1.0, 2.0), {std::nan(""), 2.0}, {1.0, 0.0}, {1.0, -2.0}, {1.0, std::nan("")}}) {
    EXPECT_EQ(clip_grad_norm(with_gradients(), max_norm, norm_type).status().code(), OAR_E_ARGUMENT)
        << max_norm << norm_type;
  }
}

}  // namespace
}  // namespace oarlock
