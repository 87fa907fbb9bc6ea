#include "comm/arrival_skew.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

TEST(ArrivalSkew, TellsHowLateEachRankCameAndHowLongItWaited) {
  ArrivalSkew skew(3);
  for (std::uint32_t i = 1; i <= 100; ++i) skew.record(std::vector<std::uint32_t>{1000, 1000 + i, 1000 + 1000 * i});
  const ArrivalSkew::Report report = skew.report();
  EXPECT_EQ(report.num_operations, 100u);
  EXPECT_EQ(report.ranks[0].late_us_max, 0);
  EXPECT_EQ(report.ranks[0].waited_us_p50, 50000);
  EXPECT_EQ(report.ranks[1].late_us_p50, 50);
  EXPECT_EQ(report.ranks[1].late_us_p95, 95);
  EXPECT_EQ(report.ranks[1].late_us_max, 100);
  EXPECT_EQ(report.ranks[2].late_us_sum, 5050000);
  EXPECT_EQ(report.ranks[2].num_last, 100u);
  EXPECT_EQ(report.ranks[2].waited_us_p95, 0);
}

TEST(ArrivalSkew, AClockThatWrapsAroundDoesNoHarm) {
  ArrivalSkew skew(2);
  skew.record(std::vector<std::uint32_t>{4294967290u, 4});  // ten microseconds apart
  skew.record(std::vector<std::uint32_t>{4, 4294967290u});
  EXPECT_EQ(skew.report().ranks[0].late_us_max, 10);
  EXPECT_EQ(skew.report().ranks[1].late_us_max, 10);
}

TEST(ArrivalSkew, OnlyTheLast1024Count) {
  ArrivalSkew skew(2);
  skew.record(std::vector<std::uint32_t>{1, 100000});
  for (int i = 0; i < 1024; ++i) skew.record(std::vector<std::uint32_t>{1, 3});
  EXPECT_EQ(skew.report().num_recorded, 1025u);
  EXPECT_EQ(skew.report().num_operations, 1024u);
  EXPECT_EQ(skew.report().ranks[1].late_us_max, 2);
}

TEST(ArrivalSkew, RareLongPausesMakeAStragglerAndEvenLatenessDoesNot) {
  ArrivalSkew pauses(3), even(3);
  for (int i = 0; i < 100; ++i) {
    pauses.record(i % 50 == 0 ? std::vector<std::uint32_t>{5, 1, 90000} : std::vector<std::uint32_t>{2, 4, 1});
    even.record(i % 2 == 0 ? std::vector<std::uint32_t>{1, 50, 90} : std::vector<std::uint32_t>{90, 60, 1});
  }
  EXPECT_EQ(skew_to_json(pauses.report()).find("straggler")->text(), "2");
  EXPECT_TRUE(skew_to_json(even.report()).find("straggler")->is_null());
  EXPECT_TRUE(skew_to_json(ArrivalSkew(2).report()).find("straggler")->is_null());
}

}  // namespace
}  // namespace oarlock
