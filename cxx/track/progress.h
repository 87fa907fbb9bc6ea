// A progress bar on standard error: redrawn in place on a terminal, a line now and then elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace oarlock {

class Progress {
 public:
  static std::shared_ptr<Progress> create(std::string title, std::int64_t total, std::string unit, bool is_main);
  virtual ~Progress() = default;
  virtual void advance(std::int64_t count, std::string_view note) = 0;
  virtual void close() = 0;
};

}  // namespace oarlock
