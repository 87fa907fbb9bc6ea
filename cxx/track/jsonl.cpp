#include "track/jsonl.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <mutex>

#include "base/fs.h"
#include "base/log.h"
#include "base/write_signals.h"

namespace oarlock {
namespace {

constexpr std::string_view kLineOpen = "{\"step\":";
constexpr std::size_t kTailBytesMax = std::size_t{64} << 20;  // far longer than any line of metrics

double utc_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) / 1000;
}

// A file open for reading and appending.
class AppendedFile {
 public:
  explicit AppendedFile(std::string path) : path_(std::move(path)) {}
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;
  ~AppendedFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  Status open() {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) return failed("cannot open for appending");
    struct stat info {};
    if (::fstat(descriptor_, &info) != 0) return failed("cannot look at");
    if (!S_ISREG(info.st_mode)) return invalid_argument("metrics go to a regular file, this is none: '{}'", path_);
    size_bytes_ = info.st_size;
    return Status::ok();
  }

  bool is_open() const { return descriptor_ >= 0; }
  const std::string& path() const { return path_; }
  off_t size_bytes() const { return size_bytes_; }

  // The bytes after the last newline.
  Result<std::string> tail() const {
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
        return corrupt(
            "the last line of '{}', which has {} bytes, is longer than any metrics: not the file of a tracker", path_,
            size_bytes_);
      }
      end = begin;
    }
    return tail;
  }

  // All of it or nothing: a line cut short by a full disk is taken back.
  Status append(std::string_view bytes) {
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

  Status cut(off_t size_bytes) {
    if (::ftruncate(descriptor_, size_bytes) != 0) return failed("cannot cut the unfinished last line of");
    return Status::ok();
  }

  Status close() {
    if (descriptor_ < 0) return Status::ok();
    const int closed = ::close(std::exchange(descriptor_, -1));
    return closed == 0 || errno == EINTR ? Status::ok() : failed("cannot close");
  }

 private:
  Status failed(std::string_view what) const {
    return os_error(errno, fmt::format("{} the metrics file '{}'", what, path_));
  }

  const std::string path_;
  int descriptor_ = -1;
  off_t size_bytes_ = 0;
};

Status repair_tail(AppendedFile& file) {
  OAR_ASSIGN(const std::string tail, file.tail());
  const off_t offset = file.size_bytes() - static_cast<off_t>(tail.size());
  switch (plan_tail_repair(tail)) {
    case TailRepair::kNone:
      return Status::ok();
    case TailRepair::kComplete:
      return file.append("\n");
    case TailRepair::kCut:
      log(LogLevel::kWarning, "track", "cut an unfinished line of {} bytes at offset {} from '{}'", tail.size(), offset,
          file.path());
      return file.cut(offset);
    case TailRepair::kForeign:
      break;
  }
  return corrupt(
      "'{}' was not written by this tracker and is left alone: its last line, at offset {}, does not begin with {}",
      file.path(), offset, kLineOpen);
}

class JsonlTracker : public Tracker {
 public:
  explicit JsonlTracker(const std::string& path) : file_(path) {}

  Status open() {
    OAR_TRY(file_.open());
    return repair_tail(file_);
  }

  Status log(std::int64_t step, const JsonValue& values) override {
    OAR_ASSIGN(const std::string line, jsonl_line(step, utc_seconds(), values));
    std::lock_guard lock(mutex_);
    if (!file_.is_open()) return invalid_state("the tracker of '{}' is closed", file_.path());
    return file_.append(line);
  }

  Status close() override {
    std::lock_guard lock(mutex_);
    return file_.close();
  }

 private:
  std::mutex mutex_;
  AppendedFile file_;
};

}  // namespace

Result<std::shared_ptr<Tracker>> open_jsonl_tracker(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (!parent.empty()) OAR_TRY(real_fs().make_directories(parent));
  auto tracker = std::make_shared<JsonlTracker>(path);
  OAR_TRY(tracker->open());
  return std::shared_ptr<Tracker>(std::move(tracker));
}

Status check_jsonl_values(const JsonValue& values) {
  if (!values.is_object()) return invalid_argument("metrics are a JSON object of names and values");
  for (const auto& [name, value] : values.members()) {
    if (name != "step" && name != "time") continue;
    return invalid_argument("a metric cannot be named '{}': each line has one of its own; use another name", name);
  }
  return Status::ok();
}

Result<std::string> jsonl_line(std::int64_t step, double time_seconds, const JsonValue& values) {
  OAR_TRY(check_jsonl_values(values));
  JsonValue line = JsonValue::object();
  line.set("step", JsonValue::integer(step));
  line.set("time", JsonValue::number_from_text(fmt::format("{:.3f}", time_seconds)));
  for (const auto& [name, value] : values.members()) line.set(name, value);
  return line.dump() + '\n';
}

TailRepair plan_tail_repair(std::string_view tail) {
  if (tail.empty()) return TailRepair::kNone;
  const auto parsed = parse_json(tail);
  if (parsed.is_ok() && parsed.value().is_object()) return TailRepair::kComplete;
  // A file system that grew the file before the data came leaves zeros.
  if (tail.find_first_not_of('\0') == tail.npos) return TailRepair::kCut;
  const std::size_t compared = std::min(tail.size(), kLineOpen.size());
  const std::string_view begin = tail.substr(0, std::min(tail.find('\0'), compared));
  return kLineOpen.starts_with(begin) ? TailRepair::kCut : TailRepair::kForeign;
}

}  // namespace oarlock
