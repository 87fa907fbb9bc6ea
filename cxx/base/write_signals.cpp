#include "base/write_signals.h"

#include <pthread.h>
#include <time.h>

#include <cerrno>
#include <initializer_list>

namespace oarlock {

NoWriteSignals::NoWriteSignals() {
  sigset_t blocked, pending;
  ::sigemptyset(&blocked);
  ::sigemptyset(&raised_by_us_);
  ::sigpending(&pending);
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    ::sigaddset(&blocked, signal);
    if (::sigismember(&pending, signal) != 1) ::sigaddset(&raised_by_us_, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

NoWriteSignals::~NoWriteSignals() {
  const int saved_errno = errno;
  const timespec no_wait{};
  while (::sigtimedwait(&raised_by_us_, nullptr, &no_wait) > 0 || errno == EINTR) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  errno = saved_errno;
}

}  // namespace oarlock
