// A progress bar on standard error: redrawn in place on a terminal, a line now and then elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace oarlock {

enum class ProgressMode { kOff, kLines, kBar };

class Progress {
 public:
  // mode_text: option "progress". `is_main` false: nothing is shown. total 0: not known beforehand.
  static Result<std::shared_ptr<Progress>> create(std::string title, std::int64_t total, std::string unit, bool is_main,
                                                  std::string_view mode_text);
  virtual ~Progress() = default;
  // count >= 0; an empty note leaves the last one. After close(): OAR_E_STATE.
  virtual Status advance(std::int64_t count, std::string_view note) = 0;
  virtual Status close() = 0;  // shows the final state; twice is fine
  // Plain lines (without newline) go there instead of to standard error. An empty function: back to standard error.
  using LineSink = std::function<std::int32_t(const char* line)>;  // nonzero: OAR_E_CALLBACK of the call that drew
  virtual void set_line_sink(LineSink sink) = 0;
};

// The option's text for what standard error is: "auto" is a bar on a terminal and lines elsewhere; "bar", "lines", and
// "off" (or a flag's text, "0" or "1") decide for themselves.
Result<ProgressMode> parse_progress_mode(std::string_view text, bool stderr_is_terminal);

}  // namespace oarlock
