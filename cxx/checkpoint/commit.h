// The main rank's side of a save: a locked temporary sibling, and the steps that make it the checkpoint.
//
// Invariants:
// 1. Until the rename the target does not exist; after it, it is complete and synced. No step in between is visible.
// 2. The temporary lies in the target's own parent, so the rename never crosses a file system.
// 3. Whatever fails, the temporary is removed; only an end of the process leaves it, and the next save clears it away.
#pragma once

#include <memory>
#include <string>

#include "base/fs.h"
#include "base/status.h"
#include "checkpoint/directory_lock.h"
#include "checkpoint/layout.h"

namespace oarlock {

class Commit {
 public:
  // Makes the parent, clears what dead writers left there, refuses a target that exists (OAR_E_EXISTS) or that another
  // live writer is writing, makes and locks the temporary.
  static Result<std::unique_ptr<Commit>> begin(Fs& fs, const CheckpointPath& target);
  ~Commit();  // rolls back unless finished: also when an exception passes
  Commit(const Commit&) = delete;
  Commit& operator=(const Commit&) = delete;

  const std::string& temporary() const { return temporary_; }
  // After every rank's files are written and synced: manifest, sync, rename, sync of the parent.
  Status finish(std::string_view manifest) { return finish(kManifestName, manifest); }
  // The same with another last file.
  Status finish(std::string_view name, std::string_view bytes);

 private:
  Commit(Fs& fs, CheckpointPath target) : fs_(fs), target_(std::move(target)) {}
  Status make_temporary();
  Status publish(std::string_view name, std::string_view bytes);
  bool roll_back() noexcept;  // false: the checkpoint stands under its name, whole

  Fs& fs_;
  CheckpointPath target_;
  std::string temporary_;
  DirectoryLock lock_;
  bool is_published_ = false;  // renamed
  bool is_finished_ = false;
};

}  // namespace oarlock
