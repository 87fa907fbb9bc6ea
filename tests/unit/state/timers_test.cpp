#include "state/timers.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

class SetClock : public Clock {
 public:
  TimePoint now() override { return TimePoint(std::chrono::milliseconds(ms)); }
  std::int64_t ms = 0;
};

class TimersTest : public ::testing::Test {
 protected:
  void lasts(const char* name, std::int64_t ms) {
    ASSERT_TRUE(timers_.begin(name).is_ok());
    clock_.ms += ms;
    ASSERT_TRUE(timers_.end(name).is_ok());
  }
  double figure(const char* name, const char* what) const {
    return timers_.report().find(name)->find(what)->as_double().value();
  }

  SetClock clock_;
  Timers timers_{clock_};
};

TEST_F(TimersTest, FiguresAreThoseOfAllDurations) {
  for (const std::int64_t ms : {30, 10, 20, 40}) lasts("forward", ms);
  EXPECT_EQ(figure("forward", "count"), 4);
  EXPECT_EQ(figure("forward", "total_ms"), 100);
  EXPECT_EQ(figure("forward", "mean_ms"), 25);
  EXPECT_EQ(figure("forward", "min_ms"), 10);
  EXPECT_EQ(figure("forward", "max_ms"), 40);
  EXPECT_EQ(figure("forward", "p50_ms"), 20);  // nearest rank
  EXPECT_EQ(figure("forward", "p95_ms"), 40);
}

TEST_F(TimersTest, QuantilesAreOfTheLastOnesOnly) {
  for (std::size_t i = 0; i < Timers::kKept; ++i) lasts("step", 1000);
  for (std::size_t i = 0; i < Timers::kKept; ++i) lasts("step", 1);
  EXPECT_EQ(figure("step", "p95_ms"), 1);
  EXPECT_EQ(figure("step", "max_ms"), 1000);
}

TEST_F(TimersTest, TimersRunInsideEachOther) {
  ASSERT_TRUE(timers_.begin("step").is_ok());
  clock_.ms += 1;
  lasts("forward", 2);
  ASSERT_TRUE(timers_.end("step").is_ok());
  EXPECT_EQ(figure("step", "total_ms"), 3);
  EXPECT_EQ(figure("forward", "total_ms"), 2);
}

TEST_F(TimersTest, ATimerRunsOnceAndEndsOnce) {
  EXPECT_EQ(timers_.end("step").code(), OAR_E_STATE);
  ASSERT_TRUE(timers_.begin("step").is_ok());
  EXPECT_EQ(timers_.begin("step").code(), OAR_E_STATE);
  EXPECT_TRUE(timers_.end("step").is_ok());
  EXPECT_EQ(timers_.end("step").code(), OAR_E_STATE);
  EXPECT_EQ(figure("step", "count"), 1);
}

TEST_F(TimersTest, AResetForgetsDurationsAndKeepsWhatRuns) {
  lasts("forward", 5);
  ASSERT_TRUE(timers_.begin("step").is_ok());
  timers_.reset();
  clock_.ms += 7;
  ASSERT_TRUE(timers_.end("step").is_ok());
  EXPECT_EQ(timers_.report().find("forward"), nullptr);
  EXPECT_EQ(figure("step", "min_ms"), 7);
}

}  // namespace
}  // namespace oarlock
