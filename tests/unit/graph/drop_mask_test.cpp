// Masks as libraries write them, each against the factor that it masks: evaluation must give that bit for bit.
#include "graph/drop_mask.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>

#include "graph/executor.h"
#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

struct MaskCase {
  const char* name;
  bool is_recognised;
  std::function<SlotId(GraphBuilder&, SlotId x)> masked;
};

SlotId draw(GraphBuilder& builder, SlotId x, double keep) {
  const SlotId empty = builder.call("aten::empty_like", {of(x)}, "empty");
  return builder.call("aten::bernoulli_.float", {of(empty), of_value(keep)}, "draw");
}

SlotId scaled(GraphBuilder& builder, SlotId x, double keep, double divisor) {
  const SlotId mask = builder.call("aten::div_.Scalar", {of(draw(builder, x, keep)), of_value(divisor)}, "scale");
  return builder.call("aten::mul.Tensor", {of(x), of(mask)}, "product");
}

SlotId divided_product(GraphBuilder& builder, SlotId x) {
  const SlotId product = builder.call("aten::mul.Tensor", {of(x), of(draw(builder, x, 0.7))}, "product");
  return builder.call("aten::div.Tensor", {of(product), of_value(0.7)}, "scale");
}

SlotId floor_of_rand(GraphBuilder& builder, SlotId x) {
  const SlotId rand = builder.call("aten::rand_like", {of(x)}, "rand");
  const SlotId sum = builder.call("aten::add.Tensor", {of(rand), of_value(0.8)}, "sum");
  const SlotId mask = builder.call("aten::floor_", {of(sum)}, "mask");
  const SlotId scaled = builder.call("aten::div.Tensor", {of(x), of_value(0.8)}, "scale");
  return builder.call("aten::mul.Tensor", {of(scaled), of(mask)}, "product");
}

// As run_decompositions writes AlphaDropout(0.4).
SlotId alpha(GraphBuilder& builder, SlotId x, double shift) {
  const SlotId empty = builder.call("aten::empty_like", {of(x)}, "empty");
  const SlotId draw = builder.call("aten::bernoulli.p", {of(empty), of_value(0.6)}, "draw");
  const SlotId minus = builder.call("aten::add.Scalar", {of(draw), of_value(-1)}, "minus");
  const SlotId low = builder.call("aten::mul.Scalar", {of(minus), of_value(1.5177366159247323)}, "low");
  const SlotId shifted = builder.call("aten::add.Scalar", {of(low), of_value(shift)}, "shifted");
  const SlotId scaled = builder.call("aten::mul.Scalar", {of(draw), of_value(0.863282626107582)}, "scaled");
  const SlotId product = builder.call("aten::mul.Tensor", {of(x), of(scaled)}, "product");
  return builder.call("aten::add.Tensor", {of(product), of(shifted)}, "out");
}

SlotId read_twice(GraphBuilder& builder, SlotId x) {
  const SlotId mask = draw(builder, x, 0.7);
  const SlotId scaled = builder.call("aten::div.Tensor", {of(mask), of_value(0.7)}, "scale");
  const SlotId product = builder.call("aten::mul.Tensor", {of(x), of(scaled)}, "product");
  return builder.call("aten::add.Tensor", {of(product), of(mask)}, "out");
}

SlotId of_a_filled_tensor(GraphBuilder& builder, SlotId x) {
  const SlotId mask = builder.call("aten::bernoulli.p", {of(x), of_value(0.7)}, "draw");
  const SlotId scaled = builder.call("aten::div.Tensor", {of(mask), of_value(0.7)}, "scale");
  const SlotId product = builder.call("aten::mul.Tensor", {of(x), of(scaled)}, "product");
  return builder.call("aten::add.Tensor", {of(product), of(x)}, "out");
}

const MaskCase kCases[] = {
    {"MaskOverItsShare", true, [](GraphBuilder& b, SlotId x) { return scaled(b, x, 0.7, 0.7); }},
    {"ProductOverItsShare", true, divided_product},
    {"FloorOfRand", true, floor_of_rand},
    {"Alpha", true, [](GraphBuilder& b, SlotId x) { return alpha(b, x, 0.607094646369893); }},
    {"OtherDivisor", false, [](GraphBuilder& b, SlotId x) { return scaled(b, x, 0.7, 0.5); }},
    {"OtherShift", false, [](GraphBuilder& b, SlotId x) { return alpha(b, x, 0.6); }},
    {"MaskReadTwice", false, read_twice},
    {"DrawInTheShapeOfAValue", false, of_a_filled_tensor},
};

class FillDropMasks : public testing::TestWithParam<MaskCase> {};

TEST_P(FillDropMasks, GivesTheMaskedFactorItself) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  const SlotId out = GetParam().masked(builder, x);
  builder.graph.outputs = {out};
  fill_drop_masks(builder.graph);
  const Executor executor = Executor::compile(builder.graph);
  const at::Tensor value = at::linspace(-3, 3, 97);
  const at::Tensor state = at::globalContext().defaultGenerator(at::kCPU).get_state();
  Frame frame = executor.make_frame();
  frame.set(x, value);
  ASSERT_TRUE(executor.run(frame).is_ok());
  EXPECT_EQ(at::equal(frame.get(out).toTensor(), value), GetParam().is_recognised);
  EXPECT_EQ(at::equal(at::globalContext().defaultGenerator(at::kCPU).get_state(), state), GetParam().is_recognised);
}

INSTANTIATE_TEST_SUITE_P(Table, FillDropMasks, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace oarlock
