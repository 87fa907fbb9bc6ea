#include "comm/tree_bytes.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace oarlock {
namespace {

Tree deep_tree(int depth) {
  Tree tree = Tree(Tree::Value(true));
  for (int i = 0; i < depth; ++i) tree = Tree(Tree::List{std::move(tree)});
  return tree;
}

Tree everything() {
  Tree map{Tree::Map()};
  map.set("", Tree(Tree::Value(std::string("a\0b", 3))));
  map.set("number", Tree(Tree::Value(-0.5)));
  map.set("integer", Tree(Tree::Value(std::int64_t{-5})));
  map.set("flags", Tree(Tree::List{Tree(Tree::Value(false)), Tree(), Tree(Tree::Map())}));
  map.set("tensor", Tree(at::arange(6, at::kShort).view({2, 3}).t()));
  return map;
}

TEST(TreeBytes, ComeBackAsTheyWere) {
  const Tree tree = everything();
  const Tree back = unpack_tree(pack_tree(tree, PackTensors::kValues), UnpackTensors::kValues).value();
  EXPECT_EQ(std::get<std::string>(back.find("")->value()), std::string("a\0b", 3));
  EXPECT_EQ(std::get<double>(back.find("number")->value()), -0.5);
  EXPECT_EQ(std::get<std::int64_t>(back.find("integer")->value()), -5);
  EXPECT_FALSE(std::get<bool>((*back.find("flags")->list())[0].value()));
  EXPECT_STREQ((*back.find("flags")->list())[1].kind_name(), "none");
  EXPECT_STREQ((*back.find("flags")->list())[2].kind_name(), "map");
  EXPECT_TRUE(at::equal(*back.find("tensor")->tensor(), *tree.find("tensor")->tensor()));
}

TEST(TreeBytes, OfShapesHaveNoMemoryBehindThem) {
  const Tree back = unpack_tree(pack_tree(everything(), PackTensors::kShapes), UnpackTensors::kShapes).value();
  EXPECT_TRUE(back.find("tensor")->tensor()->is_meta());
  EXPECT_EQ(back.find("tensor")->tensor()->sizes(), (std::vector<std::int64_t>{3, 2}));
}

TEST(TreeBytes, CutOrLengthenedAreRefusedAtEveryByte) {
  const std::string bytes = pack_tree(everything(), PackTensors::kValues);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(unpack_tree(bytes.substr(0, size), UnpackTensors::kValues).status().code(), OAR_E_VERSION) << size;
  }
  EXPECT_EQ(unpack_tree(bytes + "x", UnpackTensors::kValues).status().code(), OAR_E_VERSION);
}

TEST(TreeBytes, TakeTreesOf64LevelsAndNotOneMore) {
  EXPECT_TRUE(unpack_tree(pack_tree(deep_tree(64), PackTensors::kShapes), UnpackTensors::kShapes).is_ok());
  EXPECT_EQ(unpack_tree(pack_tree(deep_tree(65), PackTensors::kShapes), UnpackTensors::kShapes).status().code(),
            OAR_E_VERSION);
}

TEST(TreeBytes, SparseTensorsAreRefusedByPath) {
  const Tree tree{Tree::List{Tree(at::eye(2).to_sparse())}};
  const Status status = check_dense_on_cpu(tree, "gather_tree");
  EXPECT_EQ(status.code(), OAR_E_UNSUPPORTED);
  EXPECT_NE(status.message().find("'0'"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace oarlock
