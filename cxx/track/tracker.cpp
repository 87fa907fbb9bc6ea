#include "track/tracker.h"

#include <cstring>
#include <string>

#include "base/text.h"
#include "track/jsonl.h"

namespace oarlock {
namespace {

Result<std::shared_ptr<Tracker>> create_jsonl(const Options& options) {
  const std::string path = options.text("tracker.path");
  if (path.empty()) {
    return invalid_argument(
        "the tracker 'jsonl' needs option tracker.path (or OARLOCK_TRACKER_PATH): the file to append to");
  }
  return open_jsonl_tracker(path);
}

struct TrackerKind {
  std::string_view name;
  Result<std::shared_ptr<Tracker>> (*create)(const Options& options);
};

// The one list of products.
constexpr TrackerKind kKinds[] = {
    {"jsonl", create_jsonl},
};

// What processes other than the main one have: it finds the same mistakes, and writes nothing.
class SilentTracker : public Tracker {
 public:
  Status log(std::int64_t, const JsonValue& values) override {
    if (is_closed_) return invalid_state("the tracker is closed");
    if (!values.is_object()) return invalid_argument("metrics are a JSON object of names and values");
    return Status::ok();
  }
  Status close() override {
    is_closed_ = true;
    return Status::ok();
  }

 private:
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
      if (is_main) return kind.create(options);
      return std::shared_ptr<Tracker>(std::make_shared<SilentTracker>());
    }
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  return not_found("there is no tracker named '{}'; there are: {}", name, known);
}

}  // namespace oarlock
