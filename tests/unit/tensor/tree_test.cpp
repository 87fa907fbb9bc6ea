#include "tensor/tree.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace oarlock {
namespace {

Tree leaf(std::int64_t value) { return Tree(Tree::Value(value)); }

// {"encoder": {"hidden": [1, 2], "a.b": 3}, "encoder.hidden": 4, "loss": 5}
Tree sample() {
  Tree hidden;
  hidden.append(leaf(1));
  hidden.append(leaf(2));
  Tree encoder;
  encoder.set("hidden", hidden);
  encoder.set("a.b", leaf(3));
  Tree tree;
  tree.set("encoder", encoder);
  tree.set("encoder.hidden", leaf(4));
  tree.set("loss", leaf(5));
  return tree;
}

struct PathCase {
  const char* path;
  double value;
};

class TreePath : public testing::TestWithParam<PathCase> {};

TEST_P(TreePath, FindsTheLeaf) {
  const Tree tree = sample();
  const auto found = tree.at_path(GetParam().path);
  ASSERT_TRUE(found.is_ok()) << found.status().message();
  EXPECT_EQ(found.value()->as_double().value(), GetParam().value);
}
INSTANTIATE_TEST_SUITE_P(Table, TreePath,
                         testing::Values(PathCase{"loss", 5}, PathCase{"encoder.a.b", 3},  // a key with a dot below
                                         PathCase{"encoder.hidden", 4}));  // the longest key wins over the way through

class TreePathMissing : public testing::TestWithParam<const char*> {};

TEST_P(TreePathMissing, IsNotFoundAndSaysWhatThereIs) {
  const Tree tree = sample();
  const auto found = tree.at_path(GetParam());
  ASSERT_FALSE(found.is_ok());
  EXPECT_EQ(found.status().code(), OAR_E_NOT_FOUND);
  EXPECT_NE(found.status().message().find("there is a"), std::string::npos) << found.status().message();
}
INSTANTIATE_TEST_SUITE_P(Table, TreePathMissing,
                         testing::Values("x", "loss.x", "encoder.x", ".", "loss.", "encoder..a"));

TEST(Tree, AnEmptyPathIsTheTreeItself) {
  const Tree tree = sample();
  EXPECT_EQ(tree.at_path("").value(), &tree);
}

TEST(Tree, ListsAreIndexedByWholeNumbersInRange) {
  Tree list;
  list.append(leaf(7));
  EXPECT_EQ(list.at_path("0").value()->as_double().value(), 7);
  for (const char* path : {"1", "-1", "+0", "0x", "", " 0", "99999999999999999999"}) {
    if (*path == '\0') continue;
    EXPECT_EQ(list.at_path(path).status().code(), OAR_E_NOT_FOUND) << path;
  }
}

TEST(Tree, SettingAKeyAgainKeepsItsPlace) {
  Tree tree = sample();
  tree.set("encoder.hidden", leaf(9));
  EXPECT_EQ(tree.size(), 3);
  EXPECT_EQ(tree.key_at(1).value(), "encoder.hidden");
  EXPECT_EQ(tree.find("encoder.hidden")->as_double().value(), 9);
}

TEST(Tree, ACopyIsApartButSharesTensors) {
  Tree tree;
  tree.set("x", Tree(at::zeros({2})));
  Tree copy = tree;
  copy.set("y", leaf(1));
  copy.find("x")->tensor()->fill_(3);
  EXPECT_EQ(tree.size(), 1);
  EXPECT_EQ((*tree.find("x")->tensor())[0].item<float>(), 3.0F);
}

TEST(Tree, NumbersOfEveryKindReadAsDouble) {
  EXPECT_EQ(Tree(Tree::Value(2.5)).as_double().value(), 2.5);
  EXPECT_EQ(Tree(Tree::Value(true)).as_double().value(), 1.0);
  EXPECT_EQ(Tree(at::full({1}, 4)).as_double().value(), 4.0);
  EXPECT_EQ(Tree(Tree::Value(std::string("4"))).as_double().status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(Tree(at::zeros({2})).as_double().status().code(), OAR_E_ARGUMENT);
}

TEST(Tree, InputDeeperThanTheLimitIsRefused) {
  Tree tree = leaf(1);
  for (int i = 0; i < kTreeDepthMax; ++i) {
    Tree above{Tree::List()};
    ASSERT_TRUE(above.push(tree).is_ok()) << i;
    tree = above;
  }
  EXPECT_EQ(tree.depth(), kTreeDepthMax);
  Tree above{Tree::List()};
  EXPECT_EQ(above.push(tree).code(), OAR_E_ARGUMENT);
  Tree map{Tree::Map()};
  EXPECT_EQ(map.insert("x", tree).code(), OAR_E_ARGUMENT);
}

TEST(Tree, KeysBelongToMapsAndItemsToLists) {
  Tree list{Tree::List()};
  EXPECT_EQ(list.insert("x", leaf(1)).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(list.key_at(0).status().code(), OAR_E_ARGUMENT);
  Tree map{Tree::Map()};
  EXPECT_EQ(map.push(leaf(1)).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(map.key_at(0).status().code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
