// One stream of one rank: read as it comes, cut into lines, given to the screen with the rank's prefix, kept in the log
// file.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "base/status.h"
#include "launch/descriptor.h"
#include "launch/screen.h"

namespace oarlock::launch {

// The two ends of what a rank writes into: a pseudo-terminal where the screen is a terminal (so that the rank's
// progress bars and line buffering work as without a launcher), else a pipe.
struct StreamEnds {
  Descriptor ours;  // non-blocking
  Descriptor theirs;
};
Result<StreamEnds> open_stream(int columns);  // 0: a pipe

class RankStream {
 public:
  // `log`: not open, or a file that gets every byte as it was.
  RankStream(Descriptor source, std::string prefix, Screen& screen, Descriptor log);

  bool is_open() const { return source_.is_open(); }
  int fd() const { return source_.get(); }
  bool is_blocked() const { return screen_.is_full(); }
  // Reads what is there. At the end an unfinished line is finished.
  void read_some();
  // The last lines, oldest first.
  const std::deque<std::string>& last_lines() const { return last_lines_; }

 private:
  void take(std::string_view bytes);
  void finish();
  void put_line(std::string_view text, char end);

  Descriptor source_;
  const std::string prefix_;
  Screen& screen_;
  Descriptor log_;
  std::string partial_;  // the line that has no end yet
  std::deque<std::string> last_lines_;
};

}  // namespace oarlock::launch
