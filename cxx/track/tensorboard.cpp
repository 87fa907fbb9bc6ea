#include "track/tensorboard.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/fs.h"
#include "track/appended_file.h"
#include "track/event_records.h"

namespace oarlock {
namespace {

// Numbers, truth values, and the texts that numbers which are not finite have in JSON.
std::optional<double> scalar_of(const JsonValue& value) {
  if (value.is_bool()) return value.as_bool().value() ? 1.0 : 0.0;
  auto number = value.as_double();
  if (!number.is_ok()) return std::nullopt;
  return number.value();
}

Result<std::shared_ptr<AppendedFile>> create_event_file(const std::string& directory) {
  static std::atomic<int> count{0};
  OAR_TRY(real_fs().make_directories(directory));
  char host[256] = "localhost";
  if (::gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  const double now = utc_seconds();
  auto file = std::make_shared<AppendedFile>(fmt::format("{}/events.out.tfevents.{:010}.{}.{}.{}", directory,
                                                         static_cast<std::int64_t>(now), host, ::getpid(), count++));
  OAR_TRY(file->open(AppendedFile::Open::kNew));
  OAR_TRY(file->append(first_event_record(now)));
  return file;
}

class TensorBoardTracker : public Tracker {
 public:
  explicit TensorBoardTracker(std::string directory) : directory_(std::move(directory)) {}

  Status open() {
    OAR_ASSIGN(files_[""], create_event_file(directory_));
    return Status::ok();
  }

  Status log(std::int64_t step, const JsonValue& values) override {
    OAR_TRY(check_tensorboard_values(values));
    std::lock_guard lock(mutex_);
    if (is_closed_) return invalid_state("the tracker of '{}' is closed", directory_);
    std::map<std::string, EventSummary> summaries;  // by the series' directory, "" for the run's own
    summaries[""];
    for (const auto& [name, value] : values.members()) add(name, value, summaries);
    const double now = utc_seconds();
    for (const auto& [series, summary] : summaries) {
      OAR_ASSIGN(const std::shared_ptr<AppendedFile> file, file_of(series));
      OAR_TRY(file->append(event_record(now, step, summary)));
    }
    return Status::ok();
  }

  Status close() override {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
    Status first = Status::ok();
    for (auto& [series, file] : files_) {
      Status status = file->close();
      if (first.is_ok()) first = std::move(status);
    }
    return first;
  }

 private:
  static void add(const std::string& name, const JsonValue& value, std::map<std::string, EventSummary>& summaries) {
    if (value.is_object()) {
      for (const auto& [series, number] : value.members()) {
        std::string directory = name + '_' + series;
        std::replace(directory.begin(), directory.end(), '/', '_');
        summaries[directory].scalars.push_back({name, *scalar_of(number)});
      }
    } else if (const auto number = scalar_of(value)) {
      summaries[""].scalars.push_back({name, *number});
    } else {
      summaries[""].texts.push_back({name, value.text()});
    }
  }

  Result<std::shared_ptr<AppendedFile>> file_of(const std::string& series) {
    const auto found = files_.find(series);
    if (found != files_.end()) return found->second;
    OAR_ASSIGN(std::shared_ptr<AppendedFile> file, create_event_file(directory_ + '/' + series));
    return files_[series] = std::move(file);
  }

  const std::string directory_;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, std::shared_ptr<AppendedFile>> files_;
  bool is_closed_ = false;
};

}  // namespace

Result<std::shared_ptr<Tracker>> open_tensorboard_tracker(const std::string& directory) {
  auto tracker = std::make_shared<TensorBoardTracker>(directory);
  OAR_TRY(tracker->open());
  return std::shared_ptr<Tracker>(std::move(tracker));
}

Status check_tensorboard_values(const JsonValue& values) {
  if (!values.is_object()) return invalid_argument("metrics are a JSON object of names and values");
  for (const auto& [name, value] : values.members()) {
    if (value.is_string() || scalar_of(value)) continue;
    if (!value.is_object()) {
      return invalid_argument(
          "TensorBoard shows numbers, truth values, texts and objects of numbers; metric '{}' is {}", name,
          value.kind_name());
    }
    for (const auto& [series, number] : value.members()) {
      if (!scalar_of(number)) {
        return invalid_argument("TensorBoard shows objects of numbers; '{}' in metric '{}' is {}", series, name,
                                number.kind_name());
      }
    }
  }
  return Status::ok();
}

}  // namespace oarlock
