#include "tensor/batch.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>

#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

Tree text(const char* value) { return Tree(Tree::Value(std::string(value))); }
const at::Tensor& at_path(const Tree& tree, std::string_view path) { return *tree.at_path(path).value()->tensor(); }

// {"z": [rows], "a": "text"}: the first leaf by insertion is not the first by name
Tree batch(std::int64_t num_rows, double value = 0) {
  return Tree(
      Tree::Map{{"z", Tree(Tree::List{Tree(at::full({num_rows, 2}, value))})}, {"a", Tree(at::full({9}, value))}});
}

TEST(LeavesOf, ComeByKeyWhateverOrderTheKeysWereSetIn) {
  Tree tree = batch(1);
  const std::vector<TreeLeaf> leaves = leaves_of(tree);
  ASSERT_EQ(leaves.size(), 2u);
  EXPECT_EQ(leaves[0].path, "a");
  EXPECT_EQ(leaves[1].path, "z.0");
}

TEST(BatchSize, IsTheFirstSizeOfTheFirstLeaf) { EXPECT_EQ(batch_size(batch(5)).value(), 5); }

struct NoBatchSize {
  Tree tree;
  const char* path;
};

TEST(BatchSize, IsRefusedByPathWhereThereIsNone) {
  const std::array cases = {
      NoBatchSize{Tree(Tree::Map{{"a", Tree(Tree::List())}}), "'a'"}, NoBatchSize{Tree(Tree::List{text("x")}), "'0'"},
      NoBatchSize{Tree(Tree::List{Tree(at::scalar_tensor(1.0))}), "'0'"}, NoBatchSize{text("x"), "the tree itself"}};
  for (const NoBatchSize& given : cases) {
    const Status status = batch_size(given.tree).status();
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    EXPECT_NE(status.message().find(given.path), std::string::npos) << status.message();
  }
}

TEST(SliceRows, CutsTensorsAndLeavesTheRest) {
  const Tree tree{Tree::Map{{"x", Tree(at::arange(6))}, {"name", text("n")}}};
  const auto sliced = [&](std::int64_t begin, std::int64_t end, std::int64_t step) {
    return at_path(slice_rows(tree, {begin, end, step}).value(), "x");
  };
  EXPECT_TRUE(at::equal(sliced(1, 3, 1), at::tensor({1, 2}, at::kLong)));
  EXPECT_TRUE(at::equal(sliced(-2, INT64_MAX, 1), at::tensor({4, 5}, at::kLong)));
  EXPECT_TRUE(at::equal(sliced(0, 6, 2), at::tensor({0, 2, 4}, at::kLong)));
  EXPECT_EQ(sliced(4, 2, 1).numel(), 0);
  EXPECT_TRUE(sliced(0, 2, 1).is_alias_of(at_path(tree, "x")));
  EXPECT_EQ(slice_rows(tree, {0, 1, 0}).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(slice_rows(Tree(at::scalar_tensor(1.0)), {0, 1, 1}).status().code(), OAR_E_ARGUMENT);
}

TEST(Concatenate, JoinsEveryLeaf) {
  const Tree joined = concatenate(Tree(Tree::List{batch(1, 1.0), batch(2, 2.0)}), 0).value();
  EXPECT_TRUE(at::equal(at_path(joined, "z.0"), at::cat({at::full({1, 2}, 1.0), at::full({2, 2}, 2.0)})));
  EXPECT_EQ(joined.key_at(0).value(), "z");
}

TEST(Concatenate, GivesOneBatchAsItIs) {
  EXPECT_STREQ(concatenate(Tree(Tree::List{text("x")}), 0).value().kind_name(), "string");
}

TEST(Concatenate, NamesThePathOfWhatDoesNotFit) {
  const auto fails = [](const Tree& a, const Tree& b, const char* part) {
    const Status status = concatenate(Tree(Tree::List{a, b}), 0).status();
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  };
  const Tree two{Tree::Map{{"x", Tree(at::ones({1, 2}))}}}, three{Tree::Map{{"x", Tree(at::ones({1, 3}))}}};
  fails(two, three, "'x'");
  fails(two, Tree(Tree::Map{{"y", Tree(at::ones({1, 2}))}}), "'x'");
  fails(two, Tree(Tree::List{Tree(at::ones({1, 2}))}), "the tree itself");
  fails(Tree(Tree::List{text("a")}), Tree(Tree::List{text("b")}), "'0'");
  EXPECT_EQ(concatenate(Tree(Tree::List()), 0).status().code(), OAR_E_ARGUMENT);
}

struct PadTo {
  std::int64_t rows, num_parts, padded;  // spec B 2.4: the reference's own cases, then those that it gets wrong
};

class PadToMultiple : public testing::TestWithParam<PadTo> {};

TEST_P(PadToMultiple, AppendsZerosUpToTheNextMultiple) {
  const auto [rows, num_parts, size] = GetParam();
  const Tree padded = pad_to_multiple(Tree(Tree::List{Tree(at::ones({rows, 2}))}), rows, num_parts).value();
  EXPECT_EQ(at_path(padded, "0").size(0), size);
  EXPECT_EQ(at_path(padded, "0").sum().item<double>(), 2.0 * rows);
}

INSTANTIATE_TEST_SUITE_P(Table, PadToMultiple,
                         testing::Values(PadTo{1, 2, 2}, PadTo{3, 2, 4}, PadTo{4, 3, 6}, PadTo{3, 4, 4}, PadTo{4, 6, 6},
                                         PadTo{1, 6, 6}, PadTo{2, 6, 6}, PadTo{61, 6, 66}, PadTo{7, 2, 8},
                                         PadTo{5, 3, 6}, PadTo{2, 2, 2}, PadTo{0, 4, 0}));

TEST(ToDevice, KeepsWhatIsThereAndWhatIsSkipped) {
  const Tree tree{Tree::Map{{"x", Tree(at::ones({2}))}, {"name", text("n")}}};
  const Tree moved = to_device(tree, "cpu", false, {}).value();
  EXPECT_TRUE(at_path(moved, "x").is_same(at_path(tree, "x")));
  // Only a skipped tensor stays: there is no memory on the meta device, so the other one shows the move.
  const std::array<const char*, 1> skip = {"x"};
  const Tree two{Tree::Map{
      {"x", Tree(at::ones({2}))}, {"deep", Tree(Tree::Map{{"x", Tree(at::ones({2}))}})}, {"y", Tree(at::ones({2}))}}};
  const Tree partly = to_device(two, "meta", true, skip).value();
  EXPECT_TRUE(at_path(partly, "x").is_cpu() && at_path(partly, "deep.x").is_cpu());
  EXPECT_TRUE(at_path(partly, "y").is_meta());
}

TEST(ToDevice, RefusesWhatIsNoDeviceAndWhatIsNotHere) {
  EXPECT_EQ(to_device(Tree(at::ones({1})), "table", false, {}).status().code(), OAR_E_ARGUMENT);
  if (!at::hasCUDA()) {
    EXPECT_EQ(to_device(Tree(at::ones({1})), "cuda:0", false, {}).status().code(), OAR_E_UNSUPPORTED);
  }
}

TEST(FirstDevice, IsThatOfTheFirstTensor) {
  EXPECT_EQ(
      first_device(Tree(Tree::List{text("x"), Tree(Tree::List{Tree(at::ones({1}, at::kMeta))}), Tree(at::ones({1}))})),
      "meta");
  EXPECT_EQ(first_device(text("x")), "");
}

TEST(ToFloat32, ConvertsTheHalvesOnly) {
  const Tree tree{Tree::List{Tree(at::ones({1}, at::kHalf)), Tree(at::ones({1}, at::kBFloat16)),
                             Tree(at::ones({1}, at::kDouble)), Tree(at::ones({1}, at::kInt)), text("x")}};
  const Tree converted = to_float32(tree);
  EXPECT_EQ(at_path(converted, "0").scalar_type(), at::kFloat);
  EXPECT_EQ(at_path(converted, "1").scalar_type(), at::kFloat);
  EXPECT_TRUE(at_path(converted, "2").is_same(at_path(tree, "2")));
  EXPECT_TRUE(at_path(converted, "3").is_same(at_path(tree, "3")));
}

TEST(ToNumbers, MakesNestedListsOfNumbers) {
  const Tree tree{Tree::List{Tree(at::full({2, 1}, 0.5, at::kBFloat16)), Tree(at::scalar_tensor(3, at::kInt)),
                             Tree(at::ones({1}, at::kBool)), text("x")}};
  const Tree numbers = to_numbers(tree).value();
  EXPECT_EQ(std::get<double>(numbers.at_path("0.1.0").value()->value()), 0.5);
  EXPECT_EQ(std::get<std::int64_t>(numbers.at_path("1").value()->value()), 3);
  EXPECT_TRUE(std::get<bool>(numbers.at_path("2.0").value()->value()));
  EXPECT_EQ(to_numbers(Tree(at::ones({1}, at::kComplexFloat))).status().code(), OAR_E_UNSUPPORTED);
}

}  // namespace
}  // namespace oarlock
