#include "track/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace oarlock {
namespace {

constexpr int kBarWidthMax = 30;
constexpr int kBarWidthMin = 5;

bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

double fraction_of(const ProgressView& view) {
  return std::min(1.0, static_cast<double>(view.count) / static_cast<double>(view.total));
}

std::string head(const ProgressView& view) {
  if (view.total <= 0) return view.title;
  // Rounded down, so that 100% means all.
  return fmt::format("{} {:3}%", view.title, static_cast<int>(fraction_of(view) * 100));
}

std::string tail(const ProgressView& view) {
  const double rate = view.elapsed_seconds > 0 ? static_cast<double>(view.count) / view.elapsed_seconds : 0;
  std::string text = view.total > 0 ? fmt::format("{}/{} {}", view.count, view.total, view.unit)
                                    : fmt::format("{} {}", view.count, view.unit);
  text += fmt::format("  {} {}/s  {}", rate_text(rate), view.unit, duration_text(view.elapsed_seconds));
  if (view.total > 0) {
    const double left = static_cast<double>(std::max<std::int64_t>(0, view.total - view.count));
    text += fmt::format("<{}", duration_text(left == 0 ? 0 : left / rate));
  }
  if (!view.note.empty()) text += "  " + view.note;
  return text;
}

}  // namespace

std::string duration_text(double seconds) {
  constexpr double kSecondsMax = 1e9;
  if (!(seconds >= 0) || seconds > kSecondsMax) return "?";
  const auto whole = static_cast<std::int64_t>(seconds);
  const std::int64_t hours = whole / 3600;
  const std::int64_t minutes = whole / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string rate_text(double rate) {
  if (rate >= 100 && rate < 1e6) return fmt::format("{:.0f}", rate);
  return fmt::format("{:.3g}", rate);
}

std::string single_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return line;
}

int text_columns(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), starts_code_point));
}

std::string_view first_columns(std::string_view text, int columns) {
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (starts_code_point(text[i]) && ++seen > columns) return text.substr(0, i);
  }
  return text;
}

std::string progress_line_text(const ProgressView& view) { return head(view) + "  " + tail(view); }

std::string progress_bar_text(const ProgressView& view, int columns) {
  const std::string before = head(view);
  const std::string after = tail(view);
  const int room = columns - text_columns(before) - text_columns(after) - 4;  // " |" and "| "
  std::string line;
  if (view.total > 0 && room >= kBarWidthMin) {
    const int width = std::min(room, kBarWidthMax);
    const int filled = static_cast<int>(fraction_of(view) * width);
    line = fmt::format("{} |{:#<{}}{: <{}}| {}", before, "", filled, "", width - filled, after);
  } else {
    line = progress_line_text(view);
  }
  return std::string(first_columns(line, columns));
}

}  // namespace oarlock
