#include "comm/roll_call.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

using TimePoint = RollCall::TimePoint;
const TimePoint kStart{std::chrono::seconds(1000)};
constexpr Milliseconds kSecond{1000};

Signature all_reduce_of(std::int64_t numel, c10::ScalarType dtype = c10::kFloat) {
  return {.sequence = 7,
          .numel = numel,
          .op = Operator::kAllReduce,
          .dtype = static_cast<std::int8_t>(dtype),
          .reduce_op = 1};
}
const Signature kBarrier{.sequence = 7, .op = Operator::kBarrier};

TEST(RollCall, IsCompleteWhenEveryRankHasCome) {
  RollCall roll(3, kSecond);
  EXPECT_TRUE(roll.arrive(2, kBarrier, kSecond, kStart).is_ok());
  EXPECT_TRUE(roll.arrive(0, kBarrier, kSecond, kStart).is_ok());
  EXPECT_FALSE(roll.is_complete());
  EXPECT_TRUE(roll.arrive(1, kBarrier, kSecond, kStart).is_ok());
  EXPECT_TRUE(roll.is_complete());
  roll.next();
  EXPECT_EQ(roll.missing(), (std::vector<int>{0, 1, 2}));
}

struct Difference {
  Signature first;
  Signature second;
  const char* text;  // rank 0's call first, whoever came first
};

class RollCallMismatch : public testing::TestWithParam<Difference> {};

TEST_P(RollCallMismatch, NamesBothCalls) {
  RollCall roll(2, kSecond);
  ASSERT_TRUE(roll.arrive(1, GetParam().second, kSecond, kStart).is_ok());
  const Status status = roll.arrive(0, GetParam().first, kSecond, kStart);
  ASSERT_EQ(status.code(), OAR_E_MISMATCH);
  EXPECT_NE(status.message().find(GetParam().text), std::string::npos) << status.message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, RollCallMismatch,
    testing::Values(
        Difference{all_reduce_of(4), all_reduce_of(5),
                   "rank 0 called all_reduce(sum of 4 float32), rank 1 called all_reduce(sum of 5 float32)"},
        Difference{all_reduce_of(4), all_reduce_of(4, c10::kDouble),
                   "4 float32), rank 1 called all_reduce(sum of 4 float64)"},
        Difference{kBarrier, all_reduce_of(4), "rank 0 called barrier, rank 1 called all_reduce(sum of 4 float32)"},
        Difference{{.sequence = 7, .numel = 2, .root = 0, .op = Operator::kBroadcast, .dtype = 6},
                   {.sequence = 7, .numel = 2, .root = 1, .op = Operator::kBroadcast, .dtype = 6},
                   "from rank 0), rank 1"}));

TEST(RollCall, TimeOutNamesTheRanksThatDidNotCome) {
  RollCall roll(4, kSecond);
  ASSERT_TRUE(roll.arrive(0, kBarrier, Milliseconds(500), kStart).is_ok());
  ASSERT_TRUE(roll.arrive(2, kBarrier, Milliseconds(9000), kStart).is_ok());
  EXPECT_TRUE(roll.check_deadline(kStart + Milliseconds(499)).is_ok());
  const Status status = roll.check_deadline(kStart + Milliseconds(500));
  ASSERT_EQ(status.code(), OAR_E_TIMEOUT);
  EXPECT_NE(status.message().find("ranks 1, 3 did not call operation 7, barrier, within 0.5 s"), std::string::npos)
      << status.message();
  EXPECT_EQ(status.info().rank, 1);
  EXPECT_EQ(status.info().operation, "barrier");
}

TEST(RollCall, NobodyIsLateWhenNobodyWaits) {
  RollCall roll(2, kSecond);
  EXPECT_FALSE(roll.next_event().has_value());
  EXPECT_TRUE(roll.check_deadline(kStart + std::chrono::hours(1)).is_ok());
  EXPECT_FALSE(roll.late_warning(kStart + std::chrono::hours(1)).has_value());
}

TEST(RollCall, WarnsOnceAboutLateRanks) {
  RollCall roll(2, kSecond);
  ASSERT_TRUE(roll.arrive(1, kBarrier, Milliseconds(60000), kStart).is_ok());
  EXPECT_EQ(roll.next_event(), kStart + kSecond);
  EXPECT_FALSE(roll.late_warning(kStart + Milliseconds(999)).has_value());
  EXPECT_EQ(roll.late_warning(kStart + kSecond),
            "rank 0 did not call operation 7, barrier, after 1.0 s; 1 of 2 ranks wait");
  EXPECT_FALSE(roll.late_warning(kStart + 2 * kSecond).has_value());
  EXPECT_EQ(roll.next_event(), kStart + Milliseconds(60000));
}

TEST(RollCall, LeavingIsAFailureOnlyForThoseWhoStillCall) {
  RollCall roll(2, kSecond);
  EXPECT_TRUE(roll.leave(1, 6).is_ok());
  const Status status = roll.arrive(0, kBarrier, kSecond, kStart);
  ASSERT_EQ(status.code(), OAR_E_PEER_LOST);
  EXPECT_EQ(status.info().rank, 1);
  EXPECT_NE(status.message().find("rank 1 closed it after operation 6, so operation 7, barrier"), std::string::npos)
      << status.message();
}

TEST(RollCall, LeavingFreesThoseWhoWait) {
  RollCall roll(3, kSecond);
  ASSERT_TRUE(roll.arrive(0, kBarrier, kSecond, kStart).is_ok());
  EXPECT_EQ(roll.leave(2, 6).code(), OAR_E_PEER_LOST);
}

TEST(ListRanks, NamesAtMostEight) {
  EXPECT_EQ(list_ranks({3}), "rank 3");
  EXPECT_EQ(list_ranks({0, 2}), "ranks 0, 2");
  EXPECT_EQ(list_ranks({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), "ranks 0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
}

}  // namespace
}  // namespace oarlock
