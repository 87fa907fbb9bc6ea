#include "graph/passes/weight_views.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "graph/executor.h"
#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

// x: {3, 4}; w: {5, 4}, the weight; b: {5}
class TakeWeightViews : public testing::Test {
 protected:
  SlotId input(const char* name, std::vector<std::int64_t> shape) {
    const SlotId slot = builder_.input(name);
    ExportedTensor exported;
    exported.dtype = at::kFloat;
    for (const std::int64_t size : shape) exported.shape.push_back({size, ExportedDim::kFixed});
    builder_.graph.slots[slot].exported = exported;
    return slot;
  }
  WeightViews take(SlotId output) {
    builder_.graph.outputs = {output};
    return take_weight_views(builder_.graph, weights_, {{x_, 2}, {w_, 2}, {b_, 1}});
  }
  // The output, with what the taken nodes give for the weight.
  at::Tensor result(const WeightViews& views) {
    const Executor making = Executor::compile(views.graph), rest = Executor::compile(builder_.graph, views.slots);
    Frame made = making.make_frame(), frame = rest.make_frame();
    made.set(w_, weight_);
    EXPECT_TRUE(making.run(made).is_ok());
    frame.set(x_, x_value_);
    frame.set(w_, weight_);
    frame.set(b_, bias_);
    for (const SlotId slot : views.slots) frame.set(slot, made.get(slot));
    const Status status = rest.run(frame);
    EXPECT_TRUE(status.is_ok()) << status.message();
    return frame.get(builder_.graph.outputs[0]).toTensor();
  }
  std::vector<std::string> operators() const {
    std::vector<std::string> names;
    for (const Node& node : builder_.graph.nodes) {
      if (node.op) names.push_back(node.op->schema().name());
    }
    return names;
  }
  GraphBuilder builder_;
  const SlotId x_ = input("x", {3, 4}), w_ = input("w", {5, 4}), b_ = input("b", {5});
  const at::Tensor x_value_ = at::linspace(-1, 1, 12).reshape({3, 4}), weight_ = at::linspace(0, 3, 20).reshape({5, 4});
  const at::Tensor bias_ = at::linspace(2, 3, 5);
  std::vector<SlotId> weights_{w_};
};

using Names = std::vector<std::string>;

TEST_F(TakeWeightViews, LinearUsesATransposeThatIsMadeOnce) {
  const WeightViews views = take(builder_.call("aten::linear", {of(x_), of(w_), of(b_)}, "y"));
  EXPECT_EQ(operators(), Names{"aten::addmm"});
  ASSERT_EQ(views.graph.nodes.size(), 1U);
  EXPECT_TRUE(at::equal(result(views), at::linear(x_value_, weight_, bias_)));
}

TEST_F(TakeWeightViews, LinearWithoutABiasIsAProduct) {
  const WeightViews views = take(builder_.call("aten::linear", {of(x_), of(w_)}, "y"));
  EXPECT_EQ(operators(), Names{"aten::mm"});
  EXPECT_TRUE(at::equal(result(views), at::linear(x_value_, weight_)));
}

TEST_F(TakeWeightViews, AViewOfAViewIsTakenToo) {
  const SlotId row = builder_.call("aten::select.int", {of(w_), of_value(0), of_value(2)}, "row");
  const SlotId column = builder_.call("aten::unsqueeze", {of(row), of_value(1)}, "column");
  const WeightViews views = take(builder_.call("aten::mm", {of(x_), of(column)}, "y"));
  EXPECT_EQ(operators(), Names{"aten::mm"});
  EXPECT_TRUE(at::equal(result(views), at::mm(x_value_, weight_[2].unsqueeze(1))));
}

TEST_F(TakeWeightViews, ValuesComputedFromAWeightStay) {  // it may be loaded anew
  const SlotId exp = builder_.call("aten::exp", {of(w_)}, "exp");
  const WeightViews views = take(builder_.call("aten::t", {of(exp)}, "y"));
  EXPECT_TRUE(views.slots.empty());
  EXPECT_TRUE(at::equal(result(views), weight_.exp().t()));
}

TEST_F(TakeWeightViews, WhatMayBeACopyStays) {
  const WeightViews views = take(builder_.call("aten::contiguous", {of(w_)}, "y"));
  EXPECT_TRUE(views.slots.empty());
}

TEST_F(TakeWeightViews, ViewsOfInputsStay) {
  const WeightViews views = take(builder_.call("aten::t", {of(x_)}, "y"));
  EXPECT_TRUE(views.slots.empty());
}

TEST_F(TakeWeightViews, UnderAutocastLinearStays) {
  builder_.graph.nodes.emplace_back().opcode = Opcode::kEnterAutocast;
  const SlotId y = builder_.call("aten::linear", {of(x_), of(w_), of(b_)}, "y");
  builder_.graph.nodes.emplace_back().opcode = Opcode::kExitAutocast;
  EXPECT_TRUE(take(y).slots.empty());
  EXPECT_EQ(operators(), Names{"aten::linear"});
}

TEST_F(TakeWeightViews, LinearOfMoreDimensionsStays) {
  const SlotId z = input("z", {2, 3, 4});
  take(builder_.call("aten::linear", {of(z), of(w_), of(b_)}, "y"));
  EXPECT_EQ(operators(), Names{"aten::linear"});
}

TEST_F(TakeWeightViews, LinearOfARankThatARunMayChangeStays) {
  const SlotId squeezed = builder_.call("aten::squeeze", {of(x_)}, "squeezed");
  builder_.graph.slots[squeezed].exported = builder_.graph.slots[x_].exported;  // as it was exported
  take(builder_.call("aten::linear", {of(squeezed), of(w_), of(b_)}, "y"));
  EXPECT_EQ(operators(), (Names{"aten::squeeze", "aten::linear"}));
}

TEST_F(TakeWeightViews, WhatComputesAMatrixFromOneIsFollowed) {
  const SlotId hidden = builder_.call("aten::linear", {of(x_), of(w_)}, "hidden");
  const SlotId again =
      builder_.call("aten::mm", {of(builder_.call("aten::gelu", {of(hidden)}, "gelu")), of(w_)}, "again");
  take(builder_.call("aten::linear", {of(again), of(w_), of(b_)}, "y"));
  EXPECT_EQ(operators(), (Names{"aten::mm", "aten::gelu", "aten::mm", "aten::addmm"}));
}

TEST_F(TakeWeightViews, ANumberIsABiasToo) {
  const c10::IValue two(at::tensor(2.0F));
  const WeightViews views = take(builder_.call("aten::linear", {of(x_), of(w_), of_value(two)}, "y"));
  EXPECT_EQ(operators(), Names{"aten::addmm"});
  EXPECT_TRUE(at::equal(result(views), at::linear(x_value_, weight_, at::tensor(2.0F))));
}

TEST_F(TakeWeightViews, AWeightThatANodeWritesToStays) {  // the caller gives only those that none writes to
  weights_.clear();
  const SlotId written = builder_.call("aten::mul_.Scalar", {of(w_), of_value(2)}, "written");
  EXPECT_TRUE(take(builder_.call("aten::linear", {of(x_), of(written)}, "y")).slots.empty());
  EXPECT_EQ(operators(), (Names{"aten::mul_", "aten::linear"}));
}

}  // namespace
}  // namespace oarlock
