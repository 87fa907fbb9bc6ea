// Expected values are what CPython 3.11 gives for the same expression.
#include "graph/symeval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace oarlock {
namespace {

c10::IValue eval(SymbolicOp op, std::vector<c10::IValue> arguments) {
  Result<c10::IValue> result = evaluate_symbolic(op, arguments);
  EXPECT_TRUE(result.is_ok()) << result.status().message();
  return result.is_ok() ? result.value() : c10::IValue();
}

struct WholeCase {
  SymbolicOp op;
  std::int64_t a, b, expected;
};

class WholeArithmetic : public testing::TestWithParam<WholeCase> {};

TEST_P(WholeArithmetic, IsPythons) {
  const WholeCase& param = GetParam();
  const c10::IValue result = eval(param.op, {param.a, param.b});
  ASSERT_TRUE(result.isInt());
  EXPECT_EQ(result.toInt(), param.expected);
}

INSTANTIATE_TEST_SUITE_P(Table, WholeArithmetic,
                         testing::Values(WholeCase{SymbolicOp::kFloorDiv, 7, 2, 3},
                                         WholeCase{SymbolicOp::kFloorDiv, -7, 2, -4},  // rounds down, C++ would give -3
                                         WholeCase{SymbolicOp::kFloorDiv, 7, -2, -4},
                                         WholeCase{SymbolicOp::kFloorDiv, -6, 2, -3},  // exact
                                         WholeCase{SymbolicOp::kFloorDiv, 5, -1, -5},
                                         WholeCase{SymbolicOp::kMod, -7, 3, 2},  // the divisor's sign
                                         WholeCase{SymbolicOp::kMod, 7, -3, -2},
                                         WholeCase{SymbolicOp::kMod, INT64_MIN, -1, 0},  // traps in C++
                                         WholeCase{SymbolicOp::kPow, 3, 4, 81}, WholeCase{SymbolicOp::kPow, 0, 0, 1},
                                         WholeCase{SymbolicOp::kShiftLeft, 3, 4, 48},
                                         WholeCase{SymbolicOp::kShiftRight, -1, 70, -1},
                                         WholeCase{SymbolicOp::kMax, 2, 5, 5}, WholeCase{SymbolicOp::kMin, 2, 5, 2}));

TEST(Symeval, TrueDivisionGivesAFloat) {
  const c10::IValue result = eval(SymbolicOp::kTrueDiv, {7, 2});
  ASSERT_TRUE(result.isDouble());
  EXPECT_EQ(result.toDouble(), 3.5);
}

TEST(Symeval, ANegativePowerGivesAFloat) { EXPECT_EQ(eval(SymbolicOp::kPow, {2, -2}).toDouble(), 0.25); }

TEST(Symeval, FloatFloorDivisionRoundsDown) { EXPECT_EQ(eval(SymbolicOp::kFloorDiv, {-7.5, 2}).toDouble(), -4.0); }

TEST(Symeval, ComparisonsOfLargeIntegersAreExact) {
  // As doubles the two would be equal.
  EXPECT_TRUE(eval(SymbolicOp::kLt, {std::int64_t{9007199254740992}, std::int64_t{9007199254740993}}).toBool());
}

TEST(Symeval, SizeCountsNegativeDimensionsFromTheEnd) {
  EXPECT_EQ(eval(SymbolicOp::kSize, {at::zeros({2, 3}), -1}).toInt(), 3);
}

TEST(Symeval, RoundGoesToEven) { EXPECT_EQ(eval(SymbolicOp::kRound, {2.5}).toInt(), 2); }

TEST(Symeval, IteTakesTheBranchOfItsCondition) { EXPECT_EQ(eval(SymbolicOp::kIte, {false, 1, 2}).toInt(), 2); }

struct FailureCase {
  SymbolicOp op;
  std::vector<c10::IValue> arguments;
  const char* text;
};

TEST(Symeval, WhatHasNoValueIsAnError) {
  const FailureCase cases[] = {
      {SymbolicOp::kFloorDiv, {1, 0}, "divided by zero"},
      {SymbolicOp::kTrueDiv, {1, 0}, "divided by zero"},
      {SymbolicOp::kMul, {INT64_MAX, 2}, "does not fit 64 bits"},
      {SymbolicOp::kFloorDiv, {INT64_MIN, -1}, "does not fit 64 bits"},
      {SymbolicOp::kPow, {10, 40}, "does not fit 64 bits"},
      {SymbolicOp::kToInt, {INFINITY}, "does not fit 64 bits"},
      {SymbolicOp::kSize, {at::zeros({2}), 1}, "dimension 1"},
      {SymbolicOp::kSize, {at::Tensor(), 0}, "no tensor"},
      {SymbolicOp::kAdd, {at::zeros({2}), 1}, "takes numbers"},
      {SymbolicOp::kAdd, {1}, "takes 2 operands"},
  };
  for (const FailureCase& test : cases) {
    const Result<c10::IValue> result = evaluate_symbolic(test.op, test.arguments);
    ASSERT_FALSE(result.is_ok()) << test.text;
    EXPECT_EQ(result.status().code(), OAR_E_ARGUMENT);
    EXPECT_NE(result.status().message().find(test.text), std::string::npos) << result.status().message();
  }
}

}  // namespace
}  // namespace oarlock
