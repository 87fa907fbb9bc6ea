#include "graph/input_check.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace oarlock {
namespace {

class InputCheckTest : public testing::Test {
 protected:
  InputCheckTest() {
    graph.symbols = {{"s0", 2, 64}};
    graph.slots = {{"images", SlotKind::kTensor, ExportedTensor{at::kByte, {{0, 0}, {8}, {8}}, false}},
                   {"labels", SlotKind::kTensor, ExportedTensor{at::kLong, {{0, 0}}, false}}};
  }
  // The failure's text, or "" if both pass.
  std::string check(const at::Tensor& images, const at::Tensor& labels) {
    InputCheck input_check(graph, at::kCPU);
    Status status = input_check.check(images_input, images);
    if (status.is_ok()) status = input_check.check(labels_input, labels);
    if (status.is_ok()) return "";
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    return status.message();
  }
  Graph graph;
  const ProgramInput images_input{"images", 0};  // the check keeps pointers to them
  const ProgramInput labels_input{"labels", 1};
  const at::TensorOptions byte = at::TensorOptions().dtype(at::kByte);
  const at::TensorOptions whole = at::TensorOptions().dtype(at::kLong);
};

TEST_F(InputCheckTest, AnyBatchSizePassesIfAllInputsHaveIt) {
  EXPECT_EQ(check(at::zeros({1, 8, 8}, byte), at::zeros({1}, whole)), "");
  EXPECT_EQ(check(at::zeros({64, 8, 8}, byte), at::zeros({64}, whole)), "");
}

TEST_F(InputCheckTest, BothSidesOfAMismatchAreNamed) {
  const at::Tensor labels = at::zeros({4}, whole);
  EXPECT_EQ(check(at::zeros({4, 8, 8}), labels), "input images: dtype uint8 expected, float32 given");
  EXPECT_EQ(check(at::zeros({4, 8, 8}, byte.device(at::kMeta)), labels),
            "input images: device cpu expected, meta given");
  EXPECT_EQ(check(at::zeros({4, 8, 9}, byte), labels),
            "input images: shape [s0, 8, 8] expected, [4, 8, 9] given; dimension 2 was not made dynamic when the "
            "program was exported or traced");
  EXPECT_EQ(check(at::zeros({4, 8}, byte), labels), "input images: shape [s0, 8, 8] expected, [4, 8] given");
  EXPECT_EQ(check(at::zeros({65, 8, 8}, byte), labels), "input images: dimension 0 must be at most 64, 65 given");
  EXPECT_EQ(check(at::zeros({5, 8, 8}, byte), labels),
            "input labels: dimension 0 must equal dimension 0 of input images (s0): 5 expected, 4 given");
}

TEST_F(InputCheckTest, WhatIsNoTensorIsNamed) {
  InputCheck input_check(graph, at::kCPU);
  EXPECT_EQ(input_check.check(labels_input, 3).message(), "input labels: a tensor expected, Int given");
}

// x [s0], y [2*s1 + 1] (s1 stands nowhere alone), n an integer, with a guard between x and n.
class RelatedInputs : public testing::Test {
 protected:
  RelatedInputs() {
    graph.symbols = {{"s0", 0, INT64_MAX}, {"s1", 3, 9}};
    SizeExpression odd;
    for (const SizeTerm& term :
         {SizeTerm{SizeOp::kConstant, 2}, SizeTerm{SizeOp::kVariable, 1}, SizeTerm{SizeOp::kMul, 0},
          SizeTerm{SizeOp::kConstant, 1}, SizeTerm{SizeOp::kAdd, 0}}) {
      odd.append(term);
    }
    graph.expressions = {odd};
    graph.slots = {{"x", SlotKind::kTensor, ExportedTensor{at::kFloat, {{0, 0}}, false}},
                   {"y", SlotKind::kTensor, ExportedTensor{at::kFloat, {{0, ExportedDim::kExpression}}, false}},
                   {"n", SlotKind::kInt, {}}};
    graph.measures = {{2, MeasureKind::kValue, 0, "n"}, {0, MeasureKind::kSize, 0, "x.size()[0]"}};
    Guard guard;
    for (const SizeTerm& term :
         {SizeTerm{SizeOp::kVariable, 0}, SizeTerm{SizeOp::kVariable, 1}, SizeTerm{SizeOp::kLe, 0}}) {
      guard.condition.append(term);
    }
    guard.text = "n <= x.size()[0]";
    graph.guards = {guard};
    graph.num_user_inputs = 3;
  }
  std::string check(std::int64_t x, std::int64_t y, std::int64_t n) {
    InputCheck input_check(graph, at::kCPU);
    for (int i = 0; i < 2; ++i) {  // a check that is used again forgets what it saw
      input_check.restart();
      EXPECT_EQ(input_check.check(inputs[0], at::zeros({7})).message(), "");
    }
    input_check.restart();
    Status status = input_check.check(inputs[0], at::zeros({x}));
    if (status.is_ok()) status = input_check.check(inputs[1], at::zeros({y}));
    if (status.is_ok()) status = input_check.check(inputs[2], n);
    return status.message();
  }
  Graph graph;
  const std::vector<ProgramInput> inputs = {{"x", 0}, {"y", 1}, {"n", 2}};
};

TEST_F(RelatedInputs, PassIfTheRelationsHold) { EXPECT_EQ(check(4, 7, 4), ""); }

TEST_F(RelatedInputs, AreRefusedWithTheViolatedRelation) {
  EXPECT_EQ(check(4, 7, 5), "the program was exported for inputs with n <= x.size()[0]; given: n = 5, x.size()[0] = 4");
  EXPECT_EQ(check(4, 8, 4), "input y: dimension 0 must be 2*s1 + 1 with a whole number s1, 8 given");
  EXPECT_EQ(check(4, 21, 4), "input y: dimension 0 must be 2*s1 + 1 with s1 in [3, 9], 21 given");
  EXPECT_EQ(check(4, 3, 4), "input y: dimension 0 must be 2*s1 + 1 with s1 in [3, 9], 3 given");
}

TEST_F(RelatedInputs, AreCheckedWithoutThoseThatAreNotGiven) {
  InputCheck input_check(graph, at::kCPU);
  EXPECT_TRUE(input_check.check(inputs[0], at::zeros({4})).is_ok());
  EXPECT_TRUE(input_check.pass_over().is_ok());
  EXPECT_EQ(input_check.check(inputs[2], 5).message(),
            "the program was exported for inputs with n <= x.size()[0]; given: n = 5, x.size()[0] = 4");
  input_check.restart();
  EXPECT_TRUE(input_check.check(inputs[0], at::zeros({4})).is_ok());
  EXPECT_TRUE(input_check.check(inputs[1], at::zeros({7})).is_ok());
  EXPECT_TRUE(input_check.pass_over().is_ok());
}

}  // namespace
}  // namespace oarlock
