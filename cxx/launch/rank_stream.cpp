#include "launch/rank_stream.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <array>
#include <cerrno>

namespace oarlock::launch {
namespace {

constexpr std::size_t kLineBytesMax = std::size_t{1} << 20;  // a line without end is broken here
constexpr std::size_t kLastLines = 10;
constexpr std::size_t kLastLineBytesMax = 400;

Result<StreamEnds> open_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os_error(errno, "cannot make a pipe");
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return StreamEnds{Descriptor(ends[0]), Descriptor(ends[1])};
}

// Not open when the system has none to give.
StreamEnds open_terminal(int columns) {
  StreamEnds none;
  Descriptor ours(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, 64> name{};
  if (!ours.is_open() || ::grantpt(ours.get()) != 0 || ::unlockpt(ours.get()) != 0 ||
      ::ptsname_r(ours.get(), name.data(), name.size()) != 0) {
    return none;
  }
  Descriptor theirs(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios mode{};
  if (!theirs.is_open() || ::tcgetattr(theirs.get(), &mode) != 0) return none;
  mode.c_oflag &= ~static_cast<tcflag_t>(OPOST);  // bytes come out as they went in
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(theirs.get(), TCSANOW, &mode);
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = 24;
  ::ioctl(theirs.get(), TIOCSWINSZ, &size);
  return StreamEnds{std::move(ours), std::move(theirs)};
}

}  // namespace

Result<StreamEnds> open_stream(int columns) {
  if (columns > 0) {
    StreamEnds terminal = open_terminal(columns);
    if (terminal.ours.is_open()) return terminal;
  }
  return open_pipe();
}

RankStream::RankStream(Descriptor source, std::string prefix, Screen& screen, Descriptor log)
    : source_(std::move(source)), prefix_(std::move(prefix)), screen_(screen), log_(std::move(log)) {}

void RankStream::read_some() {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(source_.get(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got > 0) {
    take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  } else {  // no writer is left; a pseudo-terminal says so by EIO
    finish();
  }
}

void RankStream::take(std::string_view bytes) {
  for (std::string_view rest = bytes; log_.is_open() && !rest.empty();) {
    const ssize_t written = ::write(log_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      screen_.put("", "oarlock launch: a log file cannot be written any more: " + os_error(errno, "write").message(),
                  '\n');
      log_.reset();
      break;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  partial_ += bytes;
  std::string_view rest = partial_;
  while (true) {
    const std::size_t end = rest.find_first_of("\r\n");
    if (end == std::string_view::npos) break;
    if (rest[end] == '\r' && end + 1 == rest.size()) break;  // a newline may follow
    const bool is_line_end = rest[end] == '\n' || rest[end + 1] == '\n';
    put_line(rest.substr(0, end), is_line_end ? '\n' : '\r');
    rest.remove_prefix(end + (rest[end] == '\r' && is_line_end ? 2 : 1));
  }
  while (rest.size() > kLineBytesMax) {
    put_line(rest.substr(0, kLineBytesMax), '\n');
    rest.remove_prefix(kLineBytesMax);
  }
  partial_ = std::string(rest);
  if (!screen_.is_terminal()) return;
  std::string_view shown = partial_;
  if (shown.ends_with('\r')) shown.remove_suffix(1);
  if (!shown.empty()) screen_.draw(this, prefix_, shown);
}

void RankStream::put_line(std::string_view text, char end) {
  if (end == '\r') {  // a bar that is about to be drawn again
    if (text.empty()) return;
    if (screen_.is_terminal()) return screen_.draw(this, prefix_, text);
    return screen_.put(prefix_, text, end);
  }
  if (screen_.is_terminal()) screen_.draw(this, prefix_, "");
  screen_.put(prefix_, text, end);
  last_lines_.emplace_back(text.substr(0, kLastLineBytesMax));
  if (last_lines_.size() > kLastLines) last_lines_.pop_front();
}

void RankStream::finish() {
  source_.reset();
  if (partial_.ends_with('\r')) partial_.pop_back();
  if (!partial_.empty()) put_line(partial_, '\n');
  partial_.clear();
}

}  // namespace oarlock::launch
