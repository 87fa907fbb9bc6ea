#include "graph/passes/prune.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

std::vector<std::string> names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(Prune, DropsWhatNoOutputNeeds) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  const SlotId used = builder.call("aten::neg", {of(x)}, "used");
  const SlotId unused = builder.call("aten::exp", {of(used)}, "unused");
  builder.call("aten::neg", {of(unused)}, "unused_too");
  const SlotId wanted = builder.call("aten::abs", {of(used)}, "wanted");
  prune(builder.graph, {wanted});
  EXPECT_EQ(names(builder.graph), (Names{"used", "wanted"}));
  EXPECT_EQ(builder.graph.outputs, std::vector<SlotId>{wanted});
}

TEST(Prune, KeepsWritesAndWhatTheyNeed) {
  GraphBuilder builder;
  const SlotId buffer = builder.input("buffer");
  const SlotId change = builder.call("aten::neg", {of(buffer)}, "change");
  builder.call("aten::add_.Tensor", {of(buffer), of(change)}, "write");
  const SlotId wanted = builder.call("aten::abs", {of(buffer)}, "wanted");
  prune(builder.graph, {wanted});
  EXPECT_EQ(names(builder.graph), (Names{"change", "write", "wanted"}));
}

// Without the first draw the second would be another one.
TEST(Prune, KeepsDrawsOfRandomNumbers) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.call("aten::rand_like", {of(x)}, "draw");
  prune(builder.graph, {builder.call("aten::rand_like", {of(x)}, "wanted")});
  EXPECT_EQ(names(builder.graph), (Names{"draw", "wanted"}));
}

TEST(Prune, KeepsRegions) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.region(Opcode::kEnterGradMode, false);
  builder.region(Opcode::kExitGradMode, false);
  prune(builder.graph, {x});
  EXPECT_EQ(builder.graph.nodes.size(), 2u);
}

TEST(Prune, LeavesNothingOfAGraphThatIsAskedForNothing) {
  GraphBuilder builder;
  builder.call("aten::neg", {of(builder.input("x"))}, "v");
  prune(builder.graph, {});
  EXPECT_TRUE(builder.graph.nodes.empty());
}

}  // namespace
}  // namespace oarlock
