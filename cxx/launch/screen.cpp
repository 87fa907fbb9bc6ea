#include "launch/screen.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace oarlock::launch {
namespace {

constexpr std::string_view kClearLine = "\r\033[K";
constexpr int kColumnsUsual = 80;

int terminal_columns(int fd) {
  if (::isatty(fd) == 0) return 0;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsUsual;
  return size.ws_col;
}

bool is_regular_file(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

// Not open where a new description makes no sense (a file: its own position) or cannot be had (a socket; a terminal of
// another user).
Descriptor open_nonblocking(int fd) {
  struct stat info {};
  const bool is_pipe = ::fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode);
  if (!is_pipe && ::isatty(fd) == 0) return Descriptor();
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return Descriptor(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

std::string_view clip_to_columns(std::string_view text, int columns) {
  int used = 0;
  bool in_escape = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (in_escape) {
      if (byte >= 0x40 && byte != '[') in_escape = false;  // ECMA-48: parameters lie below, the final byte ends it
    } else if (byte == 0x1b) {
      in_escape = true;
    } else if ((byte & 0xC0) != 0x80) {
      if (used == columns) return text.substr(0, i);
      ++used;
    }
  }
  return text;
}

Screen::Screen(int fd)
    : fd_(fd), own_(open_nonblocking(fd)), columns_(terminal_columns(fd)), is_plain_file_(is_regular_file(fd)) {}

void Screen::put(std::string_view prefix, std::string_view text, char end) {
  if (is_gone_) return;
  if (!drawn_.empty()) waiting_ += kClearLine;
  waiting_ += prefix;
  waiting_ += text;
  waiting_ += end;
  waiting_ += drawn_;
}

void Screen::clear_drawn() {
  if (!drawn_.empty()) waiting_ += kClearLine;
  drawn_.clear();
  drawn_owner_ = nullptr;
}

void Screen::draw(const void* owner, std::string_view prefix, std::string_view text) {
  if (is_gone_ || (text.empty() && owner != drawn_owner_)) return;
  clear_drawn();
  if (text.empty()) return;
  drawn_owner_ = owner;
  drawn_ = prefix;
  drawn_ += clip_to_columns(text, std::max(1, columns_ - 1 - static_cast<int>(prefix.size())));
  waiting_ += drawn_;
}

std::size_t Screen::drop_all_but(std::string_view prefix) {
  std::string kept;
  std::size_t num_kept = 0;
  for (std::string_view rest = waiting_; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    line.remove_prefix(std::min(line.find(prefix), line.size()));
    if (line.empty()) continue;
    num_kept += line.size();
    kept += line;
    kept += '\n';
  }
  const std::size_t num_dropped = waiting_.size() - num_kept;
  drawn_.clear();
  waiting_ = kept.empty() ? "" : "\n" + kept;
  return num_dropped;
}

void Screen::write_some() {
  // A pipe that poll calls writable takes this much at once, a terminal as much as it says; a file takes anything.
  std::size_t left = is_plain_file_ ? waiting_.size() : std::min<std::size_t>(waiting_.size(), PIPE_BUF);
  std::size_t done = 0;
  while (left != 0) {
    const ssize_t written = ::write(fd(), waiting_.data() + done, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) break;
    if (written <= 0) {
      is_gone_ = true;
      waiting_.clear();
      return;
    }
    done += static_cast<std::size_t>(written);
    left -= static_cast<std::size_t>(written);
  }
  waiting_.erase(0, done);
}

}  // namespace oarlock::launch
