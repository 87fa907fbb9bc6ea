#include "optim/grad_scaler.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

namespace oarlock {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Options section(const char* name, const char* json) {
  auto options = Options::parse_section(name, json);
  EXPECT_TRUE(options.is_ok()) << options.status().message();
  return std::move(options).value();
}

struct Scene {
  explicit Scene(const char* json = R"({"init_scale": 8, "growth_interval": 2})")
      : first(at::ones({2}).requires_grad_()), second(at::ones({3}).requires_grad_()) {
    scaler.emplace(GradScaler::create(section("scaler", json), at::kCPU).value());
    optimizer =
        Optimizer::create("sgd", {{"first", first}, {"second", second}}, section("optimizer", R"({"lr": 1})")).value();
  }
  // One iteration with a gradient of `value` in the second parameter; whether the optimizer may step.
  bool iterate(float value) {
    first.mutable_grad() = at::full({2}, 4.0f);
    second.mutable_grad() = at::full({3}, value);
    EXPECT_TRUE(scaler->unscale(*optimizer).is_ok());
    const bool may = scaler->may_step(*optimizer).value();
    scaler->note_step(*optimizer);
    EXPECT_TRUE(scaler->update().is_ok());
    return may;
  }
  at::Tensor first, second;
  std::optional<GradScaler> scaler;
  std::shared_ptr<Optimizer> optimizer;
};

TEST(GradScaler, MultipliesTheLossAndDividesTheGradients) {
  Scene scene;
  const at::Tensor loss = at::full({}, 3.0).requires_grad_();
  EXPECT_EQ(scene.scaler->scale(loss).item<float>(), 24.0f);
  scene.first.mutable_grad() = at::full({2}, 4.0f);
  ASSERT_TRUE(scene.scaler->unscale(*scene.optimizer).is_ok());
  EXPECT_TRUE(at::equal(scene.first.grad(), at::full({2}, 0.5f)));
  EXPECT_FALSE(scene.second.grad().defined());
}

struct FiniteCase {
  float gradient;
  bool may_step;
  double scale;
};

class GradScalerFinds : public testing::TestWithParam<FiniteCase> {};

TEST_P(GradScalerFinds, WhatIsNotFinite) {
  Scene scene;
  EXPECT_EQ(scene.iterate(GetParam().gradient), GetParam().may_step);
  EXPECT_EQ(scene.scaler->scale(), GetParam().scale);
}

INSTANTIATE_TEST_SUITE_P(Table, GradScalerFinds,
                         testing::Values(FiniteCase{1.0f, true, 8}, FiniteCase{kInf, false, 4},
                                         FiniteCase{-kInf, false, 4}, FiniteCase{kNan, false, 4},
                                         FiniteCase{std::numeric_limits<float>::max(), true, 8}));

TEST(GradScaler, GrowsAfterGoodIterationsInARow) {
  Scene scene;
  for (const auto& [gradient, scale] : std::vector<std::pair<float, double>>{
           {1, 8}, {1, 16}, {1, 16}, {kInf, 8}, {1, 8}, {1, 16}}) {  // growth_interval 2, the bad one starts anew
    scene.iterate(gradient);
    EXPECT_EQ(scene.scaler->scale(), scale);
  }
}

TEST(GradScaler, NeverGrowsToInfinity) {
  Scene scene(R"({"init_scale": 2e38, "growth_interval": 1})");
  const double before = scene.scaler->scale();
  scene.iterate(1);
  EXPECT_EQ(scene.scaler->scale(), before);
}

TEST(GradScaler, UnscalesOncePerIteration) {
  Scene scene;
  scene.first.mutable_grad() = at::ones({2});
  ASSERT_TRUE(scene.scaler->unscale(*scene.optimizer).is_ok());
  EXPECT_EQ(scene.scaler->unscale(*scene.optimizer).code(), OAR_E_STATE);
  scene.scaler->note_step(*scene.optimizer);
  const Status late = scene.scaler->unscale(*scene.optimizer);
  EXPECT_EQ(late.code(), OAR_E_STATE);
  EXPECT_NE(late.message().find("stepped already"), std::string::npos);
  EXPECT_EQ(scene.scaler->may_step(*scene.optimizer).status().code(), OAR_E_STATE);
}

TEST(GradScaler, NeedsAGradient) {
  Scene scene;
  ASSERT_TRUE(scene.scaler->unscale(*scene.optimizer).is_ok());
  EXPECT_EQ(scene.scaler->may_step(*scene.optimizer).status().code(), OAR_E_STATE);
}

TEST(GradScaler, HasNothingToUpdateWithoutUnscaledGradients) {
  EXPECT_EQ(Scene().scaler->update().status().code(), OAR_E_STATE);
}

TEST(GradScaler, RefusesGradientsOfHalf) {
  const at::Tensor half = at::ones({2}, at::kHalf).requires_grad_();
  const auto optimizer = Optimizer::create("sgd", {{"half", half}}, section("optimizer", R"({"lr": 1})")).value();
  half.mutable_grad() = at::ones({2}, at::kHalf);
  Scene scene;
  const Status status = scene.scaler->unscale(*optimizer);
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find("'half'"), std::string::npos);
}

TEST(GradScaler, ResumesFromItsState) {
  Scene scene, other;
  scene.iterate(1);
  ASSERT_TRUE(other.scaler->load_state(scene.scaler->state()).is_ok());
  other.iterate(1);
  EXPECT_EQ(other.scaler->scale(), 16.0);
}

struct StateCase {
  const char* json;
  oar_status code;
  const char* text;
};

class GradScalerState : public testing::TestWithParam<StateCase> {};

TEST_P(GradScalerState, IsReadStrictly) {
  Scene scene;
  const std::string before = scene.scaler->state().dump();
  const Status status = scene.scaler->load_state(parse_json(GetParam().json).value());
  EXPECT_EQ(status.code(), GetParam().code) << status.message();
  EXPECT_NE(status.message().find(GetParam().text), std::string::npos) << status.message();
  EXPECT_EQ(scene.scaler->state().dump(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GradScalerState,
    testing::Values(
        StateCase{"{}", OAR_E_ARGUMENT, "empty"}, StateCase{R"({"scale": 8})", OAR_E_CORRUPT, "growth_factor"},
        StateCase{
            R"({"scale": 8, "growth_factor": 1, "backoff_factor": 0.5, "growth_interval": 2, "_growth_tracker": 0})",
            OAR_E_ARGUMENT, "growth_factor"},
        StateCase{
            R"({"scale": 8, "growth_factor": 2, "backoff_factor": 1, "growth_interval": 2, "_growth_tracker": 0})",
            OAR_E_ARGUMENT, "backoff_factor"},
        StateCase{
            R"({"scale": 8, "growth_factor": 2, "backoff_factor": 0.5, "growth_interval": 2, "_growth_tracker": 2})",
            OAR_E_ARGUMENT, "_growth_tracker"},
        StateCase{
            R"({"scale": -1, "growth_factor": 2, "backoff_factor": 0.5, "growth_interval": 2, "_growth_tracker": 0})",
            OAR_E_ARGUMENT, "scale"}));

TEST(GradScaler, OptionsOutOfRangeAreNamed) {
  for (const char* json : {R"({"init_scale": 0})", R"({"growth_factor": 1})", R"({"backoff_factor": 1})",
                           R"({"growth_interval": 0})", R"({"init_scale": 1e39})"}) {
    EXPECT_EQ(GradScaler::create(section("scaler", json), at::kCPU).status().code(), OAR_E_ARGUMENT) << json;
  }
}

}  // namespace
}  // namespace oarlock
