#include "base/fork.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oarlock {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(Fork, AChildClosesWhatIsRememberedAndTheParentKeepsIt) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  close_in_forked_child(fds[0]);
  close_in_forked_child(fds[1]);
  forget_in_forked_child(fds[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    close_remembered_descriptors();
    ::_exit((is_open(fds[0]) ? 1 : 0) + (is_open(fds[1]) ? 0 : 2));
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(is_open(fds[0]));
  forget_in_forked_child(fds[0]);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST(Fork, NumbersOutsideOfTheTableAreLetBe) {
  for (const int fd : {-1, kForkTableSize, kForkTableSize + 7}) {
    close_in_forked_child(fd);
    forget_in_forked_child(fd);
  }
}

}  // namespace
}  // namespace oarlock
