#include "graph/ranks.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

SlotId view_of(GraphBuilder& builder, SlotId x, std::vector<std::int64_t> sizes) {
  const SlotId result = builder.call("aten::alias", {of(x)}, "view");
  Node& node = builder.graph.nodes.back();
  node.op = find_operator("aten::view").value();
  node.arguments.emplace_back().constant = c10::IValue(std::move(sizes));
  return result;
}

// x has 3 dimensions, m 2.
struct RankCase {
  const char* name;
  std::function<SlotId(GraphBuilder&, SlotId x, SlotId m)> build;
  int rank;
};

class CertainRanks : public testing::TestWithParam<RankCase> {};

TEST_P(CertainRanks, IsWhatNoSizeChanges) {
  GraphBuilder builder;
  const SlotId x = builder.input("x"), m = builder.input("m");
  const SlotId result = GetParam().build(builder, x, m);
  EXPECT_EQ(certain_ranks(builder.graph, {{x, 3}, {m, 2}})[result], GetParam().rank);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CertainRanks,
    testing::Values(
        RankCase{"an input", [](GraphBuilder&, SlotId x, SlotId) { return x; }, 3},
        RankCase{"unary", [](GraphBuilder& b, SlotId x, SlotId) { return b.call("aten::relu", {of(x)}, "y"); }, 3},
        RankCase{"unary with numbers",
                 [](GraphBuilder& b, SlotId x, SlotId) {
                   return b.call("aten::clamp", {of(x), of_value(0.5)}, "y");
                 },
                 3},
        RankCase{"broadcast",
                 [](GraphBuilder& b, SlotId x, SlotId m) {
                   return b.call("aten::add.Tensor", {of(m), of(x)}, "y");
                 },
                 3},
        RankCase{"in place",
                 [](GraphBuilder& b, SlotId x, SlotId m) {
                   return b.call("aten::add_.Tensor", {of(x), of(m)}, "y");
                 },
                 3},
        RankCase{"dropout",
                 [](GraphBuilder& b, SlotId x, SlotId) {
                   return b.call("aten::dropout", {of(x), of_value(0.5), of_value(false)}, "y");
                 },
                 3},
        RankCase{"view",
                 [](GraphBuilder& b, SlotId x, SlotId) {
                   return view_of(b, x, {-1, 4});
                 },
                 2},
        RankCase{"flatten all",
                 [](GraphBuilder& b, SlotId x, SlotId) { return b.call("aten::flatten.using_ints", {of(x)}, "y"); }, 1},
        RankCase{"flatten from",
                 [](GraphBuilder& b, SlotId x, SlotId) {
                   return b.call("aten::flatten.using_ints", {of(x), of_value(1), of_value(-1)}, "y");
                 },
                 2},
        RankCase{"select",
                 [](GraphBuilder& b, SlotId x, SlotId) {
                   return b.call("aten::select.int", {of(x), of_value(0), of_value(0)}, "y");
                 },
                 2},
        RankCase{"linear",
                 [](GraphBuilder& b, SlotId x, SlotId m) {
                   return b.call("aten::linear", {of(x), of(m)}, "y");
                 },
                 3},
        RankCase{"linear by a vector",
                 [](GraphBuilder& b, SlotId x, SlotId m) {
                   return b.call("aten::linear", {of(x), of(b.call("aten::squeeze", {of(m)}, "v"))}, "y");
                 },
                 kRankUnknown},
        RankCase{"squeeze", [](GraphBuilder& b, SlotId x, SlotId) { return b.call("aten::squeeze", {of(x)}, "y"); },
                 kRankUnknown},
        RankCase{"of what is unknown",
                 [](GraphBuilder& b, SlotId x, SlotId m) {
                   return b.call("aten::add.Tensor", {of(m), of(b.call("aten::squeeze", {of(x)}, "s"))}, "y");
                 },
                 kRankUnknown},
        RankCase{"after a squeeze in place",
                 [](GraphBuilder& b, SlotId x, SlotId m) {
                   b.call("aten::squeeze_", {of(x)}, "s");
                   return m;  // may be a name of x
                 },
                 kRankUnknown},
        RankCase{"written by out",
                 [](GraphBuilder& b, SlotId x, SlotId m) {
                   return b.call("aten::relu.out", {of(x), of(m)}, "y");
                 },
                 kRankUnknown}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

}  // namespace
}  // namespace oarlock
