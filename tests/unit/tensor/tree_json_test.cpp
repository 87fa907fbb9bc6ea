#include "tensor/tree_json.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

namespace oarlock {
namespace {

class RoundTrip : public testing::TestWithParam<const char*> {};

TEST_P(RoundTrip, GivesTheTextAgain) {
  const Result<Tree> tree = tree_from_json(GetParam());
  ASSERT_TRUE(tree.is_ok()) << tree.status().message();
  EXPECT_EQ(tree_to_json(tree.value()).value(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Texts, RoundTrip,
                         testing::Values("null", "true", "[]", "{}", "-0.0", "1", "1.0", "0.1", "-9223372036854775808",
                                         "9223372036854775807", "[1,[2.5,\"a\"],{\"\":null,\"b.c\":false}]"));

TEST(TreeFromJson, TellsIntegersFromNumbersByTheirText) {
  const Tree tree = tree_from_json("[3, 3.0, 3e0, 92233720368547758070]").value();
  EXPECT_STREQ((*tree.list())[0].kind_name(), "int");
  for (std::size_t i = 1; i < 4; ++i) EXPECT_STREQ((*tree.list())[i].kind_name(), "double") << i;
}

TEST(TreeFromJson, RefusesWhatIsNoJsonOrTooDeep) {
  EXPECT_EQ(tree_from_json("{\"a\": 1, \"a\": 2}").status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(tree_from_json("[1,").status().code(), OAR_E_ARGUMENT);
  EXPECT_TRUE(tree_from_json(std::string(64, '[') + std::string(64, ']')).is_ok());
  EXPECT_EQ(tree_from_json(std::string(65, '[') + std::string(65, ']')).status().code(), OAR_E_ARGUMENT);
}

TEST(TreeToJson, WritesWhatJsonLacksAsTexts) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(tree_to_json(Tree(Tree::List{Tree(Tree::Value(-infinity)), Tree(Tree::Value(std::nan("")))})).value(),
            "[\"-Infinity\",\"NaN\"]");
}

TEST(TreeToJson, RefusesTensorsByPath) {
  const Status status = tree_to_json(Tree(Tree::Map{{"a", Tree(Tree::List{Tree(at::ones({1}))})}})).status();
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find("'a.0'"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace oarlock
