#include "checkpoint/commit.h"

#include <random>
#include <vector>

#include "base/log.h"
#include "checkpoint/retention.h"

namespace oarlock {
namespace {

std::uint64_t unique_number() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Directories made on the way are entries of their own parents, which must reach the disk too.
Status make_directories_durably(Fs& fs, const std::string& path) {
  std::vector<std::string> missing;
  for (std::string at = path; !fs.exists(at) && at != "." && at != "/"; at = parent_of(at)) missing.push_back(at);
  if (missing.empty()) return Status::ok();
  OAR_TRY(fs.make_directories(path));
  for (auto made = missing.rbegin(); made != missing.rend(); ++made) OAR_TRY(fs.sync_directory(parent_of(*made)));
  return Status::ok();
}

Status refuse_live_writer(Fs& fs, const CheckpointPath& target) {
  OAR_ASSIGN(const std::vector<std::string> names, fs.list(target.parent));
  for (const std::string& name : names) {
    if (!is_temporary_name_of(name, target.name)) continue;
    DirectoryLock lock;
    if (DirectoryLock::try_lock(join_path(target.parent, name), lock) != DirectoryLock::Outcome::kHeld) continue;
    return already_exists("another process is writing this checkpoint now, into '{}': {}",
                          join_path(target.parent, name), target.full());
  }
  return Status::ok();
}

}  // namespace

Result<std::unique_ptr<Commit>> Commit::begin(Fs& fs, const CheckpointPath& target) {
  OAR_TRY(make_directories_durably(fs, target.parent));
  if (fs.exists(target.full())) {
    return already_exists("the checkpoint directory exists and is left as it is; choose another name or remove it: {}",
                          target.full());
  }
  OAR_TRY(refuse_live_writer(fs, target));
  remove_abandoned_temporaries(fs, target.parent);
  std::unique_ptr<Commit> commit(new Commit(fs, target));
  OAR_TRY(commit->make_temporary());
  return commit;
}

Status Commit::make_temporary() {
  // Another process's clearing may take the new directory before it is locked; it cannot do so often.
  constexpr int kTriesMax = 8;
  for (int i = 0; i < kTriesMax; ++i) {
    temporary_ = join_path(target_.parent, temporary_name(target_.name, unique_number()));
    OAR_TRY(fs_.make_directories(temporary_));
    switch (DirectoryLock::try_lock(temporary_, lock_)) {
      case DirectoryLock::Outcome::kTaken:
      case DirectoryLock::Outcome::kUnsupported:
        return Status::ok();
      case DirectoryLock::Outcome::kHeld:
      case DirectoryLock::Outcome::kGone:
        break;
    }
  }
  return io_error("a new temporary directory was removed {} times by another process before it could be locked: {}",
                  kTriesMax, temporary_);
}

Status Commit::finish(std::string_view name, std::string_view bytes) {
  Status status = publish(name, bytes);
  if (status.is_ok()) {
    is_finished_ = true;
  } else if (!roll_back()) {
    return std::move(status).within(fmt::format(
        "'{}' is complete, but not sure to outlive a loss of power, and could not be taken back", target_.full()));
  }
  return status;
}

Status Commit::publish(std::string_view name, std::string_view bytes) {
  const std::string path = join_path(temporary_, name);
  OAR_ASSIGN(std::unique_ptr<WritableFile> file, fs_.create(path));
  OAR_TRY(file->append(std::as_bytes(std::span(bytes))));
  OAR_TRY(file->sync());
  OAR_TRY(file->close());
  OAR_TRY(fs_.sync_directory(temporary_));
  if (fs_.exists(target_.full())) {
    return already_exists("the checkpoint directory was made by someone else during the save: {}", target_.full());
  }
  OAR_TRY(fs_.rename(temporary_, target_.full()));
  is_published_ = true;
  return fs_.sync_directory(target_.parent);
}

bool Commit::roll_back() noexcept {
  if (is_finished_ || temporary_.empty()) return true;
  is_finished_ = true;
  try {
    // A failed save leaves nothing under the target's name, so that it can be tried again.
    if (is_published_ && !fs_.rename(target_.full(), temporary_).is_ok()) return false;
    const Status removed = fs_.remove_all(temporary_);
    if (removed.is_ok()) return true;
    log(LogLevel::kWarning, "checkpoint",
        "could not remove the temporary of a failed save; the next save here tries again: {}", removed.message());
  } catch (...) {  // out of memory while cleaning up after a failure: the next save clears it away
  }
  return true;
}

Commit::~Commit() { roll_back(); }

}  // namespace oarlock
