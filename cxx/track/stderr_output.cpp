#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/no_destructor.h"
#include "track/progress_bar.h"

namespace oarlock {
namespace {

constexpr int kColumnsUnknown = 80;
constexpr int kColumnsMin = 20;

// A closed pipe at the other end must be an error, not a SIGPIPE that ends the host. Only this thread's mask is
// touched, and put back; a signal that was pending before stays pending.
class NoBrokenPipeSignal {
 public:
  NoBrokenPipeSignal() {
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoBrokenPipeSignal() {
    const timespec no_wait{};
    if (!was_pending_) ::sigtimedwait(&pipe_, nullptr, &no_wait);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoBrokenPipeSignal(const NoBrokenPipeSignal&) = delete;
  NoBrokenPipeSignal& operator=(const NoBrokenPipeSignal&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

class StderrOutput final : public ProgressOutput {
 public:
  int columns() override {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
      return std::max<int>(size.ws_col, kColumnsMin);
    return kColumnsUnknown;
  }

  void write(std::string_view bytes) override {
    const int saved_errno = errno;
    const NoBrokenPipeSignal scope;
    while (!bytes.empty()) {
      const ssize_t written = ::write(STDERR_FILENO, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;  // a full non-blocking pipe or nobody there: progress is not worth waiting for
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    errno = saved_errno;
  }
};

}  // namespace

ProgressOutput& stderr_output() {
  static NoDestructor<StderrOutput> output;
  return *output;
}

}  // namespace oarlock
