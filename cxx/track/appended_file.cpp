#include "track/appended_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/write_signals.h"

namespace oarlock {
namespace {
constexpr std::size_t kTailBytesMax = std::size_t{64} << 20;  // far longer than any line of metrics
}  // namespace

double utc_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) / 1000;
}

AppendedFile::~AppendedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status AppendedFile::failed(std::string_view what) const {
  return os_error(errno, fmt::format("{} the metrics file '{}'", what, path_));
}

Status AppendedFile::open(Open mode) {
  const int only_new = mode == Open::kNew ? O_EXCL : 0;
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | only_new, 0666);
  if (descriptor_ < 0) return failed("cannot open for appending");
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) return failed("cannot look at");
  if (!S_ISREG(info.st_mode)) return invalid_argument("metrics go to a regular file, this is none: '{}'", path_);
  size_bytes_ = info.st_size;
  return Status::ok();
}

Result<std::string> AppendedFile::tail() const {
  constexpr off_t kBlockBytes = 64 << 10;
  std::string tail;
  for (off_t end = size_bytes_; end > 0;) {
    const off_t begin = std::max<off_t>(0, end - kBlockBytes);
    std::string block(static_cast<std::size_t>(end - begin), '\0');
    if (::pread(descriptor_, block.data(), block.size(), begin) != end - begin) return failed("cannot read");
    const std::size_t newline = block.rfind('\n');
    if (newline != block.npos) return block.substr(newline + 1) + tail;
    tail.insert(0, block);
    if (tail.size() > kTailBytesMax) {
      return corrupt("the last line of '{}', which has {} bytes, is longer than any metrics: not the file of a tracker",
                     path_, size_bytes_);
    }
    end = begin;
  }
  return tail;
}

Status AppendedFile::append(std::string_view bytes) {
  const off_t before = ::lseek(descriptor_, 0, SEEK_END);
  std::string_view rest = bytes;
  const NoWriteSignals scope;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      Status status = failed("cannot append to");
      if (rest.size() != bytes.size() && before >= 0 && ::ftruncate(descriptor_, before) != 0) {
        return std::move(status).within("the file now ends in half a line");
      }
      return status;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return Status::ok();
}

Status AppendedFile::cut(off_t size_bytes) {
  if (::ftruncate(descriptor_, size_bytes) != 0) return failed("cannot cut the unfinished last line of");
  return Status::ok();
}

Status AppendedFile::close() {
  if (descriptor_ < 0) return Status::ok();
  const int closed = ::close(std::exchange(descriptor_, -1));
  return closed == 0 || errno == EINTR ? Status::ok() : failed("cannot close");
}

}  // namespace oarlock
