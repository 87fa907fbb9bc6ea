// Where the ranks' output ends: the launcher's own standard output or error. Lines never mix, and a reader that is slow
// or gone never stops the supervision: what cannot be written yet waits here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "launch/descriptor.h"

namespace oarlock::launch {

class Screen {
 public:
  explicit Screen(int fd);

  bool is_terminal() const { return columns_ > 0; }
  int columns() const { return columns_; }  // 0: no terminal
  int fd() const { return own_.is_open() ? own_.get() : fd_; }

  // A whole line, or, where there is no terminal, a piece of one that ends with a carriage return; `end` is what ends
  // it.
  void put(std::string_view prefix, std::string_view text, char end);
  // Terminal only: the unfinished line of `owner`, shown at the bottom until that owner's next piece or line. Lines of
  // others move it down. "" takes it away.
  void draw(const void* owner, std::string_view prefix, std::string_view text);

  bool has_waiting() const { return !waiting_.empty(); }
  std::size_t num_waiting() const { return waiting_.size(); }
  // Forgets what waits but for the lines with `prefix` in them, from there on; gives the number of bytes forgotten.
  std::size_t drop_all_but(std::string_view prefix);
  // So much is waiting that ranks should not be read until it is written: they then wait in their own writes.
  bool is_full() const { return waiting_.size() > kWaitingBytesMax; }
  // Writes what the descriptor takes without blocking; to be called when poll says POLLOUT.
  void write_some();

 private:
  static constexpr std::size_t kWaitingBytesMax = std::size_t{1} << 20;
  void clear_drawn();

  const int fd_;
  // The same terminal or pipe, opened once more so that writes do not block; O_NONBLOCK on fd_ itself would change it
  // for everyone who shares it, such as the user's shell.
  Descriptor own_;
  int columns_ = 0;
  bool is_plain_file_ = false;
  bool is_gone_ = false;  // the reader left: everything is dropped
  std::string waiting_;
  const void* drawn_owner_ = nullptr;
  std::string drawn_;  // on the screen right now, below the last whole line
};

// The first `columns` columns of a text with UTF-8 and ANSI escapes in it; a wide letter counts as one.
std::string_view clip_to_columns(std::string_view text, int columns);

}  // namespace oarlock::launch
