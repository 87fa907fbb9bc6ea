// When a progress bar is drawn. Text comes from progress_text.h, time and output by parameter.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "track/progress.h"
#include "track/progress_text.h"

namespace oarlock {

// Where the bar goes.
class ProgressOutput {
 public:
  virtual ~ProgressOutput() = default;
  virtual int columns() = 0;                       // asked at every drawing: the window may change
  virtual void write(std::string_view bytes) = 0;  // best effort, never fails
};

ProgressOutput& stderr_output();  // never destructed

// A bar is redrawn at most ten times a second. Lines come at every tenth of the total or after 30 s, whichever is
// first, and both show the last state when closed. Not thread-safe.
class ProgressBar final : public Progress {
 public:
  ProgressBar(std::string title, std::int64_t total, std::string unit, ProgressMode mode, ProgressOutput& output,
              Clock& clock);
  ~ProgressBar() override;  // leaves a terminal on a fresh line
  Status advance(std::int64_t count, std::string_view note) override;
  Status close() override;
  void set_line_sink(LineSink sink) override;

 private:
  bool is_due(Clock::TimePoint now) const;
  Status draw(Clock::TimePoint now, bool is_last);

  ProgressView view_;
  const ProgressMode mode_;
  ProgressOutput& output_;
  Clock& clock_;
  LineSink sink_;
  const Clock::TimePoint started_;
  Clock::TimePoint drawn_;        // last time
  std::int64_t drawn_count_ = 0;  // the count shown then
  int drawn_columns_ = 0;         // what a shorter line must blank out
  bool is_closed_ = false;
};

}  // namespace oarlock
