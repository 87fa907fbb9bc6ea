#include "checkpoint/retention.h"

#include <algorithm>

#include "base/log.h"
#include "checkpoint/directory_lock.h"
#include "checkpoint/layout.h"

namespace oarlock {
namespace {

Status remove_checkpoint(Fs& fs, const std::string& parent, std::int64_t number) {
  const std::string name = numbered_name(number);
  const std::string away = join_path(parent, temporary_name(name, static_cast<std::uint64_t>(number)));
  OAR_TRY(fs.remove_all(away));  // left by a run that ended in the middle of this
  OAR_TRY(fs.rename(join_path(parent, name), away));
  OAR_TRY(fs.sync_directory(parent));  // or its files could go before its name, and a power cut leave it damaged
  return fs.remove_all(away);
}

}  // namespace

void remove_abandoned_temporaries(Fs& fs, const std::string& parent) {
  const auto names = fs.list(parent);
  if (!names.is_ok()) return;
  for (const std::string& name : names.value()) {
    if (!is_temporary_name(name)) continue;
    const std::string path = join_path(parent, name);
    DirectoryLock lock;
    const DirectoryLock::Outcome outcome = DirectoryLock::try_lock(path, lock);
    if (outcome == DirectoryLock::Outcome::kUnsupported) {
      log(LogLevel::kWarning, "checkpoint",
          "this file system cannot tell whether an unfinished checkpoint still has a writer; remove it by hand if not: "
          "{}",
          path);
    }
    if (outcome != DirectoryLock::Outcome::kTaken) continue;
    const Status removed = fs.remove_all(path);
    if (removed.is_ok()) {
      log(LogLevel::kInfo, "checkpoint", "removed what an unfinished save left: {}", path);
    } else {
      log(LogLevel::kWarning, "checkpoint", "could not remove what an unfinished save left: {}", removed.message());
    }
  }
}

std::vector<std::int64_t> plan_retention(std::vector<std::int64_t> numbers, std::int64_t current, int limit) {
  if (limit <= 0) return {};
  std::erase(numbers, current);
  std::sort(numbers.begin(), numbers.end());
  const std::size_t keep = std::min(numbers.size(), static_cast<std::size_t>(limit) - 1);
  numbers.resize(numbers.size() - keep);
  return numbers;
}

void prune_checkpoints(Fs& fs, const std::string& parent, const std::string& current_name, int limit) {
  const auto current = checkpoint_number(current_name);
  if (!current.has_value() || limit <= 0) return;
  const auto names = fs.list(parent);
  if (!names.is_ok()) {
    log(LogLevel::kWarning, "checkpoint", "older checkpoints were not pruned: {}", names.status().message());
    return;
  }
  std::vector<std::int64_t> numbers;
  for (const std::string& name : names.value()) {
    const auto number = checkpoint_number(name);
    // Without a manifest it was not written by a save, so it is not ours to remove.
    if (number.has_value() && fs.exists(join_path(join_path(parent, name), kManifestName))) numbers.push_back(*number);
  }
  for (const std::int64_t number : plan_retention(std::move(numbers), *current, limit)) {
    const Status removed = remove_checkpoint(fs, parent, number);
    if (removed.is_ok()) continue;
    log(LogLevel::kWarning, "checkpoint", "an older checkpoint could not be pruned: {}", removed.message());
  }
}

}  // namespace oarlock
