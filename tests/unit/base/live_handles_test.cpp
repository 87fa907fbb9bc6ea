#include "base/live_handles.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace oarlock {
namespace {

struct alignas(64) Slot {
  char bytes[64];
};

TEST(LiveHandles, ContainsFromInsertToErase) {
  LiveHandles& live = LiveHandles::instance();
  const auto slot = std::make_unique<Slot>();
  const std::size_t before = live.count();
  EXPECT_FALSE(live.contains(slot.get()));
  live.insert(slot.get());
  EXPECT_TRUE(live.contains(slot.get()));
  EXPECT_EQ(live.count(), before + 1);
  EXPECT_TRUE(live.erase(slot.get()));
  EXPECT_FALSE(live.erase(slot.get()));
  EXPECT_FALSE(live.contains(slot.get()));
  EXPECT_EQ(live.count(), before);
}

TEST(LiveHandles, AnAddressInsideAHandleIsNoHandle) {
  const auto slot = std::make_unique<Slot>();
  LiveHandles::instance().insert(slot.get());
  EXPECT_FALSE(LiveHandles::instance().contains(slot->bytes + 8));
  EXPECT_FALSE(LiveHandles::instance().contains(nullptr));
  LiveHandles::instance().erase(slot.get());
}

TEST(LiveHandles, ThreadsShareIt) {
  LiveHandles& live = LiveHandles::instance();
  const std::size_t before = live.count();
  std::vector<std::thread> threads;
  std::vector<std::vector<Slot>> slots(4, std::vector<Slot>(2000));
  for (std::vector<Slot>& own : slots) {
    threads.emplace_back([&] {
      for (Slot& slot : own) live.insert(&slot);
      for (std::size_t i = 0; i < own.size(); i += 2) EXPECT_TRUE(live.erase(&own[i]));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(live.count(), before + 4000);
  for (std::vector<Slot>& own : slots) {
    for (std::size_t i = 0; i < own.size(); ++i) EXPECT_EQ(live.erase(&own[i]), i % 2 == 1);
  }
  EXPECT_EQ(live.count(), before);
}

}  // namespace
}  // namespace oarlock
