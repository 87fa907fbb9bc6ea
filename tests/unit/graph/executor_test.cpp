#include "graph/executor.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "graph/op_call.h"
#include "graph/passes/mode.h"

namespace oarlock {
namespace {

// Builds small graphs by hand.
class GraphBuilder {
 public:
  SlotId slot(const char* name, SlotKind kind = SlotKind::kTensor) {
    graph.slots.push_back({name, kind, {}});
    return static_cast<SlotId>(graph.slots.size()) - 1;
  }
  SlotId input(const char* name) {
    graph.inputs.push_back(slot(name));
    return graph.inputs.back();
  }
  // Arguments in schema order; what is left out takes its default.
  SlotId call(const char* op, std::vector<ArgumentItem> arguments, const char* name) {
    Node node;
    node.op = find_operator(op).value();
    node.name = name;
    node.target = op;
    node.module_path = "block.0";
    const auto& schema = node.op->schema().arguments();
    for (std::size_t i = 0; i < schema.size(); ++i) {
      node.arguments.push_back(i < arguments.size()
                                   ? bind_argument({false, {arguments[i]}}, schema[i], graph.slots).value()
                                   : default_argument(schema[i]).value());
    }
    const SlotId output = slot(name);
    node.outputs.push_back({false, {output}});
    graph.nodes.push_back(std::move(node));
    return output;
  }
  void region(Opcode opcode, bool enabled) {
    Node node;
    node.opcode = opcode;
    node.arguments.resize(1);
    node.arguments[0].constant = enabled;
    graph.nodes.push_back(std::move(node));
  }
  Graph graph;
};

ArgumentItem of(SlotId slot) { return {c10::IValue(), slot}; }
ArgumentItem of_value(c10::IValue value) { return {std::move(value), kNoSlot}; }

TEST(Executor, ReleasesEveryValueAfterItsLastUse) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  const SlotId a = builder.call("aten::relu", {of(x)}, "a");
  const SlotId b = builder.call("aten::mul.Tensor", {of(a), of(a)}, "b");  // twice in one node
  const SlotId c = builder.call("aten::neg", {of(b)}, "c");
  builder.call("aten::neg", {of(c)}, "unused");
  builder.graph.outputs = {c};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  frame.set(x, at::tensor({-1.0, 2.0}));
  ASSERT_TRUE(executor.run(frame).is_ok());
  EXPECT_TRUE(frame.get(x).isNone());
  EXPECT_TRUE(frame.get(a).isNone());
  EXPECT_TRUE(frame.get(b).isNone());
  EXPECT_TRUE(frame.get(c + 1).isNone());
  EXPECT_TRUE(at::equal(frame.get(c).toTensor(), at::tensor({-0.0, -4.0})));
}

TEST(Executor, HoldsNoMoreThanOneValueOfAChain) {
  GraphBuilder builder;
  SlotId value = builder.input("x");
  for (int i = 0; i < 8; ++i) value = builder.call("aten::neg", {of(value)}, "link");
  builder.graph.outputs = {value};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  at::Tensor x = at::ones({4});
  frame.set(0, x);
  ASSERT_TRUE(executor.run(frame).is_ok());
  EXPECT_EQ(x.use_count(), 1);  // the frame moved its own reference on
}

TEST(Executor, NamesTheNodeThatFailed) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.graph.outputs = {builder.call("aten::add.Tensor", {of(x), of_value(at::ones({3}))}, "sum")};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  frame.set(x, at::ones({2}));
  const Status status = executor.run(frame);
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_EQ(status.message().find("node sum (aten::add.Tensor) in module block.0: "), 0u) << status.message();
}

TEST(Executor, GradRegionsEndWithTheRunEvenIfItFails) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.region(Opcode::kEnterGradMode, false);
  builder.graph.outputs = {builder.call("aten::add.Tensor", {of(x), of_value(at::ones({3}))}, "sum")};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  frame.set(x, at::ones({2}));
  EXPECT_FALSE(executor.run(frame).is_ok());
  EXPECT_TRUE(c10::GradMode::is_enabled());
}

TEST(Executor, GradRegionsRecordNothingInside) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.region(Opcode::kEnterGradMode, false);
  const SlotId inside = builder.call("aten::neg", {of(x)}, "inside");
  Node exit;
  exit.opcode = Opcode::kExitGradMode;
  builder.graph.nodes.push_back(exit);
  const SlotId outside = builder.call("aten::neg", {of(x)}, "outside");
  builder.graph.outputs = {inside, outside};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  frame.set(x, at::ones({2}).set_requires_grad(true));
  ASSERT_TRUE(executor.run(frame).is_ok());
  EXPECT_FALSE(frame.get(inside).toTensor().requires_grad());
  EXPECT_TRUE(frame.get(outside).toTensor().requires_grad());
}

// Mode pass.
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

}  // namespace
}  // namespace oarlock
