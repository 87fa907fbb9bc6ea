#include "base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <string>

namespace oarlock {
namespace {

TEST(Thread, KnowsThatItIsOurs) {
  bool inside = false;
  start_thread("oar-test", [&] { inside = on_own_thread(); }).join();
  EXPECT_TRUE(inside);
  EXPECT_FALSE(on_own_thread());
}

TEST(Thread, HasTheFirstFifteenCharactersOfItsName) {
  char name[16] = "";
  start_thread("oar-0123456789abcdef", [&] { pthread_getname_np(pthread_self(), name, sizeof(name)); }).join();
  EXPECT_EQ(std::string(name), "oar-0123456789a");
}

TEST(Thread, HandlesNoSignalOfTheHostAndLeavesTheCallersMaskAlone) {
  sigset_t inside;
  sigset_t outside;
  start_thread("oar-test", [&] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); }).join();
  pthread_sigmask(SIG_SETMASK, nullptr, &outside);
  EXPECT_EQ(sigismember(&inside, SIGINT), 1);
  EXPECT_EQ(sigismember(&inside, SIGPROF), 1);
  EXPECT_EQ(sigismember(&outside, SIGINT), 0);
}

}  // namespace
}  // namespace oarlock
