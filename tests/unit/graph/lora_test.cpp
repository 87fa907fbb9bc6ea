// Which parts of a program are linear layers, and that what was put in can be taken out.
#include "graph/passes/lora.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "graph/executor.h"
#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

struct ProgramBuilder : GraphBuilder {
  SlotId weight(const char* name, at::IntArrayRef shape) {
    program.tensors.push_back({name, TensorRole::kParameter, true, input(name), at::ones(shape)});
    return program.tensors.back().slot;
  }
  std::vector<LinearLayer> layers() {
    program.graph = graph;
    return find_linear_layers(program);
  }
  Program program;
};

TEST(FindLinearLayers, KnowsWhichWayTheWeightLies) {
  ProgramBuilder builder;
  const SlotId x = builder.input("x");
  builder.call("aten::linear", {of(x), of(builder.weight("plain.weight", {3, 2}))}, "linear");
  const SlotId turned = builder.call("aten::t", {of(builder.weight("turned.weight", {2, 3}))}, "t");
  builder.call("aten::linear", {of(x), of(turned)}, "linear_1");
  builder.call("aten::addmm", {of_value(at::zeros({3})), of(x), of(builder.weight("conv1d.weight", {2, 3}))}, "addmm");
  const SlotId rows = builder.weight("rows.weight", {3, 2});
  const SlotId columns = builder.call("aten::transpose.int", {of(rows), of_value(-1), of_value(0)}, "transpose");
  builder.call("aten::matmul", {of(x), of(columns)}, "matmul");
  const std::vector<LinearLayer> layers = builder.layers();
  ASSERT_EQ(layers.size(), 4U);
  const bool in_first[] = {false, true, true, false};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(layers[i].is_in_first, in_first[i]) << layers[i].module;
    EXPECT_EQ(layers[i].num_in(builder.program), 2) << layers[i].module;
    EXPECT_EQ(layers[i].num_out(builder.program), 3) << layers[i].module;
    EXPECT_EQ(layers[i].other_use, "") << layers[i].module;
  }
}

TEST(FindLinearLayers, TellsWhoElseUsesTheWeight) {
  ProgramBuilder builder;
  const SlotId x = builder.input("x"), weight = builder.weight("head.weight", {3, 2});
  builder.call("aten::linear", {of(x), of(weight)}, "linear");
  builder.call("aten::embedding", {of(weight), of(builder.input("tokens"))}, "embedding");
  const std::vector<LinearLayer> layers = builder.layers();
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].other_use, "block.0");  // the module of that node
}

TEST(FindLinearLayers, ATransposedUseBesidesAPlainOneIsAnotherUse) {
  ProgramBuilder builder;
  const SlotId x = builder.input("x"), weight = builder.weight("square.weight", {2, 2});
  builder.call("aten::linear", {of(x), of(weight)}, "linear");
  builder.call("aten::matmul", {of(x), of(weight)}, "matmul");
  EXPECT_NE(builder.layers()[0].other_use, "");
}

TEST(FindLinearLayers, LeavesOutWhatIsNoProductOfXAndAWeight) {
  ProgramBuilder builder;
  const SlotId x = builder.input("x"), weight = builder.weight("left.weight", {2, 2});
  builder.call("aten::matmul", {of(weight), of(x)}, "left");
  builder.call("aten::addmm",
               {of_value(at::zeros({2})), of(x), of(builder.weight("scaled.weight", {2, 2})), of_value(1), of_value(2)},
               "scaled");
  builder.call("aten::linear", {of(x), of(builder.weight("nameless", {2, 2}))}, "linear");
  EXPECT_TRUE(builder.layers().empty());
}

std::vector<std::string> names_of(const std::vector<Node>& nodes) {
  std::vector<std::string> names;
  for (const Node& node : nodes) names.push_back(node.name);
  return names;
}

TEST(InsertAdapters, RemovingThemGivesTheProgramOfBefore) {
  ProgramBuilder builder;
  const SlotId x = builder.input("x"), weight = builder.weight("twice.weight", {2, 2});
  const SlotId once = builder.call("aten::linear", {of(x), of(weight)}, "linear");
  const SlotId out = builder.call("aten::linear", {of(once), of(weight)}, "linear_1");
  builder.graph.outputs = {out};
  Program program = builder.program;
  program.graph = builder.graph;
  const auto run = [&] {
    const Executor executor = Executor::compile(program.graph);
    Frame frame = executor.make_frame();
    for (const ProgramTensor& entry : program.tensors) frame.set(entry.slot, entry.tensor);
    frame.set(x, at::ones({1, 2}));
    EXPECT_TRUE(executor.run(frame).is_ok());
    return frame.get(out).toTensor();
  };
  const at::Tensor a = at::full({1, 2}, 0.5), b = at::ones({2, 1});
  InsertAdapters insertion({find_linear_layers(program), {a}, {b}, /*scale=*/3, /*dropout=*/0, /*freeze=*/true});
  ASSERT_TRUE(insertion.run(program).is_ok());
  const std::vector<Adapter> adapters = insertion.take_adapters();
  ASSERT_EQ(adapters.size(), 1U);
  EXPECT_EQ(adapters[0].uses.size(), 2U);
  // By hand: h -> (h0 + h1) + 3 * (h0 + h1) / 2 in both places, twice.
  EXPECT_TRUE(at::equal(run(), at::full({1, 2}, 25.0)));
  RemoveAdapters removal(adapters);
  ASSERT_TRUE(removal.run(program).is_ok());
  EXPECT_EQ(names_of(program.graph.nodes), (std::vector<std::string>{"linear", "linear_1"}));
  EXPECT_EQ(program.tensors.size(), 1U);
  EXPECT_EQ(program.graph.inputs, builder.graph.inputs);
  EXPECT_TRUE(at::equal(run(), at::full({1, 2}, 4.0)));
}

}  // namespace
}  // namespace oarlock
