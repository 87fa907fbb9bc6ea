#include "track/progress_bar.h"

#include <algorithm>
#include <limits>

namespace oarlock {
namespace {
constexpr Milliseconds kRedrawEvery{100};
constexpr Milliseconds kLineEvery{30000};
constexpr std::int64_t kLinesPerTotal = 10;

double seconds(Clock::TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }
}  // namespace

ProgressBar::ProgressBar(std::string title, std::int64_t total, std::string unit, ProgressMode mode,
                         ProgressOutput& output, Clock& clock)
    : mode_(mode), output_(output), clock_(clock), started_(clock.now()), drawn_(started_) {
  view_.title = single_line(title);
  view_.total = total;
  view_.unit = single_line(unit);
}

ProgressBar::~ProgressBar() {
  if (!is_closed_ && drawn_columns_ > 0) output_.write("\n");
}

Status ProgressBar::advance(std::int64_t count, std::string_view note) {
  if (is_closed_) return invalid_state("the progress bar '{}' is closed", view_.title);
  if (count < 0) return invalid_argument("progress goes forward: count must be >= 0, got {}", count);
  if (mode_ == ProgressMode::kOff) return Status::ok();
  if (__builtin_add_overflow(view_.count, count, &view_.count)) view_.count = std::numeric_limits<std::int64_t>::max();
  if (!note.empty()) view_.note = single_line(note);
  const Clock::TimePoint now = clock_.now();
  return is_due(now) ? draw(now, false) : Status::ok();
}

Status ProgressBar::close() {
  if (is_closed_) return Status::ok();
  is_closed_ = true;
  return mode_ == ProgressMode::kOff ? Status::ok() : draw(clock_.now(), true);
}

void ProgressBar::set_line_sink(LineSink sink) { sink_ = std::move(sink); }

bool ProgressBar::is_due(Clock::TimePoint now) const {
  if (mode_ == ProgressMode::kBar && !sink_) return drawn_columns_ == 0 || now - drawn_ >= kRedrawEvery;
  if (now - drawn_ >= kLineEvery) return true;
  if (view_.total <= 0 || view_.count >= view_.total) return false;  // the last line is close()'s
  const auto tenth = [this](std::int64_t count) {
    return static_cast<std::int64_t>(static_cast<double>(count) / static_cast<double>(view_.total) * kLinesPerTotal);
  };
  return tenth(view_.count) > tenth(drawn_count_);
}

Status ProgressBar::draw(Clock::TimePoint now, bool is_last) {
  view_.elapsed_seconds = seconds(now - started_);
  drawn_ = now;
  drawn_count_ = view_.count;
  if (sink_) {
    const LineSink sink = sink_;  // it may take another one's place from inside
    const std::int32_t failed = sink(progress_line_text(view_).c_str());
    if (failed == 0) return Status::ok();
    return callback_failed("the callback of the progress bar '{}' returned {}", view_.title, failed)
        .with_vendor_code(failed);
  }
  if (mode_ == ProgressMode::kLines) {
    output_.write(progress_line_text(view_) + '\n');
    return Status::ok();
  }
  const std::string line = progress_bar_text(view_, output_.columns() - 1);  // a full last column would wrap
  const int columns = text_columns(line);
  const std::string blank(static_cast<std::size_t>(std::max(0, drawn_columns_ - columns)), ' ');
  drawn_columns_ = columns;
  output_.write('\r' + line + blank + (is_last ? "\n" : ""));
  return Status::ok();
}

}  // namespace oarlock
