#include "parallel/ddp/agreement.h"

#include <fmt/ranges.h>

#include <cstdint>

namespace oarlock {
namespace {

// FNV-1a, 64 bit (http://www.isthe.com/chongo/tech/comp/fnv/): equal on every host, unlike std::hash.
std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

// The line of `text` that starts at `begin`, which moves past it. "nothing" at the end.
std::string_view take_line(std::string_view text, std::size_t& begin) {
  if (begin >= text.size()) return "nothing";
  const std::size_t end = text.find('\n', begin);
  const std::string_view line = text.substr(begin, end - begin);
  begin = end + 1;
  return line;
}

Status first_difference(std::string_view what, std::string_view ours, std::string_view theirs, std::size_t rank) {
  std::size_t our_begin = 0, their_begin = 0;
  while (our_begin < ours.size() || their_begin < theirs.size()) {
    const std::string_view our_line = take_line(ours, our_begin);
    const std::string_view their_line = take_line(theirs, their_begin);
    if (our_line == their_line) continue;
    return mismatch(
               "ranks have different {}: rank 0 has {}, rank {} has {}; give every rank the same program, data and "
               "options",
               what, our_line, rank, their_line)
        .with_rank(static_cast<int>(rank));
  }
  return Status::ok();
}

}  // namespace

Status check_agreement(Group& group, std::string_view what, const std::vector<std::string>& lines,
                       Milliseconds timeout) {
  const std::string mine = fmt::format("{}\n", fmt::join(lines, "\n"));
  OAR_ASSIGN(const std::vector<std::string> hashes,
             group.all_gather_bytes(fmt::format("{:016x}", hash_text(mine)), timeout));
  bool all_equal = true;
  for (const std::string& hash : hashes) all_equal = all_equal && hash == hashes.front();
  if (all_equal) return Status::ok();

  OAR_ASSIGN(const std::vector<std::string> texts, group.all_gather_bytes(mine, timeout));
  for (std::size_t rank = 1; rank < texts.size(); ++rank) OAR_TRY(first_difference(what, texts[0], texts[rank], rank));
  return Status::ok();
}

}  // namespace oarlock
