// Where metrics go. One product per file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"

namespace oarlock {

// The object of these names and numbers, as log() takes it. OAR_E_ARGUMENT: a name is nullptr, or given twice.
Result<JsonValue> metrics_object(std::span<const char* const> names, std::span<const double> values);

class Tracker {
 public:
  // options: section "tracker". `is_main` false: a tracker that does nothing, and touches no file, but refuses
  // options and metrics as the real one does. An unknown name is OAR_E_NOT_FOUND and lists the known ones.
  static Result<std::shared_ptr<Tracker>> create(std::string_view name, const Options& options, bool is_main);
  virtual ~Tracker() = default;
  // values: an object. After a failure the tracker can be used again. After close(): OAR_E_STATE.
  virtual Status log(std::int64_t step, const JsonValue& values) = 0;
  virtual Status close() = 0;  // twice is fine
};

}  // namespace oarlock
