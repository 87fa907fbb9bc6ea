#include "base/log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/thread.h"

namespace oarlock {
namespace {

struct Seen {
  std::mutex mutex;
  std::vector<std::string> lines;
  std::atomic<int> released{0};
};

void record(int level, const char* component, const char* message, void* user_data) {
  auto* seen = static_cast<Seen*>(user_data);
  std::lock_guard lock(seen->mutex);
  seen->lines.push_back(fmt::format("{} {} {}", level, component, message));
}

void count_release(void* user_data) { static_cast<Seen*>(user_data)->released.fetch_add(1); }

class Log : public testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::kWarning); }
  void TearDown() override {
    set_log_sink(nullptr, nullptr, nullptr);
    set_log_level(LogLevel::kWarning);
  }
};

TEST_F(Log, GoesToTheSinkAtOrAboveTheLevel) {
  Seen seen;
  set_log_sink(record, &seen, nullptr);
  log(LogLevel::kInfo, "comm", "not {}", 1);
  log(LogLevel::kWarning, "comm", "rank {} is late", 3);
  set_log_level(LogLevel::kDebug);
  log(LogLevel::kDebug, "data", "now");
  set_log_level(LogLevel::kOff);
  log(LogLevel::kError, "data", "never");
  EXPECT_EQ(seen.lines, (std::vector<std::string>{"30 comm rank 3 is late", "10 data now"}));
}

TEST_F(Log, WithoutASinkGoesToStandardErrorOnly) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  log(LogLevel::kWarning, "comm", "rank {} is late", 3);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "oarlock warning: comm: rank 3 is late\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST_F(Log, OwnThreadsQueueForASinkOfTheHostsThreads) {
  Seen seen;
  set_log_sink(record, &seen, nullptr, SinkThreads::kHostsOnly);
  start_thread("oar-test", [] {
    log(LogLevel::kWarning, "comm", "rank 3 is late");
    deliver_queued_messages();
  }).join();
  EXPECT_TRUE(seen.lines.empty());
  log(LogLevel::kWarning, "data", "at once");
  deliver_queued_messages();
  deliver_queued_messages();
  EXPECT_EQ(seen.lines, (std::vector<std::string>{"30 data at once", "30 comm rank 3 is late"}));
}

TEST_F(Log, AQueueThatIsFullSaysHowMuchItDropped) {
  Seen seen;
  set_log_sink(record, &seen, nullptr, SinkThreads::kHostsOnly);
  start_thread("oar-test", [] {
    for (int i = 0; i < 1002; ++i) log(LogLevel::kWarning, "comm", "{}", i);
  }).join();
  deliver_queued_messages();
  ASSERT_EQ(seen.lines.size(), 1001u);
  EXPECT_EQ(seen.lines[999], "30 comm 999");
  EXPECT_NE(seen.lines[1000].find("2 more messages were dropped"), std::string::npos) << seen.lines[1000];
}

TEST_F(Log, OwnThreadsReachASinkOfAnyThreadAtOnce) {
  Seen seen;
  set_log_sink(record, &seen, nullptr, SinkThreads::kAny);
  start_thread("oar-test", [] { log(LogLevel::kWarning, "comm", "rank 3 is late"); }).join();
  EXPECT_EQ(seen.lines, (std::vector<std::string>{"30 comm rank 3 is late"}));
}

TEST_F(Log, ReleaseRunsOnceWhenTheSinkIsReplaced) {
  Seen first, second;
  set_log_sink(record, &first, count_release);
  set_log_sink(record, &second, count_release);
  EXPECT_EQ(first.released, 1);
  EXPECT_EQ(second.released, 0);
  set_log_sink(nullptr, nullptr, nullptr);
  EXPECT_EQ(second.released, 1);
}

struct Held {
  std::latch entered{1};
  std::latch may_leave{1};
  std::atomic<bool> is_inside{false};
  std::atomic<bool> was_released_inside{false};
  std::atomic<int> released{0};
};

TEST_F(Log, ReleaseWaitsForTheThreadThatIsInside) {
  Held held;
  set_log_sink(
      [](int, const char*, const char*, void* user_data) {
        auto* held = static_cast<Held*>(user_data);
        held->is_inside = true;
        held->entered.count_down();
        held->may_leave.wait();
        held->is_inside = false;
      },
      &held,
      [](void* user_data) {
        auto* held = static_cast<Held*>(user_data);
        held->was_released_inside = held->is_inside.load();
        held->released.fetch_add(1);
      });
  std::thread logger([] { log(LogLevel::kError, "test", "in"); });
  held.entered.wait();
  set_log_sink(nullptr, nullptr, nullptr);  // does not wait
  EXPECT_EQ(held.released, 0);
  held.may_leave.count_down();
  logger.join();
  EXPECT_EQ(held.released, 1);
  EXPECT_FALSE(held.was_released_inside);
}

TEST_F(Log, SwappingWhileOthersLogLosesNoRelease) {
  Seen seen;
  std::atomic<bool> stop{false};
  const auto swap = [&] { set_log_sink([](int, const char*, const char*, void*) {}, &seen, count_release); };
  swap();
  std::vector<std::thread> loggers;
  for (int i = 0; i < 3; ++i) {
    loggers.emplace_back([&] {
      while (!stop) log(LogLevel::kError, "test", "line");
    });
  }
  constexpr int kSwaps = 2000;
  for (int i = 1; i < kSwaps; ++i) swap();
  stop = true;
  for (std::thread& logger : loggers) logger.join();
  EXPECT_EQ(seen.released, kSwaps - 1);
  set_log_sink(nullptr, nullptr, nullptr);
  EXPECT_EQ(seen.released, kSwaps);
}

TEST_F(Log, ASinkThatLogsOrThrowsDoesNoHarmAndErrnoStays) {
  set_log_sink([](int, const char*, const char*, void*) { log(LogLevel::kError, "inner", "from the sink"); }, nullptr,
               nullptr);
  testing::internal::CaptureStderr();
  errno = 77;
  log_message(LogLevel::kError, "outer", "x");
  EXPECT_EQ(errno, 77);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "oarlock error: inner: from the sink\n");
  set_log_sink([](int, const char*, const char*, void*) { throw std::runtime_error("a sink's own"); }, nullptr,
               nullptr);
  log_message(LogLevel::kError, "outer", "x");
  Seen seen;
  set_log_sink(record, &seen, nullptr);
  log_message(LogLevel::kError, "outer", "after");  // the throw left no trace
  EXPECT_EQ(seen.lines, (std::vector<std::string>{"40 outer after"}));
}

TEST(ParseLogLevel, TakesOurWordsAndPythons) {
  EXPECT_EQ(parse_log_level("WARNING"), LogLevel::kWarning);
  EXPECT_EQ(parse_log_level("critical"), LogLevel::kError);
  EXPECT_EQ(parse_log_level("off"), LogLevel::kOff);
  EXPECT_EQ(parse_log_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace oarlock
