// Which temporaries have a live owner. The writer holds an advisory lock (flock) on its temporary directory; the kernel
// drops it when the process ends, however it ends, so a lock that can be had means that nobody is writing there any
// more.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace oarlock {

class DirectoryLock {
 public:
  enum class Outcome {
    kTaken,        // ours until the object ends
    kHeld,         // someone else, alive, has it
    kGone,         // the directory does not exist (any more)
    kUnsupported,  // the file system has no such locks: nothing is known about an owner
  };

  DirectoryLock() = default;
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

  // Never waits. Fills `lock` only for kTaken.
  static Outcome try_lock(const std::string& directory, DirectoryLock& lock);

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace oarlock
