#include "checkpoint/layout.h"

#include <algorithm>

#include "base/text.h"

namespace oarlock {
namespace {
constexpr std::string_view kNumberedPrefix = "checkpoint_";
constexpr std::string_view kTemporaryMark = ".incomplete-";
constexpr std::size_t kUniqueDigits = 16;

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
}  // namespace

std::string CheckpointPath::full() const { return join_path(parent, name); }

Result<CheckpointPath> split_checkpoint_path(const std::string& directory) {
  std::string_view path = directory;
  if (path.find('\0') != path.npos) return invalid_argument("a checkpoint directory's path holds a NUL byte");
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  CheckpointPath result;
  result.name = slash == path.npos ? path : path.substr(slash + 1);
  result.parent = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  if (result.name.empty() || result.name == "." || result.name == "..") {
    return invalid_argument("a checkpoint directory needs a name of its own, this path has none: '{}'", directory);
  }
  if (is_temporary_name(result.name)) {
    return invalid_argument("names like .<name>.incomplete-<digits> are kept for unfinished checkpoints, got '{}'",
                            directory);
  }
  return result;
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string temporary_name(std::string_view name, std::uint64_t unique) {
  return fmt::format(".{}{}{:016x}", name, kTemporaryMark, unique);
}

bool is_temporary_name(std::string_view candidate) {
  const std::size_t tail = kTemporaryMark.size() + kUniqueDigits;
  if (candidate.size() < tail + 2 || candidate.front() != '.') return false;
  const std::string_view end = candidate.substr(candidate.size() - tail);
  if (!end.starts_with(kTemporaryMark)) return false;
  return std::all_of(end.begin() + kTemporaryMark.size(), end.end(), is_lower_hex);
}

bool is_temporary_name_of(std::string_view candidate, std::string_view name) {
  return is_temporary_name(candidate) && candidate.size() == 1 + name.size() + kTemporaryMark.size() + kUniqueDigits &&
         candidate.substr(1, name.size()) == name;
}

std::string numbered_name(std::int64_t number) { return fmt::format("{}{}", kNumberedPrefix, number); }

std::optional<std::int64_t> checkpoint_number(std::string_view name) {
  if (!name.starts_with(kNumberedPrefix)) return std::nullopt;
  const auto number = parse_number<std::int64_t>(name.substr(kNumberedPrefix.size()));
  if (!number || *number < 0 || numbered_name(*number) != name) return std::nullopt;  // leading zeros, "-0"
  return number;
}

std::string shared_file_name(std::string_view name) { return fmt::format("{}.safetensors", name); }

std::string rank_file_name(std::string_view name, int rank) { return fmt::format("{}-{}.safetensors", name, rank); }

bool is_plain_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= 200 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

}  // namespace oarlock
