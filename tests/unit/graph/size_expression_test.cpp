#include "graph/size_expression.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace oarlock {
namespace {

SizeTerm of(std::int64_t value) { return {SizeOp::kConstant, value}; }
SizeTerm variable(std::int64_t index) { return {SizeOp::kVariable, index}; }
SizeTerm op(SizeOp op) { return {op, 0}; }

SizeExpression expression(std::initializer_list<SizeTerm> terms) {
  SizeExpression result;
  for (const SizeTerm& term : terms) EXPECT_TRUE(result.append(term));
  return result;
}

struct Case {
  SizeOp op;
  std::int64_t a, b;
  std::optional<std::int64_t> expected;  // as Python computes it
};

class SizeOpTable : public testing::TestWithParam<Case> {};

TEST_P(SizeOpTable, ComputesAsPython) {
  const auto& [binary, a, b, expected] = GetParam();
  EXPECT_EQ(expression({of(a), of(b), op(binary)}).evaluate({}), expected);
}

INSTANTIATE_TEST_SUITE_P(Table, SizeOpTable,
                         testing::Values(Case{SizeOp::kFloorDiv, -7, 2, -4}, Case{SizeOp::kFloorDiv, 7, -2, -4},
                                         Case{SizeOp::kMod, -7, 2, 1}, Case{SizeOp::kMod, 7, -2, -1},
                                         Case{SizeOp::kMod, 6, 3, 0},
                                         Case{SizeOp::kFloorDiv, 1, 0, std::nullopt},           // no number
                                         Case{SizeOp::kFloorDiv, INT64_MIN, -1, std::nullopt},  // 2^63
                                         Case{SizeOp::kPow, 3, 4, 81}, Case{SizeOp::kPow, 2, 63, std::nullopt},
                                         Case{SizeOp::kPow, 2, -1, std::nullopt},  // a fraction
                                         Case{SizeOp::kMul, std::int64_t{1} << 62, 2, std::nullopt},
                                         Case{SizeOp::kMax, 2, 5, 5}, Case{SizeOp::kMin, 2, 5, 2},
                                         Case{SizeOp::kNe, 2, 2, 0}, Case{SizeOp::kAnd, 2, 0, 0}));

TEST(SizeExpression, IsUnknownIfAVariableIs) {
  const SizeExpression sum = expression({variable(0), variable(1), op(SizeOp::kAdd)});
  EXPECT_EQ(sum.evaluate(std::vector<std::int64_t>{2, 3}), 5);
  EXPECT_EQ(sum.evaluate(std::vector<std::int64_t>{2, kSizeUnknown}), std::nullopt);
  EXPECT_EQ(sum.evaluate(std::vector<std::int64_t>{2}), std::nullopt);
}

TEST(SizeExpression, RefusesTermsWithoutOperands) {
  SizeExpression empty;
  EXPECT_FALSE(empty.append(op(SizeOp::kAdd)));
  EXPECT_FALSE(empty.is_complete());
  EXPECT_EQ(empty.evaluate({}), std::nullopt);
}

TEST(SizeExpression, RefusesWhatNeedsMoreRoomThanThereIs) {
  SizeExpression deep;
  for (std::size_t i = 0; i < kSizeStackMax; ++i) ASSERT_TRUE(deep.append(of(1)));
  EXPECT_FALSE(deep.append(of(1)));
}

TEST(SizeExpression, IsWrittenAsPythonWritesIt) {
  const auto text = [](std::initializer_list<SizeTerm> terms) {
    return expression(terms).text([](std::int64_t index) { return index == 0 ? "a" : "b"; });
  };
  EXPECT_EQ(text({of(2), variable(0), op(SizeOp::kMul), of(1), op(SizeOp::kAdd)}), "2*a + 1");
  EXPECT_EQ(text({variable(0), of(1), op(SizeOp::kAdd), of(2), op(SizeOp::kFloorDiv)}), "(a + 1) // 2");
  EXPECT_EQ(text({variable(0), variable(1), of(1), op(SizeOp::kSub), op(SizeOp::kSub)}), "a - (b - 1)");
  EXPECT_EQ(text({variable(0), of(2), op(SizeOp::kPow), variable(1), op(SizeOp::kPow)}), "(a**2)**b");
  EXPECT_EQ(text({variable(0), of(3), op(SizeOp::kMax), variable(1), op(SizeOp::kEq)}), "max(a, 3) == b");
  EXPECT_EQ(text({variable(0), of(4), op(SizeOp::kMod), of(0), op(SizeOp::kEq), op(SizeOp::kNot)}), "not a % 4 == 0");
}

}  // namespace
}  // namespace oarlock
