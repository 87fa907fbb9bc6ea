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
  EXPECT_EQ(check(at::zeros({4, 8, 9}, byte), labels), "input images: shape [s0, 8, 8] expected, [4, 8, 9] given");
  EXPECT_EQ(check(at::zeros({4, 8}, byte), labels), "input images: shape [s0, 8, 8] expected, [4, 8] given");
  EXPECT_EQ(check(at::zeros({65, 8, 8}, byte), labels), "input images: dimension 0 must be at most 64, 65 given");
  EXPECT_EQ(check(at::zeros({5, 8, 8}, byte), labels),
            "input labels: dimension 0 must equal dimension 0 of input images (s0): 5 expected, 4 given");
}

TEST_F(InputCheckTest, WhatIsNoTensorIsNamed) {
  InputCheck input_check(graph, at::kCPU);
  EXPECT_EQ(input_check.check(labels_input, 3).message(), "input labels: a tensor expected, Int given");
}

}  // namespace
}  // namespace oarlock
