#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/no_destructor.h"
#include "base/write_signals.h"
#include "track/progress_bar.h"

namespace oarlock {
namespace {

constexpr int kColumnsUnknown = 80;
constexpr int kColumnsMin = 20;

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
    const NoWriteSignals scope;
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
