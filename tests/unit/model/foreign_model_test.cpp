#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "model/providers/foreign.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

NamedTensor leaf(at::Tensor values) { return {"weight", values.set_requires_grad(true)}; }

TEST(ForeignModel, SharesTheMemoryOfWhatIsRegistered) {
  ForeignModel model(at::kCPU);
  const at::Tensor weight = at::zeros({2, 3}), mean = at::zeros({3});
  ASSERT_TRUE(model.register_parameter("weight", weight).is_ok());
  ASSERT_TRUE(model.register_buffer("mean", mean).is_ok());
  weight.fill_(5);
  mean.fill_(7);
  EXPECT_EQ(model.tensor("weight").value().sum().item<float>(), 30);
  EXPECT_EQ(model.tensor("mean").value().sum().item<float>(), 21);
  EXPECT_TRUE(model.parameters()[0].tensor.requires_grad());
  EXPECT_FALSE(weight.requires_grad());
}

TEST(ForeignModel, LoadsIntoTheRegisteredMemory) {
  ForeignModel model(at::kCPU);
  const at::Tensor weight = at::zeros({3, 2}).t();  // column-major
  ASSERT_TRUE(model.register_parameter("weight", weight).is_ok());
  ASSERT_TRUE(model.load_state_dict({{"weight", at::arange(6, at::kFloat).view({2, 3})}}).is_ok());
  EXPECT_TRUE(at::equal(weight, at::arange(6, at::kFloat).view({2, 3})));
}

struct RefusalCase {
  const char* why;
  std::string name;
  at::Tensor tensor;
  const char* told;
};

class Refused : public testing::TestWithParam<RefusalCase> {};

TEST_P(Refused, NamesTheTensorAndTheReason) {
  ForeignModel model(at::kCPU);
  const at::Tensor known = at::zeros({4});
  ASSERT_TRUE(model.register_parameter("known", known).is_ok());
  const Status status = model.register_parameter(GetParam().name, GetParam().tensor);
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find(GetParam().told), std::string::npos) << status.message();
  EXPECT_EQ(model.parameters().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Table, Refused,
                         testing::Values(RefusalCase{"no name", "", at::zeros({1}), "name must not be empty"},
                                         RefusalCase{"twice", "known", at::zeros({1}), "'known' already"},
                                         RefusalCase{"integers", "i", at::zeros({2}, at::kLong), "int64 [2]"},
                                         RefusalCase{"gaps", "g", at::zeros({4, 4}).slice(1, 0, 2), "strides [4, 1]"},
                                         RefusalCase{"overlap", "o", at::zeros({1}).expand({3}), "strides [0]"}));

TEST(ForeignModel, AParameterIsRegisteredOnceForItsMemory) {
  ForeignModel model(at::kCPU);
  const at::Tensor weight = at::zeros({4});
  ASSERT_TRUE(model.register_parameter("encoder.weight", weight).is_ok());
  const Status status = model.register_parameter("decoder.weight", weight);
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find("encoder.weight"), std::string::npos);
}

TEST(ForeignModel, PartsOfAParameterAreNoOtherParameter) {
  ForeignModel model(at::kCPU);
  const at::Tensor flat = at::zeros({6});
  ASSERT_TRUE(model.register_parameter("first", flat.narrow(0, 0, 4)).is_ok());
  EXPECT_EQ(model.register_parameter("overlapping", flat.narrow(0, 3, 3)).code(), OAR_E_ARGUMENT);
  EXPECT_TRUE(model.register_parameter("second", flat.narrow(0, 4, 2)).is_ok());
}

TEST(ForeignModel, TakesNothingOnceSealed) {
  ForeignModel model(at::kCPU);
  model.seal();
  EXPECT_EQ(model.register_parameter("weight", at::zeros({1})).code(), OAR_E_STATE);
  EXPECT_EQ(model.register_buffer("mean", at::zeros({1})).code(), OAR_E_STATE);
}

TEST(ForeignModel, HasNoForward) {
  ForeignModel model(at::kCPU);
  EXPECT_EQ(model.forward(Tree()).status().code(), OAR_E_UNSUPPORTED);
}

TEST(ForeignModel, AnUnknownNameIsToldWithTheNearest) {
  ForeignModel model(at::kCPU);
  ASSERT_TRUE(model.register_parameter("layer.weight", at::zeros({1})).is_ok());
  const Status status = model.parameter("layer.weigth").status();
  EXPECT_EQ(status.code(), OAR_E_NOT_FOUND);
  EXPECT_NE(status.message().find("did you mean 'layer.weight'"), std::string::npos) << status.message();
}

TEST(AccumulateGradient, TheFirstOneIsNotCopied) {
  const NamedTensor weight = leaf(at::zeros({2, 3}));
  const at::Tensor gradient = at::ones({2, 3});
  ASSERT_TRUE(accumulate_gradient(weight, gradient, 1).is_ok());
  EXPECT_EQ(weight.tensor.grad().const_data_ptr(), gradient.const_data_ptr());
}

TEST(AccumulateGradient, AnotherOrderOfStridesIsCopiedIntoTheParameters) {
  const NamedTensor weight = leaf(at::zeros({2, 3}));
  const at::Tensor gradient = at::arange(6, at::kFloat).view({3, 2}).t();
  ASSERT_TRUE(accumulate_gradient(weight, gradient, 1).is_ok());
  EXPECT_EQ(weight.tensor.grad().strides(), weight.tensor.strides());
  EXPECT_TRUE(at::equal(weight.tensor.grad(), gradient));
}

TEST(AccumulateGradient, SharesOfAnAccumulationLeaveTheHostsArrayAlone) {
  const NamedTensor weight = leaf(at::zeros({2}));
  const at::Tensor gradient = at::ones({2});
  ASSERT_TRUE(accumulate_gradient(weight, gradient, 4).is_ok());
  gradient.fill_(3);
  ASSERT_TRUE(accumulate_gradient(weight, gradient, 4).is_ok());
  EXPECT_TRUE(at::equal(gradient, at::full({2}, 3.0F)));
  EXPECT_TRUE(at::equal(weight.tensor.grad(), at::ones({2})));  // (1 + 3) / 4
}

TEST(AccumulateGradient, MemoryThatHoldsAnUnusedGradientIsRefused) {
  const NamedTensor weight = leaf(at::zeros({2}));
  const at::Tensor gradient = at::ones({2});
  ASSERT_TRUE(accumulate_gradient(weight, gradient, 1).is_ok());
  const Status status = accumulate_gradient(weight, gradient, 1);
  EXPECT_EQ(status.code(), OAR_E_STATE);
  EXPECT_TRUE(at::equal(weight.tensor.grad(), at::ones({2})));
}

TEST(AccumulateGradient, ReadOnlyMemoryIsCopied) {
  const NamedTensor weight = leaf(at::zeros({2}));
  alignas(float) static const float values[2] = {1, 2};
  const std::int64_t shape[1] = {2};
  const at::Tensor gradient = tensor_over_memory(const_cast<float*>(values), {at::kFloat, shape, std::nullopt}, nullptr,
                                                 MemoryAccess::kReadOnly)
                                  .value();
  ASSERT_TRUE(accumulate_gradient(weight, gradient, 1).is_ok());
  EXPECT_NE(weight.tensor.grad().const_data_ptr(), gradient.const_data_ptr());
}

TEST(AccumulateGradient, AnotherShapeOrTypeIsToldWithBoth) {
  const NamedTensor weight = leaf(at::zeros({2, 3}));
  for (const at::Tensor& gradient : {at::zeros({3, 2}), at::zeros({2, 3}, at::kDouble)}) {
    const Status status = accumulate_gradient(weight, gradient, 1);
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    EXPECT_NE(status.message().find("float32 [2, 3]"), std::string::npos) << status.message();
    EXPECT_FALSE(weight.tensor.grad().defined());
  }
}

TEST(AccumulateGradient, TheParametersOwnMemoryIsNoGradient) {
  const at::Tensor memory = at::zeros({2});
  const NamedTensor weight{"weight", memory.detach().set_requires_grad(true)};
  EXPECT_EQ(accumulate_gradient(weight, memory, 1).code(), OAR_E_ARGUMENT);
}

TEST(ForeignModel, ALeafThatRequiresAGradientStaysItself) {
  ForeignModel model(at::kCPU);
  const at::Tensor weight = at::ones({2}).set_requires_grad(true);
  ASSERT_TRUE(model.register_parameter("weight", weight).is_ok());
  EXPECT_TRUE(model.parameters()[0].tensor.is_same(weight));
}

TEST(ForeignModel, ALeafUnderTwoNamesIsTied) {
  ForeignModel model(at::kCPU);
  const at::Tensor weight = at::ones({2}).set_requires_grad(true);
  ASSERT_TRUE(model.register_parameter("first", weight).is_ok());
  ASSERT_TRUE(model.register_parameter("second", weight).is_ok());
  EXPECT_EQ(model.parameters().size(), 1U);
  EXPECT_EQ(model.state_dict().size(), 2U);
  EXPECT_TRUE(model.parameter("second").value().tensor.is_same(weight));
  EXPECT_EQ(model.freeze("second", true).value(), 1);
  EXPECT_TRUE(model.parameters().empty());
}

TEST(ForeignModel, FrozenParametersAreKeptAndNotTrained) {
  ForeignModel model(at::kCPU);
  for (const char* name : {"a.weight", "a.bias", "b.weight"}) {
    ASSERT_TRUE(model.register_parameter(name, at::ones({2})).is_ok());
  }
  EXPECT_EQ(model.freeze("a.*", true).value(), 2);
  ASSERT_EQ(model.parameters().size(), 1U);
  EXPECT_EQ(model.parameters()[0].name, "b.weight");
  EXPECT_EQ(model.state_dict().size(), 3U);
  EXPECT_TRUE(model.buffers().empty());
  EXPECT_EQ(model.parameter("a.bias").status().code(), OAR_E_ARGUMENT);
  EXPECT_FALSE(model.gradient("a.bias").value().defined());
  EXPECT_EQ(model.freeze("*.bias", false).value(), 1);
  EXPECT_EQ(model.parameters()[0].name, "a.bias");
  model.seal();
  EXPECT_EQ(model.freeze("*", false).status().code(), OAR_E_STATE);
}

TEST(ForeignModel, NamesAreRelativeToTheOpenScopes) {
  ForeignModel model(at::kCPU);
  ASSERT_TRUE(model.enter_scope("blocks.0", "Block").is_ok());
  ASSERT_TRUE(model.enter_scope("attention", "").is_ok());
  ASSERT_TRUE(model.register_parameter("weight", at::ones({2})).is_ok());
  EXPECT_TRUE(model.registered("weight").value().requires_grad());
  ASSERT_TRUE(model.exit_scope().is_ok());
  EXPECT_EQ(model.registered("weight").status().code(), OAR_E_NOT_FOUND);
  ASSERT_TRUE(model.exit_scope().is_ok());
  EXPECT_EQ(model.parameters()[0].name, "blocks.0.attention.weight");
  EXPECT_EQ(model.exit_scope().code(), OAR_E_STATE);
}

TEST(ForeignModel, ScopeNamesHaveNoEmptyParts) {
  ForeignModel model(at::kCPU);
  for (const char* name : {"", ".", "a.", ".a", "a..b"}) {
    EXPECT_EQ(model.enter_scope(name, "").code(), OAR_E_ARGUMENT) << name;
  }
}

TEST(ForeignModel, RunsTheForwardThatItWasGiven) {
  ForeignModel model(at::kCPU);
  EXPECT_EQ(model.forward(Tree(at::ones({1}))).status().code(), OAR_E_UNSUPPORTED);
  ASSERT_TRUE(model.set_forward([](const Tree& inputs) -> Result<Tree> { return Tree(*inputs.tensor() * 3); }).is_ok());
  EXPECT_EQ(model.forward(Tree(at::ones({1}))).value().tensor()->item<float>(), 3);
}

TEST(ForeignModel, AForwardLeavesItsOwnScopesAndNoOthers) {
  ForeignModel model(at::kCPU);
  ASSERT_TRUE(model.enter_scope("outer", "").is_ok());
  bool leaves = false;
  ASSERT_TRUE(model
                  .set_forward([&](const Tree& inputs) -> Result<Tree> {
                    OAR_TRY(model.enter_scope("inner", ""));
                    if (leaves) OAR_TRY(model.exit_scope());
                    if (leaves) {
                      EXPECT_EQ(model.exit_scope().code(), OAR_E_STATE);
                    }
                    return inputs;
                  })
                  .is_ok());
  const Status open = model.forward(Tree(at::ones({1}))).status();
  EXPECT_EQ(open.code(), OAR_E_STATE);
  EXPECT_NE(open.message().find("outer.inner"), std::string::npos) << open.message();
  leaves = true;
  EXPECT_TRUE(model.forward(Tree(at::ones({1}))).is_ok());
  EXPECT_TRUE(model.exit_scope().is_ok());
  EXPECT_EQ(model.exit_scope().code(), OAR_E_STATE);
}

TEST(ForeignModel, AForwardThatRunsItselfIsRefused) {
  ForeignModel model(at::kCPU);
  ASSERT_TRUE(model.set_forward([&](const Tree& inputs) { return model.forward(inputs); }).is_ok());
  EXPECT_EQ(model.forward(Tree(at::ones({1}))).status().code(), OAR_E_STATE);
  EXPECT_EQ(model.forward(Tree(at::ones({1}))).status().code(), OAR_E_STATE);  // and left it usable
}

}  // namespace
}  // namespace oarlock
