// Whether the numbers are torch's is for tests/parity/test_optim.py; here is everything else.
#include "optim/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

namespace oarlock {
namespace {

NamedTensors two_parameters() {
  at::manual_seed(1);
  return {{"fc.weight", at::randn({3, 4}).requires_grad_(true)}, {"fc.bias", at::randn({3}).requires_grad_(true)}};
}

Result<std::shared_ptr<Optimizer>> try_optimizer(const char* name, const NamedTensors& parameters,
                                                 const char* options) {
  OAR_ASSIGN(const Options parsed, Options::parse_section("optimizer", options));
  return Optimizer::create(name, parameters, parsed);
}

std::shared_ptr<Optimizer> optimizer_of(const char* name, const NamedTensors& parameters, const char* options = "") {
  Result<std::shared_ptr<Optimizer>> optimizer = try_optimizer(name, parameters, options);
  EXPECT_TRUE(optimizer.is_ok()) << optimizer.status().message();
  return std::move(optimizer).value();
}

void set_gradient(const NamedTensor& parameter, int step) {
  at::manual_seed(static_cast<std::uint64_t>(step + 100));
  parameter.tensor.mutable_grad() = at::randn_like(parameter.tensor.detach());
}

void train(Optimizer& optimizer, int first, int last) {
  for (int step = first; step < last; ++step) {
    for (const NamedTensor& parameter : optimizer.parameters()) set_gradient(parameter, step);
    const Status status = optimizer.step();
    ASSERT_TRUE(status.is_ok()) << status.message();
    optimizer.zero_grad();
  }
}

std::vector<std::string> names_of(const OptimizerState& state) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : state.tensors) names.push_back(tensor.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(Optimizer, HasTorchsDefaults) {
  const auto optimizer = optimizer_of("adamw", two_parameters());
  EXPECT_EQ(optimizer->learning_rate(), 1e-3);
  EXPECT_EQ(optimizer->state().values.find("options")->dump(),
            R"({"lr":0.001,"betas":[0.9,0.999],"eps":1e-08,"weight_decay":0.01,"amsgrad":false,"maximize":false})");
}

TEST(Optimizer, StateHasPythonsNamesAfterTheFirstStep) {
  const auto adamw = optimizer_of("adamw", two_parameters(), R"({"amsgrad":true})");
  EXPECT_EQ(names_of(adamw->state()), Names{});
  train(*adamw, 0, 2);
  EXPECT_EQ(names_of(adamw->state()),
            (Names{"fc.weight.step", "fc.weight.exp_avg", "fc.weight.exp_avg_sq", "fc.weight.max_exp_avg_sq",
                   "fc.bias.step", "fc.bias.exp_avg", "fc.bias.exp_avg_sq", "fc.bias.max_exp_avg_sq"}));
  EXPECT_EQ(adamw->state().tensors[0].tensor.item<float>(), 2);
  const auto sgd = optimizer_of("sgd", two_parameters(), R"({"momentum":0.9})");
  train(*sgd, 0, 1);
  EXPECT_EQ(names_of(sgd->state()), (Names{"fc.weight.momentum_buffer", "fc.bias.momentum_buffer"}));
  EXPECT_EQ(sgd->num_steps(), 1);
}

TEST(Optimizer, LeavesParametersWithoutAGradientAlone) {
  const NamedTensors parameters = two_parameters();
  const at::Tensor before = parameters[1].tensor.detach().clone();
  const auto optimizer = optimizer_of("adamw", parameters);
  set_gradient(parameters[0], 0);
  ASSERT_TRUE(optimizer->step().is_ok());
  EXPECT_TRUE(parameters[1].tensor.equal(before));
  EXPECT_EQ(names_of(optimizer->state()).size(), 3U);
  train(*optimizer, 1, 2);
  EXPECT_EQ(optimizer->state().tensors[0].tensor.item<float>(), 2);  // fc.weight.step
  EXPECT_EQ(optimizer->state().tensors[3].tensor.item<float>(), 1);  // fc.bias.step
}

TEST(Optimizer, WithoutAnyGradientChangesNothing) {
  const NamedTensors parameters = two_parameters();
  const at::Tensor before = parameters[0].tensor.detach().clone();
  const auto optimizer = optimizer_of("sgd", parameters, R"({"lr":1})");
  ASSERT_TRUE(optimizer->step().is_ok());
  EXPECT_TRUE(parameters[0].tensor.equal(before));
}

TEST(Optimizer, ZeroGradMakesGradientsUndefined) {
  const NamedTensors parameters = two_parameters();
  const auto optimizer = optimizer_of("sgd", parameters);
  train(*optimizer, 0, 1);
  EXPECT_FALSE(parameters[0].tensor.grad().defined());
}

TEST(Optimizer, AGradientOfOtherStridesCountsByItsValues) {
  const NamedTensors plain = two_parameters();
  const NamedTensors turned = two_parameters();
  plain[0].tensor.mutable_grad() = at::arange(12, at::kFloat).view({3, 4});
  turned[0].tensor.mutable_grad() = at::arange(12, at::kFloat).view({3, 4}).t().contiguous().t();
  ASSERT_TRUE(optimizer_of("sgd", plain)->step().is_ok());
  ASSERT_TRUE(optimizer_of("sgd", turned)->step().is_ok());
  EXPECT_TRUE(plain[0].tensor.equal(turned[0].tensor));
}

TEST(Optimizer, AStepThatFailsOnAGradientChangesNothing) {
  const NamedTensors parameters = two_parameters();
  const at::Tensor before = parameters[0].tensor.detach().clone();
  const auto optimizer = optimizer_of("sgd", parameters, R"({"momentum":0.9})");
  set_gradient(parameters[0], 0);
  parameters[1].tensor.mutable_grad() = at::zeros({3}).to_sparse();
  EXPECT_EQ(optimizer->step().code(), OAR_E_UNSUPPORTED);
  EXPECT_TRUE(parameters[0].tensor.equal(before));
  EXPECT_EQ(optimizer->num_steps(), 0);
  EXPECT_TRUE(optimizer->state().tensors.empty());
}

TEST(Optimizer, TakesMixedDtypesAndChannelsLast) {
  const NamedTensors parameters = {
      {"half", at::ones({4}, at::kHalf).requires_grad_(true)},
      {"double", at::ones({4}, at::kDouble).requires_grad_(true)},
      {"image", at::ones({2, 3, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(true)}};
  const auto optimizer = optimizer_of("sgd", parameters, R"({"lr":0.5})");
  for (const NamedTensor& parameter : parameters)
    parameter.tensor.mutable_grad() = at::ones_like(parameter.tensor.detach());
  ASSERT_TRUE(optimizer->step().is_ok());
  for (const NamedTensor& parameter : parameters) {
    EXPECT_TRUE(parameter.tensor.equal(at::full_like(parameter.tensor.detach(), 0.5))) << parameter.name;
  }
}

class OptimizerResume : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(OptimizerResume, IsBitwiseTheRunThatDidNotStop) {
  const auto& [name, options] = GetParam();
  const NamedTensors whole = two_parameters();
  const auto not_stopped = optimizer_of(name, whole, options);
  train(*not_stopped, 0, 10);

  const NamedTensors first = two_parameters();
  const auto stopped = optimizer_of(name, first, options);
  train(*stopped, 0, 6);
  const bool has_groups = std::string_view(options).find("groups") != std::string_view::npos;
  const auto resumed = optimizer_of(name, first, has_groups ? options : "");  // hyper-parameters come from the state
  const Status status = resumed->load_state(stopped->state());
  ASSERT_TRUE(status.is_ok()) << status.message();
  EXPECT_EQ(resumed->num_steps(), 6);
  train(*resumed, 6, 10);
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_TRUE(first[i].tensor.equal(whole[i].tensor)) << whole[i].name;
}

INSTANTIATE_TEST_SUITE_P(Table, OptimizerResume,
                         testing::Values(std::pair("adamw", R"({"lr":0.1,"weight_decay":0.5})"),
                                         std::pair("adamw", R"({"lr":0.1,"amsgrad":true,"betas":[0.5,0.6]})"),
                                         std::pair("adam", R"({"groups":[{"params":["*.bias"],"lr":0.2}]})"),
                                         std::pair("schedule_free_adamw", R"({"lr":0.1,"warmup_steps":8})"),
                                         std::pair("sgd", R"({"lr":0.1})"),
                                         std::pair("sgd", R"({"lr":0.1,"momentum":0.9,"nesterov":true})")));

class OptimizerStateRefused : public testing::Test {
 protected:
  NamedTensors parameters_ = two_parameters();
  std::shared_ptr<Optimizer> optimizer_ = optimizer_of("adamw", parameters_);
  OptimizerState state_;
  void SetUp() override {
    train(*optimizer_, 0, 3);
    state_ = optimizer_->state();
  }
  void expect_refused(const char* text) {
    const std::string before = optimizer_->state().values.dump();
    const Status status = optimizer_->load_state(state_);
    ASSERT_FALSE(status.is_ok());
    EXPECT_NE(status.message().find(text), std::string::npos) << status.message();
    EXPECT_EQ(optimizer_->state().values.dump(), before);
    EXPECT_EQ(optimizer_->state().tensors[0].tensor.item<float>(), 3);
  }
};

TEST_F(OptimizerStateRefused, WhenATensorIsMissing) {
  state_.tensors.erase(state_.tensors.begin() + 1);
  expect_refused("missing: fc.weight.exp_avg");
}

TEST_F(OptimizerStateRefused, WhenATensorBelongsToNobody) {
  state_.tensors.push_back({"other.exp_avg", at::zeros({1})});
  expect_refused("'other.exp_avg'");
}

TEST_F(OptimizerStateRefused, WhenAShapeIsWrong) {
  state_.tensors[1].tensor = at::zeros({4, 3});
  expect_refused("'fc.weight.exp_avg' does not fit its parameter; saved float32 [4, 3], parameter float32 [3, 4]");
}

TEST_F(OptimizerStateRefused, WhenAStepIsNoCount) {
  state_.tensors[0].tensor = at::scalar_tensor(1.5);
  expect_refused("not a number of steps: 1.5");
}

TEST_F(OptimizerStateRefused, WhenItIsOfAnotherOptimizer) {
  state_.values.set("name", JsonValue::string("sgd"));
  expect_refused("saved 'sgd', here 'adamw'");
}

TEST_F(OptimizerStateRefused, WhenAHyperParameterIsOutOfRange) {
  state_.values.set("learning_rate", JsonValue::number(-1));
  expect_refused("learning rate");
}

struct BadOptions {
  const char* name;
  const char* options;
  const char* text;
};

class OptimizerRefuses : public testing::TestWithParam<BadOptions> {};

TEST_P(OptimizerRefuses, WithTheNameAndTheValue) {
  const Result<std::shared_ptr<Optimizer>> optimizer =
      try_optimizer(GetParam().name, two_parameters(), GetParam().options);
  ASSERT_FALSE(optimizer.is_ok());
  EXPECT_EQ(optimizer.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(optimizer.status().message().find(GetParam().text), std::string::npos) << optimizer.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, OptimizerRefuses,
    testing::Values(BadOptions{"adamm", "", "'adamm'; did you mean 'adam'?; there are adadelta, "},
                    BadOptions{"AdamW", "", "did you mean 'adamw'?"},
                    BadOptions{"lookahead", "", "'lookahead'; there are adadelta, "},
                    BadOptions{"sgd", R"({"lr":-0.1})", "got -0.1"},
                    BadOptions{"sgd", R"({"learning_rate":0.1})", "optimizer."},
                    BadOptions{"sgd", R"({"momentun":0.1})", "optimizer.momentum"},
                    BadOptions{"sgd", R"({"betas":[0.9,0.99]})", "optimizer.betas is not an option"},
                    BadOptions{"adamw", R"({"momentum":0.9})", "optimizer.momentum is not an option"},
                    BadOptions{"sgd", R"({"nesterov":true})", "needs momentum > 0"},
                    BadOptions{"sgd", R"({"momentum":-1})", "optimizer.momentum must be finite and >= 0"},
                    BadOptions{"adamw", R"({"betas":[0.9,1.0]})", "optimizer.betas[1] must lie in [0, 1)"},
                    BadOptions{"adamw", R"({"betas":[0.9]})", "two numbers, got 1"},
                    BadOptions{"adamw", R"({"weight_decay":-1})", "optimizer.weight_decay"},
                    BadOptions{"adam", R"({"lr":"NaN"})", "must be a number"},
                    BadOptions{"rprop", R"({"etas":[1.5,1.2]})", "got [1.5, 1.2]"},
                    BadOptions{"muon", R"({"adjust_lr_fn":"mine"})",
                               "one of 'original', 'match_rms_adamw', got 'mine'"},
                    BadOptions{"adafactor_transformers", R"({"lr":0.1})", "set relative_step to false"},
                    BadOptions{"adam", R"({"params":["fc.weigth"]})", "did you mean 'fc.weight'?"},
                    BadOptions{"adam", R"({"params":[]})", "no parameter would be updated"},
                    BadOptions{"adam", R"({"params":[1]})", "must hold strings, got 1"},
                    BadOptions{"adam", R"({"groups":{}})", "must be a list"},
                    BadOptions{"adam", R"({"groups":[{"lr":0.1}]})", "optimizer.groups[0]: it names no parameter"},
                    BadOptions{"adam", R"({"groups":[{"params":["*.gain"]}]})", "'*.gain' fits no parameter"},
                    BadOptions{"adam", R"({"groups":[{"params":"fc.bias"}]})", "must be a list of names"},
                    BadOptions{"adam", R"({"groups":[{"params":["fc.*"]},{"params":["*.bias"]}]})",
                               "parameter 'fc.bias' is in two groups, optimizer.groups[0] and optimizer.groups[1]"},
                    BadOptions{"adam", R"({"groups":[{"params":["*.bias"],"lr":-1}]})",
                               "optimizer.groups[0]: optimizer.lr must be finite and >= 0, got -1"},
                    BadOptions{"adam", R"({"groups":[{"params":["*.bias"],"lr":"fast"}]})", "must be a number"},
                    BadOptions{"adam", R"({"groups":[{"params":["*.bias"],"momentum":0.9}]})",
                               "optimizer.momentum is not an option of this optimizer: 'adam'"},
                    BadOptions{"sgd", R"({"groups":[{"params":["*.bias"],"nesterov":true}]})", "needs momentum > 0"}));

TEST(Optimizer, RefusesParametersThatItCannotUpdate) {
  const at::Tensor shared = at::zeros({2});
  EXPECT_EQ(try_optimizer("sgd", {}, "").status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(try_optimizer("sgd", {{"i", at::zeros({2}, at::kLong)}}, "").status().code(), OAR_E_UNSUPPORTED);
  EXPECT_EQ(try_optimizer("sgd", {{"gaps", at::zeros({4, 4}).slice(1, 0, 4, 2)}}, "").status().code(),
            OAR_E_UNSUPPORTED);
  EXPECT_EQ(try_optimizer("sgd", {{"a", shared}, {"b", shared}}, "").status().code(), OAR_E_ARGUMENT);
}

TEST(Optimizer, MuonRefusesWhatIsNoMatrixAndSaysHowToChoose) {
  const Result<std::shared_ptr<Optimizer>> all = try_optimizer("muon", two_parameters(), "");
  EXPECT_EQ(all.status().code(), OAR_E_UNSUPPORTED);
  EXPECT_NE(all.status().message().find("'fc.bias' has 1 dimensions; choose the matrices with optimizer.params"),
            std::string::npos);
  EXPECT_EQ(optimizer_of("muon", two_parameters(), R"({"params":["*.weight"]})")->parameters().size(), 1);
}

TEST(Optimizer, GroupsComeInTheirOrderAndTheRestIsTheLast) {
  const auto optimizer = optimizer_of("sgd", two_parameters(), R"({"lr":0.5,"groups":[{"params":["*.bias"],"lr":2}]})");
  EXPECT_EQ(optimizer->group_to_json(0).value().find("params")->dump(), R"(["fc.bias"])");
  EXPECT_EQ(optimizer->group_to_json(1).value().find("params")->dump(), R"(["fc.weight"])");
  EXPECT_EQ(optimizer->groups()[0].values.number("lr"), 2);
  EXPECT_EQ(optimizer->groups()[1].values.number("lr"), 0.5);
  EXPECT_EQ(optimizer->group_to_json(2).status().code(), OAR_E_ARGUMENT);
  optimizer->set_learning_rate(0.25);
  EXPECT_EQ(optimizer->groups()[0].values.number("lr"), 0.25);
}

TEST(Optimizer, OptionsOfAGroupChangeTogetherOrNotAtAll) {
  const NamedTensors parameters = two_parameters();
  const auto optimizer = optimizer_of("sgd", parameters, R"({"lr":0.5})");
  const JsonValue bad = parse_json(R"({"momentum":0.9,"dampening":0.5,"nesterov":true})").value();
  EXPECT_EQ(optimizer->set_group_options(0, bad).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(optimizer->groups()[0].values.number("momentum"), 0);
  train(*optimizer, 0, 2);
  ASSERT_TRUE(optimizer->set_group_options(0, parse_json(R"({"momentum":0.9})").value()).is_ok());
  train(*optimizer, 2, 4);  // makes the momentum's buffers
  EXPECT_EQ(optimizer->state().tensors.size(), 2);
}

TEST(Optimizer, RefusesTheStateOfOtherGroups) {
  const NamedTensors parameters = two_parameters();
  const char* bias_first = R"({"groups":[{"params":["*.bias"]}]})";
  const auto grouped = optimizer_of("adam", parameters, bias_first);
  const auto swapped = optimizer_of("adam", parameters, R"({"groups":[{"params":["*.weight"]}]})");
  const Status other = swapped->load_state(grouped->state());
  EXPECT_NE(other.message().find("group 0: it has other parameters; saved 'fc.bias' where here is 'fc.weight'"),
            std::string::npos)
      << other.message();
  const Status none = optimizer_of("adam", parameters)->load_state(grouped->state());
  EXPECT_NE(none.message().find("saved 2, here 1"), std::string::npos) << none.message();
}

// schedulefree: a step outside of training raises.
TEST(Optimizer, ScheduleFreeStepsOnlyInTraining) {
  const NamedTensors parameters = two_parameters();
  const auto optimizer = optimizer_of("schedule_free_adamw", parameters, R"({"lr":0.1})");
  train(*optimizer, 0, 3);
  const at::Tensor trained = parameters[0].tensor.detach().clone();
  optimizer->set_training(false);
  EXPECT_FALSE(parameters[0].tensor.equal(trained));
  EXPECT_EQ(optimizer->step().code(), OAR_E_STATE);
  optimizer->set_training(true);
  EXPECT_TRUE(at::allclose(parameters[0].tensor, trained));
  EXPECT_TRUE(optimizer->step().is_ok());
}

TEST(Optimizer, LearningRatesAreFiniteAndNotNegative) {
  EXPECT_TRUE(check_learning_rate(0).is_ok());
  for (const double bad : {-1e-9, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(check_learning_rate(bad).code(), OAR_E_ARGUMENT) << bad;
  }
}

}  // namespace
}  // namespace oarlock
