#include "data/collate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "oarlock/status.h"

namespace oarlock {
namespace {

Tree integer(std::int64_t value) { return Tree(Tree::Value(value)); }
Tree number(double value) { return Tree(Tree::Value(value)); }
Tree text(const char* value) { return Tree(Tree::Value(std::string(value))); }

at::Tensor tensor_of(const Result<Tree>& tree) { return *tree.value().tensor(); }

TEST(Collate, StacksTensorsAlongANewFirstDimension) {
  const std::vector<Tree> samples{Tree(at::tensor({1.0F, 2.0F})), Tree(at::tensor({3.0F, 4.0F}))};
  EXPECT_TRUE(at::equal(tensor_of(collate(samples)), at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).reshape({2, 2})));
}

TEST(Collate, MakesTensorsOfNumbersAsTorchDoes) {
  const at::Tensor integers = tensor_of(collate(std::vector<Tree>{integer(3), integer(-4)}));
  EXPECT_TRUE(at::equal(integers, at::tensor({3L, -4L})));
  EXPECT_EQ(integers.scalar_type(), at::kLong);
  const at::Tensor numbers = tensor_of(collate(std::vector<Tree>{number(0.5), integer(2)}));
  EXPECT_EQ(numbers.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(numbers, at::tensor(at::ArrayRef<double>({0.5, 2.0}))));
  const at::Tensor flags = tensor_of(collate(std::vector<Tree>{Tree(Tree::Value(true)), Tree(Tree::Value(false))}));
  EXPECT_EQ(flags.scalar_type(), at::kBool);
  EXPECT_TRUE(flags[0].item<bool>());
  EXPECT_FALSE(flags[1].item<bool>());
}

TEST(Collate, JoinsMapsByKeyAndListsByPlace) {
  const Tree first(Tree::Map{{"id", integer(1)}, {"pair", Tree(Tree::List{integer(2), text("a")})}});
  const Tree second(Tree::Map{{"pair", Tree(Tree::List{integer(20), text("b")})}, {"id", integer(10)}});
  const Tree batch = collate(std::vector<Tree>{first, second}).value();
  EXPECT_TRUE(at::equal(*batch.find("id")->tensor(), at::tensor({1L, 10L})));
  EXPECT_TRUE(at::equal(*batch.at_path("pair.0").value()->tensor(), at::tensor({2L, 20L})));
  EXPECT_EQ(std::get<std::string>(batch.at_path("pair.1.1").value()->value()), "b");
}

struct Misfit {
  const char* name;
  Tree first, second;
  const char* text;
};
class CollateRefuses : public testing::TestWithParam<Misfit> {};
TEST_P(CollateRefuses, AndNamesThePlace) {
  const Tree good(Tree::Map{{"x", GetParam().first}});
  const Result<Tree> batch = collate(std::vector<Tree>{good, good, Tree(Tree::Map{{"x", GetParam().second}})});
  ASSERT_FALSE(batch.is_ok());
  EXPECT_EQ(batch.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(batch.status().message().find(GetParam().text), std::string::npos) << batch.status().message();
  EXPECT_NE(batch.status().message().find("2"), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(
    Table, CollateRefuses,
    testing::Values(Misfit{"Shape", Tree(at::zeros({2})), Tree(at::zeros({3})),
                           "float32 [2] on cpu, 2 has float32 [3]"},
                    Misfit{"Dtype", Tree(at::zeros({2})), Tree(at::zeros({2}, at::kLong)), "int64 [2]"},
                    Misfit{"Kind", integer(1), text("one"), "'x'"}, Misfit{"Nothing", text("one"), Tree(), "'x'"},
                    Misfit{"Length", Tree(Tree::List{integer(1)}), Tree(Tree::List{}), "different lengths at 'x'"},
                    Misfit{"Keys", Tree(Tree::Map{{"a", integer(1)}}), Tree(Tree::Map{{"b", integer(1)}}),
                           "'a' of sample 0 is not in sample 2"}),
    [](const auto& param) { return param.param.name; });

TEST(Collate, RefusesNoSamples) { EXPECT_EQ(collate({}).status().code(), OAR_E_ARGUMENT); }

}  // namespace
}  // namespace oarlock
