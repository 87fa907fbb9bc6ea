// What a progress bar says, as text. Pure: counts, seconds and a width in, one line out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oarlock {

struct ProgressView {
  std::string title;
  std::int64_t count = 0;
  std::int64_t total = 0;  // 0: not known
  std::string unit;        // "samples"
  double elapsed_seconds = 0;
  std::string note;  // "loss 0.123  lr 0.001"
};

// "train  45% |######        | 450/1000 samples  123 samples/s  0:12<0:15  loss 0.1", at most `columns` wide: the bar
// shrinks first, then the line is cut. ASCII but for what the caller's texts hold.
std::string progress_bar_text(const ProgressView& view, int columns);
// The same without bar and width.
std::string progress_line_text(const ProgressView& view);

std::string duration_text(double seconds);       // "0:07", "12:05", "3:04:05"; "?" when not finite or negative
std::string rate_text(double rate);              // three significant digits: "0.0123", "12.3", "1230", "1.23e+07"
std::string single_line(std::string_view text);  // control characters become spaces
int text_columns(std::string_view text);         // code points of UTF-8, each counted as one column
// The first bytes of UTF-8 text that take at most `columns` columns; never half a code point.
std::string_view first_columns(std::string_view text, int columns);

}  // namespace oarlock
