// The host is not ended by a limit on files' size (RLIMIT_FSIZE) or by a pipe without a reader, and its signals are as
// they were. What must not be sent would end this test.
#include "base/write_signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/fs.h"
#include "unit/support/file_size_limit.h"
#include "unit/support/temporary_folder.h"

namespace oarlock {
namespace {

bool is_in(int (*get)(sigset_t*), int signal) {
  sigset_t set;
  get(&set);
  return ::sigismember(&set, signal) == 1;
}

int mask_of_thread(sigset_t* set) { return ::pthread_sigmask(SIG_BLOCK, nullptr, set); }

void expect_signals_as_before(int signal) {
  EXPECT_FALSE(is_in(::sigpending, signal));
  EXPECT_FALSE(is_in(mask_of_thread, signal));
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

TEST(NoWriteSignals, AFileBeyondTheLimitIsNoSpace) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "file";
  ASSERT_TRUE(write_file_atomically(real_fs(), path, "old").is_ok());
  {
    const test::FileSizeLimit limit(4096);
    const Status status = write_file_atomically(real_fs(), path, std::string(10000, 'x'));
    EXPECT_EQ(status.code(), OAR_E_NO_SPACE) << status.message();
  }
  EXPECT_EQ(read_file(path, 100).value(), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  expect_signals_as_before(SIGXFSZ);
}

TEST(NoWriteSignals, APipeWithoutAReaderIsAnError) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  {
    const NoWriteSignals scope;
    EXPECT_EQ(::write(ends[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
  }
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
  expect_signals_as_before(SIGPIPE);
}

TEST(NoWriteSignals, ASignalThatWasPendingStaysPending) {
  sigset_t pipe, before;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ::pthread_kill(::pthread_self(), SIGPIPE);
  { const NoWriteSignals scope; }
  EXPECT_TRUE(is_in(::sigpending, SIGPIPE));
  EXPECT_TRUE(is_in(mask_of_thread, SIGPIPE));
  int taken = 0;
  ::sigwait(&pipe, &taken);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace oarlock
