#include "memory/batch_size.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

#include "doubles/group.h"

namespace oarlock {
namespace {

constexpr Milliseconds kTimeout{1000};

// Spec B 6.2, as the reference's own test has it.
TEST(BatchSize, ShrinksAsTheReferenceDoes) {
  const std::vector<std::int64_t> expected{128, 115, 103, 92, 82, 73, 65, 58, 52, 46, 41, 36,
                                           32,  28,  25,  22, 19, 17, 15, 13, 11, 9,  8};
  doubles::ScriptedGroup group(0, 1);
  std::int64_t batch_size = expected[0];
  for (std::size_t i = 0; i + 1 < expected.size(); ++i) {
    batch_size = next_batch_size(group, {batch_size, true, 0}, kTimeout).value();
    EXPECT_EQ(batch_size, expected[i + 1]);
  }
  EXPECT_EQ(next_batch_size(group, {batch_size, false, 0}, kTimeout).value(), 8);
}

struct AttemptCase {
  const char* why;
  BatchAttempt own;
  std::vector<std::int64_t> peer;  // batch size, its negative, the negative of what it proposes
  std::int64_t next;
};

class BatchSizeOfTwoRanks : public testing::TestWithParam<AttemptCase> {};

TEST_P(BatchSizeOfTwoRanks, IsAgreedOn) {
  doubles::ScriptedGroup group(0, 2);
  group.on_all_reduce = [](at::Tensor largest) {
    largest.copy_(at::maximum(largest, at::tensor(GetParam().peer, at::kLong)));
  };
  EXPECT_EQ(next_batch_size(group, GetParam().own, kTimeout).value(), GetParam().next) << GetParam().why;
}

constexpr std::int64_t kNone = -INT64_MAX;
INSTANTIATE_TEST_SUITE_P(
    Table, BatchSizeOfTwoRanks,
    testing::Values(AttemptCase{"both worked", {10, false, 0}, {10, -10, kNone}, 10},
                    AttemptCase{"the peer ran out", {10, false, 0}, {10, -10, -9}, 9},
                    AttemptCase{"the smaller proposal", {10, true, 5}, {10, -10, -9}, 5},
                    AttemptCase{"a proposal counts only of one that ran out", {10, false, 3}, {10, -10, -9}, 9}));

TEST(BatchSize, ReachesZeroAsAnErrorThatNamesTheLastAttempt) {
  doubles::ScriptedGroup group(0, 1);
  const Status status = next_batch_size(group, {1, true, 0}, kTimeout).status();
  EXPECT_EQ(status.code(), OAR_E_OUT_OF_MEMORY);
  EXPECT_NE(status.message().find("an attempt with 1 "), std::string::npos);
}

TEST(BatchSize, DifferentSizesAreAMismatch) {
  doubles::ScriptedGroup group(0, 2);
  group.on_all_reduce = [](at::Tensor largest) { largest.copy_(at::tensor({12, -10, -9}, at::kLong)); };
  EXPECT_EQ(next_batch_size(group, {10, true, 0}, kTimeout).status().code(), OAR_E_MISMATCH);
}

TEST(BatchSize, OutOfRangeIsRefused) {
  doubles::ScriptedGroup group(0, 1);
  for (const BatchAttempt& attempt :
       {BatchAttempt{0, true, 0}, BatchAttempt{-1, false, 0}, BatchAttempt{4, true, 4}, BatchAttempt{4, true, -1}}) {
    EXPECT_EQ(next_batch_size(group, attempt, kTimeout).status().code(), OAR_E_ARGUMENT);
  }
}

}  // namespace
}  // namespace oarlock
