#include "data/prefetch.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>

namespace oarlock {
namespace {

constexpr Milliseconds kPlenty{30000};

Result<Tree> number(std::int64_t item) { return Tree(Tree::Value(item)); }

std::int64_t take(Prefetcher& prefetcher) {
  Result<Tree> item = prefetcher.take(kPlenty);
  EXPECT_TRUE(item.is_ok()) << item.status().message();
  return std::get<std::int64_t>(item.value().value());
}

// Opens when told; workers wait at it inside their fetch.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPlenty, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

TEST(Prefetcher, GivesItemsInOrderThoughLaterOnesAreDoneFirst) {
  Prefetcher prefetcher(3, 2);
  auto gate = std::make_shared<Gate>();
  prefetcher.start(0, 20, [gate](std::int64_t item) {
    if (item == 0) gate->wait();
    if (item == 2) gate->open();
    return number(item);
  });
  for (std::int64_t item = 0; item < 20; ++item) EXPECT_EQ(take(prefetcher), item);
}

TEST(Prefetcher, PreparesNoMoreThanWorkersTimesDepthAhead) {
  Prefetcher prefetcher(2, 3);
  std::mutex mutex;
  std::condition_variable grown;
  std::set<std::int64_t> produced;
  prefetcher.start(0, 100, [&](std::int64_t item) {
    const std::lock_guard lock(mutex);
    produced.insert(item);
    grown.notify_all();
    return number(item);
  });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(grown.wait_for(lock, kPlenty, [&] { return produced.size() == 6; }));
  }
  EXPECT_EQ(take(prefetcher), 0);
  std::unique_lock lock(mutex);
  ASSERT_TRUE(grown.wait_for(lock, kPlenty, [&] { return produced.size() == 7; }));
  EXPECT_EQ(*produced.rbegin(), 6);  // one taken, one more begun, none beyond
  lock.unlock();
  EXPECT_TRUE(prefetcher.close(kPlenty).is_ok());
}

TEST(Prefetcher, CarriesAnExceptionToTheConsumerInItsTurn) {
  Prefetcher prefetcher(2, 2);
  prefetcher.start(0, 4, [](std::int64_t item) -> Result<Tree> {
    if (item == 1) throw std::runtime_error("disk on fire");
    return number(item);
  });
  EXPECT_EQ(take(prefetcher), 0);
  const Result<Tree> failed = prefetcher.take(kPlenty);
  ASSERT_FALSE(failed.is_ok());
  EXPECT_NE(failed.status().message().find("disk on fire"), std::string::npos);
  EXPECT_FALSE(prefetcher.is_running());
}

TEST(Prefetcher, SaysThatMemoryRanOut) {
  const Prefetcher::Produce kinds[] = {
      [](std::int64_t) -> Result<Tree> { throw std::bad_alloc(); },
      [](std::int64_t) -> Result<Tree> { return Tree(at::empty({std::int64_t{1} << 46})); },  // beyond any address
  };
  for (const Prefetcher::Produce& produce : kinds) {
    Prefetcher prefetcher(1, 1);
    prefetcher.start(0, 1, produce);
    EXPECT_EQ(prefetcher.take(kPlenty).status().code(), OAR_E_OUT_OF_MEMORY);
  }
}

TEST(Prefetcher, ThrowsAwayWhatAnOlderRunStillPrepares) {
  Prefetcher prefetcher(1, 1);
  auto gate = std::make_shared<Gate>();
  auto entered = std::make_shared<Gate>();
  prefetcher.start(0, 10, [gate, entered](std::int64_t) {
    entered->open();
    gate->wait();
    return number(-1);
  });
  entered->wait();
  prefetcher.start(5, 7, number);  // does not wait for the fetch of the first run
  gate->open();
  EXPECT_EQ(take(prefetcher), 5);
  EXPECT_EQ(take(prefetcher), 6);
}

TEST(Prefetcher, TakeGivesUpAfterItsTimeAndMayBeAskedAgain) {
  Prefetcher prefetcher(1, 1);
  auto gate = std::make_shared<Gate>();
  prefetcher.start(0, 1, [gate](std::int64_t item) {
    gate->wait();
    return number(item);
  });
  const Result<Tree> late = prefetcher.take(Milliseconds(20));
  ASSERT_FALSE(late.is_ok());
  EXPECT_EQ(late.status().code(), OAR_E_TIMEOUT);
  gate->open();
  EXPECT_EQ(take(prefetcher), 0);
}

TEST(Prefetcher, CloseLeavesAThreadBehindThatHangsInItsFetch) {
  auto gate = std::make_shared<Gate>();
  auto entered = std::make_shared<Gate>();
  auto finished = std::make_shared<Gate>();
  {
    Prefetcher prefetcher(1, 1);
    prefetcher.start(0, 1, [gate, entered, finished](std::int64_t item) {
      entered->open();
      gate->wait();
      finished->open();
      return number(item);
    });
    entered->wait();
    const Status status = prefetcher.close(Milliseconds(20));
    ASSERT_FALSE(status.is_ok());
    EXPECT_EQ(status.code(), OAR_E_TIMEOUT);
  }
  gate->open();
  finished->wait();
}

TEST(Prefetcher, CloseTwiceIsFine) {
  Prefetcher prefetcher(2, 1);
  prefetcher.start(0, 1, number);
  EXPECT_TRUE(prefetcher.close(kPlenty).is_ok());
  EXPECT_TRUE(prefetcher.close(kPlenty).is_ok());
}

}  // namespace
}  // namespace oarlock
