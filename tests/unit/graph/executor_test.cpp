#include "graph/executor.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/library.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

// Every value that an operator of the test was given, and the most of them that were alive while one of them ran.
struct Witness {
  std::vector<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>> values;
  std::ptrdiff_t most_alive = 0;
};
Witness witness;

at::Tensor neg_and_witness(const at::Tensor& x) {
  witness.values.emplace_back(x.getIntrusivePtr());
  const auto alive = std::ranges::count_if(witness.values, [](const auto& value) { return !value.expired(); });
  witness.most_alive = std::max(witness.most_alive, alive);
  return x.neg();
}

at::Tensor fail_as_a_library_under_libtorch(const at::Tensor&) {
  throw std::runtime_error("could not create a primitive");
}

TORCH_LIBRARY(oarlock_executor_test, library) {
  library.def("fail(Tensor x) -> Tensor", fail_as_a_library_under_libtorch);
  library.def("neg(Tensor x) -> Tensor", neg_and_witness);
}

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
  for (int i = 0; i < 8; ++i) value = builder.call("oarlock_executor_test::neg", {of(value)}, "link");
  builder.graph.outputs = {value};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  frame.set(0, at::ones({4}));
  witness = Witness();
  ASSERT_TRUE(executor.run(frame).is_ok());
  ASSERT_EQ(witness.values.size(), 8U);
  EXPECT_EQ(witness.most_alive, 1);  // what the link in hand reads, and nothing before it
  EXPECT_TRUE(at::equal(frame.get(value).toTensor(), at::ones({4})));
}

TEST(Executor, HoldsWhatSeveralNodesReadUntilTheLastOfThem) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  const SlotId a = builder.call("oarlock_executor_test::neg", {of(x)}, "a");
  const SlotId b = builder.call("oarlock_executor_test::neg", {of(a)}, "b");
  const SlotId sum = builder.call("aten::add.Tensor", {of(a), of(b)}, "sum");
  const SlotId square = builder.call("aten::mul.Tensor", {of(sum), of(sum)}, "square");  // twice in one node
  builder.call("oarlock_executor_test::neg", {of(square)}, "unused");
  const SlotId last = builder.call("oarlock_executor_test::neg", {of(square)}, "last");
  builder.graph.outputs = {last};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  frame.set(x, at::ones({4}));
  witness = Witness();
  ASSERT_TRUE(executor.run(frame).is_ok());
  ASSERT_EQ(witness.values.size(), 4U);  // x, a, square, square
  EXPECT_EQ(witness.most_alive, 2);      // the square, counted twice
  EXPECT_TRUE(at::equal(frame.get(last).toTensor(), at::zeros({4})));
}

TEST(Executor, LeavesTheCallersReferenceToAnInputAlone) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.graph.outputs = {builder.call("aten::neg", {of(x)}, "neg")};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  const at::Tensor given = at::ones({4});
  frame.set(x, given);
  ASSERT_TRUE(executor.run(frame).is_ok());
  EXPECT_EQ(given.use_count(), 1);  // the frame moved its own on
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

TEST(Executor, NamesTheNodeThatRanOutOfMemory) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.graph.outputs = {builder.call("aten::clone", {of(x)}, "huge")};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  frame.set(x, at::ones({1}).expand({std::int64_t{1} << 46}));  // more than an address can reach
  const Status status = executor.run(frame);
  EXPECT_EQ(status.code(), OAR_E_OUT_OF_MEMORY);
  EXPECT_EQ(status.message().find("node huge (aten::clone) in module block.0: "), 0u) << status.message();
}

TEST(Executor, NamesTheNodeOfExceptionsThatAreNotLibtorchs) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.graph.outputs = {builder.call("oarlock_executor_test::fail", {of(x)}, "conv")};
  const Executor executor = Executor::compile(builder.graph);
  Frame frame = executor.make_frame();
  frame.set(x, at::ones({1}));
  const Status status = executor.run(frame);
  EXPECT_EQ(status.code(), OAR_E_INTERNAL);
  EXPECT_EQ(status.message(),
            "node conv (oarlock_executor_test::fail) in module block.0: could not create a primitive");
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

// if the bool (or one-element tensor) in `decides`: neg(x), else relu(x); `y` is read by neither branch.
struct Conditional {
  Conditional() {
    const SlotId decides = builder.input("decides");
    const SlotId x = builder.input("x");
    const SlotId y = builder.input("y");
    Node node;
    node.opcode = Opcode::kConditional;
    node.name = "cond";
    for (const SlotId slot : {decides, x, y}) {
      Argument argument;
      argument.kind = ArgumentKind::kSlot;
      argument.slot = slot;
      node.arguments.push_back(argument);
    }
    for (const char* op : {"aten::neg", "aten::relu"}) {
      GraphBuilder body;
      const SlotId given = body.input("given");
      body.input("unread");
      body.graph.outputs = {body.call(op, {of(given)}, "branch")};
      node.bodies.push_back(body.graph);
    }
    node.outputs.push_back({false, {builder.slot("result")}});
    builder.graph.outputs = {node.outputs[0].slots[0]};
    builder.graph.nodes.push_back(node);
  }
  Result<at::Tensor> run(c10::IValue decides, at::Tensor x, at::Tensor y = at::ones({2})) {
    const Executor executor = Executor::compile(builder.graph);
    Frame frame = executor.make_frame();
    frame.set(0, std::move(decides));
    frame.set(1, std::move(x));
    frame.set(2, std::move(y));
    OAR_TRY(executor.run(frame));
    return frame.get(builder.graph.outputs[0]).toTensor();
  }
  GraphBuilder builder;
};

TEST(ExecutorConditional, TakesTheBranchThatABoolOrATensorChooses) {
  const at::Tensor x = at::tensor({-1.0, 2.0});
  EXPECT_TRUE(at::equal(Conditional().run(true, x).value(), at::tensor({1.0, -2.0})));
  EXPECT_TRUE(at::equal(Conditional().run(at::tensor({0}), x).value(), at::tensor({0.0, 2.0})));
}

TEST(ExecutorConditional, IsRefusedWhatDecidesNothing) {
  const Result<at::Tensor> result = Conditional().run(at::ones({2}), at::ones({2}));
  ASSERT_EQ(result.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(result.status().message().find("node cond"), std::string::npos) << result.status().message();
}

TEST(ExecutorConditional, GivesZeroGradientsToWhatTheBranchDidNotRead) {
  const at::Tensor x = at::tensor({-1.0, 2.0}).set_requires_grad(true);
  const at::Tensor y = at::ones({3}).set_requires_grad(true);
  const at::Tensor result = Conditional().run(false, x, y).value();
  result.sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), at::tensor({0.0, 1.0})));
  EXPECT_TRUE(at::equal(y.grad(), at::zeros({3})));
}

TEST(ExecutorConditional, HoldsNothingAfterTheRun) {
  const at::Tensor x = at::ones({2}), y = at::ones({2});
  const at::Tensor result = Conditional().run(true, x, y).value();
  EXPECT_EQ(x.use_count(), 1);
  EXPECT_EQ(y.use_count(), 1);
  EXPECT_EQ(result.use_count(), 1);
}

}  // namespace
}  // namespace oarlock
