#include "track/jsonl.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "base/fs.h"
#include "base/log.h"
#include "track/appended_file.h"

namespace oarlock {
namespace {

constexpr std::string_view kLineOpen = "{\"step\":";

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
    OAR_TRY(file_.open(AppendedFile::Open::kKept));
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
