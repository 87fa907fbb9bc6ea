#include "base/reaper.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <vector>

namespace oarlock {
namespace {

// Runs something when it ends.
struct Ending {
  explicit Ending(std::function<void()> at_end) : at_end(std::move(at_end)) {}
  ~Ending() { at_end(); }
  std::function<void()> at_end;
};

// A clock that the test moves.
class HandClock final : public Clock {
 public:
  TimePoint now() override { return now_; }
  void move(Milliseconds time) { now_ += time; }

 private:
  TimePoint now_{};
};

class ReaperTest : public testing::Test {
 protected:
  void SetUp() override { reaper_.drain(); }
  void TearDown() override { EXPECT_TRUE(reaper_.drain_for(Milliseconds(1000))); }
  Reaper& reaper_ = Reaper::instance();
};

TEST_F(ReaperTest, EndsObjectsAtTheDrainInOrder) {
  std::vector<int> ended;
  for (int i = 0; i < 3; ++i) reaper_.take(std::make_shared<Ending>([&ended, i] { ended.push_back(i); }));
  EXPECT_TRUE(ended.empty());
  EXPECT_EQ(reaper_.count(), 3u);
  reaper_.drain();
  EXPECT_EQ(ended, (std::vector<int>{0, 1, 2}));
  EXPECT_FALSE(reaper_.has_work());
}

TEST_F(ReaperTest, OnlyDropsItsOwnReference) {
  bool ended = false;
  auto object = std::make_shared<Ending>([&] { ended = true; });
  reaper_.take(object);
  reaper_.drain();
  EXPECT_FALSE(ended);
  object.reset();
  EXPECT_TRUE(ended);
}

TEST_F(ReaperTest, WhatComesDuringADrainWaitsForTheNext) {
  int ended = 0;
  std::function<void()> again = [&] {
    if (++ended < 5) reaper_.take(std::make_shared<Ending>(again));
  };
  reaper_.take(std::make_shared<Ending>(again));
  reaper_.drain();
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(reaper_.count(), 1u);
  EXPECT_TRUE(reaper_.drain_for(Milliseconds(1000)));
  EXPECT_EQ(ended, 5);
}

TEST_F(ReaperTest, DrainForStartsNothingAfterTheBound) {
  HandClock clock;
  int ended = 0;
  for (int i = 0; i < 10; ++i) {
    reaper_.take(std::make_shared<Ending>([&] {
      ++ended;
      clock.move(Milliseconds(4));
    }));
  }
  EXPECT_FALSE(reaper_.drain_for(Milliseconds(10), clock));
  EXPECT_EQ(ended, 3);  // at 0, 4 and 8 ms
  EXPECT_EQ(reaper_.count(), 7u);
  EXPECT_FALSE(reaper_.drain_for(Milliseconds(0), clock));
  EXPECT_EQ(ended, 3);
  reaper_.drain();  // what is left refers to this frame
  EXPECT_EQ(ended, 10);
}

TEST_F(ReaperTest, TakingNothingIsNothing) {
  reaper_.take(nullptr);
  EXPECT_FALSE(reaper_.has_work());
}

TEST_F(ReaperTest, ThreadsTakeAndDrainTogether) {
  std::atomic<int> ended{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        reaper_.take(std::make_shared<Ending>([&] { ended.fetch_add(1); }));
        if (i % 16 == 0) reaper_.drain();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  reaper_.drain();
  EXPECT_EQ(ended, 4000);
  EXPECT_EQ(reaper_.count(), 0u);
}

}  // namespace
}  // namespace oarlock
