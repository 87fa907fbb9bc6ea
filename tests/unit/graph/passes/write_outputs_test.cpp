#include "graph/passes/write_outputs.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "graph/executor.h"
#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

// Every value is a float32 tensor of the shape {2, 3}.
class WriteOutputs : public testing::Test {
 protected:
  SlotId input(const char* name) { return with_shape(builder_.input(name)); }
  SlotId call(const char* op, std::vector<ArgumentItem> arguments) {
    return with_shape(builder_.call(op, std::move(arguments), "v"));
  }
  SlotId with_shape(SlotId slot) {
    ExportedTensor exported;
    exported.dtype = at::kFloat;
    for (const std::int64_t size : {2, 3}) {
      ExportedDim dim;
      dim.value = size;
      exported.shape.push_back(dim);
    }
    builder_.graph.slots[slot].exported = exported;
    return slot;
  }
  // Where the outputs go; also checks that what is written there is `expected`.
  std::vector<SlotId> written(const std::vector<SlotId>& outputs, const at::Tensor& x, const at::Tensor& expected) {
    builder_.graph.outputs = outputs;
    const std::vector<SlotId> destinations = write_outputs(builder_.graph, outputs, ranks_);
    const Executor executor = Executor::compile(builder_.graph);
    Frame frame = executor.make_frame();
    frame.set(builder_.graph.inputs[0], x.clone());
    std::vector<at::Tensor> rooms;
    for (const SlotId slot : destinations) {
      if (slot == kNoSlot) continue;
      rooms.push_back(at::full({2, 3}, 77.0));
      frame.set(slot, rooms.back());
    }
    const Status status = executor.run(frame);
    EXPECT_TRUE(status.is_ok()) << status.message();
    for (const at::Tensor& room : rooms) EXPECT_TRUE(at::equal(room, expected)) << room;
    for (const SlotId output : outputs) EXPECT_TRUE(at::equal(frame.get(output).toTensor(), expected));
    return destinations;
  }
  GraphBuilder builder_;
  std::vector<std::pair<SlotId, int>> ranks_;
  const at::Tensor x_ = at::arange(6, at::kFloat).reshape({2, 3}) - 2;
};

TEST_F(WriteOutputs, AnOperatorWithAnOutOverloadWritesItself) {
  const SlotId output = call("aten::exp", {of(input("x"))});
  const auto destinations = written({output}, x_, x_.exp());
  ASSERT_NE(destinations[0], kNoSlot);
  EXPECT_EQ(builder_.graph.inputs.back(), destinations[0]);
  EXPECT_EQ(builder_.graph.nodes[0].op->schema().overload_name(), "out");
}

TEST_F(WriteOutputs, ReluWritesAsClampMin) {
  const SlotId output = call("aten::relu", {of(input("x"))});
  EXPECT_NE(written({output}, x_, x_.relu())[0], kNoSlot);
}

TEST_F(WriteOutputs, AnOperatorInPlaceIsFollowedToTheMakerOfItsValue) {
  const SlotId made = call("aten::neg", {of(input("x"))});
  const SlotId output = call("aten::relu_", {of(made)});
  EXPECT_NE(written({output}, x_, x_.neg().relu())[0], kNoSlot);
}

TEST_F(WriteOutputs, InputsAndViewsAreCopied) {
  const SlotId x = input("x");
  EXPECT_EQ(written({x}, x_, x_)[0], kNoSlot);
  EXPECT_EQ(written({call("aten::alias", {of(x)})}, x_, x_)[0], kNoSlot);
}

TEST_F(WriteOutputs, AValueThatIsGivenTwiceIsWrittenOnce) {
  const SlotId output = call("aten::exp", {of(input("x"))});
  const auto destinations = written({output, output}, x_, x_.exp());
  EXPECT_NE(destinations[0], kNoSlot);
  EXPECT_EQ(destinations[1], kNoSlot);
}

TEST_F(WriteOutputs, AnOperatorWithoutAnOutOverloadIsCopied) {
  const SlotId output = call("aten::dropout", {of(input("x")), of_value(0.5), of_value(false)});
  EXPECT_EQ(written({output}, x_, x_)[0], kNoSlot);
}

TEST_F(WriteOutputs, UnderAutocastOutputsAreCopied) {
  const SlotId x = input("x");
  builder_.graph.nodes.emplace_back().opcode = Opcode::kEnterAutocast;
  const SlotId output = call("aten::exp", {of(x)});
  builder_.graph.nodes.emplace_back().opcode = Opcode::kExitAutocast;
  EXPECT_EQ(write_outputs(builder_.graph, {output}, ranks_)[0], kNoSlot);
}

// linear with a bias is one product for two dimensions, and another one with `out` for others.
TEST_F(WriteOutputs, LinearOfWhatMayHaveAnotherRankIsCopied) {
  const SlotId x = input("x");
  const at::Tensor weight = at::eye(3), bias = at::ones({3});
  const SlotId y = call("aten::linear", {of(x), of_value(weight), of_value(bias)});
  const SlotId z = call("aten::linear", {of(call("aten::squeeze", {of(x)})), of_value(weight), of_value(bias)});
  ranks_ = {{x, 2}};
  const auto destinations = written({y, z}, x_, x_ + 1);
  EXPECT_NE(destinations[0], kNoSlot);
  EXPECT_EQ(destinations[1], kNoSlot);
}

TEST_F(WriteOutputs, AShapeThatTheInputsDoNotTellIsCopied) {
  const SlotId output = call("aten::exp", {of(input("x"))});
  builder_.graph.slots[output].exported->shape[0] = ExportedDim{0, /*symbol=*/0};
  builder_.graph.symbols.emplace_back();
  EXPECT_EQ(write_outputs(builder_.graph, {output}, ranks_)[0], kNoSlot);
}

}  // namespace
}  // namespace oarlock
