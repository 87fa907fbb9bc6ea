#include "state/profile_summary.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

TEST(ProfileSummary, SelfTimeIsWithoutWhatIsCalledInside) {
  const std::vector<OperatorCost> costs = operator_costs({
      {"mm", 1, 2000, 5000},      // in linear
      {"linear", 1, 1000, 9000},  // given after what it calls
      {"add", 1, 5000, 6000},     // in linear, right after mm
      {"linear", 2, 1000, 4000},  // on another thread: nothing inside
      {"relu", 1, 9000, 9500},
  });
  ASSERT_EQ(costs.size(), 4U);
  EXPECT_EQ(costs[0].name, "linear");
  EXPECT_EQ(costs[0].calls, 2);
  EXPECT_DOUBLE_EQ(costs[0].total_us, 11);
  EXPECT_DOUBLE_EQ(costs[0].self_us, 7);
  EXPECT_EQ(costs[1].name, "mm");
  EXPECT_DOUBLE_EQ(costs[1].self_us, 3);
  EXPECT_EQ(costs[3].name, "relu");
}

TEST(ProfileSummary, OneThatCallsItselfCountsEachCallOnce) {
  const std::vector<OperatorCost> costs = operator_costs({{"add", 1, 0, 4000}, {"add", 1, 1000, 2000}});
  EXPECT_EQ(costs[0].calls, 2);
  EXPECT_DOUBLE_EQ(costs[0].self_us, 4);
}

TEST(ProfileSummary, ATableSaysHowManyItLeavesOut) {
  const std::string table = cost_table(operator_costs({{"a", 1, 0, 3000}, {"b", 1, 5000, 6000}}), 1);
  EXPECT_NE(table.find("and 1 more"), std::string::npos) << table;
  EXPECT_NE(table.find("Self CPU time total: 4.0 us"), std::string::npos) << table;
}

}  // namespace
}  // namespace oarlock
