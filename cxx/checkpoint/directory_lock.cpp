#include "checkpoint/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace oarlock {

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

DirectoryLock::Outcome DirectoryLock::try_lock(const std::string& directory, DirectoryLock& lock) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return errno == ENOENT ? Outcome::kGone : Outcome::kUnsupported;
  DirectoryLock taken(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? Outcome::kHeld : Outcome::kUnsupported;
  // Between open and flock another process may have removed the directory, and someone may have made it anew.
  struct stat locked {};
  struct stat named {};
  if (::fstat(descriptor, &locked) != 0 || ::lstat(directory.c_str(), &named) != 0) return Outcome::kGone;
  if (locked.st_ino != named.st_ino || locked.st_dev != named.st_dev) return Outcome::kGone;
  lock = std::move(taken);
  return Outcome::kTaken;
}

}  // namespace oarlock
