#include "graph/short_call.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "graph/operator_index.h"

namespace oarlock {
namespace {

ShortCall linear_call() { return short_call(find_operator("aten::linear").value().schema()); }

// nullopt: it was refused.
std::optional<at::Tensor> call(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  torch::jit::Stack stack{input, weight, bias.defined() ? c10::IValue(bias) : c10::IValue()};
  if (!linear_call()(stack)) {
    EXPECT_EQ(stack.size(), 3u);
    return std::nullopt;
  }
  EXPECT_EQ(stack.size(), 1u);
  return stack[0].toTensor();
}

at::Tensor leaf(at::IntArrayRef sizes, bool is_trained, at::ScalarType dtype = at::kFloat) {
  return at::randn(sizes, dtype).set_requires_grad(is_trained);
}

bool has_equal_bits(const at::Tensor& a, const at::Tensor& b) {
  if (a.defined() != b.defined()) return false;
  return !a.defined() || (a.sizes() == b.sizes() && a.strides() == b.strides() && at::equal(a, b));
}

struct LinearCase {
  std::vector<std::int64_t> input;
  std::int64_t out;
  bool has_bias = true;
  bool trains_input = true, trains_weight = true, trains_bias = true;
  at::ScalarType dtype = at::kFloat;
};

class ShortLinear : public testing::TestWithParam<LinearCase> {};

// Of libtorch's own operator in the same process.
TEST_P(ShortLinear, HasTheBitsOfTheOperator) {
  const LinearCase& given = GetParam();
  at::manual_seed(3);
  const at::Tensor input = leaf(given.input, given.trains_input, given.dtype);
  const at::Tensor weight = leaf({given.out, given.input.back()}, given.trains_weight, given.dtype);
  const at::Tensor bias = given.has_bias ? leaf({given.out}, given.trains_bias, given.dtype) : at::Tensor();
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& tensor : {input, weight, bias}) {
    if (tensor.defined() && tensor.requires_grad()) leaves.push_back(tensor);
  }
  const at::Tensor expected = at::linear(input, weight, bias);
  const std::optional<at::Tensor> result = call(input, weight, bias);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(has_equal_bits(*result, expected));
  ASSERT_EQ(result->requires_grad(), !leaves.empty());
  if (leaves.empty()) return;
  const at::Tensor gradient = at::randn_like(expected);
  const auto mine = torch::autograd::grad({*result}, leaves, {gradient});
  const auto theirs = torch::autograd::grad({expected}, leaves, {gradient});
  for (std::size_t i = 0; i < leaves.size(); ++i) EXPECT_TRUE(has_equal_bits(mine[i], theirs[i])) << "gradient " << i;
}

INSTANTIATE_TEST_SUITE_P(Table, ShortLinear,
                         testing::Values(LinearCase{{4, 16, 64}, 192}, LinearCase{{4, 16, 64}, 192, false},
                                         LinearCase{{64, 48}, 33}, LinearCase{{64, 48}, 33, false},
                                         LinearCase{{2, 3, 5, 7}, 11}, LinearCase{{2, 3, 5, 7}, 11, false},  // any rank
                                         LinearCase{{2, 2, 3, 5, 7}, 6}, LinearCase{{1, 64}, 48},            // one row
                                         LinearCase{{1, 1, 64}, 48}, LinearCase{{5, 2}, 1},  // one column
                                         LinearCase{{1, 2}, 1}, LinearCase{{3, 4, 64}, 1, false},
                                         LinearCase{{4, 16, 64}, 32, true, false},               // a first layer
                                         LinearCase{{4, 16, 64}, 32, true, true, false, false},  // a frozen layer
                                         LinearCase{{4, 16, 64}, 32, true, true, true, false},
                                         LinearCase{{4, 16, 64}, 32, true, false, false, true},
                                         LinearCase{{4, 16, 64}, 32, true, false, false, false},  // no history
                                         LinearCase{{4, 16, 64}, 32, true, true, true, true, at::kDouble},
                                         LinearCase{{300, 257}, 129}));

TEST(ShortCall, GradientsOfAnExpandedLossAreTheOperators) {
  at::manual_seed(5);
  const at::Tensor input = leaf({4, 6, 8}, true), weight = leaf({3, 8}, true), bias = leaf({3}, true);
  const auto mine = torch::autograd::grad({call(input, weight, bias)->sum()}, {input, weight, bias});
  const auto theirs = torch::autograd::grad({at::linear(input, weight, bias).sum()}, {input, weight, bias});
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(has_equal_bits(mine[i], theirs[i])) << "gradient " << i;
}

TEST(ShortCall, GradientsThatAreNotContiguousAreTheOperators) {
  at::manual_seed(6);
  for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{4, 6, 8}, {24, 8}}) {
    const at::Tensor input = leaf(sizes, true), weight = leaf({5, 8}, true), bias = leaf({5}, true);
    const at::Tensor expected = at::linear(input, weight, bias);
    std::vector<std::int64_t> reversed(expected.sizes().rbegin(), expected.sizes().rend());
    const at::Tensor gradient = at::randn(reversed).permute(sizes.size() == 3 ? std::vector<std::int64_t>{2, 1, 0}
                                                                              : std::vector<std::int64_t>{1, 0});
    const auto mine = torch::autograd::grad({*call(input, weight, bias)}, {input, weight, bias}, {gradient});
    const auto theirs = torch::autograd::grad({expected}, {input, weight, bias}, {gradient});
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(has_equal_bits(mine[i], theirs[i])) << "gradient " << i;
  }
}

TEST(ShortCall, HasGradientsOfGradients) {
  at::manual_seed(7);
  const at::Tensor input = leaf({2, 3, 4}, true), weight = leaf({5, 4}, true), bias = leaf({5}, true);
  const auto penalty = [&](const at::Tensor& output) {
    const auto first = torch::autograd::grad({output.pow(3).sum()}, {input, weight, bias}, {}, /*retain_graph=*/true,
                                             /*create_graph=*/true);
    return torch::autograd::grad({first[0].pow(2).sum() + first[1].pow(2).sum() + first[2].pow(2).sum()},
                                 {input, weight, bias});
  };
  const auto mine = penalty(*call(input, weight, bias)), theirs = penalty(at::linear(input, weight, bias));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::allclose(mine[i], theirs[i], 1e-5, 1e-6)) << "gradient " << i;
}

TEST(ShortCall, SavesNothingThatABackwardDoesNotNeed) {
  const at::Tensor input = leaf({2, 3, 4}, false), weight = leaf({5, 4}, true);
  const at::Tensor loss = call(input, weight, {})->sum();
  EXPECT_GT(input.use_count(), 1u);
  weight.detach().add_(1);  // of no use while the input wants no gradient
  torch::autograd::backward({loss}, {});
  EXPECT_EQ(input.use_count(), 1u);  // given up with the backward
}

TEST(ShortCall, ASecondBackwardIsRefusedInLibtorchsWords) {
  const at::Tensor input = leaf({2, 3, 4}, true), weight = leaf({5, 4}, true);
  const at::Tensor loss = call(input, weight, {})->sum();
  torch::autograd::backward({loss}, {});
  try {
    torch::autograd::backward({loss}, {});
    FAIL() << "it was not refused";
  } catch (const c10::Error& error) {
    EXPECT_NE(std::string(error.what()).find("through the graph a second time"), std::string::npos) << error.what();
  }
}

TEST(ShortCall, AWeightThatWasWrittenToBeforeItsBackwardIsRefused) {
  const at::Tensor input = leaf({2, 3, 4}, true), weight = leaf({5, 4}, true);
  const at::Tensor loss = call(input, weight, {})->sum();
  weight.detach().add_(1);
  EXPECT_THROW(torch::autograd::backward({loss}, {}), c10::Error);
}

TEST(ShortCall, AResultMayBeWrittenTo) {
  at::manual_seed(8);
  const at::Tensor input = leaf({2, 3, 4}, true), weight = leaf({5, 4}, true), bias = leaf({5}, true);
  const auto gradients = [&](at::Tensor output) {
    output.relu_();
    return torch::autograd::grad({output.sum()}, {input, weight, bias});
  };
  const auto mine = gradients(*call(input, weight, bias)), theirs = gradients(at::linear(input, weight, bias));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(has_equal_bits(mine[i], theirs[i])) << "gradient " << i;
}

TEST(ShortCall, RefusesWhatIsNoPlainProduct) {
  const at::Tensor input = leaf({2, 3, 4}, true), weight = leaf({5, 4}, true), bias = leaf({5}, true);
  ASSERT_TRUE(call(input, weight, bias).has_value());
  EXPECT_FALSE(call(input, weight.detach().t().contiguous().t(), bias).has_value()) << "another order of strides";
  EXPECT_FALSE(call(at::randn({3, 2, 4}).transpose(0, 1), weight, bias).has_value()) << "an input with strides";
  EXPECT_FALSE(call(at::randn({4}), weight, bias).has_value()) << "one dimension";
  EXPECT_FALSE(call(at::randn({2, 6}), weight, bias).has_value()) << "sizes that do not fit: the operator says so";
  EXPECT_FALSE(call(at::randn({0, 4}), weight, bias).has_value()) << "no rows";
  EXPECT_FALSE(call(input, weight, at::randn({1})).has_value()) << "a bias that is broadcast";
  EXPECT_FALSE(call(input.to(at::kBFloat16), weight.to(at::kBFloat16), {}).has_value()) << "oneDNN's products";
  EXPECT_FALSE(call(input, weight.to(at::kDouble), {}).has_value()) << "mixed types";
  EXPECT_FALSE(call(at::_neg_view(input.detach()), weight, bias).has_value()) << "a pending negation";
  EXPECT_FALSE(call(input.detach().to_sparse(), weight, bias).has_value()) << "a sparse input";
}

TEST(ShortCall, RefusesUnderAutocast) {
  const at::Tensor input = leaf({2, 3, 4}, true), weight = leaf({5, 4}, true);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const std::optional<at::Tensor> result = call(input, weight, {});
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_FALSE(result.has_value());
}

TEST(ShortCall, RecordsNothingWithoutGradients) {
  const at::Tensor input = leaf({2, 3, 4}, true), weight = leaf({5, 4}, true);
  const at::NoGradGuard without;
  EXPECT_FALSE(call(input, weight, {})->requires_grad());
}

TEST(ShortCall, OperatorsWithoutOneHaveNone) {
  EXPECT_EQ(short_call(find_operator("aten::mm").value().schema()), nullptr);
  EXPECT_EQ(short_call(find_operator("aten::linear.out").value().schema()), nullptr);
}

}  // namespace
}  // namespace oarlock
