// Where metrics go. One product per file.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"

namespace oarlock {

class Tracker {
 public:
  // options: section "tracker". `is_main` false: a tracker that does nothing.
  static Result<std::shared_ptr<Tracker>> create(std::string_view name, const Options& options, bool is_main);
  virtual ~Tracker() = default;
  virtual Status log(std::int64_t step, const JsonValue& values) = 0;  // an object
  virtual Status close() = 0;
};

}  // namespace oarlock
