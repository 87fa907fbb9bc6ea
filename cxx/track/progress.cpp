#include "track/progress.h"

#include <unistd.h>

#include "base/env.h"
#include "base/text.h"
#include "track/progress_bar.h"

namespace oarlock {

Result<ProgressMode> parse_progress_mode(std::string_view text, bool stderr_is_terminal) {
  const std::string lower = lower_text(text);
  const ProgressMode fitting = stderr_is_terminal ? ProgressMode::kBar : ProgressMode::kLines;
  if (lower == "auto") return fitting;
  if (lower == "bar") return ProgressMode::kBar;
  if (lower == "lines") return ProgressMode::kLines;
  if (const auto flag = parse_flag(lower)) return *flag ? fitting : ProgressMode::kOff;
  return invalid_argument("option progress (OARLOCK_PROGRESS) must be auto, bar, lines or off, got '{}'", text);
}

Result<std::shared_ptr<Progress>> Progress::create(std::string title, std::int64_t total, std::string unit,
                                                   bool is_main, std::string_view mode_text) {
  if (total < 0) return invalid_argument("the total of a progress bar must be >= 0 (0: not known), got {}", total);
  OAR_ASSIGN(const ProgressMode wanted, parse_progress_mode(mode_text, ::isatty(STDERR_FILENO) == 1));
  const ProgressMode mode = is_main ? wanted : ProgressMode::kOff;
  return std::shared_ptr<Progress>(
      std::make_shared<ProgressBar>(std::move(title), total, std::move(unit), mode, stderr_output(), steady_clock()));
}

}  // namespace oarlock
