// Which checkpoint_<n> comes next, and which is the latest that is complete.
#include <algorithm>
#include <vector>

#include "base/log.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/layout.h"

namespace oarlock {
namespace {

// Largest first. A missing parent holds none.
Result<std::vector<std::int64_t>> list_numbers(Fs& fs, const std::string& parent) {
  std::vector<std::int64_t> numbers;
  if (!fs.exists(parent)) return numbers;
  OAR_ASSIGN(const std::vector<std::string> names, fs.list(parent));
  for (const std::string& name : names) {
    if (is_temporary_name(name)) {
      log(LogLevel::kInfo, "checkpoint", "ignored an unfinished checkpoint: {}", join_path(parent, name));
    }
    if (const auto number = checkpoint_number(name)) numbers.push_back(*number);
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

// Lacking its manifest or (part of) a file: a copy under way, or not ours. Damage is not this: a checkpoint whose
// manifest cannot be read is still the latest, and opening it says what is wrong instead of silently going back to an
// older one.
Status check_complete(Fs& fs, const std::string& directory) {
  if (!fs.exists(join_path(directory, kManifestName))) return not_found("it has no {}", kManifestName);
  const auto manifest = read_manifest(directory);
  if (!manifest.is_ok()) return Status::ok();
  return check_files_present(directory, manifest.value());
}

}  // namespace

Result<std::string> next_checkpoint_directory(Fs& fs, const std::string& parent) {
  OAR_ASSIGN(const std::vector<std::int64_t> numbers, list_numbers(fs, parent));
  return join_path(parent, numbered_name(numbers.empty() ? 0 : numbers.front() + 1));
}

Result<std::string> find_latest_checkpoint(Fs& fs, const std::string& parent) {
  OAR_ASSIGN(const std::vector<std::int64_t> numbers, list_numbers(fs, parent));
  for (const std::int64_t number : numbers) {
    std::string directory = join_path(parent, numbered_name(number));
    const Status complete = check_complete(fs, directory);
    if (complete.is_ok()) return directory;
    log(LogLevel::kWarning, "checkpoint", "ignored the incomplete checkpoint '{}': {}", directory, complete.message());
  }
  return not_found("there is no complete checkpoint_<n> in '{}'", parent);
}

}  // namespace oarlock
