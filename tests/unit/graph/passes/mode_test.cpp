#include "graph/passes/mode.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

Program with_input(GraphBuilder& builder, const char* buffer, SlotId slot) {
  Program program;
  program.graph = builder.graph;
  program.tensors.push_back({buffer, TensorRole::kBuffer, true, slot, at::zeros({})});
  return program;
}

TEST(EvaluationGraph, TurnsDropoutOff) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.graph.outputs = {builder.call("aten::dropout", {of(x), of_value(0.5), of_value(true)}, "drop")};
  const EvaluationGraph evaluation = evaluation_graph(with_input(builder, "b", x));
  EXPECT_FALSE(evaluation.graph.nodes[0].arguments[2].constant.toBool());
  EXPECT_TRUE(builder.graph.nodes[0].arguments[2].constant.toBool());
}

TEST(EvaluationGraph, BatchNormWithoutStatisticsKeepsThoseOfTheBatch) {
  for (const bool has_statistics : {false, true}) {
    GraphBuilder builder;
    const SlotId x = builder.input("x");
    const ArgumentItem statistics = has_statistics ? of(builder.input("mean")) : of_value({});
    builder.graph.outputs = {builder.call("aten::batch_norm",
                                          {of(x), of_value({}), of_value({}), statistics, statistics, of_value(true),
                                           of_value(0.1), of_value(1e-5), of_value(false)},
                                          "bn")};
    const EvaluationGraph evaluation = evaluation_graph(with_input(builder, "b", x));
    EXPECT_EQ(evaluation.graph.nodes[0].arguments[5].constant.toBool(), !has_statistics);
  }
}

TEST(EvaluationGraph, DropsBatchNormsCounter) {
  GraphBuilder builder;
  const SlotId counter = builder.input("b_num");
  builder.call("aten::add_.Tensor", {of(counter), of_value(1)}, "add_");
  const EvaluationGraph evaluation = evaluation_graph(with_input(builder, "bn.num_batches_tracked", counter));
  EXPECT_TRUE(evaluation.graph.nodes.empty());
  EXPECT_TRUE(evaluation.written_inputs.empty());
}

TEST(EvaluationGraph, FindsWritesThroughViews) {
  GraphBuilder builder;
  const SlotId buffer = builder.input("b");
  const SlotId other = builder.input("c");
  const SlotId view = builder.call("aten::select.int", {of(buffer), of_value(0), of_value(0)}, "view");
  builder.call("aten::add_.Tensor", {of(view), of(other)}, "add_");
  EXPECT_EQ(written_inputs(builder.graph), std::vector<SlotId>{buffer});
}

TEST(WrittenInputs, FollowsOperatorsThatReturnTheirArgumentUnannounced) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  const SlotId same = builder.call("aten::dropout", {of(x), of_value(0.5), of_value(false)}, "drop");
  builder.call("aten::relu_", {of(same)}, "relu_");
  EXPECT_EQ(written_inputs(builder.graph), std::vector<SlotId>{x});
}

TEST(EvaluationGraph, NamesNodesThatStayRandom) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  const SlotId noise = builder.call("aten::rand_like", {of(x)}, "noise");
  builder.graph.outputs = {builder.call("aten::dropout", {of(noise), of_value(0.5), of_value(true)}, "drop")};
  const EvaluationGraph evaluation = evaluation_graph(with_input(builder, "b", x));
  EXPECT_EQ(evaluation.random_nodes, std::vector<std::string>{"node noise (aten::rand_like) in module block.0"});
}

TEST(WrittenInputs, FollowsBodiesOfConditionals) {
  GraphBuilder builder;
  const SlotId decides = builder.input("decides");
  const SlotId buffer = builder.input("b");
  const SlotId view = builder.call("aten::select.int", {of(buffer), of_value(0), of_value(0)}, "view");
  GraphBuilder body;
  const SlotId given = body.input("given");
  body.graph.outputs = {body.call("aten::relu_", {of(given)}, "relu_")};
  Node node;
  node.opcode = Opcode::kConditional;
  for (const SlotId slot : {decides, view}) {
    node.arguments.emplace_back();
    node.arguments.back().kind = ArgumentKind::kSlot;
    node.arguments.back().slot = slot;
  }
  node.bodies = {body.graph, body.graph};
  node.outputs.push_back({false, {builder.slot("result")}});
  builder.graph.nodes.push_back(node);
  EXPECT_EQ(written_inputs(builder.graph), std::vector<SlotId>{buffer});
}

}  // namespace
}  // namespace oarlock
