#include "track/tracker.h"

#include <cstring>
#include <string>

#include "base/text.h"
#include "track/jsonl.h"
#include "track/tensorboard.h"

namespace oarlock {
namespace {

struct TrackerKind {
  std::string_view name;
  std::string_view path;                            // what tracker.path is
  Status (*check_values)(const JsonValue& values);  // of log()
  Result<std::shared_ptr<Tracker>> (*open)(const std::string& path);
};

// The one list of products.
constexpr TrackerKind kKinds[] = {
    {"jsonl", "the file to append to", check_jsonl_values, open_jsonl_tracker},
    {"tensorboard", "the directory of the run", check_tensorboard_values, open_tensorboard_tracker},
};

// What processes other than the main one have: it finds the same mistakes, and writes nothing.
class SilentTracker : public Tracker {
 public:
  explicit SilentTracker(const TrackerKind& kind) : kind_(kind) {}

  Status log(std::int64_t, const JsonValue& values) override {
    if (is_closed_) return invalid_state("the tracker is closed");
    return kind_.check_values(values);
  }
  Status close() override {
    is_closed_ = true;
    return Status::ok();
  }

 private:
  const TrackerKind& kind_;
  bool is_closed_ = false;
};

}  // namespace

Result<JsonValue> metrics_object(std::span<const char* const> names, std::span<const double> values) {
  JsonValue object = JsonValue::object();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == nullptr) return invalid_argument("the name of metric {} is NULL", i);
    if (utf8_valid_prefix(names[i]) != std::strlen(names[i]))
      return invalid_argument("the name of metric {} is not UTF-8", i);
    if (object.find(names[i]) != nullptr) return invalid_argument("the metric '{}' is given twice", names[i]);
    object.set(names[i], JsonValue::number(values[i]));
  }
  return object;
}

Result<std::shared_ptr<Tracker>> Tracker::create(std::string_view name, const Options& options, bool is_main) {
  std::string known;
  for (const TrackerKind& kind : kKinds) {
    if (kind.name == name) {
      const std::string& path = options.text("tracker.path");
      if (path.empty()) {
        return invalid_argument("the tracker '{}' needs option tracker.path (or OARLOCK_TRACKER_PATH): {}", name,
                                kind.path);
      }
      if (is_main) return kind.open(path);
      return std::shared_ptr<Tracker>(std::make_shared<SilentTracker>(kind));
    }
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  return not_found("there is no tracker named '{}'; there are: {}", name, known);
}

}  // namespace oarlock
