// Writing without the signals that would end the host.
#pragma once

#include <signal.h>

namespace oarlock {

// While one lives, a write by this thread to a pipe that nobody reads, or beyond the process's file size limit, is an
// error (EPIPE, EFBIG) and no SIGPIPE or SIGXFSZ. Only this thread's mask is touched, and put back; a signal that was
// pending before stays pending, one that the write raised is taken.
class NoWriteSignals {
 public:
  NoWriteSignals();
  ~NoWriteSignals();  // keeps errno
  NoWriteSignals(const NoWriteSignals&) = delete;
  NoWriteSignals& operator=(const NoWriteSignals&) = delete;

 private:
  sigset_t raised_by_us_;  // those that were not pending before
  sigset_t before_;
};

}  // namespace oarlock
